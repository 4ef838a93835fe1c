"""The audit log: who of the staff did what to whom, and why; chained, so that nobody rewrites it unseen.

A row is sealed by the runner a moment after its transaction, off the path of whoever waits for an answer: its hash covers
the row and the hash before it. The head of the chain goes into the runner's log, where an outsider can keep it.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ARRAY, BigInteger, LargeBinary, bindparam, delete, func, select, text

from iayos.core import clock, tokens
from iayos.core.db import Database, Row, Statement, Tx, columns
from iayos.core.models import AuditSealTable, AuditTable, AuditUnsealedTable
from iayos.core.principal import Principal

LOCK: Final = 7_426_003
"""The advisory lock that lets one sealer at a time through."""
BATCH: Final = 500
ORIGIN: Final = bytes(32)
"""What stands before the first link."""
log = structlog.get_logger(__name__)


class Entry(Row, frozen=True):
    """One line of the log, with what its hash covers."""

    table = AuditTable
    id: int
    actor_id: int | None
    action: str
    subject: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime
    request_id: str | None
    reason_salt: bytes | None
    reason_digest: bytes


class Head(Row, frozen=True):
    """The newest link of the chain."""

    table = AuditSealTable
    id: int
    hash: bytes


HEAD: Final = Statement(select(*columns(Head)).order_by(AuditSealTable.id.desc()).limit(1), into=Head)
WAITING: Final = Statement(
    select(*columns(Entry))
    .join(AuditUnsealedTable, AuditUnsealedTable.id == AuditTable.id)
    .order_by(AuditTable.id)
    .limit(BATCH),
    into=Entry,
)
ANY_WAITING: Final = Statement(select(select(AuditUnsealedTable.id).exists()))
ALONE: Final = Statement(select(func.pg_advisory_xact_lock(LOCK)))
SEAL: Final = Statement(
    text(
        "INSERT INTO audit_seals (id, audit_id, hash) SELECT * FROM unnest(CAST(:places AS bigint[]), CAST(:ids AS bigint[]),"
        " CAST(:hashes AS bytea[]))"
    ).bindparams(
        bindparam("places", type_=ARRAY(BigInteger)), bindparam("ids", type_=ARRAY(BigInteger)),
        bindparam("hashes", type_=ARRAY(LargeBinary)),
    )
)  # fmt: skip
SEALED: Final = Statement(
    delete(AuditUnsealedTable).where(AuditUnsealedTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
)


async def note(
    tx: Tx, by: Principal | None, action: str, *, subject: str, reason: str,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write one line, in the transaction of the change itself. `by` None is the host's own operator or the runner.

    `before` and `after` hold facts (statuses, amounts, ids); words about a person belong into `reason`, which erasure clears.
    """
    salt = tokens.salt()
    await tx.insert(
        AuditTable, actor_id=by.account_id if by else None, action=action, subject=subject, reason=reason,
        before=before, after=after, at=clock.now(), reason_salt=salt, reason_digest=digest(salt, reason),
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )  # fmt: skip


def digest(salt: bytes, reason: str) -> bytes:
    """What the chain holds of a reason: of no use to guess the words by once the salt is gone."""
    return hashlib.sha256(salt + reason.encode()).digest()


def link(before: bytes, entry: Entry) -> bytes:
    """The hash of a line and of all lines before it."""
    facts = [
        entry.id, entry.actor_id, entry.action, entry.subject, entry.reason_digest.hex(), entry.before, entry.after,
        entry.at.isoformat(), entry.request_id,
    ]  # fmt: skip
    return hashlib.sha256(before + msgspec.json.encode(facts, order="deterministic")).digest()


async def seal(db: Database) -> int:
    """Chain up to 500 lines that wait; how many. Two sealers at once take turns."""
    if not await db.reads.value(ANY_WAITING):
        return 0
    async with db.transaction() as tx:
        await tx.run(ALONE)
        entries = await tx.all(WAITING)
        head = await tx.one_or_none(HEAD)
        place, newest = (head.id, head.hash) if head else (0, ORIGIN)
        hashes = [newest := link(newest, entry) for entry in entries]
        ids = [entry.id for entry in entries]
        await tx.run(SEAL, places=list(range(place + 1, place + 1 + len(ids))), ids=ids, hashes=hashes)
        await tx.run(SEALED, ids=ids)
    if entries:
        log.info("audit log sealed", position=place + len(ids), head=newest.hex())
    return len(entries)
