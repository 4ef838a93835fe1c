"""`Idempotency-Key` -> stored answer (SPEC 1, Retries).

A verb that runs in one transaction takes its key in that transaction: the answer is stored with the effect or not at all, and
a second request waits at the unique key. A verb that calls a gateway in between takes its key under a lease instead.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock
from iayos.core.db import Database, Row, Statement, Tx, columns
from iayos.core.errors import Conflict
from iayos.core.models import IdempotencyTable, Instant

KEPT: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)


class KeyReused(Conflict):
    """The key came before, with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was already used for another request. Use a new key for a new request."


class AnswerErased(Conflict):
    """The key came before and its request was done; what was answered named somebody who is gone."""

    code = "IDEMPOTENCY_ANSWER_ERASED"
    message = (
        "This was done before and is not done again. Its answer is no longer kept, because somebody in it closed their"
        " account; please look up how things stand."
    )


class StoredAnswer(Row, frozen=True):
    """A key that was taken: with a status its answer is known, without it the first request is still running.

    A status without a body is an answer that was erased.
    """

    table = IdempotencyTable
    id: int
    request_hash: bytes
    created_at: datetime
    lease_until: datetime | None
    status: int | None
    content_type: str | None
    body: bytes | None


TAKE = Statement(
    insert(IdempotencyTable)
    .values(
        scope=bindparam("scope"), key=bindparam("key"), request_hash=bindparam("request_hash"),
        created_at=bindparam("created_at"), lease_until=bindparam("lease_until"),
    )
    .on_conflict_do_nothing()
    .returning(IdempotencyTable.id)
)  # fmt: skip
TAKEN = Statement(
    select(*columns(StoredAnswer)).where(
        IdempotencyTable.scope == bindparam("scope"), IdempotencyTable.key == bindparam("key")
    ),
    into=StoredAnswer,
)
DROP_STALE = Statement(
    delete(IdempotencyTable).where(
        IdempotencyTable.scope == bindparam("scope"),
        IdempotencyTable.key == bindparam("key"),
        or_(
            IdempotencyTable.created_at < bindparam("oldest", type_=Instant),
            IdempotencyTable.status.is_(None) & (IdempotencyTable.lease_until < bindparam("now", type_=Instant)),
        ),
    )
)
DROP = Statement(delete(IdempotencyTable).where(IdempotencyTable.id == bindparam("row_id")))
SWEEP = Statement(delete(IdempotencyTable).where(IdempotencyTable.created_at < bindparam("before", type_=Instant)))


async def take(tx: Tx, *, scope: str, key: str, request_hash: bytes, leased: bool) -> int | StoredAnswer:
    """Take the key: its row id when it was free, else what the first request left. Waits for an open transaction."""
    moment = clock.now()
    await tx.run(DROP_STALE, scope=scope, key=key, oldest=moment - KEPT, now=moment)
    while True:
        taken = await tx.value(
            TAKE, scope=scope, key=key, request_hash=request_hash, created_at=moment,
            lease_until=moment + LEASE if leased else None,
        )  # fmt: skip
        if taken is not None:
            return int(taken)
        stored = await tx.one_or_none(TAKEN, scope=scope, key=key)
        if stored is not None:
            if stored.request_hash != request_hash:
                raise KeyReused
            return stored


async def store(tx: Tx, row_id: int, *, status: int, content_type: str, body: bytes) -> None:
    """Keep the answer."""
    await tx.update(IdempotencyTable, row_id, status=status, content_type=content_type, body=body, lease_until=None)


async def forget(tx: Tx, row_id: int) -> None:
    """Give the key back: the answer is of a kind that is not stored."""
    await tx.run(DROP, row_id=row_id)


async def sweep(db: Database) -> None:
    """Forget keys older than a day."""
    async with db.transaction() as tx:
        await tx.run(SWEEP, before=clock.now() - KEPT)
