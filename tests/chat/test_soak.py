"""Ten clients, twenty conversations, two thousand messages, two processes, and connections that drop at random."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from iayos.settings import Settings
from tests import make
from tests.chat import soak
from tests.chat.conftest import Chat
from tests.chat.test_processes import process

EACH = 200


async def test_none_lost_none_twice_every_number_in_order(chat: Chat, settings: Settings) -> None:
    async with process(settings) as (url, _):
        await none_lost_none_twice(chat, [chat.url, url])


async def test_the_same_on_redis_though_nobody_hears_it_now_and_then(
    chat: Chat, settings: Settings, redis_url: str
) -> None:
    async with (
        process(settings, 0, redis_url=redis_url) as (one, _),
        process(settings, 0, redis_url=redis_url) as (two, _),
    ):
        deafening = asyncio.create_task(deafen(redis_url))
        await none_lost_none_twice(chat, [one, two])
        deafening.cancel()
        with suppress(asyncio.CancelledError):
            await deafening


async def deafen(redis_url: str) -> None:
    """Cut every subscription off, again and again."""
    async with Redis.from_url(redis_url) as redis:
        while True:
            await asyncio.sleep(1)
            await redis.client_kill_filter(_type="pubsub")


async def none_lost_none_twice(chat: Chat, urls: list[str]) -> None:
    people = [await make.account(chat.db, kind) for kind in ("CLIENT", "WORKER") * 5]
    places = [(2 * (number % 5), 2 * ((number + number // 5) % 5) + 1) for number in range(20)]
    pairs = [await chat.pair(people[client], people[worker]) for client, worker in places]
    shared = soak.share([one.cookie for one in people], [pair.id for pair in pairs], places)
    load = soak.Load([url.replace("http", "ws", 1) for url in urls], drop_after=(30, 150))
    outcome = await soak.run(load, shared, EACH)
    assert outcome.faults == []
    assert outcome.drops > 20
    stored = [await chat.stored(pair) for pair in pairs]
    assert [[seq for seq, _ in one] for one in stored] == [list(range(1, len(one) + 1)) for one in stored]
    texts = [text for one in stored for _, text in one]
    assert len(texts) == len(set(texts)) == EACH * len(people)
    assert outcome.delivered == 2 * len(texts)  # to both sides, once each
