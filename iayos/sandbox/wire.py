"""The one place through which every provider request passes: it is written down, and goes wrong when a fault says so."""

import asyncio
import contextlib
import gzip
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Final, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from iayos.sandbox.answers import epoch, now_iso
from iayos.sandbox.faults import Faults, canned, name_of, provider_of
from iayos.sandbox.store import Doc, Store

_REQUESTS_KEPT: Final = 5_000
_BODY_KEPT: Final = 64_000
_SECRETS: Final = frozenset({"authorization", "apikey", "cookie", "x-callback-token"})
_CANNED: Final = frozenset({"401", "409", "429", "500", "502_html", "503_empty"})
_RATE_PER_MINUTE: Final = 60
_EPOCH_FROM: Final = 1e9


class Answer:
    """A response held back until it is known what becomes of it."""

    def __init__(self, status: int = 500, content_type: str = "", body: bytes = b"") -> None:
        self.status = status
        self.headers = [(b"content-type", content_type.encode())] if content_type else []
        self.body = body

    async def collect(self, message: Message) -> None:
        """Take what the app sends."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message["body"]

    def garble(self) -> None:
        """A success whose JSON breaks off in the middle."""
        self.status, self.headers = 200, [(b"content-type", b"application/json")]
        self.body = self.body[: len(self.body) // 2] or b'{"id":'

    async def send(self, send: Send, *, head: bool) -> None:
        """Give it to the caller."""
        headers = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body, "more_body": False})


class RequestLog:
    """Every provider request with its answer, the newest few thousand of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.written = 0

    def open(self, name: str, scope: HTTPScope, body: bytes, *, fault: str | None) -> Doc:
        """Write down what arrived, before anything happens."""
        number = self.store.next_number()
        headers = {key.decode().lower(): value.decode("latin-1") for key, value in scope["headers"]}
        entry = {
            "id": number,
            "provider": name.partition(".")[0],
            "name": name,
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "headers": {key: _masked(key, value) for key, value in headers.items()},
            "body": _readable(unpacked(body, headers.get("content-encoding", ""))),
            "fault": fault,
            "receivedAt": now_iso(),
            "answeredAt": None,
            "durationMs": None,
            "status": None,
            "answer": None,
        }
        self._save(entry)
        self.written += 1
        if self.written % 500 == 0:
            self.store.keep_latest("request", _REQUESTS_KEPT)
        return entry

    def close(self, entry: Doc, answer: Answer | None, *, started: float) -> None:
        """Write down how it ended; no answer means that the connection was cut."""
        entry |= {"answeredAt": now_iso(), "durationMs": round((time.perf_counter() - started) * 1000, 1)}
        if answer is not None:
            headers = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
            entry["status"] = answer.status
            entry["answer"] = {"status": answer.status, "headers": headers, "body": _readable(answer.body)}
        self._save(entry)

    def since(self, provider: str | None, since: str | None) -> list[Doc]:
        """Those of one provider, after a number or an instant."""
        entries = self.store.all("request", ref=provider or None)
        if not since:
            return entries
        if since.replace(".", "", 1).isdigit() and float(since) < _EPOCH_FROM:
            return [entry for entry in entries if entry["id"] > float(since)]
        start = float(since) if since.replace(".", "", 1).isdigit() else epoch(since.replace(" ", "+"))
        return [entry for entry in entries if epoch(entry["receivedAt"]) >= start]

    def _save(self, entry: Doc) -> None:
        self.store.put("request", str(entry["id"]), entry, ref=entry["provider"])


