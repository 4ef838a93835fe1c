"""Payments on the wire, where a payment is called a transaction."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

import msgspec

from iayos.core.money import Centavos
from iayos.core.wire import ID, Text

PayBy = Literal["GCASH", "MAYA", "GRABPAY", "CARD", "BANK", "WALLET"]
"""How a payer pays: an invoice at Xendit for one channel, or at once from the wallet."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant with its offset from UTC."""


class TransactionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay. `amount` is what is paid, the fee included; pesos."""

    transactionID: int
    type: Literal["ESCROW", "JOB_PAYMENT", "DEPOSIT", "WITHDRAWAL", "REFUND"]
    status: Literal["PENDING", "COMPLETED", "FAILED"]
    amount: Centavos
    fee: Centavos
    currency: Literal["PHP"] = "PHP"
    paymentMethod: str | None
    invoiceURL: str | None
    """Where the payer pays; open it in a browser or a WebView."""
    expiresAt: datetime | None
    jobID: int | None
    failureReason: str | None
    creditedTo: Literal["JOB", "WALLET"] | None
    """Where the money went: WALLET when its job no longer waited for it."""
    createdAt: datetime
    completedAt: datetime | None
    awaitingSecond: bool = False
    """A decision of staff that moves more than ₱50,000 waits for another member to repeat it."""

    @classmethod
    def of(cls, payment: Any, *, awaiting_second: bool = False) -> Self:
        """`payment` is a row of payments."""
        return cls(
            transactionID=payment.id, type=payment.type, status=payment.status,
            amount=Centavos(payment.amount), fee=Centavos(payment.fee), paymentMethod=payment.method,
            invoiceURL=payment.invoice_url, expiresAt=payment.expires_at, jobID=payment.job_id,
            failureReason=payment.failure_reason, creditedTo=payment.credited_to,
            createdAt=payment.created_at, completedAt=payment.completed_at, awaitingSecond=awaiting_second,
        )  # fmt: skip


class EscrowIn(msgspec.Struct, frozen=True, kw_only=True):
    """Pay the first half of a job's agreed price, and the fee on it."""

    jobID: ID
    paymentMethod: PayBy


class FinalIn(msgspec.Struct, frozen=True, kw_only=True):
    """Pay the second half; `method` is another name for `paymentMethod`."""

    jobID: ID
    paymentMethod: PayBy | Literal["CASH"] | None = None
    method: PayBy | Literal["CASH"] | None = None


class InvoiceIn(msgspec.Struct, frozen=True, kw_only=True):
    """The same from the web, as one route: `jobID` for ESCROW and FINAL, `amount` for DEPOSIT."""

    purpose: Literal["ESCROW", "FINAL", "DEPOSIT"]
    jobID: ID | None = None
    amount: Centavos | None = None
    paymentMethod: PayBy | None = None
    """None leaves the choice of the channel to the checkout page."""


class DepositIn(msgspec.Struct, frozen=True, kw_only=True):
    """Put money into the wallet: ₱100 to ₱100,000 each, ₱500,000 a Manila day."""

    amount: Centavos


class AccountNumber(Text):
    """A bank account or an e-wallet's mobile number, as people write it."""

    __slots__ = ()
    longest = 40


class AccountName(Text):
    """Whose account it is, as the bank knows it."""

    __slots__ = ()
    longest = 100


class ChannelCode(Text):
    """One of `GET /api/payments/payout-channels`."""

    __slots__ = ()
    longest = 50


class WithdrawIn(msgspec.Struct, frozen=True, kw_only=True):
    """Send money from the wallet to a bank or e-wallet: at least ₱100, at most what the channel takes; no fee."""

    amount: Centavos
    channelCode: ChannelCode
    accountNumber: AccountNumber
    """`09XXXXXXXXX` for an e-wallet, 6 to 20 digits for a bank."""
    accountName: AccountName


class PayoutChannelOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a withdrawal can go; pesos at a time."""

    channelCode: str
    name: str
    category: str
    """BANK, EWALLET or OTC."""
    minimum: Centavos
    maximum: Centavos


class CashIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker says was received, in pesos."""

    amount: Centavos


class VerdictIn(msgspec.Struct, frozen=True, kw_only=True):
    """What staff makes of the photo."""

    approved: bool
    notes: Text


class EarlierUseOut(msgspec.Struct, frozen=True, kw_only=True):
    """The same picture, perhaps cropped or saved anew, was shown before."""

    transactionID: int
    jobID: int
    difference: int
    """Bits of 64 in which the two pictures' looks differ; 0 is the same picture."""


