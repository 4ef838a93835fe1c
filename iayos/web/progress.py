"""Long work that is watched: asked with `Accept: application/x-ndjson`, a route tells how far it is until its answer is there.

A line each time it has come further, `{"done": 3, "of": 40, "what": "…"}` (`of` null while nobody knows), and last either
`{"result": …}`, the very answer that JSON would have got, or `{"error": …, "status": 409}` with the error's body of SPEC 1.
What is refused before the first line keeps its status. Whoever hangs up ends the work at its next step: what is committed stays.
"""

import asyncio
from typing import Any, Final

import msgspec
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from iayos.core.progress import Progress
from iayos.web.request import JSONRequest

NDJSON: Final = "application/x-ndjson"
EVERY_S: Final = 0.1
ALIVE_S: Final = 5.0
"""Without anything new the last line is told again after so long, so that nobody takes patience for a dead server."""
WATCHED: Final = "progress"
OK: Final = 300

InProgress = NamedDependency[Progress]
"""How a handler that takes long is told where to count: `progress: InProgress`."""


async def provide_progress(scope: Scope) -> Progress:
    """Dependency `progress`; nobody looks at it unless lines were asked for."""
    found: Progress = scope.get(WATCHED) or Progress()  # type: ignore[assignment]
    return found


class Watched:
    """Middleware around each route that counts, when lines are asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the route beside the lines about it; end it when nobody listens any more."""
        if not _asked(scope):
            await self.app(scope, receive, send)
            return
        await JSONRequest(
            scope, receive, send
        ).body()  # kept for the route; what comes now is the end of the connection
        progress = scope[WATCHED] = Progress()  # type: ignore[typeddict-unknown-key]
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        work = asyncio.ensure_future(self.app(scope, receive, hold))
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            begun = await _tell(scope, progress, work, gone, send)
            if work.done():
                work.result()
                await _end(progress, answer, send, begun=begun)
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.wait((work, gone))


def _asked(scope: Scope) -> bool:
    if scope["type"] != ScopeType.HTTP:
        return False
    wanted = any(name == b"accept" and NDJSON.encode() in value for name, value in scope["headers"])
    return wanted and WATCHED in scope["route_handler"].parsed_fn_signature.parameters


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(
    scope: Scope, progress: Progress, work: "asyncio.Future[None]", gone: "asyncio.Future[None]", send: Send
) -> bool:
    """Lines until the work is over or nobody is there; was there any?"""
    told: tuple[Any, ...] | None = None
    silent = 0.0
    while True:
        await asyncio.wait((work, gone), timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        if work.done() or gone.done():
            return told is not None
        silent += EVERY_S
        now = (progress.done, progress.of, progress.what)
        if now != told or silent >= ALIVE_S:
            if told is None:
                await _start(send)
                ScopeState.from_scope(scope).response_started = False  # what the route still has to say is not begun
            await _line(send, _so_far(progress))
            told, silent = now, 0.0


async def _end(progress: Progress, answer: list[Message], send: Send, *, begun: bool) -> None:
    status = int(answer[0]["status"])  # type: ignore[typeddict-item]
    body = b"".join(message["body"] for message in answer if message["type"] == "http.response.body")
    if status >= OK and not begun:
        for message in answer:
            await send(message)
        return
    if not begun:
        await _start(send)
    if status < OK:
        await _line(send, _so_far(progress))
    last = {"result": msgspec.Raw(body)} if status < OK else {"error": msgspec.Raw(body), "status": status}
    await _line(send, msgspec.json.encode(last), more=False)


def _so_far(progress: Progress) -> bytes:
    return msgspec.json.encode({"done": progress.done, "of": progress.of, "what": progress.what})


async def _start(send: Send) -> None:
    start: Any = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", NDJSON.encode())]}
    await send(start)


async def _line(send: Send, line: bytes, *, more: bool = True) -> None:
    body: Any = {"type": "http.response.body", "body": line + b"\n", "more_body": more}
    await send(body)
