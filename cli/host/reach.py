"""Reaching the database and Redis, and what to say to a person when they cannot be reached."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from cli.faults import CONFLICT, USAGE, Fault
from iayos.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import asyncpg

PATIENCE_S: Final = 10.0
CREDENTIALS: Final = re.compile(r"//[^@/]*@")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of one's own."""
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """The same, to be closed by whoever asks for it; a `Fault` when there is none to be had."""
    import asyncpg

    where = place(url)
    try:
        return await asyncpg.connect(url, timeout=PATIENCE_S)
    except (ValueError, asyncpg.ClientConfigurationError):
        raise Fault(
            "IAYOS_DATABASE_URL is no address of a PostgreSQL.",
            code=USAGE,
            hint="postgresql://USER:PASSWORD@HOST/DATABASE",
        ) from None
    except asyncpg.InvalidCatalogNameError:
        raise Fault(f"there is no such database: {where}.", hint="create it: createdb DATABASE") from None
    except asyncpg.InvalidAuthorizationSpecificationError:
        raise Fault(f"the database refuses the user or its password: {where}.", hint="see IAYOS_DATABASE_URL") from None
    except TimeoutError:
        raise Fault(
            f"the database does not answer: {where}, for {PATIENCE_S:.0f} seconds.", hint="is the address right?"
        ) from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise Fault(
            f"the database cannot be reached: {where} ({told(reason)}).",
            hint="is it running? iayos up brings one of its own",
        ) from None


def told(reason: str) -> str:
    """Why, without the addresses that Python repeats."""
    return "connection refused" if "Connect call failed" in reason else reason.lower()


def place(url: str) -> str:
    """A URL without what may open something."""
    parts = urlsplit(CREDENTIALS.sub("//", url))
    return f"{parts.netloc or 'a local socket'}{parts.path}"


def check(settings: Settings, *, runner: bool = False) -> None:
    """What a process needs before it starts is there; the API does without Redis while that is away, a runner cannot."""
    asyncio.run(_check(settings, runner=runner))


async def _check(settings: Settings, *, runner: bool) -> None:
    from cli.host.database import version_of, versions

    version, known = await version_of(settings.database_url), versions()
    if version is None or (version in known and version != known[-1]):
        raise Fault(
            f"migrations are waiting: {version or 'empty'} → {known[-1]}.", code=CONFLICT, hint="iayos db migrate"
        )
    if settings.redis_url:
        await _check_redis(settings.redis_url, must_answer=runner)


async def _check_redis(url: str, *, must_answer: bool) -> None:
    try:
        from redis.asyncio import Redis
        from redis.exceptions import RedisError
    except ImportError:
        raise Fault(
            "IAYOS_REDIS_URL is set, and what speaks to Redis is not installed.", hint="pip install 'iayos[redis]'"
        ) from None
    try:
        redis = Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    except ValueError:
        raise Fault("IAYOS_REDIS_URL is no address of a Redis.", code=USAGE, hint="redis://HOST:6379/0") from None
    try:
        if must_answer:
            await cast("Awaitable[bool]", redis.ping())
    except (RedisError, OSError):
        raise Fault(f"Redis cannot be reached: {place(url)}.", hint="is it running? see IAYOS_REDIS_URL") from None
    finally:
        await redis.aclose()
