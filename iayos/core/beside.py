"""The Redis beside the database, for what may be lost: words that wake, counts that limit.

While it is away nobody waits for it: each call says so, and the caller does the same in the database.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import structlog

RETRY_S: Final = 0.5
ANSWER_S: Final = 1.0
"""An answer that takes longer counts as none."""
PAUSE_S: Final = 1.0
"""After a call without an answer nobody asks for so long: it would only slow each of them down."""
PATIENCE_S: Final = 1.0
# A window of our own clock, which may be shifted, and not of Redis's; the expiry only clears up.
HIT: Final = """
local window = redis.call('HMGET', KEYS[1], 'hits', 'resets_at')
if not window[2] or tonumber(window[2]) <= tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'hits', 1, 'resets_at', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return {1, tonumber(ARGV[2])}
end
return {redis.call('HINCRBY', KEYS[1], 'hits', 1), tonumber(window[2])}
"""
log = structlog.get_logger(__name__)


class Beside:
    """One Redis, with its own pool of connections; it is asked for the first time when it is first needed."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - comes with the extra `redis`
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import RedisError  # noqa: PLC0415

        self._lost = (RedisError, OSError)
        self._redis = Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, socket_keepalive=True,
            health_check_interval=5, retry=Retry(NoBackoff(), 1),
        )  # fmt: skip
        self._space = f"iayos:{self._redis.connection_pool.connection_kwargs.get('db') or 0}"
        """Channels know no databases, so that two services on one Redis would hear each other."""
        self._away_until = 0.0

    async def close(self) -> None:
        """End all connections."""
        await self._redis.aclose()

    async def publish(self, channel: str, word: str) -> bool:
        """Tell whoever listens now; False when Redis is away."""
        return await self._ask(lambda: self._redis.publish(f"{self._space}:{channel}", word)) is not None

    async def hit(self, bucket: str, *, moment_ms: int, for_ms: int) -> tuple[int, int] | None:
        """Count one: hits in the window so far and when it ends, in milliseconds; None when Redis is away."""
        given = (str(moment_ms), str(moment_ms + for_ms), str(for_ms))
        key = f"{self._space}:limit:{bucket}"
        found = await self._ask(lambda: cast("Awaitable[Any]", self._redis.eval(HIT, 1, key, *given)))
        return None if found is None else (int(found[0]), int(found[1]))

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if time.monotonic() < self._away_until:
            return None
        try:
            return await call()
        except self._lost as error:
            self._away_until = time.monotonic() + PAUSE_S
            log.error("Redis is away; the database does its work", error=type(error).__name__)  # noqa: TRY400 - no bug
            return None

    async def listen(
        self, channel: str, *, hear: Callable[[Any], None], again: Callable[[], Awaitable[None]], tried: asyncio.Event
    ) -> None:
        """Listen for good. `again` runs at each subscription; `tried` is set when it has been tried once."""
        while True:
            try:
                await self._listen_once(f"{self._space}:{channel}", hear=hear, again=again, tried=tried)
            except self._lost as error:
                log.warning("not listening at Redis; trying again", error=type(error).__name__)
            tried.set()
            await asyncio.sleep(RETRY_S)

    async def _listen_once(
        self, channel: str, *, hear: Callable[[Any], None], again: Callable[[], Awaitable[None]], tried: asyncio.Event
    ) -> None:
        async with self._redis.pubsub() as ear:
            await ear.subscribe(channel)
            while True:
                said = await ear.get_message(timeout=PATIENCE_S)
                if said is not None and said["type"] == "subscribe":
                    await again()
                    tried.set()
                elif said is not None and said["type"] == "message":
                    hear(said["data"])
