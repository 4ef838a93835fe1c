"""Signs of life: each runner has a row and touches it every few seconds, so that its absence is seen."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, func, select

from iayos.core import clock
from iayos.core.db import Database, Reads, Row, Statement
from iayos.core.models import Instant, RunnerTable

BEAT_EVERY: Final = timedelta(seconds=5)
SILENT: Final = timedelta(seconds=20)
"""Whoever was not seen for so long is gone."""
KEPT: Final = timedelta(days=1)


class Pulse(Row, frozen=True):
    """How many runners are alive, and when any was seen last."""

    alive: int
    seen_at: datetime | None


PULSE: Final = Statement(
    select(
        func.count().filter(RunnerTable.stopped_at.is_(None), RunnerTable.seen_at > bindparam("since", type_=Instant)),
        func.max(RunnerTable.seen_at),
    ),
    into=Pulse,
)
SWEEP: Final = Statement(
    delete(RunnerTable).where(
        RunnerTable.seen_at < bindparam("before", type_=Instant), RunnerTable.id != bindparam("mine")
    )
)


async def begin(db: Database, name: str) -> int:
    """A runner is here; its id. Those that are long gone are forgotten."""
    moment = clock.now()
    async with db.transaction() as tx:
        mine = await tx.insert(RunnerTable, name=name, started_at=moment, seen_at=moment)
        await tx.run(SWEEP, before=moment - KEPT, mine=mine)
    return mine


async def beat(db: Database, runner_id: int) -> None:
    """It is still here."""
    async with db.transaction() as tx:
        await tx.update(RunnerTable, runner_id, seen_at=clock.now())


async def end(db: Database, runner_id: int) -> None:
    """It leaves, and says so."""
    async with db.transaction() as tx:
        await tx.update(RunnerTable, runner_id, seen_at=clock.now(), stopped_at=clock.now())


async def pulse(reads: Reads) -> Pulse:
    """Is anybody there?"""
    return await reads.one(PULSE, since=clock.now() - SILENT)