class Wire:
    """Wraps the whole app."""

    def __init__(self, inner: ASGIApp, *, log: RequestLog, faults: Faults, fall_due: Callable[[], None]) -> None:
        self.inner = inner
        self.log = log
        self.faults = faults
        self.fall_due = fall_due
        self.recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self.mail_keys: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a control request through; hold a provider's to see what becomes of it."""
        if scope["type"] == ScopeType.HTTP:
            self.fall_due()
            provider = provider_of(scope["path"])
            if provider is not None:
                await self._provider_call(provider, scope, receive, send)
                return
        await self.inner(scope, receive, send)

    async def _provider_call(self, provider: str, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body = await _whole_body(receive)
        name = name_of(scope["method"], scope["path"])
        key = _mail_key(provider, scope)
        fault = "409" if key in self.mail_keys else self.faults.take(name)
        entry = self.log.open(name, scope, body, fault=fault)
        with self._holding(None if fault == "409" else key):
            answer = await self._answer(provider, fault, scope, receive, body)
        self.log.close(entry, answer, started=started)
        if answer is None:
            await _cut(receive)
            return
        answer.headers += self._rate_headers(provider, name, refused=fault == "429")
        await answer.send(send, head=scope["method"] == "HEAD")

    async def _answer(
        self, provider: str, fault: str | None, scope: HTTPScope, receive: Receive, body: bytes
    ) -> Answer | None:
        """What goes back, after whatever effect the fault leaves; None cuts the connection."""
        if fault == "drop_before":
            return None
        if fault == "hang":
            await self._hang(receive)
            return None
        if fault in _CANNED:
            return Answer(*canned(provider, fault))
        answer = Answer()
        await self.inner(scope, _replay(body, receive), answer.collect)
        if fault == "drop_after":
            return None
        if fault == "bad_json":
            answer.garble()
        elif fault is not None:
            # the effect is there at once, only the answer waits: so a webhook can overtake it
            await asyncio.sleep(float(fault.removeprefix("delay:")))
        return answer

    @contextlib.contextmanager
    def _holding(self, key: str | None) -> Iterator[None]:
        """Resend refuses a key whose first request is not answered yet."""
        if key is None:
            yield
            return
        self.mail_keys.add(key)
        try:
            yield
        finally:
            self.mail_keys.discard(key)

    async def _hang(self, receive: Receive) -> None:
        """Until the caller gives up, or the faults are taken back."""
        gone = asyncio.create_task(_gone(receive))
        released = asyncio.create_task(self.faults.released.wait())
        try:
            await asyncio.wait({gone, released}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            released.cancel()

    def _rate_headers(self, provider: str, name: str, *, refused: bool) -> list[tuple[bytes, bytes]]:
        """What the provider says about its rate limit; only a fault enforces it."""
        if provider not in {"xendit", "resend"}:
            return []
        now, times = time.monotonic(), self.recent[name]
        times.append(now)
        while now - times[0] > _RATE_PER_MINUTE:
            times.popleft()
        left = 0 if refused else max(_RATE_PER_MINUTE - len(times), 1)
        reset = f"{60 - (now - times[0]):.3f}"
        prefix = b"Rate-Limit-" if provider == "xendit" else b"ratelimit-"
        values = ((b"Limit", str(_RATE_PER_MINUTE)), (b"Remaining", str(left)), (b"Reset", reset))
        headers = [(prefix + key, value.encode()) for key, value in values]
        if refused and provider == "resend":
            headers.append((b"retry-after", b"1"))
        return headers


def _mail_key(provider: str, scope: HTTPScope) -> str | None:
    if provider != "resend":
        return None
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"idempotency-key"), None)


async def _whole_body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunks.append(message["body"])
        if not message["more_body"]:
            break
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the connection has to say."""
    told = False

    async def replayed() -> HTTPReceiveMessage:
        nonlocal told
        if told:
            return cast("HTTPReceiveMessage", await receive())
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return cast("Receive", replayed)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(receive: Receive) -> None:
    """Close the connection without an answer: ASGI has no word for it, so this reaches for uvicorn's transport."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError
    transport.abort()
    await _gone(receive)


def unpacked(body: bytes, encoding: str) -> bytes:
    """A request body as it was before compression."""
    if encoding.lower() == "gzip":
        with contextlib.suppress(OSError, EOFError, zlib.error):
            return gzip.decompress(body)
    return body


def _readable(body: bytes) -> object:
    """JSON as JSON, text as text, and of anything else how much it was."""
    if not body:
        return None
    if len(body) <= _BODY_KEPT:
        with contextlib.suppress(msgspec.DecodeError):
            parsed: object = msgspec.json.decode(body)
            return parsed
        with contextlib.suppress(UnicodeDecodeError):
            return body.decode()
    return f"<{len(body)} bytes>"


def _masked(name: str, value: str) -> str:
    if name not in _SECRETS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} ***" if space else "***"
