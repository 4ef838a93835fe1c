"""The runner as a process: rows are run once, and none is lost, whatever is killed."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from iayos import runner
from iayos.core import outbox
from iayos.core.db import Database
from tests.conftest import TEMPLATE, free_port, redis_at

OPEN = """
SELECT count(*) FROM outbox WHERE task IN ('quick', 'slow', 'bad') AND done_at IS NULL AND failed_at IS NULL
"""  # the runner's own sweeps may write rows of other tasks, which this one does not know
SCRIPT = Path(__file__).with_name("a_runner.py")


class Runners:
    """Runners on one database, and what their tasks wrote down."""

    def __init__(self, db: Database, notes: Path, redis_url: str = "") -> None:
        self.db, self.notes, self.redis_url = db, notes, redis_url
        self.started: list[subprocess.Popen[bytes]] = []

    async def start(self) -> subprocess.Popen[bytes]:
        readies = len(self.seen("ready"))
        log = self.notes.with_suffix(".log").open("ab")
        command = [sys.executable, str(SCRIPT), self.db.url, str(self.notes), *filter(None, [self.redis_url])]
        process = subprocess.Popen(command, stderr=log)
        log.close()
        self.started.append(process)
        await self.until(lambda: len(self.seen("ready")) > readies)
        return process

    async def later(self, task: str, **args: Any) -> None:
        async with self.db.transaction() as tx:
            await outbox.later(tx, task, **args)

    def seen(self, words: str) -> list[str]:
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line for line in lines if line.startswith(words)]

    def log(self) -> str:
        return self.notes.with_suffix(".log").read_text()

    async def until(self, look: Callable[[], Any], *, within: float = 15) -> float:
        begun = time.monotonic()
        while not look():
            assert time.monotonic() - begun < within, f"{self.notes.read_text()}\n{self.log()}"
            await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def open_rows(self) -> int:
        found: int = await self.db.pool.fetchval(OPEN)
        return found

    async def all_closed(self, *, within: float = 15) -> None:
        deadline = time.monotonic() + within
        while await self.open_rows():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


@pytest.fixture
async def own_database(postgres: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database that no other test uses, for the broker keeps its tables there."""
    name = f"runner_{abs(hash(request.node.nodeid))}"
    admin = await asyncpg.connect(postgres.replace(f"/{TEMPLATE}?", "/postgres?"))
    await admin.execute("SELECT pg_advisory_lock(1)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await admin.execute("SELECT pg_advisory_unlock(1)")
    yield postgres.replace(f"/{TEMPLATE}?", f"/{name}?")
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def runners(own_database: str, tmp_path: Path) -> AsyncIterator[Runners]:
    db = await Database.open(own_database, size=4)
    found = Runners(db, tmp_path / "notes")
    yield found
    for process in found.started:
        process.kill()
        process.wait()
    await db.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The broker on Redis, empty."""
    async with Redis.from_url(redis_url) as one:
        await one.flushall()
        yield one


@pytest.fixture
async def on_redis(own_database: str, tmp_path: Path, redis_url: str, redis: Redis) -> AsyncIterator[Runners]:
    db = await Database.open(own_database, size=4)
    found = Runners(db, tmp_path / "notes", redis_url)
    yield found
    for process in found.started:
        process.kill()
        process.wait()
    await db.close()


async def test_a_row_runs_at_once_and_is_closed(runners: Runners) -> None:
    await runners.start()
    await runners.later("quick", name="a")
    await runners.until(lambda: runners.seen("a done"), within=1)
    await runners.all_closed()
    while await runners.db.pool.fetchval(
        "SELECT count(*) FROM saq_jobs WHERE convert_from(job, 'UTF8') LIKE '%quick%'"
    ):
        await asyncio.sleep(0.02)  # SAQ forgets a job a moment after its row is closed


async def test_what_a_killed_runner_had_in_hand_runs_again_within_seconds(runners: Runners) -> None:
    process = await runners.start()
    await runners.later("slow", name="a", seconds=2)
    await runners.until(lambda: runners.seen("a begun"))
    process.kill()
    process.wait()
    await runners.start()
    assert await runners.until(lambda: len(runners.seen("a begun")) == 2) < 5
    await runners.until(lambda: runners.seen("a done"))
    await runners.all_closed()
    assert len(runners.seen("a begun")) == 2


async def test_another_runner_takes_over_from_one_that_was_killed(runners: Runners) -> None:
    first = await runners.start()
    await runners.later("slow", name="a", seconds=20)
    await runners.until(lambda: runners.seen("a begun"))
    second = await runners.start()
    first.kill()
    first.wait()
    await runners.until(lambda: len(runners.seen("a begun")) == 2, within=5)
    assert runners.seen("a begun")[1] == f"a begun {second.pid}"


async def test_two_runners_share_the_work_and_do_nothing_twice(runners: Runners) -> None:
    await asyncio.gather(runners.start(), runners.start())  # both make the broker's tables
    async with runners.db.transaction() as tx:
        for number in range(60):
            await outbox.later(tx, "slow", name=f"{number}.", seconds=0.3)
    await runners.all_closed()
    assert len([line for line in runners.seen("") if " done " in line]) == 60
    assert len({line.split()[2] for line in runners.seen("") if " done " in line}) == 2


async def test_a_wiped_broker_loses_nothing(runners: Runners) -> None:
    process = await runners.start()
    process.kill()
    process.wait()
    await runners.later("quick", name="a")
    await outbox.claim(runners.db)  # handed over, as far as the outbox knows
    await runners.db.pool.execute("UPDATE outbox SET sent_at = sent_at - interval '1 minute'")
    await runners.db.pool.execute("DROP TABLE saq_jobs")
    await runners.start()
    await runners.until(lambda: runners.seen("a done"), within=5)


async def test_told_to_stop_it_finishes_what_it_is_doing_and_goes_at_once(runners: Runners) -> None:
    process = await runners.start()
    await runners.later("slow", name="a", seconds=1)
    await runners.until(lambda: runners.seen("a begun"))
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert process.wait(timeout=10) == 0
    assert runners.seen("a done")
    assert await runners.open_rows() == 0
    assert time.monotonic() - begun < 4


async def test_a_failure_is_tried_again_and_then_left_for_people_without_telling_the_log_whose_it_was(
    runners: Runners,
) -> None:
    await runners.start()
    await runners.later("bad", name="a")
    await runners.until(lambda: len(runners.seen("a begun")) == 2)
    await runners.all_closed()
    row = await runners.db.pool.fetchrow(
        "SELECT attempts, last_error, done_at, failed_at FROM outbox WHERE task = 'bad'"
    )
    assert row is not None
    assert (row["attempts"], row["done_at"]) == (2, None)
    assert row["failed_at"] is not None
    assert "ValueError" in row["last_error"]
    assert "task failed" in runners.log()
    assert "juan@example.com" not in runners.log()


async def test_a_database_that_goes_away_is_waited_for(runners: Runners) -> None:
    await runners.start()
    await runners.db.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await runners.until(lambda: len(runners.seen("ready")) == 2)
    await runners.later("quick", name="a")
    await runners.until(lambda: runners.seen("a done"), within=5)


async def test_on_redis_rows_run_at_once_and_nothing_is_left_in_it(on_redis: Runners, redis: Redis) -> None:
    await asyncio.gather(on_redis.start(), on_redis.start())
    await on_redis.later("quick", name="a")
    await on_redis.until(lambda: on_redis.seen("a done"), within=2)
    async with on_redis.db.transaction() as tx:
        for number in range(60):
            await outbox.later(tx, "slow", name=f"{number}.", seconds=0.05)
    await on_redis.all_closed()
    assert len([line for line in on_redis.seen("") if ". done " in line]) == 60
    assert len({line.split()[2] for line in on_redis.seen("") if ". done " in line}) == 2
    assert await on_redis.db.pool.fetchval("SELECT to_regclass('saq_jobs')") is None
    async with asyncio.timeout(5):
        while [key async for key in redis.scan_iter("*outbox:*")]:
            await asyncio.sleep(0.02)  # SAQ forgets a job a moment after its row is closed


async def test_a_wiped_redis_loses_nothing(on_redis: Runners, redis: Redis) -> None:
    await on_redis.start()
    async with on_redis.db.transaction() as tx:
        for number in range(200):
            await outbox.later(tx, "slow", name=f"{number}.", seconds=0.2)
    await on_redis.until(lambda: on_redis.seen("3. done"))
    await redis.flushall()  # most of them wait there
    await on_redis.later("quick", name="after")
    await on_redis.until(lambda: on_redis.seen("after done"))
    await on_redis.all_closed(within=60)
    assert {line.split()[0] for line in on_redis.seen("") if ". done " in line} == {f"{one}." for one in range(200)}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_redis_that_dies_under_the_runners_loses_nothing_and_closes_nothing_twice(
    own_database: str, tmp_path: Path, how: signal.Signals
) -> None:
    port = free_port()
    db = await Database.open(own_database, size=4)
    dying = Runners(db, tmp_path / "notes", f"redis://127.0.0.1:{port}/0")
    try:
        with redis_at(port) as redis:
            await asyncio.gather(dying.start(), dying.start())
            async with db.transaction() as tx:
                for number in range(150):
                    await outbox.later(tx, "slow", name=f"{number}.", seconds=0.1)
            await dying.until(lambda: len(done(dying)) > 20)
            redis.send_signal(how)
            redis.wait(timeout=10)
        in_hand = len(dying.seen("")) - 2 * len(done(dying))
        assert 0 < len(done(dying)) < 150
        async with db.transaction() as tx:
            for number in range(150, 160):
                await outbox.later(tx, "slow", name=f"{number}.", seconds=0.1)
        assert in_hand <= 2 * runner.CONCURRENCY + 2  # two lines say that a runner is ready
        with redis_at(port):
            await dying.all_closed(within=60)
        counts = Counter(done(dying))
        assert counts.keys() == {f"{number}." for number in range(160)}
        # only what was in hand when it died may have begun twice, and ended twice if its end was not written down yet
        begun = Counter(line.split()[0] for line in dying.seen("") if " begun " in line)
        assert sum(begun.values()) - 160 <= 2 * runner.CONCURRENCY
        assert sum(counts.values()) - 160 <= 2 * runner.CONCURRENCY
        assert await db.pool.fetchval("SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL") == 0
    finally:
        for process in dying.started:
            process.kill()
            process.wait()
        await db.close()


def done(runners: Runners) -> list[str]:
    """The names of the tasks that came to their end, as often as they did."""
    return [line.split()[0] for line in runners.seen("") if " done " in line]


async def test_on_redis_what_a_killed_runner_had_in_hand_runs_again(on_redis: Runners) -> None:
    first = await on_redis.start()
    await on_redis.later("slow", name="a", seconds=2)
    await on_redis.until(lambda: on_redis.seen("a begun"))
    first.kill()
    first.wait()
    await on_redis.start()
    assert await on_redis.until(lambda: len(on_redis.seen("a begun")) == 2) < 8
    await on_redis.all_closed()
    assert len(on_redis.seen("a done")) == 1
