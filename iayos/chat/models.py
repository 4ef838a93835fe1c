"""Conversations: one for each job, opened when it is accepted; their messages; and who is connected."""

from datetime import datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.base import IdentityBase
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.db import Row
from iayos.core.models import Instant


class ConversationTable(IdentityBase):
    """The conversation of a job; `last_seq` numbers its messages from 1 without a gap.

    When it closes follows from its job, so no column says it (`queries.py`).
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("job_id", name="uq_conversations_job_id"),)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class ParticipantTable(IdentityBase):
    """Who takes part, and how far they have read."""

    __tablename__ = "conversation_participants"
    __table_args__ = (
        UniqueConstraint("conversation_id", "account_id", name="uq_conversation_participants_pair"),
        Index("ix_conversation_participants_account_id", "account_id"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    read_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class MessageTable(IdentityBase):
    """A message, in its place. `client_id` is the sender's own name for it: the same one again is the same message."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        UniqueConstraint("conversation_id", "sender_id", "client_id", name="uq_messages_client_id"),
        CheckConstraint("seq > 0", name="seq_positive"),
        Index("ix_messages_sender_id", "sender_id", "id"),
    )

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int] = mapped_column(BigInteger)
    sender_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    client_id: Mapped[UUID | None] = mapped_column(Uuid)
    body: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class PresenceTable(IdentityBase):
    """An account that is connected to a process: with one conversation open, or (0) with all of them.

    A row counts as long as the backend of the process's own connection lives, so a killed process leaves nobody online.
    """

    __tablename__ = "presence"
    __table_args__ = (
        UniqueConstraint("account_id", "conversation_id", "process_id", name="uq_presence_place"),
        {"prefixes": ["UNLOGGED"]},
    )

    account_id: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    process_id: Mapped[int] = mapped_column(Integer)


class Message(Row, frozen=True):
    """A message."""

    table = MessageTable
    id: int
    conversation_id: int
    seq: int
    sender_id: int
    client_id: UUID | None
    body: str
    attachments: list[Any]
    created_at: datetime
