"""One open WebSocket: a bounded queue of frames out, frames in one by one, and an end with a code."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from litestar import WebSocket
from litestar.exceptions import WebSocketException

NOT_SIGNED_IN: Final = 4401
NOT_YOURS: Final = 4403
TOO_SLOW: Final = 4408
SUBPROTOCOL: Final = "iayos"
MOST_FRAMES: Final = 512
MOST_CHARS: Final = 1_000_000
"""What may wait for one reader; the transport's own buffer (64 KiB) and the kernel's come on top."""
FAREWELL_S: Final = 20.0
"""How long a slow reader may take to read the reason of its end."""
GONE: Final = (OSError, WebSocketException)
"""What sending raises when the other side has left."""

Asgi = WebSocket[Any, Any, Any]


async def refuse(asgi: Asgi, code: int, reason: str) -> None:
    """Accept first, so that a browser sees the code, then close."""
    with suppress(*GONE):
        await asgi.accept(subprotocol_of(asgi))
        await asgi.close(code, reason)


def subprotocol_of(asgi: Asgi) -> str | None:
    """The subprotocol to answer: ours when it was offered; the token beside it is never repeated."""
    return SUBPROTOCOL if SUBPROTOCOL in asgi.scope["subprotocols"] else None


class Socket:
    """A socket. Whoever has something for it offers it and never waits."""

    def __init__(self, asgi: Asgi) -> None:
        self._asgi = asgi
        self._waiting: deque[str] = deque()
        self._chars = 0
        self._woken = asyncio.Event()
        self._over = asyncio.Event()
        self._end: tuple[int, str] | None = None

    def offer(self, frame: str) -> None:
        """Send this when its turn comes; a reader for whom too much is waiting is disconnected."""
        if self._end is not None:
            return
        if len(self._waiting) >= MOST_FRAMES or self._chars + len(frame) > MOST_CHARS:
            self.end(TOO_SLOW, "too slow: connect again and resume")
            return
        self._waiting.append(frame)
        self._chars += len(frame)
        self._woken.set()

    def end(self, code: int, reason: str) -> None:
        """Close with this code; what waits is dropped."""
        if self._end is None:
            self._end = (code, reason)
            self._waiting.clear()
            self._over.set()

    def wake(self) -> None:
        """There is `more` to send."""
        self._woken.set()

    async def send(self, frame: str) -> None:
        """Send now; waits while the reader's buffers are full."""
        await self._asgi.send({"type": "websocket.send", "text": frame, "bytes": None})

    async def run(self, handle: Callable[[str | None], Awaitable[None]], more: Callable[[], Awaitable[bool]]) -> None:
        """Until either side ends it.

        `handle` gets each frame in, None for a binary one; `more` sends what is not queued, a portion at a time, and says
        whether there was any.
        """
        tasks = [
            asyncio.create_task(self._read(handle)), asyncio.create_task(self._write(more)),
            asyncio.create_task(self._over.wait()),
        ]  # fmt: skip
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception) and not isinstance(fault, GONE):
                raise fault
        await self._farewell()

    async def _read(self, handle: Callable[[str | None], Awaitable[None]]) -> None:
        while True:
            message: Any = await self._asgi.receive()
            if message["type"] == "websocket.disconnect":
                return
            await handle(message.get("text"))

    async def _write(self, more: Callable[[], Awaitable[bool]]) -> None:
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                self._chars -= len(frame)
                await self.send(frame)
            if not await more():
                await self._woken.wait()
                self._woken.clear()

    async def _farewell(self) -> None:
        if self._end is not None:
            with suppress(TimeoutError, *GONE):
                async with asyncio.timeout(FAREWELL_S):
                    await self._asgi.close(*self._end)
