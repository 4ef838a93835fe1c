"""Notices on the wire."""

from datetime import datetime
from typing import Any

import msgspec


class NotificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to the caller, in the language that the account had when it was written."""

    notificationID: int
    type: str
    """The event: JOB_CREATED, APPLICATION_RECEIVED, ESCROW_PAID …"""
    title: str
    body: str
    data: dict[str, Any]
    """Opens the right screen: `jobID`, `transactionID` …"""
    isRead: bool
    createdAt: datetime

    @classmethod
    def of(cls, row: Any) -> "NotificationOut":
        """From its row."""
        return cls(
            notificationID=row.id, type=row.type, title=row.title, body=row.body, data=row.data,
            isRead=row.read_at is not None, createdAt=row.created_at,
        )  # fmt: skip


class UnreadOut(msgspec.Struct, frozen=True):
    """The badge in the app's header."""

    unreadCount: int


class UpdatedOut(msgspec.Struct, frozen=True):
    """How many notices were unread before."""

    updated: int
