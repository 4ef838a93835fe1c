"""The runner: the only list of tasks, the relay that hands due outbox rows to SAQ, and SAQ's worker that runs them.

Retries, waits and results live in the outbox, SAQ only carries: one attempt a job, and no trace of it afterwards. What SAQ
does by default and we cannot use is named where it is set aside:

- A job's key keeps a row from being queued twice, but SAQ silently drops a key that was used within the same second and is
  still on record: jobs leave no record (`ttl=-1`), and a dropped one is looked at again (`_doubtful`).
- A job that a killed runner had in hand stays "active" until its timeout. Here each runner holds an advisory lock for every
  row that it runs, on a connection of its own that dies with it; a job that is active and held by nobody comes again within
  two or three seconds. The same lock keeps two runners from running one row at once.
- A wiped broker is noticed at the start and every minute: a row that was sent and has no job is sent again.
- Stopping takes SAQ's whole period of grace, because idle takers count as unfinished: here only running tasks are waited for.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
from saq import Queue, Worker
from saq.job import TERMINAL_STATUSES, Status
from sqlalchemy import ARRAY, BigInteger, bindparam, select, text

from iayos.accounts import tasks as account_tasks
from iayos.broker import QUEUE, key_of, row_of
from iayos.core import audit, clock, idempotency, outbox, runners
from iayos.core.db import Database, Statement, connect
from iayos.core.models import Instant, OutboxTable
from iayos.core.outbox import HOLD, Task
from iayos.disputes.tasks import watch as watch_dispute
from iayos.jobs.tasks import tell_nearby
from iayos.media import tasks as media_tasks
from iayos.notifications import tasks as notification_tasks
from iayos.payments import erased, payout_channels, payouts
from iayos.payments import tasks as payment_tasks
from iayos.payments.attempts import Desk
from iayos.payments.clocks import watch
from iayos.payments.webhook import apply_event
from iayos.privacy.erase import erase_again
from iayos.reviews.tasks import publish_due
from iayos.services import Services, opened
from iayos.settings import Settings
from iayos.web import limits

if TYPE_CHECKING:
    import asyncpg

CONCURRENCY: Final = 10
MARGIN_S: Final = 30
"""How much longer than a task SAQ waits: the outbox ends a task that takes too long, and writes down that it did."""
GRACE_S: Final = 25.0
"""How long running tasks may take to finish when the runner is told to stop."""
TICK_S: Final = 1.0
QUICK_TICK_S: Final = 0.1
"""The tick where the clock can be moved, so that what falls due then runs at once."""
IN_FLIGHT: Final = timedelta(seconds=5)
SWEEP_EVERY: Final = timedelta(hours=1)
MISSING_EVERY: Final = timedelta(minutes=1)
BATCH: Final = 500
BROKER_LOCK: Final = 7_426_002
KEEPALIVE: Final = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET idle_session_timeout = 0"
log = structlog.get_logger(__name__)

SENT = Statement(
    select(OutboxTable.id)
    .where(
        OutboxTable.done_at.is_(None),
        OutboxTable.failed_at.is_(None),
        OutboxTable.aborted_at.is_(None),
        OutboxTable.sent_at < bindparam("before", type_=Instant),
        OutboxTable.id > bindparam("after", type_=BigInteger),
    )
    .order_by(OutboxTable.id)
    .limit(BATCH)
)
HELD = Statement(
    text(
        "SELECT (classid::bigint << 32 | objid::bigint) - :hold FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND (classid::bigint << 32 | objid::bigint) - :hold = ANY (:ids)"
    ).bindparams(bindparam("hold", HOLD, type_=BigInteger), bindparam("ids", type_=ARRAY(BigInteger), required=True))
)


def tasks(services: Services) -> dict[str, Task]:
    """Every task by its name, bound to what it needs."""
    desk = Desk(db=services.db, xendit=services.xendit, settings=services.settings, cipher=services.cipher)
    found: tuple[Task, ...] = (
        Task(
            "accounts.mail_token",
            partial(account_tasks.mail_token, services.db, services.mailer, services.settings),
            retries=16,
        ),
        Task(
            "accounts.mail_password_changed",
            partial(account_tasks.mail_password_changed, services.db, services.mailer),
            retries=16,
        ),
        Task("accounts.mail_standing", partial(account_tasks.mail_standing, services.db, services.mailer), retries=16),
        Task("jobs.tell_nearby", partial(tell_nearby, services.db), timeout_s=600),
        Task("media.remove", partial(media_tasks.remove, services.db, services.files.storage), retries=40),
        Task(
            "notifications.mail",
            partial(notification_tasks.mail, services.db, services.mailer, services.settings),
            retries=16,
        ),
        Task(
            "notifications.push",
            partial(notification_tasks.push, services.db, services.expo),
            timeout_s=150,
            retries=16,
        ),
        Task("notifications.receipts", partial(notification_tasks.receipts, services.db, services.expo), retries=30),
        Task("payments.apply_event", partial(apply_event, services.db, services.xendit), timeout_s=60, retries=40),
        Task("payments.check", partial(payment_tasks.check, desk), timeout_s=60, retries=1000),
        Task("payments.watch", partial(watch, services.db, services.settings), timeout_s=30, retries=1000),
        Task("payments.check_payout", partial(payouts.check, desk), timeout_s=60, retries=1000),
        Task("disputes.watch", partial(watch_dispute, services.db, services.settings), timeout_s=30, retries=1000),
        Task("payments.end_invoice", partial(payment_tasks.end_invoice, desk), timeout_s=60, retries=40),
        Task("payments.refresh_channels", partial(payouts.refresh_channels, desk), timeout_s=60, retries=8),
        Task("payments.send_payout", partial(payouts.send, desk), timeout_s=60, retries=1000),
        Task("privacy.erase_again", partial(erase_again, services.db), timeout_s=60, retries=16),
        Task("reviews.publish", partial(publish_due, services.db), timeout_s=30, retries=20),
    )
    return {task.name: task for task in found}


async def run(
    settings: Settings,
    *,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    registry: Callable[[Services], Mapping[str, Task]] = tasks,
) -> None:
    """Run what falls due until `stop` is set; a database or broker that goes away is waited for."""
    logging.getLogger("saq").addFilter(worth_saying)
    came_up = asyncio.Event()
    while not stop.is_set():
        try:
            async with opened(settings) as services, hired(services, registry(services)) as runner:
                ready()
                came_up.set()
                await runner.run(stop)
        except Exception as error:
            if not came_up.is_set():
                raise
            log.warning("the database or the broker went away; trying again", error=type(error).__name__)
            await until(stop, TICK_S)


@asynccontextmanager
async def hired(services: Services, known: Mapping[str, Task]) -> AsyncIterator["Runner"]:
    """A runner with its own connection and its queue."""
    own = await connect(services.settings.database_url)
    try:
        await own.execute(KEEPALIVE)
        queue = await broker(services.settings, own)
        try:
            yield Runner(services, known, queue=queue, own=own)
        finally:
            await queue.disconnect()
    finally:
        await own.close(timeout=2)


async def broker(settings: Settings, own: "asyncpg.Connection[asyncpg.Record]") -> Queue:
    """SAQ's queue: on Redis where there is one, else in the database, with its tables made."""
    if settings.redis_url:
        return await redis_broker(settings.redis_url)
    queue = Queue.from_url(settings.database_url, name=QUEUE, min_size=2, max_size=CONCURRENCY)
    # Of two runners that make SAQ's tables at once, the second would go on without waiting for them.
    await own.execute(f"SELECT pg_advisory_lock({BROKER_LOCK})")
    try:
        if await own.fetchval("SELECT to_regclass('saq_jobs') IS NULL OR to_regclass('saq_stats') IS NULL"):
            await own.execute("DROP TABLE IF EXISTS saq_versions")
        await queue.connect()
    finally:
        await own.execute(f"SELECT pg_advisory_unlock({BROKER_LOCK})")
    return queue


