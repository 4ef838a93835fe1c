"""People in a conversation, and phones that hold a socket."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from iayos.chat.actions import open_conversation
from iayos.core.db import Database
from iayos.jobs.models import Job
from iayos.settings import Settings
from tests import make
from tests.make import Someone

Frame = dict[str, Any]
PATIENCE_S = 10.0


class Pair:
    """A client and a worker with the conversation of their job."""

    def __init__(self, client: Someone, worker: Someone, job: Job, number: int) -> None:
        self.client, self.worker, self.job, self.id = client, worker, job, number
        self.path = f"/api/chat/conversations/{number}"


class Phone:
    """A socket, with everything that came over it."""

    def __init__(self, ws: ClientConnection, someone: Someone) -> None:
        self.ws, self.someone = ws, someone
        self.frames: list[Frame] = []

    async def send(self, **frame: Any) -> None:
        await self.ws.send(json.dumps(frame))

    async def say(self, message: str, client_id: str | None = None, **more: Any) -> Frame:
        """Send a message; its ack."""
        client_id = client_id or str(uuid4())
        await self.send(message=message, clientID=client_id, **more)
        return await self.until("ack", clientID=client_id)

    async def next(self, kind: str | None = None, **facts: Any) -> Frame:
        """The next frame, or the next of this kind with these facts; those before it are skipped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame: Frame = json.loads(await self.ws.recv())
                self.frames.append(frame)
                if kind in {None, frame["type"]} and facts.items() <= frame.items():
                    return frame

    async def until(self, kind: str, **facts: Any) -> Frame:
        """That frame, which may have come already."""
        for frame in self.frames:
            if kind == frame["type"] and facts.items() <= frame.items():
                return frame
        return await self.next(kind, **facts)

    async def quiet(self) -> None:
        """Everything that was on its way has come."""
        await self.send(type="ping")
        await self.next("pong")

    def seqs(self) -> list[int]:
        """The numbers of the messages in the order in which they came."""
        return [frame["seq"] for frame in self.frames if frame["type"] == "chat_message"]

    async def resume(self, after: int, **more: Any) -> Frame:
        await self.send(type="resume", after=after, **more)
        return await self.next("resumed", **more)

    async def close_code(self) -> int:
        """Wait until the other side closes."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    self.frames.append(json.loads(await self.ws.recv()))
        assert self.ws.close_code is not None
        return self.ws.close_code


class Chat:
    """What chat tests do all the time."""

    def __init__(self, http: httpx.AsyncClient, db: Database, url: str) -> None:
        self.http, self.db, self.url = http, db, url.replace("http", "ws", 1)
        self._number = itertools.count(1)

    async def pair(self, client: Someone | None = None, worker: Someone | None = None, **columns: Any) -> Pair:
        """A job at work, with its conversation."""
        client = client or await make.account(self.db, "CLIENT")
        worker = worker or await make.account(self.db, "WORKER")
        job = await make.job(self.db, client=client, worker=worker, **columns)
        async with self.db.transaction() as tx:
            number = await open_conversation(tx, job.id, [client.account_id, worker.account_id])
        return Pair(client, worker, job, number)

    @asynccontextmanager
    async def phone(
        self, someone: Someone, pair: Pair | None = None, *, url: str | None = None, **options: Any
    ) -> AsyncIterator[Phone]:
        """A socket in one conversation, or for everything; signed in by cookie unless told otherwise."""
        path = f"/ws/chat/{pair.id}/" if pair else "/ws/"
        headers = options.pop("headers", {"Cookie": f"session_id={someone.cookie}"})
        where = (url or self.url).replace("http", "ws", 1) + path
        async with connect(where, additional_headers=headers, compression=None, proxy=None, **options) as ws:
            yield Phone(ws, someone)

    async def refused(self, someone: Someone, pair: Pair | None = None, **options: Any) -> int:
        """The code with which a socket is closed at once."""
        async with self.phone(someone, pair, **options) as phone:
            code = await phone.close_code()
            assert phone.frames == []
            return code

    def as_(self, someone: Someone) -> make.As:
        return make.as_(self.http, someone)

    async def stored(self, pair: Pair) -> list[tuple[int, str]]:
        """Numbers and texts on disk."""
        rows = await self.db.pool.fetch(
            "SELECT seq, body FROM messages WHERE conversation_id = $1 ORDER BY id", pair.id
        )
        return [(row[0], row[1]) for row in rows]


@pytest.fixture
async def chat(http: httpx.AsyncClient, db: Database, settings: Settings) -> Chat:
    return Chat(http, db, settings.public_url)


async def eventually(holds: Callable[[], Awaitable[bool]], *, within: float = PATIENCE_S) -> None:
    """Wait until that holds."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.02)
