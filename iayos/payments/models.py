"""Payments (on the wire: transactions) and the inbox of Xendit's events."""

from datetime import datetime

import msgspec
from advanced_alchemy.base import IdentityAuditBase, IdentityBase
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.cipher import Cipher
from iayos.core.db import Row
from iayos.core.models import Instant
from iayos.core.moves import Stateful
from iayos.payments.states import PAYMENT_MOVES


class PaymentTable(IdentityAuditBase):
    """One attempt to pay. `amount` = `base` + `fee`, in centavos."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("external_id", name="uq_payments_external_id"),
        CheckConstraint("type IN ('ESCROW','JOB_PAYMENT','DEPOSIT','WITHDRAWAL','REFUND')", name="type_known"),
        CheckConstraint("status IN ('PENDING','COMPLETED','FAILED')", name="status_known"),
        CheckConstraint("amount > 0 AND fee >= 0 AND amount = base + fee", name="amount_adds_up"),
        CheckConstraint("status <> 'COMPLETED' OR completed_at IS NOT NULL", name="completed_has_instant"),
        CheckConstraint("status <> 'FAILED' OR failure_reason IS NOT NULL", name="failed_has_reason"),
        CheckConstraint("credited_to IN ('JOB','WALLET')", name="credited_to_known"),
        Index("uq_payments_one_attempt", "job_id", "type", unique=True, postgresql_where=text("status = 'PENDING'")),
        Index(
            "uq_payments_one_settlement", "job_id", "type", unique=True, postgresql_where=text("credited_to = 'JOB'")
        ),
        Index("ix_payments_payer", "payer_id", "id"),
        Index("ix_payments_invoice_id", "invoice_id"),
        Index("ix_payments_leaving", "payer_id", postgresql_where=text("type = 'WITHDRAWAL' AND status = 'PENDING'")),
        Index("ix_payments_job", "job_id", postgresql_where=text("job_id IS NOT NULL")),
        Index("ix_payments_completed_at", "completed_at", postgresql_where=text("completed_at IS NOT NULL")),
        Index("ix_payments_flagged", "updated_at", postgresql_where=text("flag IS NOT NULL")),
        Index("ix_payments_deposits", "payer_id", "created_at", postgresql_where=text("type = 'DEPOSIT'")),
    )

    type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    payer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    base: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    external_id: Mapped[str | None] = mapped_column(Text)
    invoice_id: Mapped[str | None] = mapped_column(Text)
    invoice_url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    credited_to: Mapped[str | None] = mapped_column(Text)
    flag: Mapped[str | None] = mapped_column(Text)
    proof_media_id: Mapped[int | None] = mapped_column(BigInteger)
    staff_notes: Mapped[str | None] = mapped_column(Text)


class Payment(Stateful, frozen=True):
    """A payment as the verbs see it."""

    table = PaymentTable
    moves = PAYMENT_MOVES
    id: int
    type: str
    status: str
    method: str | None
    payer_id: int
    job_id: int | None
    base: int
    fee: int
    amount: int
    external_id: str | None
    invoice_id: str | None
    invoice_url: str | None
    expires_at: datetime | None
    claimed_at: datetime | None
    completed_at: datetime | None
    failure_reason: str | None
    credited_to: str | None
    flag: str | None
    proof_media_id: int | None
    staff_notes: str | None
    created_at: datetime

    @property
    def is_cash(self) -> bool:
        """From hand to hand, shown by a photo."""
        return self.method == "CASH"

    @property
    def may_complete_late(self) -> bool:
        """Has nothing been posted for it yet?"""
        return self.credited_to is None

    @property
    def is_withdrawal(self) -> bool:
        """Does this money leave?"""
        return self.type == "WITHDRAWAL"


class BankAccount(msgspec.Struct, frozen=True):
    """A bank account or an e-wallet: at rest it is sealed, and its last four digits stand beside it."""

    number: str
    name: str

    def sealed(self, cipher: Cipher, payment_id: int) -> dict[str, str]:
        """As the columns of its withdrawal."""
        return {"account_sealed": cipher.seal(sealed_for(payment_id), self), "account_last4": self.number[-4:]}


def sealed_for(payment_id: int) -> str:
    """What a sealed account says that it is about."""
    return f"withdrawal:{payment_id}"


class WithdrawalTable(IdentityAuditBase):
    """Where a withdrawal goes, and the key under which Xendit is asked for it: kept before the first call."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        UniqueConstraint("payment_id", name="uq_withdrawals_payment_id"),
        UniqueConstraint("idempotency_key", name="uq_withdrawals_idempotency_key"),
        UniqueConstraint("payout_id", name="uq_withdrawals_payout_id"),
    )

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    channel_code: Mapped[str] = mapped_column(Text)
    channel_name: Mapped[str] = mapped_column(Text)
    account_sealed: Mapped[str | None] = mapped_column(Text)
    account_last4: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text)
    payout_id: Mapped[str | None] = mapped_column(Text)
    payout_status: Mapped[str | None] = mapped_column(Text)


class Withdrawal(Row, frozen=True):
    """The part of a withdrawal that concerns its payout."""

    table = WithdrawalTable
    id: int
    payment_id: int
    channel_code: str
    channel_name: str
    account_sealed: str | None
    account_last4: str
    idempotency_key: str
    payout_id: str | None
    payout_status: str | None

    @property
    def reference(self) -> str:
        """Our own id of the payout at Xendit."""
        return f"withdrawal-{self.payment_id}"

    @property
    def masked(self) -> str:
        """The account number as people may see it."""
        return f"•••• {self.account_last4}"

    def account(self, cipher: Cipher) -> "BankAccount":
        """Where it goes, opened."""
        return cipher.open(sealed_for(self.payment_id), self.account_sealed or "", BankAccount)


class PayoutChannelTable(IdentityBase):
    """A bank or e-wallet that Xendit pays out to, as it said last; amounts in centavos."""

    __tablename__ = "payout_channels"
    __table_args__ = (UniqueConstraint("code", name="uq_payout_channels_code"),)

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    least: Mapped[int] = mapped_column(BigInteger)
    most: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[int] = mapped_column(BigInteger)
    fetched_at: Mapped[datetime] = mapped_column(Instant)


class XenditEventTable(IdentityBase):
    """A webhook: what we act on in columns, the whole of it, with people's data and account numbers, sealed; applied once."""

    __tablename__ = "xendit_events"
    __table_args__ = (
        UniqueConstraint("event_key", name="uq_xendit_events_event_key"),
        Index("ix_xendit_events_open", "id", postgresql_where=text("outcome IS NULL")),
        Index(
            "ix_xendit_events_words",
            "received_at",
            postgresql_where=text("sealed IS NOT NULL OR payer_email IS NOT NULL"),
        ),
    )

    event_key: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    event: Mapped[str | None] = mapped_column(Text)
    xendit_id: Mapped[str | None] = mapped_column(Text)
    xendit_status: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    payer_email: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Instant)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(Text)


class XenditEvent(Row, frozen=True):
    """A stored webhook."""

    table = XenditEventTable
    id: int
    event: str | None
    xendit_id: str | None
    xendit_status: str | None
    reference: str | None
    received_at: datetime
    applied_at: datetime | None
    outcome: str | None


class CounterTable(IdentityBase):
    """Things that are counted and not kept, such as webhooks with a wrong token."""

    __tablename__ = "counters"
    __table_args__ = (UniqueConstraint("name", name="uq_counters_name"),)

    name: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(Integer)
