"""What one process tells all others at once: LISTEN on one held connection, pg_notify from the pool.

With a Redis beside the database, what is said here goes through it, after the commit, and through pg_notify only while it
is away. What triggers say (ended sessions, participants, notices) comes by LISTEN in any case.

A word is a wake-up or a passing sign (somebody types); what must not be lost is a row, and who was cut off reads it again.
Words of a transaction are heard when it commits, in that order, and never when it does not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import asyncpg
import msgspec
import structlog
from sqlalchemy import Text, bindparam, func, select

from iayos.core.db import Database, Reads, Statement, Tx, connect

CHANNEL: Final = "iayos_live"
APPLICATION: Final = "iayos live"
"""How these connections are known in pg_stat_activity: a process whose connection is gone is gone (`presence`)."""
RETRY_S: Final = 0.5
OWN_SETTINGS: Final = (
    f"SET application_name = '{APPLICATION}'; SET idle_session_timeout = 0;"
    " SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)
SAY = Statement(select(func.pg_notify(CHANNEL, bindparam("word", type_=Text))))
log = structlog.get_logger(__name__)

Word = dict[str, Any]
"""`kind`, and the ids that go with it; well below the 8,000 bytes that NOTIFY takes."""


async def say(reads: Reads, kind: str, **facts: Any) -> None:
    """Tell every process; with a `Tx`, when it commits."""
    word = msgspec.json.encode({"kind": kind, **facts}).decode()
    if reads.beside is None:
        await reads.value(SAY, word=word)
    elif isinstance(reads, Tx):
        reads.afterwards.append(partial(_publish, word=word))
    else:
        await _publish(reads, word=word)


async def _publish(reads: Reads, *, word: str) -> None:
    if reads.beside is None or not await reads.beside.publish(CHANNEL, word):
        await reads.value(SAY, word=word)


class Bus:
    """The ear of this process."""

    def __init__(
        self, db: Database, *, hear: Callable[[Word], None], connected: Callable[[int], Awaitable[None]]
    ) -> None:
        """`connected` runs after each (re)connect, with the number of the backend: time to read what was missed."""
        self._db, self._hear, self._connected = db, hear, connected

    async def listen(self, ready: asyncio.Event) -> None:
        """Listen for good; a connection that breaks is replaced."""
        while True:
            try:
                await self._listen_once(ready)
                log.warning("the listening connection is gone; connecting again")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("no listening connection; trying again", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def listen_beside(self, tried: asyncio.Event, *, again: Callable[[], Awaitable[None]]) -> None:
        """The same on Redis, where there is one; `again` runs at each subscription, for what was missed before it."""
        if self._db.beside is not None:
            await self._db.beside.listen(CHANNEL, hear=self._heard, again=again, tried=tried)
        tried.set()

    async def _listen_once(self, ready: asyncio.Event) -> None:
        connection = await connect(self._db.url)
        try:
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _: gone.set())
            await connection.execute(OWN_SETTINGS)
            await connection.add_listener(CHANNEL, self._heard)
            await self._connected(connection.get_server_pid())
            ready.set()
            await gone.wait()
        finally:
            await connection.close(timeout=2)

    def _heard(self, *word: Any) -> None:
        try:
            self._hear(msgspec.json.decode(word[-1], type=Word))
        except Exception:
            log.exception("a word was not understood")
