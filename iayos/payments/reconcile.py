"""Our books beside Xendit's, both ways (SPEC 8, `xendit reconcile`): what differs, and the repair of what is safe to repair.

Xendit is read first and our books after it, so that what happened in between looks like progress here and not like a fault.
A repair does nothing that a webhook would not have done: it asks Xendit about the one invoice or payout and applies what it
says, under the references that exist once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from iayos.core import clock
from iayos.core.audit import note
from iayos.core.db import Database, Tx
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.core.progress import Progress, counted
from iayos.ledger import chart
from iayos.ledger.actions import post
from iayos.payments import books, gateway, payouts, settle
from iayos.payments.books import Books, Leaving
from iayos.payments.gateway import Invoice, Payout, Transaction, Xendit
from iayos.payments.models import Payment
from iayos.payments.states import PaymentStatus

DEFAULT_SPAN: Final = timedelta(days=30)
UNSENT: Final = timedelta(minutes=10)
"""How long a withdrawal may be unknown to Xendit before that is a difference."""
PAYMENT, DISBURSEMENT, SUCCESS = "PAYMENT", "DISBURSEMENT", "SUCCESS"
NEVER_CHARGED: Final = frozenset({"REVERSED", "CANCELED", "CANCELLED", "NOT_APPLICABLE"})
UNDONE: Final = frozenset({"FAILED", "REVERSED", "VOIDED"})
OURS_FOR: Final = {"SUCCESS": "COMPLETED", "PENDING": "PENDING"} | dict.fromkeys(UNDONE, "FAILED")
Repair = Callable[[Tx], Awaitable[str]]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the two sides say differently; the amount in centavos."""

    what: str
    ours: str | None
    xendit: str | None
    amount: int
    payment_id: int | None = None
    xendit_id: str | None = None
    repair: str | None = None
    """What sets it right; None where a person must look."""
    act: Repair | None = None
    repaired: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All differences, and how much was compared."""

    since: datetime
    differences: list[Difference]
    invoices: int
    transactions: int
    payouts: int


async def reconcile(
    db: Database, xendit: Xendit, *, since: datetime, repair: bool, by: Principal, progress: Progress
) -> Report:
    """Compare everything since then; with `repair`, set right what is safe, each repair on the audit log."""
    progress.begin("Reading Xendit's invoices")
    invoices = [one async for page in xendit.invoices_since(since) for one in progress.through(page)]
    progress.begin("Reading what moved at Xendit")
    moved = [one async for page in xendit.transactions_since(since) for one in progress.through(page)]
    found = await books.read(db.reads, since, invoices, moved)
    sides = f"{counted(len(invoices), 'invoice')} and {counted(len(found.leaving), 'payout')}"
    progress.begin(f"Comparing {sides} with Xendit", len(invoices) + len(found.ours) + len(found.leaving))
    differences = [
        *[one async for one in _payments(xendit, found, invoices, moved, progress)],
        *[one async for one in _payouts(xendit, found, moved, progress)],
        *_strangers(found, invoices, moved),
        *_costs(found, moved),
    ]
    if repair:
        progress.begin(f"Compared {sides} with Xendit; repairing", len(differences))
        differences = [await _repaired(db, one, by) for one in progress.through(differences)]
    return Report(
        since=since,
        differences=differences,
        invoices=len(invoices),
        transactions=len(moved),
        payouts=len(found.leaving),
    )


async def _repaired(db: Database, one: Difference, by: Principal) -> Difference:
    if one.act is None:
        return one
    async with db.transaction() as tx:
        outcome = await one.act(tx)
        subject = f"payment:{one.payment_id}" if one.payment_id else f"xendit:{one.xendit_id}"
        await note(
            tx, by, "payments:reconcile", subject=subject, reason="Reconciliation with Xendit",
            before={"ours": one.ours, "xendit": one.xendit}, after={"what": one.what, "outcome": outcome},
        )  # fmt: skip
    return msgspec.structs.replace(one, repaired=True)


async def _payments(
    xendit: Xendit, found: Books, invoices: list[Invoice], moved: list[Transaction], progress: Progress
) -> AsyncIterator[Difference]:
    shown = {one.id for one in invoices}
    paid = _paid(found, moved)
    for invoice_id, (payment, amount) in paid.items():
        if difference := await _of_paid(xendit, found, payment, invoice_id, amount):
            yield difference
    for invoice in progress.through(invoices):
        known = found.payments.get(invoice.external_id)
        if known and invoice.id not in paid and (difference := await _of_unpaid(xendit, found, known, invoice)):
            yield difference
    for one in progress.through(found.ours):
        if (
            one.invoice_id
            and one.invoice_id not in shown | paid.keys()
            and await xendit.invoice(one.invoice_id) is None
        ):
            yield _difference("MISSING_AT_XENDIT", one, one.status, None, one.amount, one.invoice_id)


def _paid(found: Books, moved: list[Transaction]) -> dict[str, tuple[Payment, int]]:
    """What came in for each invoice of ours."""
    paid: dict[str, tuple[Payment, int]] = {}
    for one in moved:
        payment = found.payments.get(one.reference)
        if one.type == PAYMENT and one.status == SUCCESS and one.currency == "PHP" and payment is not None:
            invoice_id = one.product_id or payment.invoice_id or ""
            before = paid[invoice_id][1] if invoice_id in paid else 0
            paid[invoice_id] = (payment, before + one.amount)
    return paid


async def _of_paid(xendit: Xendit, found: Books, payment: Payment, invoice_id: str, amount: int) -> Difference | None:
    posted = found.posted.get(f"paid:{invoice_id}")
    if posted == amount:
        return None
    if posted is not None:
        return _difference("AMOUNT_DIFFERS", payment, _pesos(posted), _pesos(amount), amount - posted, invoice_id)
    invoice = await xendit.invoice(invoice_id)
    if invoice is None:
        return _difference("MISSED_PAYMENT", payment, payment.status, "PAID", amount, invoice_id)
    fact = await settle.fact_about(xendit, invoice)
    return _difference(
        "MISSED_PAYMENT", payment, payment.status, fact.status, amount, invoice_id,
        repair="post the payment", act=lambda tx: settle.apply(tx, fact),
    )  # fmt: skip


async def _of_unpaid(xendit: Xendit, found: Books, payment: Payment, invoice: Invoice) -> Difference | None:
    if f"paid:{invoice.id}" in found.posted:
        return await _posted_unpaid(xendit, payment, invoice)
    if invoice.status in gateway.PAID:
        return await _of_paid(xendit, found, payment, invoice.id, invoice.paid_amount or invoice.amount)
    if invoice.amount != payment.amount:
        return _difference(
            "AMOUNT_DIFFERS", payment, _pesos(payment.amount), _pesos(invoice.amount), invoice.amount - payment.amount,
            invoice.id,
        )  # fmt: skip
    mine = payment.invoice_id in {None, invoice.id}
    if invoice.status == gateway.EXPIRED and mine and payment.status == PaymentStatus.PENDING:
        fact = await settle.fact_about(xendit, invoice)
        return _difference(
            "LATE_EXPIRY", payment, payment.status, fact.status, payment.amount, invoice.id,
            repair="close the payment", act=lambda tx: settle.apply(tx, fact),
        )  # fmt: skip
    if invoice.status == gateway.PENDING and (payment.status != PaymentStatus.PENDING or not mine):
        return _difference(
            "INVOICE_STILL_OPEN", payment, payment.status, invoice.status, payment.amount, invoice.id,
            repair="end the invoice", act=lambda tx: _end_invoice(tx, invoice.id),
        )  # fmt: skip
    return None


async def _posted_unpaid(xendit: Xendit, payment: Payment, invoice: Invoice) -> Difference | None:
    """Money in our books that Xendit does not show: asked again, for it may have come while we were reading."""
    again = await xendit.invoice(invoice.id)
    if again and (await settle.fact_about(xendit, again)).status == "PAID":
        return None
    return _difference("POSTED_UNPAID", payment, payment.status, invoice.status, payment.amount, invoice.id)


async def _end_invoice(tx: Tx, invoice_id: str) -> str:
    await later(tx, "payments.end_invoice", invoice_id=invoice_id)
    return "ENDING"


async def _payouts(
    xendit: Xendit, found: Books, moved: list[Transaction], progress: Progress
) -> AsyncIterator[Difference]:
    by_reference = {one.reference: one for one in moved if one.type == DISBURSEMENT}
    for one in progress.through(found.leaving):
        seen = by_reference.get(one.withdrawal.reference)
        if seen and seen.amount == one.payment.amount and OURS_FOR.get(seen.status) == one.payment.status:
            continue
        payout = await payouts.at_xendit(xendit, one.withdrawal)
        difference = _of_payout(one, payout) if payout else _of_unsent(one)
        if difference is not None:
            yield difference


def _of_unsent(one: Leaving) -> Difference | None:
    payment = one.payment
    if payment.status == PaymentStatus.COMPLETED or one.withdrawal.payout_id is not None:
        return _difference("MISSING_AT_XENDIT", payment, payment.status, None, payment.amount, one.withdrawal.payout_id)
    if payment.status == PaymentStatus.PENDING and not one.frozen and clock.now() - payment.created_at > UNSENT:
        return _difference(
            "PAYOUT_NOT_SENT", payment, payment.status, None, payment.amount, None,
            repair="send it", act=lambda tx: _send(tx, payment.id),
        )  # fmt: skip
    return None


async def _send(tx: Tx, payment_id: int) -> str:
    await later(tx, "payments.send_payout", payment_id=payment_id)
    return "SENDING"


def _of_payout(one: Leaving, payout: Payout) -> Difference | None:
    payment = one.payment
    if payout.amount != payment.amount:
        return _difference(
            "AMOUNT_DIFFERS", payment, _pesos(payment.amount), _pesos(payout.amount), payout.amount - payment.amount,
            payout.id,
        )  # fmt: skip
    expected = {payouts.SUCCEEDED: "COMPLETED"} | dict.fromkeys(payouts.RETURNED, "FAILED")
    if expected.get(payout.status, "PENDING") == payment.status:
        return None
    if payment.status == PaymentStatus.FAILED or payout.status not in payouts.FINAL:
        return _difference("PAYOUT_DIFFERS", payment, payment.status, payout.status, payment.amount, payout.id)
    return _difference(
        "MISSED_PAYOUT", payment, payment.status, payout.status, payment.amount, payout.id,
        repair="post what became of it", act=lambda tx: payouts.apply(tx, payout),
    )  # fmt: skip


def _strangers(found: Books, invoices: list[Invoice], moved: list[Transaction]) -> Iterator[Difference]:
    """What Xendit has and we know nothing of; or what came in another currency."""
    leaving = found.withdrawals
    seen = {one.product_id for one in moved}
    for one in moved:
        ours = one.reference in (leaving if one.type == DISBURSEMENT else found.payments)
        if one.currency != "PHP":
            yield _stranger("OTHER_CURRENCY", f"{one.status} {one.currency}", one.amount, one.id)
        elif not ours and one.status not in UNDONE:
            kind = {PAYMENT: "UNKNOWN_PAYMENT", DISBURSEMENT: "UNKNOWN_PAYOUT"}.get(one.type, "UNKNOWN_TRANSACTION")
            yield _stranger(kind, f"{one.type} {one.status}", one.amount, one.id)
    for invoice in invoices:
        if invoice.external_id not in found.payments and invoice.id not in seen and invoice.status != gateway.EXPIRED:
            yield _stranger("UNKNOWN_INVOICE", invoice.status, invoice.amount, invoice.id)


def _costs(found: Books, moved: list[Transaction]) -> Iterator[Difference]:
    """What Xendit takes for each movement, and what it gave back."""
    for one in moved:
        posted, returned = found.posted.get(f"cost:{one.id}"), f"cost-returned:{one.id}" in found.posted
        undone = one.status in UNDONE or one.cost_status in NEVER_CHARGED
        if one.currency != "PHP" or (undone and (posted is None or returned)):
            continue
        if undone and posted is not None:
            yield _cost("COST_RETURNED", one, -posted)
        elif posted is None and one.cost and one.status == SUCCESS:
            yield _cost("COST", one, one.cost)
        elif posted is not None and posted != one.cost:
            yield _stranger("COST_DIFFERS", _pesos(one.cost), one.cost - posted, one.id, ours=_pesos(posted))


def _cost(what: str, one: Transaction, amount: int) -> Difference:
    return Difference(
        what=what, ours=None, xendit=f"{one.type} {one.status}", amount=amount, xendit_id=one.id,
        repair="post the cost", act=lambda tx: _post_cost(tx, one.id, amount),
    )  # fmt: skip


async def _post_cost(tx: Tx, transaction_id: str, amount: int) -> str:
    if amount > 0:
        await post(tx, f"cost:{transaction_id}", (chart.GATEWAY_COSTS, chart.XENDIT, amount))
    else:
        await post(tx, f"cost-returned:{transaction_id}", (chart.XENDIT, chart.GATEWAY_COSTS, -amount))
    return "POSTED"


def _difference(
    what: str, payment: Payment, ours: str | None, xendit: str | None, amount: int, xendit_id: str | None,
    *, repair: str | None = None, act: Repair | None = None,
) -> Difference:  # fmt: skip
    return Difference(
        what=what, ours=ours, xendit=xendit, amount=amount, payment_id=payment.id, xendit_id=xendit_id, repair=repair,
        act=act,
    )  # fmt: skip


def _stranger(what: str, xendit: str, amount: int, xendit_id: str, *, ours: str | None = None) -> Difference:
    return Difference(what=what, ours=ours, xendit=xendit, amount=amount, xendit_id=xendit_id)


def _pesos(amount: int) -> str:
    return f"{amount / 100:.2f}"
