"""A withdrawal's payout: sent by the runner under our own key, followed until Xendit has decided, and its money with it.

Whatever tells of a payout, its own answer, a webhook or our asking, only says when to look: what is posted is what
`GET /v2/payouts/{id}` shows, under references that exist once.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select

from iayos.accounts.queries import account_of
from iayos.core import clock
from iayos.core.cipher import Cipher
from iayos.core.db import Database, Reads, Statement, Tx, columns
from iayos.core.errors import GatewayUnavailable
from iayos.core.moves import move
from iayos.core.outbox import Again
from iayos.ledger import chart
from iayos.ledger.actions import post
from iayos.notifications import events
from iayos.notifications.actions import notify
from iayos.payments import payout_channels, queries, settle
from iayos.payments.attempts import Desk
from iayos.payments.gateway import Payout, Refused, Xendit
from iayos.payments.models import Payment, PaymentTable, Withdrawal, WithdrawalTable
from iayos.payments.posting import post_and_collect
from iayos.payments.states import PaymentStatus

SUCCEEDED, REVERSED = "SUCCEEDED", "REVERSED"
RETURNED: Final = frozenset({"FAILED", "CANCELLED", "EXPIRED", "COMPLIANCE_REJECTED", REVERSED})
"""The money is back in our balance at Xendit, or never left it."""
FINAL: Final = RETURNED | {SUCCEEDED}
DUPLICATE: Final = 409
SHORTEST, LONGEST = timedelta(minutes=2), timedelta(hours=1)
MAY_RETURN: Final = timedelta(days=3)
"""How long after it was paid we still ask whether the receiving bank sent it back; later, reconciliation finds it."""
SUSPENDED_WAIT: Final = timedelta(hours=1)

_withdrawal = select(*columns(Withdrawal)).where(WithdrawalTable.payment_id == bindparam("payment_id"))
WITHDRAWAL = Statement(_withdrawal, into=Withdrawal)
WITHDRAWAL_LOCKED = Statement(_withdrawal.with_for_update(), into=Withdrawal)


async def withdrawal_of(reads: Reads, payment_id: int) -> Withdrawal:
    """Where this withdrawal goes."""
    return await reads.one(WITHDRAWAL, payment_id=payment_id)


async def send(desk: Desk, *, payment_id: int) -> None:
    """Ask Xendit to pay out, as often as it takes: the key makes it one payout. A suspended account's waits."""
    payment = await desk.db.reads.one(queries.BY_ID, payment_id=payment_id)
    found = await withdrawal_of(desk.db.reads, payment_id)
    if payment.status != PaymentStatus.PENDING or found.payout_id is not None:
        return
    if (await account_of(desk.db.reads, payment.payer_id)).suspended_at is not None:
        raise Again(SUSPENDED_WAIT)
    request = _request(payment, found, desk.cipher)
    try:
        payout = await desk.xendit.create_payout(found.idempotency_key, request)
    except Refused as no:
        await _refused(desk, payment, found, no)
    else:
        await take(desk.db, payout)


def _request(payment: Payment, found: Withdrawal, cipher: Cipher) -> dict[str, Any]:
    """The same for each repetition, or the key would not serve."""
    to = found.account(cipher)
    return {
        "reference_id": found.reference, "channel_code": found.channel_code, "currency": "PHP",
        "channel_properties": {"account_number": to.number, "account_holder_name": to.name},
        "amount": payment.amount / 100, "description": f"iAyos withdrawal {payment.id}",
    }  # fmt: skip


async def _refused(desk: Desk, payment: Payment, found: Withdrawal, no: Refused) -> None:
    """Xendit said no: unless a payout exists all the same, the money goes back."""
    known = await desk.xendit.payouts_of(found.reference)
    if known:
        await take(desk.db, known[0])
        return
    if no.status == DUPLICATE:
        raise GatewayUnavailable  # an earlier call with this key is still under way there
    async with desk.db.transaction() as tx:
        locked = await queries.lock_payment(tx, payment.id)
        if locked.status == PaymentStatus.PENDING:
            await _give_back(tx, locked, found, no.code)


async def check(desk: Desk, *, payment_id: int) -> None:
    """Ask Xendit about a payout that nobody told us of, at growing intervals, until it is decided and stays so."""
    await ask(desk, await desk.db.reads.one(queries.BY_ID, payment_id=payment_id))
    payment = await desk.db.reads.one(queries.BY_ID, payment_id=payment_id)
    if payment.status == PaymentStatus.FAILED:
        return
    since = payment.completed_at or payment.created_at
    if payment.completed_at and clock.now() > since + MAY_RETURN:
        return
    raise Again(min(max((clock.now() - since) / 2, SHORTEST), LONGEST))


async def ask(desk: Desk, payment: Payment) -> None:
    """Take what Xendit says of this withdrawal now."""
    found = await withdrawal_of(desk.db.reads, payment.id)
    payout = await at_xendit(desk.xendit, found)
    if payout is not None:
        await take(desk.db, payout)


