"""The second half in cash (flow 4): the client shows a photo, staff looks at it. Cash is recorded, never credited (SPEC 3, ruling f).

What moves is the held half, to the payee; our fee on the cash becomes due from the client.
"""

from typing import Any, Final

from iayos.core import audit, clock
from iayos.core.db import Database, Tx
from iayos.core.errors import Conflict, NotFound
from iayos.core.money import fee_on, halves
from iayos.core.moves import last_move, move
from iayos.core.principal import Principal
from iayos.core.second import decided_by_two
from iayos.jobs import actions as jobs
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import lock_job
from iayos.ledger import chart
from iayos.ledger.actions import lock, post
from iayos.media.actions import Files, attach, keep
from iayos.media.states import Purpose as FileFor
from iayos.notifications import events
from iayos.notifications.actions import notify, notify_staff
from iayos.payments import attempts, queries, settle
from iayos.payments.attempts import HALVES, Desk
from iayos.payments.cash_queries import EARLIER
from iayos.payments.models import Payment
from iayos.payments.posting import collect_dues
from iayos.payments.states import Method, PaymentStatus, PaymentType, Purpose

FINAL: Final = HALVES[Purpose.FINAL]
READERS: Final = ("FINANCE", "SUPPORT")


class CashNotChosen(Conflict):
    """The client has not said that it pays in cash."""

    code, message = "CASH_NOT_CHOSEN", "Choose cash for the second half first."


class ProofPending(Conflict):
    """A photo is waiting for staff already."""

    code, message = "PROOF_PENDING", "Your photo is waiting for our staff; you will hear from us."


class AlreadyDecided(Conflict):
    """Somebody decided about this photo already."""

    code, message = "CASH_ALREADY_DECIDED", "This proof is decided already; a rejected one needs another photo."


async def choose(desk: Desk, job_id: int, *, by: Principal) -> Job:
    """The client will pay the second half in cash; an invoice for it that is live is ended first."""
    while True:
        async with desk.db.transaction() as tx:
            job = await _own(tx, job_id, by)
            attempts.amount_due(job, FINAL)
            live = await tx.one_or_none(queries.LIVE_LOCKED, job_id=job.id, type=FINAL.type)
            if live is None or live.is_cash:
                return await _chosen(tx, job)
        await attempts.retire(desk, live)


async def _chosen(tx: Tx, job: Job) -> Job:
    if job.final_payment_method != Method.CASH:
        await tx.update(JobTable, job.id, final_payment_method=Method.CASH.value)
        data = {"jobID": job.id}
        await notify(tx, settle.payee_of(job), events.CASH_PENDING, data=data, job_title=job.title)
    return await settle.locked_again(tx, job)


async def show_proof(db: Database, files: Files, job_id: int, photo: bytes, *, by: Principal) -> Payment:
    """Keep the photo, and ask staff to look; a rejected one is followed by another."""
    async with db.transaction() as tx:
        await _awaiting_proof(tx, job_id, by)
    kept = await keep(files, photo, owner_id=by.account_id, purpose=FileFor.CASH_PROOF, document=True, field="photo")
    async with db.transaction() as tx:
        job = await _awaiting_proof(tx, job_id, by)
        _, rest = halves(settle.price_of(job))
        made: Payment = await tx.insert(
            Payment, type=PaymentType.JOB_PAYMENT, status=PaymentStatus.PENDING, method=Method.CASH, job_id=job.id,
            payer_id=job.client_id, base=rest, fee=0, amount=rest, proof_media_id=kept.id,
        )  # fmt: skip
        to = f"payment:{made.id}"
        await attach(tx, [kept.id], owner_id=by.account_id, purpose=FileFor.CASH_PROOF, to=to, field="photo")
        await tx.update(JobTable, job.id, cash_proof_media_id=kept.id)
        data = {"jobID": job.id, "transactionID": made.id}
        await notify_staff(tx, READERS, events.CASH_TO_VERIFY, data=data, transaction_id=made.id, job_title=job.title)
        await _flag_used_before(tx, made)
        return made


async def _flag_used_before(tx: Tx, payment: Payment) -> None:
    """A picture that was shown before, perhaps cropped or saved anew, is pointed out to staff with the earlier job."""
    earlier = await tx.all(EARLIER, media_id=payment.proof_media_id)
    if not earlier:
        return
    jobs_before = ", ".join(str(job_id) for job_id in sorted({one.job_id for one in earlier}))
    await settle.flag(tx, payment, f"This photo was used before, for job {jobs_before}")


