"""Identity checks. Neither names nor numbers of documents are kept, only the pictures, and those in a private bucket."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import IdentityAuditBase, IdentityBase
from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.models import Instant
from iayos.core.moves import Stateful
from iayos.kyc.states import DOCUMENT_MOVES, KYC_MOVES, MOST_ROUNDS


class KYCTable(IdentityAuditBase):
    """A case. `version` grows with every change of its documents; `round` counts how often it was handed in."""

    __tablename__ = "kyc"
    __table_args__ = (
        CheckConstraint("status IN ('PENDING','APPROVED','REJECTED')", name="status_known"),
        CheckConstraint("kyc_type IN ('INDIVIDUAL','AGENCY')", name="kyc_type_known"),
        CheckConstraint("user_type IN ('CLIENT','WORKER','AGENCY')", name="user_type_known"),
        CheckConstraint("round BETWEEN 1 AND 5", name="round_in_range"),
        CheckConstraint("NOT is_uploaded OR due_at IS NOT NULL", name="due_when_uploaded"),
        Index("uq_kyc_pending", "account_id", unique=True, postgresql_where=text("status = 'PENDING'")),
        Index("ix_kyc_account", "account_id", "id"),
        Index("ix_kyc_queue", "due_at", "id", postgresql_where=text("status = 'PENDING' AND is_uploaded")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kyc_type: Mapped[str] = mapped_column(Text)
    user_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    is_uploaded: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    round: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    notes: Mapped[str | None] = mapped_column(Text)
    claimed_by: Mapped[int | None] = mapped_column(BigInteger)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    handed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class KYC(Stateful, frozen=True):
    """A case."""

    table = KYCTable
    moves = KYC_MOVES
    id: int
    account_id: int
    kyc_type: str
    user_type: str
    status: str
    is_uploaded: bool
    round: int
    version: int
    notes: str | None
    claimed_by: int | None
    claimed_until: datetime | None
    handed_in_at: datetime | None
    due_at: datetime | None
    decided_at: datetime | None
    created_at: datetime

    @property
    def has_rounds_left(self) -> bool:
        """May it be handed in once more?"""
        return self.round < MOST_ROUNDS


class KYCFileTable(IdentityBase):
    """A document of a case: one of each type, the newest upload."""

    __tablename__ = "kyc_files"
    __table_args__ = (
        UniqueConstraint("kyc_id", "document_type", name="uq_kyc_files_kyc_id_document_type"),
        UniqueConstraint("media_id", name="uq_kyc_files_media_id"),
        CheckConstraint("status IN ('PENDING','APPROVED','REJECTED')", name="status_known"),
        CheckConstraint("(status = 'REJECTED') = (reason_code IS NOT NULL)", name="reason_when_rejected"),
    )

    kyc_id: Mapped[int] = mapped_column(ForeignKey("kyc.id"))
    document_type: Mapped[str] = mapped_column(Text)
    media_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class KYCFile(Stateful, frozen=True):
    """A document."""

    table = KYCFileTable
    moves = DOCUMENT_MOVES
    id: int
    kyc_id: int
    document_type: str
    media_id: int
    status: str
    reason_code: str | None
    created_at: datetime


class KYCLogTable(IdentityBase):
    """A decision: who decided what, and why. Append-only."""

    __tablename__ = "kyc_logs"
    __table_args__ = (Index("ix_kyc_logs_kyc_id", "kyc_id"),)

    kyc_id: Mapped[int] = mapped_column(ForeignKey("kyc.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decision: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(Integer)
    notes: Mapped[str | None] = mapped_column(Text)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Instant)


class KYCViewTable(IdentityBase):
    """A look of staff at a case: at which of its documents, in which version, and what for. Append-only."""

    __tablename__ = "kyc_views"
    __table_args__ = (Index("ix_kyc_views_case", "kyc_id", "staff_id", "id"),)

    kyc_id: Mapped[int] = mapped_column(ForeignKey("kyc.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    document_types: Mapped[list[str]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