async def redis_broker(url: str) -> Queue:
    """The queue on Redis, once it has answered: SAQ would start without it and complain every second."""
    from saq.queue.redis import RedisQueue  # noqa: PLC0415 - comes with the extra `redis`

    queue = RedisQueue.from_url(url, name=QUEUE)
    await queue.connect()
    try:
        await queue.version()
    except BaseException:
        await queue.disconnect()
        raise
    return queue


class Holds:
    """The rows that this process is running, each under an advisory lock that vanishes with the process."""

    def __init__(self, own: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._own = own
        self._one_at_a_time = asyncio.Lock()
        self._mine: set[int] = set()

    async def take(self, row_id: int) -> bool:
        """Take the row, unless somebody has it."""
        if row_id in self._mine:
            return False
        self._mine.add(row_id)
        async with self._one_at_a_time:
            taken: bool = await self._own.fetchval("SELECT pg_try_advisory_lock($1)", HOLD + row_id)
        if not taken:
            self._mine.discard(row_id)
        return taken

    async def drop(self, row_id: int) -> None:
        """Let go of it."""
        async with self._one_at_a_time:
            await self._own.execute("SELECT pg_advisory_unlock($1)", HOLD + row_id)
        self._mine.discard(row_id)


class TaskFailedError(Exception):
    """What SAQ gets to see of a failure; the outbox has the rest."""


class Taker(Worker[Any]):
    """SAQ's worker, with signals left to us and a stop that waits for running tasks alone."""

    SIGNALS = ()  # type: ignore[assignment]

    async def stop(self) -> None:
        """Start nothing new; end when the running tasks have, or the grace is over."""
        self.event.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while self.job_task_contexts:  # noqa: ASYNC110 - SAQ gives no event for it
                    await asyncio.sleep(0.02)
        await super().stop()


class Runner:
    """One life of the runner, as long as its connection lasts."""

    def __init__(
        self, services: Services, known: Mapping[str, Task], *, queue: Queue, own: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self.db: Database = services.db
        self.queue = queue
        self.known = known
        self.own = own
        self.holds = Holds(own)
        self.tick = QUICK_TICK_S if services.settings.clock_file else TICK_S
        self.look_every = 2 * TICK_S if services.settings.redis_url else TICK_S
        self.taker = Taker(queue, [(name, self.execute) for name in known], concurrency=CONCURRENCY)
        self._woken = asyncio.Event()
        self._over = asyncio.Event()
        self._doubtful: set[int] = set()
        self._unheld: set[int] = set()
        # soon again after the start: what was handed over just before a broker went away counts as in flight at first
        self._missing_every = IN_FLIGHT + timedelta(seconds=1)
        self._next_missing = self._next_sweep = datetime.min.replace(tzinfo=clock.now().tzinfo)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay and run until told to stop, then finish what is running."""
        self.own.add_termination_listener(lambda _: self._over.set())
        await self.own.add_listener(outbox.CHANNEL, lambda *_: self._woken.set())
        me = await runners.begin(self.db, f"{socket.gethostname()}:{os.getpid()}")
        async with asyncio.TaskGroup() as group:
            rounds = (self._forward(), self._look_after(), self._show_life(me))
            loops = [group.create_task(one) for one in rounds]
            taking = group.create_task(self.taker.start())
            ends = [asyncio.create_task(event.wait()) for event in (stop, self._over)]
            await asyncio.wait([*ends, taking], return_when=asyncio.FIRST_COMPLETED)
            for task in (*ends, *loops):
                task.cancel()
            self.taker.event.set()
        if not stop.is_set():
            raise ConnectionError("the runner's own connection is gone")
        await runners.end(self.db, me)

    async def execute(self, _: object, *, row_id: int) -> None:
        """Run one row; what goes wrong is in the outbox by the time that SAQ hears of it."""
        if not await self.holds.take(row_id):
            return
        try:
            await outbox.execute(self.db, self.known, row_id)
        except Exception as error:  # noqa: BLE001 - logged and kept by the outbox; SAQ would log it again, with its data
            raise TaskFailedError(type(error).__name__) from None
        finally:
            await self.holds.drop(row_id)

    async def _forward(self) -> None:
        while True:
            while rows := await outbox.claim(self.db):
                await asyncio.gather(*(self._enqueue(row) for row in rows))
            await until(self._woken, self.tick)
            self._woken.clear()

    async def _enqueue(self, row: outbox.OutboxRow) -> None:
        # A task that is unknown here goes out under its own name: a runner of the next version may know it.
        task = self.known.get(row.task)
        timeout = int(task.timeout_s if task else 0) + MARGIN_S
        queued = await self.queue.enqueue(
            row.task, key=key_of(row.id), timeout=timeout, retries=1, ttl=-1, row_id=row.id
        )
        if queued is None:
            self._doubtful.add(row.id)

    async def _show_life(self, me: int) -> None:
        """At once too when the clock is moved, for then everything looks long ago."""
        told = clock.now()
        while True:
            await asyncio.sleep(self.tick)
            if clock.now() >= told + runners.BEAT_EVERY:
                told = clock.now()
                await runners.beat(self.db, me)

    async def _look_after(self) -> None:
        while True:
            await audit.seal(self.db)
            await self._bring_back_orphans()
            doubtful, self._doubtful = self._doubtful, set()
            await self._bring_back_missing(doubtful)
            moment = clock.now()
            if moment >= self._next_missing:
                self._next_missing = moment + self._missing_every
                self._missing_every = MISSING_EVERY
                await self._bring_back_all_missing(moment)
            if moment >= self._next_sweep:
                self._next_sweep = moment + SWEEP_EVERY
                await self._sweep()
            await asyncio.sleep(self.look_every)

    async def _bring_back_orphans(self) -> None:
        """Jobs that SAQ calls active and nobody holds at two looks in a row: their runner is gone."""
        active = {}
        async for job in self.queue.iter_jobs([Status.ACTIVE, Status.ABORTING]):
            active[row_of(job.key)] = job
        held = {row[0] for row in await self.db.reads.all(HELD, ids=list(active))} if active else set()
        unheld = active.keys() - held
        orphans = unheld & self._unheld
        self._unheld = unheld - orphans
        for row_id in orphans:
            await active[row_id].finish(Status.ABORTED, error="its runner is gone")
        await self._bring_back(orphans, "its runner is gone")

    async def _bring_back_all_missing(self, moment: datetime) -> None:
        after = 0
        while ids := [row[0] for row in await self.db.reads.all(SENT, before=moment - IN_FLIGHT, after=after)]:
            await self._bring_back_missing(ids)
            after = ids[-1]

    async def _bring_back_missing(self, ids: Iterable[int]) -> None:
        """Of these rows, which were sent, those that SAQ knows nothing of."""
        asked = list(ids)
        if not asked:
            return
        jobs = await self.queue.jobs(map(key_of, asked))
        await self._bring_back(
            {row_id for row_id, job in zip(asked, jobs, strict=True) if job is None or job.status in TERMINAL_STATUSES},
            "the broker does not know it",
        )

    async def _bring_back(self, ids: set[int], why: str) -> None:
        if not ids:
            return
        log.warning("tasks are sent again", outbox_ids=sorted(ids)[:20], count=len(ids), why=why)
        async with self.db.transaction() as tx:
            await tx.run(outbox.UNSEND, ids=list(ids))
        self._woken.set()

    async def _sweep(self) -> None:
        for sweep in (
            outbox.sweep,
            idempotency.sweep,
            limits.sweep,
            account_tasks.sweep,
            notification_tasks.sweep,
            media_tasks.sweep,
            payout_channels.keep_fresh,
            erased.sweep,
        ):
            await sweep(self.db)


async def until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def worth_saying(record: logging.LogRecord) -> bool:
    """What SAQ logs, but for failures that the outbox has logged and for idle takers that it calls unfinished."""
    known = record.exc_info is not None and isinstance(record.exc_info[1], TaskFailedError)
    return not known and "shutdown grace period" not in record.msg