async def confirm(tx: Tx, job_id: int, amount: int, *, by: Principal) -> Job:
    """The worker says what was received; staff sees it beside the photo."""
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants - {job.client_id}:
        raise NotFound
    if job.final_payment_method != Method.CASH:
        raise CashNotChosen
    await tx.update(JobTable, job.id, cash_confirmed=amount)
    return await settle.locked_again(tx, job)


async def verify(tx: Tx, payment_id: int, *, approved: bool, notes: str, by: Principal) -> tuple[Payment, bool]:
    """Staff decides about a photo. True: the decision moves so much that another member has to repeat it."""
    job, payment = await _locked(tx, payment_id)
    jobs.refuse_own(job, by)
    if payment.status != PaymentStatus.PENDING:
        raise AlreadyDecided(status=payment.status)
    attempts.amount_due(job, FINAL)
    if approved:
        first, _ = halves(settle.price_of(job))
        facts = {"confirmed": job.cash_confirmed, "moved": [await last_move(tx, job), await last_move(tx, payment)]}
        if not await decided_by_two(tx, f"cash:{payment.id}", amount=first, by=by, facts=facts):
            await _note(tx, by, "payments:cash:verify:first", payment, notes, payment)
            return payment, True
        decided = await _accept(tx, job, payment, notes, by=by)
    else:
        decided = await move(tx, payment, "reject_proof", by=by, failure_reason="CASH_REJECTED", staff_notes=notes)
        await _tell_client(tx, events.CASH_REJECTED, job, decided)
    await _note(tx, by, "payments:cash:verify" if approved else "payments:cash:reject", payment, notes, decided)
    return decided, False


async def _accept(tx: Tx, job: Job, payment: Payment, notes: str, *, by: Principal) -> Payment:
    payment = await move(
        tx, payment, "complete", by=by, credited_to=settle.JOB, completed_at=clock.now(), staff_notes=notes
    )
    first, rest = halves(settle.price_of(job))
    held, payee, due = chart.escrow(job.id), chart.wallet(settle.payee_of(job)), chart.cash_fees_due(job.client_id)
    await lock(tx, held, payee, due, chart.FEES, chart.wallet(job.client_id))
    kept = 0 if job.half_released else first
    reference = f"payment:{payment.id}"
    await post(tx, reference, (held, payee, kept), (due, chart.FEES, fee_on(rest)))
    await collect_dues(tx, settle.payee_of(job), f"dues:{reference}:{settle.payee_of(job)}")
    await collect_dues(tx, job.client_id, f"dues:{reference}:{job.client_id}")
    job = await jobs.final_was_paid(tx, job, cash_approved=True)
    await settle.earned(tx, job, rest if job.half_released else first + rest)
    await _tell_client(tx, events.CASH_VERIFIED, job, payment)
    data = {"jobID": job.id, "transactionID": payment.id}
    told: dict[str, Any] = {"amount": rest, "job_title": job.title}
    await notify(tx, settle.payee_of(job), events.FINAL_PAYMENT_RECEIVED, data=data, **told)
    return payment


async def _own(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or job.client_id != by.account_id:
        raise NotFound
    return job


async def _awaiting_proof(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await _own(tx, job_id, by)
    attempts.amount_due(job, FINAL)
    if job.final_payment_method != Method.CASH:
        raise CashNotChosen
    if await tx.one_or_none(queries.LIVE_LOCKED, job_id=job.id, type=FINAL.type) is not None:
        raise ProofPending
    return job


async def _locked(tx: Tx, payment_id: int) -> tuple[Job, Payment]:
    seen = await tx.one_or_none(queries.BY_ID, payment_id=payment_id)
    job = await settle.lock_job_of(tx, seen) if seen is not None and seen.is_cash else None
    if job is None:
        raise NotFound
    return job, await queries.lock_payment(tx, payment_id)


async def _tell_client(tx: Tx, event: events.Event, job: Job, payment: Payment) -> None:
    data = {"jobID": job.id, "transactionID": payment.id}
    await notify(tx, job.client_id, event, data=data, job_title=job.title)


async def _note(tx: Tx, by: Principal, action: str, before: Payment, reason: str, after: Payment) -> None:
    await audit.note(
        tx, by, action, subject=f"payment:{before.id}", reason=reason, before={"status": before.status},
        after={"status": after.status},
    )  # fmt: skip
