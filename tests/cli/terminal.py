"""A person at a terminal: the CLI in a pseudo-terminal of its own, with an emulator that shows what would be seen."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyte
import pytest

GRAPHIC = re.compile(rb"\x1b_[^\x1b]*\x1b\\|\x1bP[^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", re.DOTALL)
BEGUN = re.compile(rb"\x1b(?:[_P\]].*)?\Z", re.DOTALL)
ASKED_WHO = b"\x1b[>q"
XTERM = b"\x1b[?64;1;2c"
PATIENCE_S = 20
ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """80 by 24, like one over SSH; `answers` is what it says when it is asked what it can do."""

    def __init__(
        self,
        arguments: tuple[str, ...],
        env: Mapping[str, str],
        *,
        answers: bytes = XTERM,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.raw, self._unread, self._answers = b"", b"", answers
        self.drawn = pyte.HistoryScreen(*size, history=1000)
        self._stream = pyte.ByteStream(self.drawn)
        self.pid, self.ours = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-m", "cli.main", *arguments], dict(env))
        os.set_blocking(self.ours, False)
        self.resize(*size)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.drawn.resize(rows, columns)

    def lines(self) -> list[str]:
        """What is seen, line by line."""
        return [line.rstrip() for line in self.drawn.display]

    def colours(self) -> list[tuple[str, str]]:
        """Of every character on the screen: its own, and that of its ground."""
        rows = (self.drawn.buffer[row] for row in range(self.drawn.lines))
        return [(row[column].fg, row[column].bg) for row in rows for column in range(self.drawn.columns)]

    @property
    def seen(self) -> str:
        return "\n".join(self.lines())

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    async def until(self, words: str | Callable[[str], bool]) -> str:
        """Wait for something to be on the screen; the screen."""
        there = (lambda seen: words in seen) if isinstance(words, str) else words
        deadline = time.monotonic() + PATIENCE_S
        while not there(self.seen):
            assert time.monotonic() < deadline, f"no {words!r} on:\n{self.seen}"
            assert self._read() or self._lives(), f"it ended; no {words!r} on:\n{self.seen}"
            await asyncio.sleep(0.01)
        return self.seen

    async def ended(self) -> int:
        """Its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < deadline, f"it goes on:\n{self.seen}"
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self._read():
                    pass
                return os.waitstatus_to_exitcode(status)
            await asyncio.sleep(0.01)

    def settings(self) -> list[object]:
        """How the terminal's driver is set."""
        return list(termios.tcgetattr(self.ours))

    def close(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        if self.ours >= 0:
            os.close(self.ours)

    async def hung_up(self) -> None:
        """The line breaks; wait until the program has noticed."""
        os.close(self.ours)
        self.ours = -1
        deadline = time.monotonic() + PATIENCE_S
        while self._lives():
            assert time.monotonic() < deadline, "it goes on"
            await asyncio.sleep(0.01)

    def _lives(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _read(self) -> bool:
        try:
            found = os.read(self.ours, 65536)
        except BlockingIOError:
            return False
        except OSError:  # nobody is at the other end any more
            return False
        self.raw += found
        if b"\x1b[c" in found:
            os.write(self.ours, self._answers)
        whole = GRAPHIC.sub(b"", (self._unread + found).replace(ASKED_WHO, b""))
        begun = BEGUN.search(whole)
        self._unread = whole[begun.start() :] if begun else b""
        self._stream.feed(whole[: len(whole) - len(self._unread)])
        return True


Sit = Callable[..., Terminal]


@pytest.fixture
def sit(config_dir: Path) -> Iterator[Sit]:
    """Sit down at a plain terminal of 256 colours, far away, and type `iayos …`."""
    taken: list[Terminal] = []
    telling = ("IAYOS_", "TERM", "KITTY", "SSH", "LC_", "TMUX", "COLOR", "NO_COLOR", "DISPLAY", "BROWSER")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(telling)} | {
        "IAYOS_CONFIG_DIR": str(config_dir), "TERM": "xterm-256color", "SSH_TTY": "/dev/pts/9", "LC_ALL": "C.UTF-8",
    }  # fmt: skip

    def down(*arguments: str, answers: bytes = XTERM, **env: str) -> Terminal:
        taken.append(Terminal(arguments, plain | env, answers=answers))
        return taken[-1]

    yield down
    for one in taken:
        one.close()
