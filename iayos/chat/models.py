"""Conversations: one for each job, opened when it is accepted."""

from datetime import datetime

from advanced_alchemy.base import IdentityBase
from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from iayos.core.models import Instant


class ConversationTable(IdentityBase):
    """The conversation of a job; `last_seq` numbers its messages from 1 without a gap."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("job_id", name="uq_conversations_job_id"),)

    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


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
