"""A new job with ten thousand workers around it, and somebody else's notice at the same time, with a real runner."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from iayos import runner
from iayos.core import outbox
from iayos.core.db import Database, Statement
from iayos.notifications import events
from iayos.settings import Settings
from tests import make
from tests.notifications.conftest import Post

WORKERS = 10_000
CROWD = (
    """
    INSERT INTO accounts (email, password_hash, profile_type, profile_types, first_name, last_name, city, latitude, longitude,
        email_verified_at, kyc_verified, language, created_at, updated_at)
    SELECT 'crowd' || n || '@example.com', '', 'WORKER', ARRAY['WORKER'], 'Ben', 'Santos', 'Zamboanga City', 6.92, 122.08,
        clock_timestamp(), false, CASE WHEN n % 2 = 0 THEN 'fil' ELSE 'en' END, clock_timestamp(), clock_timestamp()
    FROM generate_series(1, {count}) AS n
    """,
    "INSERT INTO worker_specializations (account_id, category_id) SELECT id, 1 FROM accounts WHERE email LIKE 'crowd%'",
    """
    WITH signed_in AS (
        INSERT INTO sessions (account_id, kind, created_at, expires_at)
        SELECT id, 'MOBILE', clock_timestamp(), clock_timestamp() + interval '30 days' FROM accounts WHERE email LIKE 'crowd%'
        RETURNING id, account_id
    )
    INSERT INTO push_tokens (account_id, session_id, token, registered_at)
    SELECT account_id, id, 'ExponentPushToken[crowd' || account_id || ']', clock_timestamp() FROM signed_in
    """,
)
TOLD = Statement[Any](text("SELECT count(*) FROM notifications WHERE type = 'JOB_CREATED'"))
SENT = Statement[Any](text("SELECT count(*) FROM deliveries WHERE sent_at IS NOT NULL"))


@pytest.fixture
async def running(settings: Settings, db: Database) -> AsyncIterator[None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(runner.run(settings, stop=stop, ready=ready.set))
    await ready.wait()
    yield
    stop.set()
    await task


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float) -> float:
    """How long it took until it held."""
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def crowd(db: Database, count: int) -> None:
    async with db.transaction() as tx:
        for sql in CROWD:
            await tx.run(Statement[Any](text(sql.format(count=count))))


async def test_ten_thousand_are_told_quickly_and_hold_nobody_up(post: Post, running: None) -> None:
    await crowd(post.db, WORKERS)
    client, ben = await make.account(post.db), await post.person()
    job = await make.job(post.db, client=client, latitude=6.92, longitude=122.08)
    begun = time.monotonic()
    async with post.db.transaction() as tx:
        await outbox.later(tx, "jobs.tell_nearby", job_id=job.id)

    async def any_told() -> bool:
        return bool(await post.db.reads.value(TOLD))

    async def reached_ben() -> bool:
        return any(push["data"]["type"] == "APPLICATION_ACCEPTED" for push in post.sandbox.state.pushes.all())

    async def all_told() -> bool:
        return int(await post.db.reads.value(TOLD)) == WORKERS

    async def all_sent() -> bool:
        return int(await post.db.reads.value(SENT)) == WORKERS + len(waits)

    await until(any_told, seconds=20)
    waits: list[float] = []
    asked = time.monotonic()
    await post.tell(ben)
    written = time.monotonic() - asked
    waits.append(await until(reached_ben, seconds=20))
    await until(all_told, seconds=60)
    told = time.monotonic() - begun
    await until(all_sent, seconds=120)
    sent = time.monotonic() - begun
    meanwhile = f"a notice written in {written * 1000:.0f} ms and pushed in {waits[0]:.2f} s"
    print(f"{WORKERS} told in {told:.1f} s and pushed in {sent:.1f} s; meanwhile {meanwhile}")  # noqa: T201
    assert waits[0] < 3
    pushes = post.sandbox.state.pushes.all()
    assert len({push["to"] for push in pushes}) == len(pushes) == WORKERS + 1
    assert await post.open_tasks() != []  # the receipts, later


async def test_an_expo_that_hangs_leaves_hands_for_everything_else(post: Post, running: None) -> None:
    await crowd(post.db, 1500)
    job = await make.job(post.db, client=await make.account(post.db), latitude=6.92, longitude=122.08)
    people = [await post.person() for _ in range(12)]
    await post.faults(("expo.send", "hang", None))
    async with post.db.transaction() as tx:
        await outbox.later(tx, "jobs.tell_nearby", job_id=job.id)
    for one in people:
        await post.tell(one)
    depositor = await make.account(post.db)
    await post.tell(depositor, events.WALLET_DEPOSIT, amount=50000)

    async def mailed() -> bool:
        return bool(await post.mails(depositor))

    assert await until(mailed, seconds=8) < 4
    assert await post.pushes() == []
    await post.faults()


async def test_many_single_notices_at_once_share_requests(post: Post, running: None) -> None:
    people = [await post.person() for _ in range(80)]
    await post.faults(("expo.send", "delay:0.3", None))  # as far away as Expo really is
    begun = time.monotonic()
    for one in people:
        await post.tell(one)

    async def all_sent() -> bool:
        return int(await post.db.reads.value(SENT)) == len(people)

    await until(all_sent, seconds=30)
    took = time.monotonic() - begun
    requests = len(await post.requests("/push/send"))
    print(f"80 single notices pushed in {took:.1f} s with {requests} requests of 0.3 s")  # noqa: T201
    assert took < 5
    assert len({push["to"] for push in await post.pushes()}) == len(await post.pushes()) == 80
    await post.faults()
