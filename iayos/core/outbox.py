"""Side effects as rows (HOUSE 5): `later()` writes one in the caller's transaction; the runner relays and closes it.

Retries live here and not in the broker, so that a wiped broker loses nothing and a waiting row is there to be seen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy import ARRAY, BigInteger, bindparam, delete, func, insert, or_, select, update

from iayos.core import clock, metrics, tokens
from iayos.core.db import Database, Row, Statement, Tx, columns
from iayos.core.errors import told
from iayos.core.models import Instant, OutboxTable

CHANNEL: Final = "iayos_outbox"
RESEND_AFTER: Final = timedelta(minutes=10)
LONGEST_WAIT: Final = 3600.0
HOLD: Final = 7_426 << 48
"""Above it lie the advisory locks of rows that are being run, below it nobody's."""
log = structlog.get_logger(__name__)


class OutboxRow(Row, frozen=True):
    """A task that is due."""

    table = OutboxTable
    id: int
    task: str
    args: dict[str, Any]
    attempts: int
    failing_since: datetime | None


class Again(Exception):
    """Raised by a task that did its part and wants to look again later: the same row, no failure."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"again in {wait}")
        self.wait = wait


class Task(msgspec.Struct, frozen=True):
    """A piece of background work: its name, its function (called with the row's args), its limits."""

    name: str
    run: Callable[..., Awaitable[None]]
    timeout_s: float = 60.0
    retries: int = 8


_written = (
    insert(OutboxTable)
    .values(
        task=bindparam("task"), args=bindparam("args"), created_at=bindparam("created_at"), run_after=bindparam("at")
    )
    .returning(OutboxTable.id)
    .cte("written")
)
WRITE = Statement(select(_written))
WRITE_AND_WAKE = Statement(select(func.pg_notify(CHANNEL, "")).select_from(_written))

_open = (OutboxTable.done_at.is_(None), OutboxTable.failed_at.is_(None), OutboxTable.aborted_at.is_(None))
_due = (
    select(OutboxTable.id)
    .where(
        *_open,
        OutboxTable.run_after <= bindparam("now", type_=Instant),
        or_(OutboxTable.sent_at.is_(None), OutboxTable.sent_at < bindparam("stale", type_=Instant)),
    )
    .order_by(OutboxTable.run_after, OutboxTable.id)
    .limit(bindparam("limit", type_=BigInteger))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
CLAIM = Statement(
    update(OutboxTable)
    .where(OutboxTable.id.in_(_due))
    .values(sent_at=bindparam("now", type_=Instant))
    .returning(*columns(OutboxRow)),
    into=OutboxRow,
)
OPEN_ROW = Statement(select(*columns(OutboxRow)).where(OutboxTable.id == bindparam("row_id"), *_open), into=OutboxRow)
UNSEND = Statement(
    update(OutboxTable)
    .where(OutboxTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
    .values(sent_at=None)
)
_before = bindparam("before", type_=Instant)
SWEEP = Statement(delete(OutboxTable).where(or_(OutboxTable.done_at < _before, OutboxTable.aborted_at < _before)))


async def later(tx: Tx, task: str, /, *, at: datetime | None = None, **args: Any) -> None:
    """Do `task` with `args` after this transaction commits: at once, or when the clock reaches `at`."""
    moment = clock.now()
    statement = WRITE_AND_WAKE if at is None or at <= moment else WRITE
    await tx.run(statement, task=task, args=args, created_at=moment, at=at or moment)


async def claim(db: Database, *, limit: int = 100) -> list[OutboxRow]:
    """The rows that are due, marked as sent; a row sent long ago and never closed comes again."""
    moment = clock.now()
    async with db.transaction() as tx:
        rows = await tx.all(CLAIM, now=moment, stale=moment - RESEND_AFTER, limit=limit)
    return sorted(rows, key=lambda row: row.id)


async def execute(db: Database, tasks: Mapping[str, Task], row_id: int) -> None:
    """Run the task of an open row and close it; on failure note the error, plan the next try, and raise."""
    row = await db.reads.one_or_none(OPEN_ROW, row_id=row_id)
    if row is None:
        return
    with structlog.contextvars.bound_contextvars(task=row.task, outbox_id=row.id), metrics.running(row.task) as ended:
        await _execute(db, tasks, row, ended)


async def _execute(db: Database, tasks: Mapping[str, Task], row: OutboxRow, ended: Callable[[str], None]) -> None:
    try:
        task = tasks[row.task]
        async with asyncio.timeout(task.timeout_s):
            await task.run(**row.args)
    except Again as again:
        async with db.transaction() as tx:
            await tx.update(
                OutboxTable, row.id, attempts=0, failing_since=None, sent_at=None, run_after=clock.now() + again.wait
            )
        ended("again")
        return
    except Exception as error:
        await _failed(db, tasks.get(row.task), row, error)
        raise
    async with db.transaction() as tx:
        await tx.update(OutboxTable, row.id, done_at=clock.now())
    ended("done")


async def drain(db: Database, tasks: Mapping[str, Task]) -> int:
    """Run everything that is due, inline and in order, until nothing is; the number of rows run. For tests."""
    count = 0
    while rows := await claim(db):
        for row in rows:
            await execute(db, tasks, row.id)
        count += len(rows)
    return count


async def sweep(db: Database) -> None:
    """Forget rows that were done, or given up, a week ago."""
    async with db.transaction() as tx:
        await tx.run(SWEEP, before=clock.now() - timedelta(days=7))


async def _failed(db: Database, task: Task | None, row: OutboxRow, error: Exception) -> None:
    attempts = row.attempts + 1
    over = task is None or attempts >= task.retries
    asked_s: float = getattr(error, "asked_s", 0)  # by a third party that wants to be left alone so long
    wait = max(asked_s, tokens.jitter(min(2.0**row.attempts, LONGEST_WAIT)))
    moment = clock.now()
    log.warning("task failed", attempts=attempts, error=told(error), over=over)
    async with db.transaction() as tx:
        await tx.update(
            OutboxTable, row.id, attempts=attempts, last_error=told(error)[:500],
            sent_at=None, failed_at=moment if over else None, run_after=moment + timedelta(seconds=wait),
            failing_since=row.failing_since or moment, last_failed_at=moment,
        )  # fmt: skip
