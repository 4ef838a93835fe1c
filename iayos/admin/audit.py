"""The audit log as staff reads it, and the proof that nobody rewrote it."""

import hmac
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, func, or_, select

from iayos.accounts.models import AccountTable
from iayos.admin.audit_schemas import AuditOut, ChainOut, LinkOut
from iayos.core.audit import ORIGIN, Entry, digest, link
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.models import AuditSealTable, AuditTable, AuditUnsealedTable, Instant
from iayos.core.progress import Progress, counted

BATCH: Final = 1000
ERASED: Final = "Erased"


class Line(Entry, frozen=True):
    """A line with its actor's name and its place in the chain."""

    first_name: str | None
    last_name: str | None
    position: int | None
    hash: bytes | None


class Sealed(Entry, frozen=True):
    """A line with its link."""

    position: int
    hash: bytes


class Extent(Row, frozen=True):
    """How much there is."""

    entries: int
    sealed: int
    unsealed: int
    lost: int | None
    """A line that is neither sealed nor waits for it."""


def _maybe(column: Any, name: str, kind: type[Text] | type[BigInteger]) -> ColumnElement[bool]:
    return or_(bindparam(name, type_=kind).is_(None), column == bindparam(name, type_=kind))


LINES: Final = Statement(
    select(*columns(Entry), AccountTable.first_name, AccountTable.last_name, AuditSealTable.id, AuditSealTable.hash)
    .outerjoin(AccountTable, AccountTable.id == AuditTable.actor_id)
    .outerjoin(AuditSealTable, AuditSealTable.audit_id == AuditTable.id)
    .where(
        AuditTable.id < bindparam("before", type_=BigInteger),
        _maybe(AuditTable.actor_id, "actor_id", BigInteger),
        _maybe(AuditTable.subject, "subject", Text),
        or_(
            bindparam("action", type_=Text).is_(None),
            func.starts_with(AuditTable.action, bindparam("action", type_=Text)),
        ),
        AuditTable.at >= bindparam("since", type_=Instant),
    )
    .order_by(AuditTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Line,
)
CHAIN: Final = Statement(
    select(*columns(Entry), AuditSealTable.id, AuditSealTable.hash)
    .join(AuditTable, AuditTable.id == AuditSealTable.audit_id)
    .where(AuditSealTable.id > bindparam("after", type_=BigInteger))
    .order_by(AuditSealTable.id)
    .limit(BATCH),
    into=Sealed,
)
_lost = (
    select(AuditTable.id)
    .where(
        ~select(AuditSealTable.id).where(AuditSealTable.audit_id == AuditTable.id).exists(),
        ~select(AuditUnsealedTable.id).where(AuditUnsealedTable.id == AuditTable.id).exists(),
    )
    .order_by(AuditTable.id)
    .limit(1)
)
EXTENT: Final = Statement(
    select(
        select(func.count()).select_from(AuditTable).scalar_subquery(),
        select(func.count()).select_from(AuditSealTable).scalar_subquery(),
        select(func.count()).select_from(AuditUnsealedTable).scalar_subquery(),
        _lost.scalar_subquery(),
    ),
    into=Extent,
)


async def verify(
    reads: Reads, anchor: tuple[int, bytes] | None = None, *, progress: Progress | None = None
) -> ChainOut:
    """Walk the chain from its first link; the first fault, or that there is none.

    An `anchor` is a head that somebody kept elsewhere: the chain must still contain it, or its end was cut off or remade.
    """
    extent = await reads.one(EXTENT)
    walk = progress or Progress()
    walk.begin(f"Following a chain of {counted(extent.sealed, 'link')}", extent.sealed)
    fault = f"entry {extent.lost} is not in the chain" if extent.lost is not None else None
    place, newest, held = 0, ORIGIN, anchor is None
    while rows := await reads.all(CHAIN, after=place):
        for row in walk.through(rows):
            newest = link(newest, row)
            fault = fault or _fault(row, expected=place + 1, hash_of_it=newest)
            place, newest = row.position, row.hash
            held = held or (anchor is not None and place == anchor[0] and hmac.compare_digest(row.hash, anchor[1]))
    if place < extent.sealed:
        fault = fault or f"{extent.sealed - place} links lead to entries that are gone"
    if anchor is not None and not held:
        fault = fault or f"the head at position {anchor[0]} is not the one that was kept"
    return ChainOut(
        ok=fault is None, entries=extent.entries, sealed=place, unsealed=extent.unsealed, fault=fault,
        head=LinkOut(position=place, hash=newest.hex()) if place else None,
    )  # fmt: skip


def _fault(row: Sealed, *, expected: int, hash_of_it: bytes) -> str | None:
    if row.position != expected:
        return f"link {expected} is missing"
    if row.hash != hash_of_it:
        return f"entry {row.id} at position {row.position} is not as it was sealed"
    if row.reason_salt is None:
        return None if row.reason == ERASED else f"the reason of entry {row.id} cannot be proven"
    return (
        None
        if digest(row.reason_salt, row.reason) == row.reason_digest
        else f"the reason of entry {row.id} was changed"
    )


async def lines(
    reads: Reads,
    *,
    actor_id: int | None,
    action: str | None,
    subject: str | None,
    since: datetime,
    before: int,
    limit: int,
) -> list[Line]:
    """Newest first."""
    return await reads.all(
        LINES, actor_id=actor_id, action=action, subject=subject, since=since, before=before, limit=limit
    )


def shown(line: Line) -> AuditOut:
    """On the wire."""
    return AuditOut(
        auditID=line.id, at=line.at, actorID=line.actor_id,
        actorName=f"{line.first_name} {line.last_name}" if line.first_name else None,
        action=line.action, subject=line.subject, reason=line.reason, before=line.before, after=line.after,
        requestID=line.request_id, position=line.position, hash=line.hash.hex() if line.hash else None,
    )  # fmt: skip
