"""Accounts, their sessions and the single-use tokens that travel by mail."""

from datetime import datetime

from advanced_alchemy.base import IdentityAuditBase, IdentityBase
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant


class AccountTable(IdentityAuditBase):
    """A login identity. `profile_types` are the profiles that it holds, `profile_type` the one it acts in."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("email", name="uq_accounts_email"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("profile_type IS NULL OR profile_type = ANY (profile_types)", name="profile_held"),
        CheckConstraint("profile_types <@ ARRAY['CLIENT','WORKER','AGENCY']", name="profile_known"),
        CheckConstraint("role IS NULL OR role IN ('ADMIN','KYC_REVIEWER','FINANCE','SUPPORT')", name="role_known"),
        CheckConstraint("language IN ('en','fil')", name="language_known"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_paired"),
        Index("ix_accounts_place", "latitude", "longitude"),
    )

    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    profile_type: Mapped[str | None] = mapped_column(Text)
    profile_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    role: Mapped[str | None] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    business_name: Mapped[str | None] = mapped_column(Text)
    contact_num: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    province: Mapped[str | None] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Double)
    longitude: Mapped[float | None] = mapped_column(Double)
    language: Mapped[str] = mapped_column(Text, server_default=text("'en'"))
    email_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    kyc_verified: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    """Its owner closed it for good: it is suspended too, and nobody can restore it."""


class Account(Row, frozen=True):
    """An account as the verbs see it; the password's hash is read by the sign-in alone."""

    table = AccountTable
    id: int
    email: str
    profile_type: str | None
    profile_types: list[str]
    role: str | None
    first_name: str
    last_name: str
    business_name: str | None
    contact_num: str | None
    city: str | None
    province: str | None
    latitude: float | None
    longitude: float | None
    language: str
    email_verified_at: datetime | None
    kyc_verified: bool
    suspended_at: datetime | None
    erased_at: datetime | None
    created_at: datetime

    @property
    def name(self) -> str:
        """What others see: the business's name, else the person's."""
        return self.business_name or f"{self.first_name} {self.last_name}"


class SessionTable(IdentityBase):
    """A sign-in: a web session behind a cookie, or the family of a phone's tokens."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
        CheckConstraint("kind IN ('WEB','MOBILE')", name="kind_known"),
        CheckConstraint("kind = 'MOBILE' OR token_hash IS NOT NULL", name="web_has_token"),
        Index("ix_sessions_account_live", "account_id", postgresql_where=text("ended_at IS NULL")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None] = mapped_column(Text)
    continues: Mapped[int | None] = mapped_column(BigInteger)
    """The session in whose place this one came, on the same device; its phone goes on getting pushes."""


class RefreshTokenTable(IdentityBase):
    """One refresh token of a phone's family; it serves once and then names its successor."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        UniqueConstraint("jti", name="uq_refresh_tokens_jti"),
        Index("ix_refresh_tokens_session_id", "session_id"),
    )

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"))
    jti: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    successor_jti: Mapped[str | None] = mapped_column(Text)


class AccountTokenTable(IdentityBase):
    """A token in a mail. Only its hash rests here."""

    __tablename__ = "account_tokens"
    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_account_tokens_token_hash"),
        CheckConstraint("purpose IN ('VERIFY_EMAIL','RESET_PASSWORD')", name="purpose_known"),
        Index("ix_account_tokens_account_id", "account_id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    purpose: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInFailureTable(IdentityBase):
    """Failed sign-ins for one email (hashed, whether or not it has an account), and until when it is locked."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (UniqueConstraint("email_hash", name="uq_sign_in_failures_email_hash"),)

    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    failures: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(Instant)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
