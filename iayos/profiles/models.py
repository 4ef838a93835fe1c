"""Trades and the profiles that an account holds, one row for each."""

from datetime import date, datetime

from advanced_alchemy.base import IdentityAuditBase, IdentityBase
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant


class CategoryTable(IdentityBase):
    """A trade."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("name", name="uq_categories_name"),)

    name: Mapped[str] = mapped_column(Text)


class Category(Row, frozen=True):
    """A trade."""

    table = CategoryTable
    id: int
    name: str


class ProfileTable(IdentityAuditBase):
    """What an account is in one of its roles: how it presents itself, and what others thought of it."""

    __tablename__ = "profiles"
    __table_args__ = (
        UniqueConstraint("account_id", "profile_type", name="uq_profiles_account_id_profile_type"),
        CheckConstraint("profile_type IN ('CLIENT','WORKER','AGENCY')", name="profile_type_known"),
        CheckConstraint("hourly_rate > 0", name="hourly_rate_positive"),
        CheckConstraint("service_radius_km > 0", name="service_radius_positive"),
        Index(
            "ix_profiles_best_workers",
            "average",
            "rating_count",
            "account_id",
            postgresql_where=text("profile_type = 'WORKER'"),
        ),
        Index(
            "ix_profiles_best_agencies",
            "average",
            "rating_count",
            "account_id",
            postgresql_where=text("profile_type = 'AGENCY'"),
        ),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    profile_type: Mapped[str] = mapped_column(Text)
    bio: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    hourly_rate: Mapped[int | None] = mapped_column(BigInteger)
    avatar_path: Mapped[str | None] = mapped_column(Text)
    avatar_media_id: Mapped[int | None] = mapped_column(BigInteger)
    is_available: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    service_radius_km: Mapped[float] = mapped_column(Double, server_default=text("15"))
    rating_sum: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rating_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    average: Mapped[float] = mapped_column(
        Double, Computed("rating_sum::double precision / GREATEST(rating_count, 1)", persisted=True)
    )
    total_earning_gross: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    jobs_completed: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class Profile(Row, frozen=True):
    """One profile of an account."""

    table = ProfileTable
    id: int
    account_id: int
    profile_type: str
    bio: str | None
    description: str | None
    hourly_rate: int | None
    avatar_path: str | None
    avatar_media_id: int | None
    is_available: bool
    service_radius_km: float
    rating_sum: int
    rating_count: int
    total_earning_gross: int
    jobs_completed: int


class SpecializationTable(IdentityBase):
    """A trade that a worker offers."""

    __tablename__ = "worker_specializations"
    __table_args__ = (
        UniqueConstraint("account_id", "category_id", name="uq_worker_specializations_account_id_category_id"),
        Index("ix_worker_specializations_category", "category_id", "account_id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))


class CertificationTable(IdentityBase):
    """A worker's certificate; verified once staff have looked at it."""

    __tablename__ = "worker_certifications"
    __table_args__ = (
        UniqueConstraint("media_id", name="uq_worker_certifications_media_id"),
        CheckConstraint("expires_on >= issued_on", name="issued_before_it_expires"),
        Index("ix_worker_certifications_account", "account_id", "id"),
        Index("ix_worker_certifications_unseen", "id", postgresql_where=text("decided_at IS NULL")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    media_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    issued_by: Mapped[str | None] = mapped_column(Text)
    issued_on: Mapped[date | None] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    is_verified: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Certification(Row, frozen=True):
    """A certificate."""

    table = CertificationTable
    id: int
    account_id: int
    media_id: int
    name: str
    issued_by: str | None
    issued_on: date | None
    expires_on: date | None
    is_verified: bool
    decided_at: datetime | None
    created_at: datetime


class PortfolioTable(IdentityBase):
    """A picture of a worker's earlier work."""

    __tablename__ = "worker_portfolio"
    __table_args__ = (
        UniqueConstraint("media_id", name="uq_worker_portfolio_media_id"),
        Index("ix_worker_portfolio_account", "account_id", "id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    media_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)


class PortfolioPicture(Row, frozen=True):
    """A picture of earlier work."""

    table = PortfolioTable
    id: int
    account_id: int
    media_id: int
    created_at: datetime
