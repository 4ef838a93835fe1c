"""Disputes about held money, the offers in them, and their evidence."""

from datetime import datetime

from advanced_alchemy.base import IdentityBase
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant
from iayos.core.moves import Stateful
from iayos.disputes.states import DISPUTE_MOVES, Phase


class DisputeTable(IdentityBase):
    """One side says that the other does not keep the deal; everything else of the job stops meanwhile."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("status IN ('OPEN','AGREED','RULED','WITHDRAWN')", name="status_known"),
        CheckConstraint("phase IN ('TALK','OFFERS','STAFF')", name="phase_known"),
        CheckConstraint("to_payee >= 0 AND to_client >= 0", name="shares_not_negative"),
        CheckConstraint("(status IN ('AGREED','RULED')) = (to_payee IS NOT NULL)", name="ended_has_shares"),
        Index("uq_disputes_one_open", "job_id", unique=True, postgresql_where=text("status = 'OPEN'")),
        Index("ix_disputes_job_id", "job_id"),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    status: Mapped[str] = mapped_column(Text)
    phase: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    opened_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    to_payee: Mapped[int | None] = mapped_column(BigInteger)
    to_client: Mapped[int | None] = mapped_column(BigInteger)
    ruling: Mapped[str | None] = mapped_column(Text)
    ruled_by: Mapped[int | None] = mapped_column(BigInteger)


class Dispute(Stateful, frozen=True):
    """A dispute."""

    table = DisputeTable
    moves = DISPUTE_MOVES
    id: int
    job_id: int
    status: str
    phase: str
    reason: str
    description: str
    opened_by: int
    created_at: datetime
    ended_at: datetime | None
    to_payee: int | None
    to_client: int | None
    ruling: str | None
    ruled_by: int | None

    @property
    def talking(self) -> bool:
        """The two sides are to talk first."""
        return self.phase == Phase.TALK

    @property
    def offering(self) -> bool:
        """The time for offers runs."""
        return self.phase == Phase.OFFERS

    @property
    def with_staff(self) -> bool:
        """A member of staff is to rule."""
        return self.phase == Phase.STAFF


class OfferTable(IdentityBase):
    """One side would have this much (centavos) go to the payee, the rest to the client."""

    __tablename__ = "dispute_offers"
    __table_args__ = (
        CheckConstraint("to_payee >= 0", name="share_not_negative"),
        Index("ix_dispute_offers_dispute_id", "dispute_id"),
    )

    dispute_id: Mapped[int] = mapped_column(ForeignKey("disputes.id"))
    by_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    by_client: Mapped[bool]
    to_payee: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)


class Offer(Row, frozen=True):
    """An offer."""

    table = OfferTable
    id: int
    dispute_id: int
    by_account_id: int
    by_client: bool
    to_payee: int
    created_at: datetime
    accepted_at: datetime | None


class EvidenceTable(IdentityBase):
    """A picture that one side shows."""

    __tablename__ = "dispute_evidence"
    __table_args__ = (Index("ix_dispute_evidence_dispute_id", "dispute_id"),)

    dispute_id: Mapped[int] = mapped_column(ForeignKey("disputes.id"))
    by_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    media_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