async def at_xendit(xendit: Xendit, found: Withdrawal) -> Payout | None:
    """The payout of a withdrawal, also when the answer that named it was lost."""
    if found.payout_id is not None:
        return await xendit.payout(found.payout_id)
    known = await xendit.payouts_of(found.reference)
    return known[0] if known else None


async def refresh_channels(desk: Desk) -> None:
    """Ask Xendit where it pays out."""
    await payout_channels.refresh(desk.db, desk.xendit)


async def take(db: Database, payout: Payout) -> str:
    """Apply what Xendit shows, once; the outcome in a word."""
    async with db.transaction() as tx:
        return await apply(tx, payout)


async def apply(tx: Tx, payout: Payout) -> str:
    """The same in the caller's transaction."""
    payment = await _locked_by_reference(tx, payout.reference)
    if payment is None:
        await settle.tell_staff(tx, f"Xendit payout {payout.id} is not one of ours")
        return "UNKNOWN_PAYOUT"
    found = await tx.one(WITHDRAWAL_LOCKED, payment_id=payment.id)
    if found.payout_id not in {None, payout.id} or (payout.amount, payout.currency) != (payment.amount, "PHP"):
        await _flag(tx, payment, f"Payout {payout.id} differs from what was asked")
        return "DIFFERS"
    settled = payment.status != PaymentStatus.PENDING
    older = found.payout_status in RETURNED and payment.status == PaymentStatus.FAILED
    if older or (settled and payout.status not in FINAL):
        return "NO_EFFECT"
    await tx.update(WithdrawalTable, found.id, payout_id=payout.id, payout_status=payout.status)
    return await _decide(tx, payment, found, payout)


async def _decide(tx: Tx, payment: Payment, found: Withdrawal, payout: Payout) -> str:
    if payout.status == SUCCEEDED:
        return await _paid(tx, payment, found)
    if payout.status in RETURNED:
        return await _returned(tx, payment, found, payout.failure_code or payout.status)
    return "PENDING"


async def _locked_by_reference(tx: Tx, reference: str) -> Payment | None:
    name, _, number = reference.rpartition("-")
    if name != "withdrawal" or not (number.isascii() and number.isdigit()) or len(number) > 18:  # noqa: PLR2004 - 64 bits
        return None
    payment = await tx.one_or_none(queries.LOCKED, payment_id=int(number))
    return payment if payment and payment.is_withdrawal else None


async def _paid(tx: Tx, payment: Payment, found: Withdrawal) -> str:
    if payment.status == PaymentStatus.FAILED:
        await _flag(tx, payment, "Paid out after its money was given back")
        return "PAID_AFTER_FAILURE"
    if payment.status != PaymentStatus.PENDING:
        return "NO_EFFECT"
    leaving = chart.withdrawal(payment.id)
    await post(tx, f"withdrawal-paid:{payment.id}", (leaving, chart.XENDIT, payment.amount))
    payment = await move(tx, payment, "complete", by=None, completed_at=clock.now())
    await _tell(tx, events.WITHDRAWAL_PAID, payment, found)
    return "PAID_OUT"


async def _returned(tx: Tx, payment: Payment, found: Withdrawal, code: str) -> str:
    if payment.status == PaymentStatus.PENDING:
        await _give_back(tx, payment, found, code)
        return "RETURNED"
    if payment.status != PaymentStatus.COMPLETED:
        return "NO_EFFECT"
    wallet = chart.wallet(payment.payer_id)
    await post_and_collect(tx, f"withdrawal-reversed:{payment.id}", (chart.XENDIT, wallet, payment.amount))
    payment = await move(tx, payment, "reverse", by=None, failure_reason=code)
    await _tell(tx, events.WITHDRAWAL_FAILED, payment, found)
    await settle.flag_if_erased(tx, payment)
    return REVERSED


async def _give_back(tx: Tx, payment: Payment, found: Withdrawal, code: str) -> None:
    """The held money goes back to the wallet that it came from."""
    wallet = chart.wallet(payment.payer_id)
    leaving = chart.withdrawal(payment.id)
    await post_and_collect(tx, f"withdrawal-failed:{payment.id}", (leaving, wallet, payment.amount))
    payment = await move(tx, payment, "refuse", by=None, failure_reason=code)
    await _tell(tx, events.WITHDRAWAL_FAILED, payment, found)
    if code == "INSUFFICIENT_BALANCE":
        await settle.tell_staff(tx, "Our balance at Xendit does not cover a withdrawal", transaction_id=payment.id)


async def _flag(tx: Tx, payment: Payment, why: str) -> None:
    if payment.flag == why:
        return
    await tx.update(PaymentTable, payment.id, flag=why)
    await settle.tell_staff(tx, why, transaction_id=payment.id)


async def _tell(tx: Tx, event: events.Event, payment: Payment, found: Withdrawal) -> None:
    await notify(
        tx, payment.payer_id, event, data={"transactionID": payment.id}, amount=payment.amount,
        channel=found.channel_name, account=found.masked,
    )  # fmt: skip
