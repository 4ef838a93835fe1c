"""Notices as rows, the phones that they go to, what people wish to get, and each notice on each way out."""

from datetime import datetime, time
from typing import Any

from advanced_alchemy.base import IdentityBase
from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, Text, Time, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant


class NotificationTable(IdentityBase):
    """One notice to one account. `once_key` makes a fan-out that runs again tell nobody twice."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("once_key", name="uq_notifications_once_key"),
        Index("ix_notifications_account", "account_id", "id"),
        Index("ix_notifications_unread", "account_id", "id", postgresql_where=text("read_at IS NULL")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    once_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class Notification(Row, frozen=True):
    """A notice."""

    table = NotificationTable
    id: int
    account_id: int
    type: str
    title: str
    body: str
    data: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


class PushTokenTable(IdentityBase):
    """A phone, as Expo names it. It belongs to whoever registered it last, and is retired with that sign-in (by a trigger)."""

    __tablename__ = "push_tokens"
    __table_args__ = (
        UniqueConstraint("token", name="uq_push_tokens_token"),
        CheckConstraint("device_type IN ('ios','android')", name="device_type_known"),
        Index("ix_push_tokens_account", "account_id", "registered_at"),
        Index("ix_push_tokens_session_id", "session_id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    token: Mapped[str] = mapped_column(Text)
    device_type: Mapped[str | None] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(Instant)
    rests_until: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class PushToken(Row, frozen=True):
    """A phone of an account."""

    table = PushTokenTable
    id: int
    account_id: int
    token: str
    device_type: str | None
    registered_at: datetime


class NotificationSettingsTable(IdentityBase):
    """What an account wishes to get; without a row, everything at any hour. `kinds` holds what differs, by kind."""

    __tablename__ = "notification_settings"
    __table_args__ = (
        UniqueConstraint("account_id", name="uq_notification_settings_account_id"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_hours_paired"),
        CheckConstraint("quiet_from <> quiet_to", name="quiet_hours_end"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    push: Mapped[bool] = mapped_column(Boolean)
    email: Mapped[bool] = mapped_column(Boolean)
    kinds: Mapped[dict[str, Any]] = mapped_column(JSONB)
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_to: Mapped[time | None] = mapped_column(Time)


class NotificationSettings(Row, frozen=True):
    """The wishes of an account."""

    table = NotificationSettingsTable
    push: bool
    email: bool
    kinds: dict[str, Any]
    quiet_from: time | None
    quiet_to: time | None


class DeliveryTable(IdentityBase):
    """One notice on one way out: to a phone, or to the account's email. It goes out once.

    It is claimed, which is committed, before the third party is called; `sent_at` says that the third party took it, `done_at` that nothing
    more is to be done, and then `fault` why it did not arrive. `crowd` marks the many of a fan-out, who wait in a line of their own.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint(
            "notification_id", "channel", "push_token_id", name="uq_deliveries_once", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("channel IN ('PUSH','EMAIL')", name="channel_known"),
        CheckConstraint("channel <> 'EMAIL' OR push_token_id IS NULL", name="email_without_device"),
        CheckConstraint("channel <> 'PUSH' OR push_token_id IS NOT NULL", name="push_with_device"),
        Index("ix_deliveries_push_token", "push_token_id"),
        Index(
            "ix_deliveries_waiting",
            "due_at",
            postgresql_where=text(
                "channel = 'PUSH' AND NOT crowd AND claimed_at IS NULL AND sent_at IS NULL AND done_at IS NULL"
            ),
        ),
    )

    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(Text)
    push_token_id: Mapped[int | None] = mapped_column(ForeignKey("push_tokens.id", ondelete="CASCADE"))
    crowd: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    refusals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    fault: Mapped[str | None] = mapped_column(Text)
