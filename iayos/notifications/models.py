"""Notices as rows."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import IdentityBase
from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
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
