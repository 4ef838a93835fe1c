"""Background work around payments; each task may run twice."""

from datetime import timedelta
from typing import Final

from iayos.core import clock
from iayos.core.moves import move
from iayos.core.outbox import Again
from iayos.payments import attempts, payouts, queries, settle
from iayos.payments.attempts import Desk
from iayos.payments.models import Payment
from iayos.payments.states import PaymentStatus

SHORTEST, LONGEST = timedelta(minutes=2), timedelta(hours=1)
LATE: Final = timedelta(days=3)
"""How long after its invoice ended a payment may still arrive unannounced."""
NEVER_ISSUED: Final = timedelta(minutes=10)


async def check(desk: Desk, *, payment_id: int) -> None:
    """Ask Xendit about a payment that nobody told us of, at growing intervals, until it is settled or long over."""
    await ask(desk, await desk.db.reads.one(queries.BY_ID, payment_id=payment_id))
    payment = await desk.db.reads.one(queries.BY_ID, payment_id=payment_id)
    if not _over(payment):
        age = clock.now() - payment.created_at
        raise Again(min(max(age / 2, SHORTEST), LONGEST))


async def ask(desk: Desk, payment: Payment) -> None:
    """Take what Xendit says of this payment now; `GatewayUnavailable` when it says nothing."""
    if payment.is_withdrawal:
        await payouts.ask(desk, payment)
        return
    if payment.credited_to is not None or payment.external_id is None:
        return
    invoice = (
        await desk.xendit.invoice(payment.invoice_id) if payment.invoice_id else await attempts.adopt(desk, payment)
    )
    if invoice is None:
        await _give_up_unissued(desk, payment)
        return
    if payment.invoice_id is None:
        await attempts.record(desk.db, payment.id, invoice)
    await settle.take(desk.db, await settle.fact_about(desk.xendit, invoice))


async def end_invoice(desk: Desk, *, invoice_id: str) -> None:
    """Expire an invoice whose payment is over."""
    await attempts.end_invoice(desk.db, desk.xendit, invoice_id)


async def _give_up_unissued(desk: Desk, payment: Payment) -> None:
    if clock.now() - payment.created_at < NEVER_ISSUED:
        return
    async with desk.db.transaction() as tx:
        await settle.lock_job_of(tx, payment)
        locked = await queries.lock_payment(tx, payment.id)
        if locked.status == PaymentStatus.PENDING and locked.invoice_id is None:
            await move(tx, locked, "expire", by=None, failure_reason="NOT_ISSUED")


def _over(payment: Payment) -> bool:
    if payment.credited_to is not None:
        return True
    ended = payment.expires_at or payment.created_at
    return payment.status != PaymentStatus.PENDING and clock.now() > ended + LATE
