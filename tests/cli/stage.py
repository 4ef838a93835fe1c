"""Processes of the CLI, quick enough for hundreds of them: one has loaded everything, and each command is a fork of it.

A fork is what `iayos …` is: its own arguments, environment, working streams and exit code, on pipes or on a pseudo-terminal of
80 by 24. Only the clock that it looks at stands still.
"""

import asyncio
import fcntl
import importlib
import json
import os
import pkgutil
import pty
import signal
import socket
import struct
import sys
import tempfile
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
LONGEST_S = 20
PRELOADED = ("httpx", "rich.live", "rich.padding", "rich.progress", "rich.table", "rich.theme")


class Stage:
    """What tests ask for a run."""

    def __init__(self, address: Path) -> None:
        self._address = address

    async def run(self, *arguments: str, env: dict[str, str], tty: bool = False) -> tuple[int, str, str]:
        """Exit code, stdout and stderr; on a terminal the two are one."""
        reader, writer = await asyncio.open_unix_connection(self._address, limit=1 << 24)
        writer.write(json.dumps({"arguments": arguments, "env": env, "tty": tty}).encode() + b"\n")
        said = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return said["code"], said["out"], said["err"]


@asynccontextmanager
async def opened(now: datetime) -> AsyncIterator[Stage]:
    """The process that has loaded everything; it looks at `now` as the time."""
    with tempfile.TemporaryDirectory() as place:
        address = Path(place) / "socket"
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, str(address), now.isoformat(), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield Stage(address)
        process.terminate()
        await process.wait()


def main(address: str, now: datetime) -> None:
    """Load, then fork for each request."""
    sys.path.insert(0, str(ROOT))
    cli = importlib.import_module("cli")
    for module in [*PRELOADED, *(f"cli.{one.name}" for one in pkgutil.iter_modules(cli.__path__))]:
        importlib.import_module(module)
    stand_still(now)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    print("ready", flush=True)  # noqa: T201
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer(connection)
            os._exit(0)
        connection.close()


def stand_still(now: datetime) -> None:
    """Every module of the CLI that looks at the clock sees the same."""

    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Standing":
            return cls.fromtimestamp(now.timestamp(), tz)

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "cli" and getattr(module, "datetime", None) is datetime:
            module.datetime = Standing  # type: ignore[attr-defined]


def answer(connection: socket.socket) -> None:
    """Run one command and say what came of it."""
    with connection.makefile("rwb") as stream:
        wanted = json.loads(stream.readline())
        code, out, err = on_a_terminal(wanted) if wanted["tty"] else on_pipes(wanted)
        stream.write(json.dumps({"code": code, "out": out.decode(), "err": err.decode()}).encode() + b"\n")


def on_a_terminal(wanted: dict[str, Any]) -> tuple[int, bytes, bytes]:
    pid, ours = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        perform(wanted)
    out = drained(ours)  # a terminal holds little, and whoever writes more waits
    return ended(pid), out, b""


def on_pipes(wanted: dict[str, Any]) -> tuple[int, bytes, bytes]:
    # what a command says is far less than what a pipe's file takes, so that nobody waits for a reader
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            for number, stream in enumerate((os.open(os.devnull, os.O_RDONLY), out.fileno(), err.fileno())):
                os.dup2(stream, number)
            perform(wanted)
        code = ended(pid)
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def drained(terminal: int) -> bytes:
    found = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # nobody is at the other end any more
            return found
        found += piece


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def perform(wanted: dict[str, Any]) -> NoReturn:
    """Be `iayos …`; one that waits for somebody is ended."""
    signal.alarm(LONGEST_S)
    os.environ.clear()
    os.environ.update(wanted["env"])
    sys.argv = ["iayos", *wanted["arguments"]]
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    code: Any = 1
    try:
        importlib.import_module("cli.main").run()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main(sys.argv[1], datetime.fromisoformat(sys.argv[2]).astimezone(UTC))
