"""Where money goes (SPEC 4): what Xendit confirmed, or a wallet paid, becomes postings, moves and notices in one transaction.

Locks are taken job first, then payment, then ledger accounts. A confirmed invoice posts under its own reference, so however
often and in whatever order its events arrive, it is posted once.
"""

from typing import Any, Final

import msgspec

from iayos.accounts.queries import account_of
from iayos.agencies.actions import count_job
from iayos.core import clock
from iayos.core.db import Database, Tx
from iayos.core.money import halves
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs import actions as jobs
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.ledger import chart
from iayos.ledger.actions import post
from iayos.notifications import events
from iayos.notifications.actions import notice, notify, notify_staff, tell
from iayos.payments import gateway, queries
from iayos.payments.gateway import Invoice, Xendit
from iayos.payments.models import Payment, PaymentTable
from iayos.payments.posting import post_and_collect
from iayos.payments.states import PaymentStatus, PaymentType
from iayos.profiles.actions import count_earning

JOB, WALLET = "JOB", "WALLET"
FLAG_READERS: Final = ("ADMIN", "FINANCE")
INTO_WALLET: Final = frozenset({"DEPOSITED", "PAID_TWICE", "AMOUNT_MISMATCH", "TO_WALLET"})
"""Outcomes that credit the payer."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What Xendit itself says of an invoice; amount in centavos, of what was paid."""

    invoice_id: str
    external_id: str
    status: str
    """`PAID`, `EXPIRED` or `PENDING`."""
    amount: int
    currency: str


class Unconfirmed(Exception):
    """An event says PAID and Xendit's own invoice does not say so yet; to be asked again."""


async def fact_about(xendit: Xendit, invoice: Invoice) -> Fact:
    """The truth about an invoice. One that expired may have been paid after all: then a transaction says so."""
    if invoice.status in gateway.PAID:
        return _fact(invoice, "PAID", invoice.paid_amount or invoice.amount, invoice.currency)
    if invoice.status == gateway.EXPIRED:
        for paid in await xendit.payments_of(invoice.external_id):
            if paid.product_id in {invoice.id, ""}:
                return _fact(invoice, "PAID", paid.amount, paid.currency)
    return _fact(invoice, invoice.status, 0, invoice.currency)


def _fact(invoice: Invoice, status: str, amount: int, currency: str) -> Fact:
    return Fact(invoice_id=invoice.id, external_id=invoice.external_id, status=status, amount=amount, currency=currency)


async def take(db: Database, fact: Fact) -> str:
    """Apply a fact, once; the outcome in a word."""
    async with db.transaction() as tx:
        return await apply(tx, fact)


async def apply(tx: Tx, fact: Fact) -> str:
    """Apply a fact in the caller's transaction."""
    seen = await tx.one_or_none(queries.BY_REFERENCE, external_id=fact.external_id)
    if seen is None:
        await tell_staff(tx, f"Xendit invoice {fact.invoice_id} is not one of ours")
        return "UNKNOWN_INVOICE"
    job = await lock_job_of(tx, seen)
    payment = await queries.lock_payment(tx, seen.id)
    if fact.status == gateway.EXPIRED:
        return await _expired(tx, payment, fact)
    if fact.status == "PAID":
        outcome = await _paid(tx, payment, job, fact)
        if outcome in INTO_WALLET:
            await flag_if_erased(tx, payment)
        return outcome
    return "PENDING"


async def lock_job_of(tx: Tx, payment: Payment) -> Job | None:
    """The payment's job, locked before the payment itself."""
    return await lock_job(tx, payment.job_id) if payment.job_id else None


async def _expired(tx: Tx, payment: Payment, fact: Fact) -> str:
    if payment.status != PaymentStatus.PENDING or payment.invoice_id not in {None, fact.invoice_id}:
        return "NO_EFFECT"
    await move(tx, payment, "expire", by=None, failure_reason="EXPIRED", invoice_id=fact.invoice_id)
    return "EXPIRED"


