"""Cancelling a job: free until the escrow is paid, then by agreement (SPEC 3). The quote says who would get what."""

from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict, NotFound
from iayos.core.money import fee_on, halves
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs import actions as jobs
from iayos.jobs.clocks import wind
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.ledger import chart
from iayos.notifications import events
from iayos.notifications.actions import notify, notify_each
from iayos.payments import queries, settle
from iayos.payments.models import Payment
from iayos.payments.posting import post_and_collect
from iayos.payments.schemas import CancelQuoteOut
from iayos.payments.states import Method, PaymentStatus, PaymentType


class CancelAsked(Conflict):
    """One side asked already and cannot confirm its own wish."""

    code, message = "CANCEL_ALREADY_ASKED", "You have asked to cancel; the other side has to confirm."


async def cancel(tx: Tx, job_id: int, *, by: Principal, reason: str) -> Job:
    """End the job when nothing is held; otherwise ask the other side, or confirm what it asked."""
    job = await _locked(tx, job_id, by)
    if not job.escrow_paid:
        job = await jobs.cancel(tx, job, by=by, reason=reason)
        await end_attempts(tx, job, by=by)
        return job
    jobs.refuse_ended(job)
    jobs.refuse_disputed(job)
    if job.cancel_asked_by is None:
        return await _ask(tx, job, by=by, reason=reason)
    if _is_client(job, job.cancel_asked_by) == _is_client(job, by.account_id):
        raise CancelAsked(jobID=job.id)
    return await _confirm(tx, job, by=by)


async def quote(tx: Tx, job_id: int, *, by: Principal) -> CancelQuoteOut:
    """What cancelling would do now, for this caller; nothing is changed."""
    job = await _locked(tx, job_id, by)
    jobs.refuse_ended(job)
    jobs.refuse_disputed(job)
    if not job.escrow_paid:
        return CancelQuoteOut.of(needs="NOTHING", refund=0, fee=0, kept=0)
    first, _ = halves(settle.price_of(job))
    asker = job.cancel_asked_by or by.account_id
    returned = 0 if _is_client(job, asker) else fee_on(first)
    mine = _is_client(job, by.account_id) == _is_client(job, asker)
    needs = "OTHER_SIDE" if mine else "YOUR_CONFIRMATION"
    return CancelQuoteOut.of(needs=needs, refund=first, fee=returned, kept=fee_on(first) - returned)


async def end_attempts(tx: Tx, job: Job, *, by: Principal | None) -> None:
    """No attempt to pay for this job is live any more; their invoices are ended at Xendit too."""
    for live in await tx.all(queries.LIVE_OF_JOB, job_id=job.id):
        await move(tx, live, "supersede", by=by, failure_reason="JOB_CANCELLED")
        if live.invoice_id:
            await later(tx, "payments.end_invoice", invoice_id=live.invoice_id)


async def refund(tx: Tx, job: Job, reference: str, *, base: int, fee: int) -> Payment:
    """The record of money that went back to the client; the posting under `reference` is the caller's."""
    made: Payment = await tx.insert(
        Payment, type=PaymentType.REFUND, status=PaymentStatus.PENDING, method=Method.WALLET, payer_id=job.client_id,
        job_id=job.id, base=base, fee=fee, amount=base + fee, external_id=reference,
    )  # fmt: skip
    made = await move(tx, made, "complete", by=None, credited_to=settle.WALLET, completed_at=clock.now())
    await notify(
        tx, job.client_id, events.REFUNDED, data={"jobID": job.id, "transactionID": made.id}, amount=made.amount,
        job_title=job.title,
    )  # fmt: skip
    return made


async def _ask(tx: Tx, job: Job, *, by: Principal, reason: str) -> Job:
    job = await move(
        tx, job, "ask_cancel", by=by, cancel_asked_by=by.account_id, cancel_asked_at=clock.now(), cancel_reason=reason
    )
    await wind(tx, job, "cancel")
    others = job.participants - {by.account_id}
    await notify_each(tx, others, events.CANCEL_ASKED, data={"jobID": job.id}, job_title=job.title)
    return job


async def _confirm(tx: Tx, job: Job, *, by: Principal) -> Job:
    """The held half goes back to the client; its fee too when it was the other side who asked first."""
    first, _ = halves(settle.price_of(job))
    fee = 0 if _is_client(job, job.cancel_asked_by) else fee_on(first)
    moment = clock.now()
    job = await move(tx, job, "confirm_cancel", by=by, cancelled_at=moment, settled_at=moment)
    home, reference = chart.wallet(job.client_id), f"refund:{job.id}"
    await post_and_collect(tx, reference, (chart.escrow(job.id), home, first), (chart.FEES, home, fee))
    await refund(tx, job, reference, base=first, fee=fee)
    await notify_each(tx, job.participants, events.JOB_CANCELLED, data={"jobID": job.id}, job_title=job.title)
    return job


async def _locked(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound
    return job


def _is_client(job: Job, account_id: int | None) -> bool:
    return account_id == job.client_id
