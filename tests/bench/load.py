"""A bounded load on loopback: as little as it takes, so that it measures the service and not itself."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import uvloop


class Result(msgspec.Struct, frozen=True):
    """What came back within the time."""

    seconds: float
    waits: list[float]
    """Seconds that each answer took, sorted."""
    wrong: dict[int, int]
    """Answers of another status than the expected one, by status."""

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.waits) / self.seconds

    def wait(self, share: float) -> float:
        """The wait that so many of a hundred answers stayed below, in milliseconds."""
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * share / 100))] * 1000 if self.waits else 0.0


class Load(msgspec.Struct, frozen=True):
    """Requests to send, each once, in order; the last starts again at the first unless `once`."""

    port: int
    requests: list[bytes]
    expected: int
    seconds: float
    connections: int
    once: bool = False


def request(method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else msgspec.json.encode(body)
    lines = {"Host": "bench", **headers}
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content


def run(load: Load) -> Result:
    """Send it; in a process of its own."""
    return uvloop.run(_run(load))


async def _run(load: Load) -> Result:
    waits: list[float] = []
    wrong: dict[int, int] = {}
    ahead = _in_order(load)
    begun = time.perf_counter()
    until = begun + load.seconds
    await asyncio.gather(*(_connection(load, ahead, until, waits, wrong) for _ in range(load.connections)))
    return Result(time.perf_counter() - begun, sorted(waits), wrong)


def _in_order(load: Load) -> Iterator[bytes]:
    yield from load.requests
    while not load.once:
        yield from load.requests


async def _connection(
    load: Load, ahead: Iterator[bytes], until: float, waits: list[float], wrong: dict[int, int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    for sent in ahead:
        begun = time.perf_counter()
        writer.write(sent)
        status = await _answer(reader)
        ended = time.perf_counter()
        if status == load.expected:
            waits.append(ended - begun)
        else:
            wrong[status] = wrong.get(status, 0) + 1
        if ended > until:
            break
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().index(b"content-length: ") + 16
    await reader.readexactly(int(head[length : head.index(b"\r", length)]))
    return int(head[9:12])
