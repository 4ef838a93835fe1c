"""Several server processes with a Redis beside the database, which goes away in the middle."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from iayos.core import clock
from iayos.core.db import Database
from iayos.core.errors import RateLimited
from iayos.settings import Settings
from iayos.web import limits
from iayos.web.bus import CHANNEL, say
from tests import make
from tests.chat.conftest import Chat, Pair, Phone, eventually
from tests.chat.test_processes import process
from tests.conftest import free_port, redis_at

HEARD_BY_NOTIFY = {"session", "notices", "joined", "left", "suspension"}


@asynccontextmanager
async def notified(db: Database) -> AsyncIterator[list[str]]:
    """The kinds of words that go through the database."""
    kinds: list[str] = []
    connection = await asyncpg.connect(db.url)
    await connection.add_listener(CHANNEL, lambda *word: kinds.append(msgspec.json.decode(str(word[-1]))["kind"]))
    yield kinds
    await connection.close()


@asynccontextmanager
async def talking(chat: Chat, settings: Settings, url: str, **changed: str) -> AsyncIterator[tuple[Pair, Phone, Phone]]:
    """Two people in one conversation on two processes."""
    pair = await chat.pair()
    async with AsyncExitStack() as held:
        (one, _), (two, _) = [
            await held.enter_async_context(process(settings, 0, redis_url=url, **changed)) for _ in range(2)
        ]
        ana = await held.enter_async_context(chat.phone(pair.client, pair, url=one))
        ben = await held.enter_async_context(chat.phone(pair.worker, pair, url=two))
        await ana.until("presence", online=True)
        yield pair, ana, ben


async def test_two_processes_on_redis_are_one_conversation(
    chat: Chat, settings: Settings, redis_url: str, db: Database
) -> None:
    async with notified(db) as kinds:
        async with talking(chat, settings, redis_url) as (pair, ana, ben):
            assert (await ana.say("from here"))["seq"] == 1
            assert (await ben.say("from there"))["seq"] == 2
            for phone in (ana, ben):
                await phone.until("chat_message", seq=2)
                assert phone.seqs() == [1, 2]
            await ana.send(type="typing")
            assert (await ben.next("typing"))["accountID"] == pair.client.account_id
            await ana.send(type="read", seq=2)
            assert (await ben.next("read"))["seq"] == 2
            assert (await chat.as_(pair.worker).post("/api/accounts/logout")).status_code == 200
            assert await asyncio.wait_for(ben.close_code(), 1) == 4401
            assert (await ana.until("presence", online=False))["accountID"] == pair.worker.account_id
        assert "session" in kinds
        assert set(kinds) <= HEARD_BY_NOTIFY


async def test_a_word_that_nobody_hears_is_made_good_by_comparing_numbers(
    chat: Chat, settings: Settings, redis_url: str, db: Database
) -> None:
    async with notified(db) as kinds, talking(chat, settings, redis_url) as (_, ana, ben):
        async with Redis.from_url(redis_url) as redis:
            assert await redis.client_kill_filter(_type="pubsub") == 2
            await ana.say("Redis takes it, and nobody listens")
        await ben.until("chat_message", seq=1)
        assert "message" not in kinds


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_redis_that_goes_away_loses_nothing(chat: Chat, settings: Settings, how: signal.Signals) -> None:
    port = free_port()
    async with AsyncExitStack() as held:
        with redis_at(port) as redis:
            url = f"redis://127.0.0.1:{port}/0"
            pair, ana, ben = await held.enter_async_context(talking(chat, settings, url, rate_limits="off"))
            names = [str(uuid4()) for _ in range(60)]
            for name in names[:20]:
                await ana.send(message=name, clientID=name)
            await ana.until("ack", clientID=names[9])
            redis.send_signal(how)
            for name in names[20:40]:
                await ana.send(message=name, clientID=name)
            await ben.until("chat_message", seq=40)
            await ana.send(type="typing")
            assert (await ben.next("typing"))["accountID"] == pair.client.account_id
        with redis_at(port):
            for name in names[40:]:
                await ben.send(message=name, clientID=name)
            await ana.until("chat_message", seq=60)
            await ben.until("chat_message", seq=60)
            assert ana.seqs() == ben.seqs() == list(range(1, 61))
            assert [text for _, text in await chat.stored(pair)] == names
            async with chat.phone(pair.client, pair) as late:
                await late.resume(0)
                assert late.seqs() == list(range(1, 61))

            async def listening_again() -> bool:
                async with Redis.from_url(url) as one:
                    return bool(dict(await one.pubsub_numsub(f"iayos:0:{CHANNEL}"))[f"iayos:0:{CHANNEL}".encode()] == 2)

            await eventually(listening_again)
            await held.aclose()


async def test_limits_on_redis_hold_across_processes_and_move_to_the_database_when_it_is_away(
    chat: Chat, settings: Settings, db: Database
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with redis_at(port) as redis:
        async with talking(chat, settings, url, rate_limits="on") as (pair, ana, _), AsyncExitStack() as held:
            other, _ = await held.enter_async_context(process(settings, redis_url=url, rate_limits="on"))
            http = await held.enter_async_context(httpx.AsyncClient(base_url=other, trust_env=False))
            for _ in range(12):
                await ana.say("here")
            for _ in range(8):
                sent = await make.as_(http, pair.client).post(f"{pair.path}/messages", {"message": "there"})
                assert sent.status_code == 201
            refused = await make.as_(http, pair.client).post(f"{pair.path}/messages", {"message": "one too many"})
            assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
            assert 1 <= int(refused.headers["Retry-After"]) <= 10
            assert await counted(db) == 0
            redis.kill()
            redis.wait()
            for _ in range(20):  # counted anew, for nothing must wait for Redis
                await ana.say("again")
            assert await counted(db) == 20
            refused = await make.as_(http, pair.client).post(f"{pair.path}/messages", {"message": "one too many"})
            assert refused.status_code == 429


async def counted(db: Database) -> int:
    found: int = await db.pool.fetchval("SELECT coalesce(sum(hits), 0) FROM rate_limits WHERE bucket LIKE 'chat:%'")
    return found


@pytest.fixture
async def beside(settings: Settings, redis_url: str, clean: None) -> AsyncIterator[Database]:
    """The database with the Redis beside it."""
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
    database = await Database.open(settings.database_url, size=2, redis_url=redis_url)
    yield database
    await database.close()


async def test_a_window_on_redis_ends_by_our_own_clock(beside: Database, redis_url: str) -> None:
    for _ in range(3):
        await limits.count(beside, "test:a", most=3, per=timedelta(minutes=1))
    with pytest.raises(RateLimited) as refused:
        await limits.count(beside, "test:a", most=3, per=timedelta(minutes=1))
    assert refused.value.retry_after in {59, 60}
    await limits.count(beside, "test:b", most=3, per=timedelta(minutes=1))
    async with Redis.from_url(redis_url) as redis:
        assert 0 < await redis.pttl("iayos:0:limit:test:a") <= 60_000
    clock.advance(61)
    await limits.count(beside, "test:a", most=3, per=timedelta(minutes=1))


async def test_only_what_was_committed_is_told(beside: Database, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis, redis.pubsub() as ear:
        await ear.subscribe(f"iayos:0:{CHANNEL}")
        assert (await heard(ear))["type"] == "subscribe"
        with suppress(LookupError):
            async with beside.transaction() as tx:
                await say(tx, "typing", account=1)
                raise LookupError
        async with beside.transaction() as tx:
            with suppress(LookupError):
                async with tx.savepoint():
                    await say(tx, "typing", account=2)
                    raise LookupError
            await say(tx, "typing", account=3)
            assert await ear.get_message(timeout=0.1) is None
        assert msgspec.json.decode((await heard(ear))["data"]) == {"kind": "typing", "account": 3}


async def heard(ear: Any) -> Any:
    async with asyncio.timeout(5):
        while (said := await ear.get_message(timeout=1)) is None:
            pass
    return said
