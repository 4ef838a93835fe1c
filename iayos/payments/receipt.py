"""Receipts: an acknowledgement of what was paid, and on a second page the invoice for the platform's fee (SPEC 4)."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, select

from iayos.accounts.queries import account_of
from iayos.core import clock
from iayos.core.cipher import Cipher
from iayos.core.db import Reads, Row, Statement
from iayos.core.errors import Conflict
from iayos.core.money import FEE_PERCENT, in_words
from iayos.core.principal import Principal
from iayos.jobs.models import JobTable
from iayos.payments import payouts, queries
from iayos.payments.models import Payment
from iayos.payments.paper import ACCENT, BOLD, LEFT, RIGHT, SOFT, Column, Paper
from iayos.payments.states import PaymentStatus, PaymentType

METHODS: Final = {
    "GCASH": "GCash", "MAYA": "Maya", "GRABPAY": "GrabPay", "CARD": "Card", "BANK": "Bank", "WALLET": "iAyos wallet",
    "CASH": "Cash, from hand to hand",
}  # fmt: skip
WHAT: Final[dict[str, str]] = {
    PaymentType.ESCROW: "First half of the agreed price",
    PaymentType.JOB_PAYMENT: "Second half of the agreed price",
    PaymentType.DEPOSIT: "Deposit into the wallet",
    PaymentType.WITHDRAWAL: "Withdrawal from the wallet",
    PaymentType.REFUND: "Refund",
}


class NotPaidYet(Conflict):
    """There is nothing to acknowledge."""

    code, message = "NOT_PAID_YET", "A receipt exists once the payment is completed."


class Deal(Row, frozen=True):
    """What a job's payment was for."""

    title: str
    payee_id: int | None


DEAL: Statement[Deal] = Statement(
    select(JobTable.title, func.coalesce(JobTable.assigned_agency_id, JobTable.assigned_worker_id)).where(
        JobTable.id == bindparam("job_id")
    ),
    into=Deal,
)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """All that a receipt says; centavos."""

    payment: Payment
    payer: str
    email: str
    what: str
    how: str
    payee: str | None
    paid_at: datetime
    seller: str
    """Who stands on the fee's invoice: name, then address and TIN, separated by semicolons."""


async def receipt_of(reads: Reads, cipher: Cipher, *, payment_id: int, by: Principal, seller: str) -> Receipt:
    """What can be acknowledged of a payment of the caller's own."""
    payment = await queries.payment_of(reads, payment_id, by)
    if payment.status != PaymentStatus.COMPLETED:
        raise NotPaidYet
    payer = await account_of(reads, payment.payer_id)
    deal = await reads.one_or_none(DEAL, job_id=payment.job_id)
    payee = await account_of(reads, deal.payee_id) if deal and deal.payee_id else None
    kind = WHAT[payment.type]
    return Receipt(
        payment=payment, payer=payer.name, email=payer.email, how=await _how(reads, cipher, payment), seller=seller,
        what=f"{kind}: {deal.title} (job no. {payment.job_id})" if deal else kind, payee=payee.name if payee else None,
        paid_at=(payment.completed_at or payment.created_at).astimezone(clock.MANILA),
    )  # fmt: skip


async def _how(reads: Reads, cipher: Cipher, payment: Payment) -> str:
    if payment.is_withdrawal:
        found = await payouts.withdrawal_of(reads, payment.id)
        return f"{found.channel_name}, account {found.masked}, {found.account(cipher).name}"
    return METHODS.get(payment.method or "", "Online")


def as_pdf(receipt: Receipt) -> bytes:
    """For people: blocking, call it in a thread."""
    paper = Paper("Acknowledgement receipt", f"No. AR-{receipt.payment.id:08d}")
    _acknowledgement(paper, receipt)
    if receipt.payment.fee:
        paper.page("Invoice", f"No. INV-{receipt.payment.id:08d}")
        _invoice(paper, receipt)
    return paper.bytes()


def _acknowledgement(paper: Paper, receipt: Receipt) -> None:
    payment = receipt.payment
    leaving = payment.is_withdrawal
    paper.box(72)
    paper.y -= 24
    paper.text(LEFT + 16, "Paid out" if leaving else "Received with thanks", size=9, colour=SOFT)
    paper.text(RIGHT - 16, "PAID", size=11, font=BOLD, colour=ACCENT, right=True)
    paper.y -= 29
    paper.text(LEFT + 16, in_words(payment.amount), size=24, font=BOLD)
    paper.text(RIGHT - 16, f"{receipt.paid_at:%d %B %Y, %H:%M}", colour=SOFT, right=True)
    paper.y -= 45
    paper.facts(_facts(receipt))
    paper.y -= 10
    paper.table(COLUMNS, _lines(receipt), total=True)
    paper.y -= 26
    if payment.credited_to == "WALLET" and payment.job_id:
        paper.paragraph("The job no longer waited for this payment: the whole sum is in the payer's iAyos wallet.")
    if payment.type == PaymentType.ESCROW and payment.credited_to == "JOB":
        paper.paragraph("iAyos holds the price in escrow and releases it when the work is approved and paid in full.")


def _facts(receipt: Receipt) -> list[tuple[str, str]]:
    payment = receipt.payment
    facts = [
        ("To" if payment.is_withdrawal else "Received from", f"{receipt.payer} ({receipt.email})"),
        ("For", receipt.what), ("Paid by" if not payment.is_withdrawal else "Sent to", receipt.how),
    ]  # fmt: skip
    if receipt.payee:
        facts.append(("Worker or agency", receipt.payee))
    facts.append(("Transaction", f"No. {payment.id}"))
    if payment.external_id:
        facts.append(("Reference", payment.external_id))
    return facts


COLUMNS: Final = (Column("Description", LEFT, 380), Column("Amount", LEFT + 380, 119, number=True))


def _lines(receipt: Receipt) -> list[list[str]]:
    payment = receipt.payment
    lines = [[receipt.what, in_words(payment.base)]]
    if payment.fee:
        lines.append([f"Platform fee, {FEE_PERCENT} % (invoice on the next page)", in_words(payment.fee)])
    return [*lines, ["Total", in_words(payment.amount)]]


def _invoice(paper: Paper, receipt: Receipt) -> None:
    payment = receipt.payment
    name, *details = [part.strip() for part in receipt.seller.split(";")]
    facts = [("Seller", name), *(("", line) for line in details)]
    facts += [
        ("Billed to", f"{receipt.payer} ({receipt.email})"), ("Date", f"{receipt.paid_at:%d %B %Y}"),
        ("Transaction", f"No. {payment.id}"),
    ]  # fmt: skip
    paper.facts(facts)
    paper.y -= 10
    fee = in_words(payment.fee)
    words = f"Platform fee, {FEE_PERCENT} % of {in_words(payment.base)}. {receipt.what}"
    paper.table(COLUMNS, [[words, fee], ["Total, paid", fee]], total=True)
    paper.y -= 26
    paper.paragraph(f"Paid in full on {receipt.paid_at:%d %B %Y} by {receipt.how}. Nothing is due.")
