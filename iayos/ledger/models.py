"""The ledger's tables (HOUSE 6): a posting moves an amount from one ledger account to another, so it balances by construction.

The posting function and the triggers that refuse any change of history are in `migrations/`.
"""

from datetime import datetime

from advanced_alchemy.base import IdentityBase
from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.models import Instant


class LedgerAccountTable(IdentityBase):
    """An account of the chart, by its code: `xendit`, `escrow:<jobID>`, `wallet:<accountID>`, `fees` …"""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("code", name="uq_ledger_accounts_code"),
        CheckConstraint("balance >= 0 OR may_go_negative", name="balance_covered"),
    )

    code: Mapped[str] = mapped_column(Text)
    balance: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    may_go_negative: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class JournalTable(IdentityBase):
    """One business event; its reference is unique, so posting it twice does nothing."""

    __tablename__ = "journals"
    __table_args__ = (
        UniqueConstraint("reference", name="uq_journals_reference"),
        Index("ix_journals_at", "at", postgresql_using="brin"),
    )

    reference: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class PostingTable(IdentityBase):
    """An amount in centavos that went from one ledger account to another."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("source_id <> target_id", name="two_sides"),
        Index("ix_postings_journal_id", "journal_id"),
        Index("ix_postings_source", "source_id", "id"),
        Index("ix_postings_target", "target_id", "id"),
    )

    journal_id: Mapped[int] = mapped_column(ForeignKey("journals.id"))
    source_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
