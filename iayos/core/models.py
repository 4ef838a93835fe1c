"""Tables that every slice leans on: history of moves, outbox, idempotency keys, audit log, rate limits."""

from datetime import datetime
from typing import Any

from advanced_alchemy.base import IdentityBase
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class HistoryTable(IdentityBase):
    """One row for each move of any entity: who moved what from where to where, and when."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_entity", "entity", "entity_id"),)

    entity: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[int] = mapped_column(BigInteger)
    move: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)


class OutboxTable(IdentityBase):
    """Side effects as rows: what is to be done once the transaction that wrote them has committed."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "run_after", "id", postgresql_where=text("done_at IS NULL AND failed_at IS NULL")),
        Index(
            "ix_outbox_failing",
            "task",
            postgresql_where=text("failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL"),
        ),
        Index("ix_outbox_done", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )

    task: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    run_after: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    failed_at: Mapped[datetime | None] = mapped_column(Instant)
    """It used up its retries and waits for a person."""
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    last_failed_at: Mapped[datetime | None] = mapped_column(Instant)
    aborted_at: Mapped[datetime | None] = mapped_column(Instant)
    """A member of staff gave it up."""


class RunnerTable(IdentityBase):
    """A process that runs tasks, and when it was last seen alive."""

    __tablename__ = "runners"
    __table_args__ = (Index("ix_runners_seen_at", "seen_at"),)

    name: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)


class IdempotencyTable(IdentityBase):
    """An `Idempotency-Key` that was used, and the answer that it got (SPEC 1, Retries)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("scope", "key", name="uq_idempotency_keys_scope_key"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )

    scope: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[int | None] = mapped_column(Integer)
    content_type: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditTable(IdentityBase):
    """What members of staff did, and why. Append-only: a trigger refuses UPDATE and DELETE of the facts.

    `reason_digest` is the SHA-256 of salt and reason, and stays when erasing an account takes both away.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "subject"), Index("ix_audit_log_actor_id", "actor_id"))

    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Instant)
    request_id: Mapped[str | None] = mapped_column(Text)
    reason_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason_digest: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSealTable(IdentityBase):
    """The chain over the audit log: `id` is the position, 1, 2, 3 …, and `hash` covers the row and all before it."""

    __tablename__ = "audit_seals"
    __table_args__ = (UniqueConstraint("audit_id", name="uq_audit_seals_audit_id"),)

    audit_id: Mapped[int] = mapped_column(ForeignKey("audit_log.id"))
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditUnsealedTable(IdentityBase):
    """Rows of the audit log that wait for their seal; a trigger writes them."""

    __tablename__ = "audit_unsealed"


class RateLimitTable(IdentityBase):
    """How often something strict (a sign-in, a registration, a mail) was tried in the present window."""

    __tablename__ = "rate_limits"
    __table_args__ = (
        UniqueConstraint("bucket", name="uq_rate_limits_bucket"),
        CheckConstraint("hits > 0", name="hits_positive"),
        {"prefixes": ["UNLOGGED"]},
    )

    bucket: Mapped[str] = mapped_column(Text)
    hits: Mapped[int] = mapped_column(Integer)
    resets_at: Mapped[datetime] = mapped_column(Instant)


class FirstDecisionTable(IdentityBase):
    """A decision of one member of staff that needs another's; void when the facts change (SPEC 8)."""

    __tablename__ = "first_decisions"
    __table_args__ = (UniqueConstraint("subject", name="uq_first_decisions_subject"),)

    subject: Mapped[str] = mapped_column(Text)
    by_account_id: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant)
