"""The broker as those see it who are no runner: what SAQ carries at the moment, and a word to stop one task.

SAQ is imported when somebody looks for the first time. Its queue on PostgreSQL gets a small pool that is opened by us, for
`connect()` of SAQ would make its tables, which is the runner's business.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from iayos.core.db import Database, Statement
from iayos.core.errors import GatewayUnavailable

if TYPE_CHECKING:
    from saq import Job, Queue

QUEUE: Final = "iayos"
KEY: Final = re.compile(r"outbox:([0-9]{1,18})")
LOOKERS: Final = 2
"""Connections to PostgreSQL at most, and none while nobody looks."""
THERE: Final = Statement(text("SELECT to_regclass('saq_jobs') IS NOT NULL AND to_regclass('saq_stats') IS NOT NULL"))


def key_of(row_id: int) -> str:
    """An outbox row's key at the broker."""
    return f"outbox:{row_id}"


def row_of(key: str) -> int:
    """The row behind a key of ours; ValueError for any other."""
    found = KEY.fullmatch(key)
    if found is None:
        raise ValueError("not a key of ours")
    return int(found[1])


class Broker:
    """SAQ's queue, on Redis or in the database, opened at the first look and closed with the process."""

    def __init__(self, db: Database, *, redis_url: str = "") -> None:
        self.db = db
        self._redis_url = redis_url
        self._queue: Queue | None = None
        self._pool: Any = None
        self._lost: tuple[type[Exception], ...] = (OSError,)
        self._opening = asyncio.Lock()

    async def info(self) -> dict[str, Any]:
        """How many jobs SAQ has, and who takes them."""
        async with self._asked() as queue:
            if queue is None:
                return {"workers": {}, "name": QUEUE, "queued": 0, "active": 0, "scheduled": 0, "jobs": []}
            return {**await queue.info()}

    async def jobs(self, *, most: int) -> list["Job"]:
        """Some of what it carries: what is being run first."""
        from saq.job import Status  # noqa: PLC0415 - as the module says

        found: list[Job] = []
        async with self._asked() as queue:
            for statuses in ([Status.ACTIVE, Status.ABORTING], [Status.QUEUED, Status.NEW]):
                if queue is not None and len(found) < most:
                    found += await _some(queue.iter_jobs(statuses), most - len(found))
        return found

    async def job(self, key: str) -> "Job | None":
        """One of them."""
        async with self._asked() as queue:
            return await queue.job(key) if queue is not None else None

    async def stop(self, row_ids: Collection[int]) -> None:
        """Have the tasks of these rows ended where they run; SAQ's worker looks once a second."""
        async with self._asked() as queue:
            for job in await queue.jobs([key_of(row_id) for row_id in row_ids]) if queue is not None else ():
                if job is not None:
                    await job.abort("given up by staff")

    async def close(self) -> None:
        """End all connections."""
        if self._queue is not None:
            await self._queue.disconnect()
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator["Queue | None"]:
        """The queue, or None where no runner has made it yet; 503 while it does not answer."""
        async with self._opening:
            if self._queue is None and (self._redis_url or await self.db.reads.value(THERE)):
                self._queue = self._on_redis() if self._redis_url else await self._in_database()
        try:
            yield self._queue
        except self._lost as error:
            raise GatewayUnavailable("The broker does not answer. Nothing is lost; please try again.") from error

    def _on_redis(self) -> "Queue":
        from redis.exceptions import RedisError  # noqa: PLC0415 - comes with the extra `redis`
        from saq.queue.redis import RedisQueue  # noqa: PLC0415

        self._lost = (RedisError, OSError)
        return RedisQueue.from_url(self._redis_url, name=QUEUE)

    async def _in_database(self) -> "Queue":
        from psycopg import Error  # noqa: PLC0415 - as the module says
        from psycopg_pool import AsyncConnectionPool  # noqa: PLC0415
        from saq.queue.postgres import PostgresQueue  # noqa: PLC0415

        self._lost = (Error, OSError)
        self._pool = AsyncConnectionPool(self.db.url, min_size=0, max_size=LOOKERS, timeout=5, open=False)
        await self._pool.open()
        return PostgresQueue(pool=self._pool, name=QUEUE)


async def _some(jobs: "AsyncIterator[Job]", most: int) -> list["Job"]:
    found: list[Job] = []
    async for job in jobs:
        found.append(job)
        if len(found) == most:
            break
    return found


@asynccontextmanager
async def looked_at(db: Database, *, redis_url: str = "") -> AsyncIterator[Broker]:
    """The broker, closed when the block ends."""
    found = Broker(db, redis_url=redis_url)
    try:
        yield found
    finally:
        await found.close()