async def _paid(tx: Tx, payment: Payment, job: Job | None, fact: Fact) -> str:
    reference = f"paid:{fact.invoice_id}"
    if fact.currency != "PHP":
        await flag(tx, payment, f"Paid in {fact.currency}")
        return "OTHER_CURRENCY"
    if payment.credited_to is not None:
        return await _again(tx, payment, fact, reference)
    payment = await _with_invoice(tx, payment, fact)
    if fact.amount != payment.amount:
        return await _mismatch(tx, payment, fact, reference)
    if payment.type == PaymentType.DEPOSIT:
        await post_and_collect(tx, reference, (chart.XENDIT, chart.wallet(payment.payer_id), payment.amount))
        await _complete(tx, payment, WALLET)
        await notify(
            tx, payment.payer_id, events.WALLET_DEPOSIT, data={"transactionID": payment.id}, amount=payment.amount
        )
        return "DEPOSITED"
    if job is not None and awaits(job, payment.type):
        await _supersede_other(tx, payment)
        await _settle_half(tx, payment, job, source=chart.XENDIT, reference=reference, by=None)
        return "SETTLED"
    return await _to_wallet(tx, payment, fact, reference)


async def _again(tx: Tx, payment: Payment, fact: Fact, reference: str) -> str:
    """A payment that is done: the same invoice once more says nothing new; another invoice of it is money too much."""
    if payment.invoice_id == fact.invoice_id:
        return "NO_EFFECT"
    if await post_and_collect(tx, reference, (chart.XENDIT, chart.wallet(payment.payer_id), fact.amount)):
        await flag(tx, payment, f"Paid twice: also by invoice {fact.invoice_id}")
        await _tell_of_wallet(tx, payment, fact.amount)
        return "PAID_TWICE"
    return "NO_EFFECT"


async def _with_invoice(tx: Tx, payment: Payment, fact: Fact) -> Payment:
    """The event may come before the call that made the invoice has returned."""
    if payment.invoice_id == fact.invoice_id:
        return payment
    await tx.update(PaymentTable, payment.id, invoice_id=fact.invoice_id)
    return await queries.lock_payment(tx, payment.id)


async def _mismatch(tx: Tx, payment: Payment, fact: Fact, reference: str) -> str:
    await post_and_collect(tx, reference, (chart.XENDIT, chart.wallet(payment.payer_id), fact.amount))
    name = "mismatch" if payment.status == PaymentStatus.PENDING else "mismatch_late"
    payment = await move(tx, payment, name, by=None, failure_reason="AMOUNT_MISMATCH", credited_to=WALLET)
    await flag(tx, payment, "Amount differs")
    await _tell_of_wallet(tx, payment, fact.amount)
    return "AMOUNT_MISMATCH"


async def _to_wallet(tx: Tx, payment: Payment, fact: Fact, reference: str) -> str:
    """Its job waits no more: cancelled, paid another way, ruled."""
    await post_and_collect(tx, reference, (chart.XENDIT, chart.wallet(payment.payer_id), fact.amount))
    await _complete(tx, payment, WALLET)
    await _tell_of_wallet(tx, payment, fact.amount)
    return "TO_WALLET"


def awaits(job: Job, kind: str) -> bool:
    """Does the job still wait for this half?"""
    if kind == PaymentType.ESCROW:
        return job.status == "IN_PROGRESS" and not job.escrow_paid
    return job.owes_final


async def from_wallet(tx: Tx, payment: Payment, job: Job, *, by: Principal) -> Payment:
    """Pay a half from the payer's wallet, at once; `InsufficientFunds` undoes everything."""
    return await _settle_half(
        tx, payment, job, source=chart.wallet(payment.payer_id), reference=f"payment:{payment.id}", by=by
    )


async def _settle_half(
    tx: Tx, payment: Payment, job: Job, *, source: str, reference: str, by: Principal | None
) -> Payment:
    await post(tx, reference, (source, chart.escrow(job.id), payment.base), (source, chart.FEES, payment.fee))
    payment = await _complete(tx, payment, JOB, by=by)
    told: list[dict[str, Any]] = []
    if payment.type == PaymentType.ESCROW:
        job = await jobs.escrow_was_paid(tx, job)
        told.append(_to_payee(events.ESCROW_PAID, payment, job, payment.base))
    elif job.dispute_open:
        job = await jobs.final_joined_dispute(tx, job)
    else:
        job = await jobs.final_was_paid(tx, job)
        await release(tx, job)
        told.append(_to_payee(events.FINAL_PAYMENT_RECEIVED, payment, job, price_of(job)))
    paid = events.PAYMENT_SUCCESS
    told.append(notice(payment.payer_id, paid, data=_data(payment), amount=payment.amount, job_title=job.title))
    await tell(tx, *told)
    return payment