class CashOut(msgspec.Struct, frozen=True, kw_only=True):
    """A cash proof as staff sees it."""

    transaction: "TransactionOut"
    jobTitle: str
    clientName: str
    workerName: str
    confirmedByWorker: Centavos | None
    """What the worker says was received; null when nothing was said."""
    photoURL: str | None
    """Signed for five minutes; null while storage does not answer."""
    earlierUses: list[EarlierUseOut]


class CancelIn(msgspec.Struct, frozen=True, kw_only=True):
    """Why the job is cancelled."""

    reason: Text


class CancelQuoteOut(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets what if the job is cancelled now; pesos."""

    needs: Literal["NOTHING", "OTHER_SIDE", "YOUR_CONFIRMATION"]
    """What is missing: nothing (it is free), the other side's confirmation, or yours."""
    toClient: Centavos
    """What goes to the client's wallet, a returned fee included."""
    feeReturned: Centavos
    feeKept: Centavos
    toPayee: Centavos

    @classmethod
    def of(cls, *, needs: str, refund: int, fee: int, kept: int) -> Self:
        """From centavos."""
        return cls(
            needs=needs, toClient=Centavos(refund + fee), feeReturned=Centavos(fee), feeKept=Centavos(kept),  # type: ignore[arg-type]
            toPayee=Centavos(0),
        )  # fmt: skip


class WalletOut(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has; pesos."""

    balance: Centavos
    held: Centavos
    """In escrow for or from this account."""
    pendingWithdrawal: Centavos
    currency: Literal["PHP"] = "PHP"


class Received(msgspec.Struct, frozen=True):
    """The event is kept."""

    received: bool = True


class LedgerAccountOut(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the ledger; pesos."""

    code: str
    balance: Centavos


class EntryOut(msgspec.Struct, frozen=True, kw_only=True):
    """A posting as the account sees it; negative when it went out."""

    postingID: int
    reference: str
    other: str
    amount: Centavos
    at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """`row` is a posting as one of its two accounts sees it."""
        return cls(postingID=row.id, reference=row.reference, other=row.other, amount=Centavos(row.amount), at=row.at)


class CheckOut(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must hold."""

    name: str
    ok: bool
    fault: str | None
    """The first place where it does not."""


class VerificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the books are right, in one snapshot; pesos."""

    ok: bool
    postings: int
    journals: int
    checks: list[CheckOut]
    held: Centavos
    wallets: Centavos
    fees: Centavos
    clearing: Centavos
    """What must lie at Xendit."""
    ledgerRoot: str
    """One hash over all journals, postings and balances: a restored backup has the same."""


class ReconcileIn(msgspec.Struct, frozen=True, kw_only=True):
    """How far back to compare, and whether only to look."""

    since: Moment | None = None
    """None: 30 days back."""
    dryRun: bool = False


class DifferenceOut(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that Xendit and our books say differently."""

    what: str
    """MISSED_PAYMENT, MISSED_PAYOUT, AMOUNT_DIFFERS, LATE_EXPIRY, COST, UNKNOWN_PAYMENT …"""
    ours: str | None
    xendit: str | None
    amount: Centavos
    """The pesos in question."""
    transactionID: int | None
    xenditID: str | None
    repair: str | None
    """What sets it right; null where a person must look."""
    repaired: bool


class ReconcileOut(msgspec.Struct, frozen=True, kw_only=True):
    """All differences, and how much was compared."""

    since: datetime
    dryRun: bool
    differences: list[DifferenceOut]
    invoices: int
    transactions: int
    payouts: int
    remaining: int
    """Differences that were not repaired."""


class ReplayIn(msgspec.Struct, frozen=True, kw_only=True):
    """From when on stored events are run again, and why."""

    since: Moment
    reason: Text | None = None


class ReplayedOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event that still had an effect."""

    eventID: int
    outcome: str


class ReplayOut(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; without effects all of them had been applied."""

    since: datetime
    events: int
    effects: list[ReplayedOut]
    unconfirmed: int
    """Events that say more than Xendit does by now; they are asked again."""


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that was kept."""

    eventID: int
    event: str
    """PAID, EXPIRED, payout.succeeded …"""
    xenditID: str | None
    reference: str | None
    outcome: str | None
    receivedAt: datetime
    appliedAt: datetime | None


class XenditInvoiceOut(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that we asked for; pesos."""

    transactionID: int
    invoiceID: str | None
    reference: str
    status: str
    amount: Centavos
    failureReason: str | None
    createdAt: datetime


class XenditPayoutOut(msgspec.Struct, frozen=True, kw_only=True):
    """A payout that we asked for; pesos."""

    transactionID: int
    payoutID: str | None
    reference: str
    status: str
    xenditStatus: str | None
    amount: Centavos
    channelCode: str
    accountNumber: str
    """Its last four digits."""
    failureReason: str | None
    createdAt: datetime
