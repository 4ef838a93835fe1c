"""Processes kept running: started, watched, started again when they die, stopped together."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from cli.faults import Fault
from cli.host import meters

PATIENCE_S: Final = 60.0
"""How long a process may take until it answers."""
STOP_S: Final = 30.0
"""How long it may take to stop before it is killed; the runner finishes what it is doing."""
MOST_DEATHS: Final = 5
WITHIN_S: Final = 30.0
LONGEST_LOG: Final = 10_000_000
LAST_LINES: Final = 15


class Child:
    """One process, and how to tell that it is ready: it answers on `probe` (port, path), or it writes to a pipe."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path | None,
        fds: Sequence[int] = (),
        probe: tuple[int, str] | None = None,
    ) -> None:
        self.name = name
        self.command = [sys.executable, "-P", "-m", "cli.host.child", str(os.getpid()), *command]
        self.env = dict(env)
        self.log = log
        self.fds = fds
        self.probe = probe
        self.process: asyncio.subprocess.Process | None = None
        self.ready = asyncio.Event()

    async def start(self) -> None:
        """Start it, away from the terminal's signals: who stops it is its parent."""
        reading, writing = os.pipe()
        with contextlib.ExitStack() as open_files:
            open_files.callback(os.close, writing)
            output = open_files.enter_context(self.log.open("ab")) if self.log else None
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=self.env | {"IAYOS_READY_FD": str(writing)}, pass_fds=(*self.fds, writing),
                stdin=asyncio.subprocess.DEVNULL, stdout=output or sys.stderr.fileno(), stderr=output, start_new_session=True,
            )  # fmt: skip
        self._answering = asyncio.create_task(self._answer(reading))

    async def _answer(self, pipe: int) -> None:
        try:
            if self.probe is None:
                await said_so(pipe)
            else:
                await answers(*self.probe)
            self.ready.set()
        finally:
            os.close(pipe)

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started")
        code = await self.process.wait()
        self._answering.cancel()
        meters.forget(self.env, self.process.pid)
        return code

    def send(self, signum: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signum)

    def last_words(self) -> str:
        """The end of its log, for a person to read."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])


class Supervisor:
    """A set of children that live and end together."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def add(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        if child.log is not None and child.log.exists() and child.log.stat().st_size > LONGEST_LOG:
            child.log.replace(child.log.with_suffix(".old.log"))
        await child.start()
        self.children.append(child)
        self._keepers.append(asyncio.create_task(self._keep(child)))

    async def all_ready(self) -> None:
        """Wait until every child answers; raises when one of them cannot start."""
        waiting = asyncio.gather(*(child.ready.wait() for child in self.children))
        try:
            await first(waiting, self.failure, timeout=PATIENCE_S)
        finally:
            waiting.cancel()
        if self.failure.done():
            self.failure.result()
        if not waiting.done() or waiting.cancelled():
            silent = ", ".join(child.name for child in self.children if not child.ready.is_set())
            raise Fault(f"no answer from: {silent}, for {PATIENCE_S:.0f} seconds.")

    async def _keep(self, child: Child) -> None:
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while True:
            code = await child.ended()
            if self._stopping:
                return
            deaths.append(time.monotonic())
            too_often = len(deaths) == MOST_DEATHS and deaths[-1] - deaths[0] < WITHIN_S
            if not child.ready.is_set() or too_often:
                self._fail(child, code)
                return
            sys.stderr.write(f"  {child.name} ended ({how(code)}) and is started again\n")
            await asyncio.sleep(0.1 * (len(deaths) - 1))
            await child.start()

    def _fail(self, child: Child, code: int) -> None:
        if not self.failure.done():
            log = f"; its log is {child.log}" if child.log else ""
            self.failure.set_exception(
                Fault(f"{child.name} does not run: {how(code)}{log}\n{child.last_words()}".rstrip())
            )

    async def stop(self, *, now: asyncio.Event) -> None:
        """Ask every child to end; kill what does not within its time, or everything once `now` is set."""
        self._stopping = True
        for child in self.children:
            child.send(signal.SIGTERM)
        ended = asyncio.gather(*self._keepers)
        hurry = asyncio.create_task(now.wait())
        await first(ended, hurry, timeout=STOP_S)
        for child in self.children:
            child.send(signal.SIGKILL)
        await ended
        hurry.cancel()
        if self.failure.done():
            self.failure.exception()
        else:
            self.failure.cancel()


@asynccontextmanager
async def told_to_stop() -> AsyncIterator[tuple[asyncio.Event, asyncio.Event]]:
    """The first SIGINT or SIGTERM sets the first event, the second one the other."""
    stop, now = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (now if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for signum in signals:
        loop.add_signal_handler(signum, on_signal)
    try:
        yield stop, now
    finally:
        for signum in signals:
            loop.remove_signal_handler(signum)


async def said_so(pipe: int) -> None:
    """Wait until somebody writes to the pipe; its end without a word is no answer."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(pipe, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(pipe)
    if not os.read(pipe, 1):
        await asyncio.Event().wait()


async def first(*awaited: asyncio.Future[Any], timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio.wait's own
    """Wait until one of them is done; none is cancelled, and what they raise stays in them."""
    await asyncio.wait(awaited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


async def answers(port: int, path: str) -> None:
    """Wait until an HTTP server on this port says 200 to `GET path`."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status = await reader.readline()
            writer.close()
            if b" 200 " in status:
                return
        except OSError:
            pass
        await asyncio.sleep(0.05)


def how(code: int) -> str:
    """How a process ended, in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