async def release(tx: Tx, job: Job) -> None:
    """Everything held for a settled job goes to whoever did the work; an agency gets all of it."""
    first, rest = halves(price_of(job))
    amount = rest if job.half_released else first + rest
    await post_and_collect(tx, f"release:{job.id}", (chart.escrow(job.id), chart.wallet(payee_of(job)), amount))
    await earned(tx, job, amount)


async def earned(tx: Tx, job: Job, amount: int, *, jobs: int = 1) -> None:
    """What went to the payee counts to their gross earnings; at an agency also to the employee who did the work."""
    await count_earning(tx, payee_of(job), payee_type(job), amount, jobs=jobs)
    if job.assigned_agency_id is not None and job.assigned_worker_id is not None:
        await count_job(tx, job.assigned_agency_id, job.assigned_worker_id, amount, jobs=jobs)


async def locked_again(tx: Tx, job: Job) -> Job:
    """A job that is locked already, as it is after a change."""
    again = await lock_job(tx, job.id)
    if again is None:
        raise AssertionError(f"job {job.id} is gone")
    return again


def price_of(job: Job) -> int:
    """The agreed price of an accepted job."""
    if job.agreed_price is None:
        raise AssertionError(f"job {job.id} has no agreed price")
    return job.agreed_price


def payee_of(job: Job) -> int:
    """Whom an accepted job pays."""
    if job.payee_id is None:
        raise AssertionError(f"job {job.id} has no payee")
    return job.payee_id


def payee_type(job: Job) -> str:
    """The profile that earns."""
    return "AGENCY" if job.assigned_agency_id else "WORKER"


async def _complete(tx: Tx, payment: Payment, credited_to: str, *, by: Principal | None = None) -> Payment:
    name = "complete" if payment.status == PaymentStatus.PENDING else "complete_late"
    return await move(tx, payment, name, by=by, credited_to=credited_to, completed_at=clock.now(), failure_reason=None)


async def _supersede_other(tx: Tx, payment: Payment) -> None:
    """A late payment settles this half: the attempt that is live meanwhile is over, and its invoice too."""
    live = await tx.one_or_none(queries.LIVE_LOCKED, job_id=payment.job_id, type=payment.type)
    if live is None or live.id == payment.id:
        return
    await move(tx, live, "supersede", by=None, failure_reason="SUPERSEDED")
    if live.invoice_id:
        await later(tx, "payments.end_invoice", invoice_id=live.invoice_id)


async def flag(tx: Tx, payment: Payment, why: str) -> None:
    """A payment that a person should look at."""
    await tx.update(PaymentTable, payment.id, flag=why)
    await tell_staff(tx, why, transaction_id=payment.id)


async def flag_if_erased(tx: Tx, payment: Payment) -> None:
    """Money in the wallet of somebody who is gone: staff has to find who gets it (docs/privacy.md)."""
    if (await account_of(tx, payment.payer_id)).erased_at is not None:
        await flag(tx, payment, "Money came in for an account that is erased")


async def tell_staff(tx: Tx, why: str, *, transaction_id: int | None = None) -> None:
    """Something about money needs a person's eye."""
    data = {"transactionID": transaction_id} if transaction_id else {}
    named = transaction_id or "(unknown)"
    await notify_staff(tx, FLAG_READERS, events.PAYMENT_FLAGGED, data=data, transaction_id=named, reason=why)


def _to_payee(event: events.Event, payment: Payment, job: Job, amount: int) -> dict[str, Any]:
    return notice(payee_of(job), event, data=_data(payment), amount=amount, job_title=job.title)


async def _tell_of_wallet(tx: Tx, payment: Payment, amount: int) -> None:
    await notify(tx, payment.payer_id, events.PAYMENT_TO_WALLET, data=_data(payment), amount=amount)


def _data(payment: Payment) -> dict[str, Any]:
    return {"transactionID": payment.id} | ({"jobID": payment.job_id} if payment.job_id else {})
