"""The whole screen of a terminal, and single keys; as it was afterwards, whatever happens.

Documents are looked at on the terminal's other screen, so that nothing of them stays behind in what can be scrolled back.
"""

import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TextIO, get_args

from cli.faults import USAGE, Fault
from cli.pictures import Means, Way

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
ENTER, LEAVE = f"\x1b[?1049h{HIDE}", f"\x1b\\{SHOW}\x1b[0m\x1b[?1049l"
"""Leaving first ends a picture that Ctrl-C has cut off."""
FORGET: Final = "\x1b_Ga=d,d=A,q=2\x1b\\"
"""kitty keeps a picture until it is told not to."""
QUERY: Final = "\x1b[>q\x1b[16t\x1b[c"
"""Who are you, how large is a character, and what can you do? Every terminal answers the last one."""
LONGEST_LINE: Final = 4096
PATIENCE_S: Final = 1.0
SPLIT_S: Final = 0.2
"""How long the rest of a key may take that came in pieces."""
KEYS: Final = {
    "\r": "enter", "\n": "enter", "\x04": "q", "\x1b[A": "up", "\x1b[B": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1bOA": "up", "\x1bOB": "down", "\x1bOC": "right", "\x1bOD": "left",
}  # fmt: skip
_CELL: Final = re.compile(r"\x1b\[6;(\d+);(\d+)t")
_ABLE: Final = re.compile(r"\x1b\[\?([\d;]*)c")
_NAME: Final = re.compile(r"\x1bP>\|([^\x1b]*)\x1b\\")


class Screen:
    """A terminal that a person sits at."""

    def __init__(self, out: TextIO, keyboard: int, *, whole: bool = True) -> None:
        self.out, self._keyboard, self._whole = out, keyboard, whole
        self._before = termios.tcgetattr(keyboard)
        self._handlers: dict[int, Any] = {}
        self._woken, self._wake = os.pipe()
        self._pending = b""
        self.means = Means("none")

    @classmethod
    def taken(cls) -> Self:
        """The terminal of this process; what is drawn goes to stderr, so that stdout holds the answer alone."""
        out = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
        if out is None or not person():
            raise Fault("there is no terminal to show documents on.", code=USAGE, hint="iayos kyc show CASE")
        return cls(out, sys.stdin.fileno())

    def __enter__(self) -> Self:
        endings = (signal.SIGTERM, signal.SIGHUP)  # a line that breaks ends as Ctrl-C does: what is held is given back
        self._handlers = {number: signal.signal(number, signal.default_int_handler) for number in endings}
        self._handlers[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._resized)
        self._single_keys()
        try:
            self.means = means(os.environ, self)
        except BaseException:
            self._restore()
            raise
        if self._whole:
            self.write(ENTER)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError, termios.error):  # the terminal may have gone
            if self._whole:
                self.write((FORGET if self.means.way == "kitty" else "") + LEAVE)
        self._restore()

    def _single_keys(self) -> None:
        tty.setcbreak(self._keyboard, termios.TCSADRAIN)
        now = termios.tcgetattr(self._keyboard)
        now[6][termios.VSUSP] = b"\0"  # nobody comes back from Ctrl-Z to a screen that is not his
        termios.tcsetattr(self._keyboard, termios.TCSADRAIN, now)

    def _restore(self) -> None:
        with suppress(termios.error):
            termios.tcsetattr(self._keyboard, termios.TCSAFLUSH, self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for end in (self._woken, self._wake):
            os.close(end)

    def _resized(self, *_: Any) -> None:
        os.write(self._wake, b"r")

    @property
    def size(self) -> tuple[int, int]:
        """Characters across and down."""
        found = os.get_terminal_size(self.out.fileno())
        return found.columns or 80, found.lines or 24

    def write(self, text: str) -> None:
        """As it is."""
        self.out.write(text)
        self.out.flush()

    def forget_keys(self) -> None:
        """What was typed before now does not count."""
        self._pending = b""
        termios.tcflush(self._keyboard, termios.TCIFLUSH)

    def key(self) -> str:
        """The next key: a character, `enter`, an arrow, `resize` when the window changed, or nothing that we know."""
        first = self._byte(None)
        if first in {"resize", ""}:
            return first or "q"  # the terminal has gone
        if first != "\x1b":
            return KEYS.get(first, first if first.isprintable() else "")
        return KEYS.get(first + self._sequence(), "")

    def _sequence(self) -> str:
        """The rest of what a terminal sends as one: of a key, or of an answer that comes late, which is no key."""
        found = self._byte(SPLIT_S)
        if found == "O":
            return found + self._byte(SPLIT_S)
        ends = {"[": re.compile(r"[@-~]"), "P": re.compile(r"\\|\x07"), "]": re.compile(r"\\|\x07")}.get(found)
        while ends is not None and (one := self._byte(SPLIT_S)):
            found += one
            if ends.fullmatch(one):
                break
        return found

    def _byte(self, patience: float | None) -> str:
        if not self._pending:
            watched = [self._keyboard, self._woken] if patience is None else [self._keyboard]
            ready, _, _ = select.select(watched, [], [], patience)
            if self._woken in ready:
                os.read(self._woken, 64)
                return "resize"
            if not ready:
                return ""
            self._pending = os.read(self._keyboard, 1024)
        one, self._pending = self._pending[:1], self._pending[1:]
        return one.decode("latin-1")

    def line(self, question: str) -> str:
        """A line of text, typed and corrected as anywhere; empty when there is none."""
        self.forget_keys()
        self.write(f"\x1b[{self.size[1] - 1};1H\x1b[J{SHOW}{question}")
        termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)
        try:
            return os.read(self._keyboard, LONGEST_LINE).decode(errors="replace").strip()
        finally:
            self._single_keys()
            self.write(HIDE)

    def asked(self, question: str) -> str:
        """What the terminal says to an escape sequence, up to its account of what it can do."""
        self.write(question)
        found, until = "", time.monotonic() + PATIENCE_S
        while not _ABLE.search(found) and (left := until - time.monotonic()) > 0:
            found += self._byte(left)
        return found

    @property
    def has_unicode(self) -> bool:
        """Can it show more than ASCII?"""
        return (self.out.encoding or "").lower().replace("-", "") == "utf8"

    def cell(self) -> tuple[int, int] | None:
        """Pixels of a character, where the terminal's driver knows."""
        rows, columns, across, down = _window(self.out.fileno())
        return (across // columns, down // rows) if across >= columns > 0 and down >= rows > 0 else None


def _window(number: int) -> tuple[int, int, int, int]:
    import fcntl
    import struct

    return struct.unpack("HHHH", fcntl.ioctl(number, termios.TIOCGWINSZ, bytes(8)))


def person() -> bool:
    """Does somebody sit at a terminal that can be drawn on?"""
    return sys.stdin.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def glance() -> Means:
    """How pictures are drawn among other lines of stdout."""
    if not sys.stdin.isatty():
        return means(os.environ, None)
    with Screen(sys.stdout, sys.stdin.fileno(), whole=False) as screen:
        return screen.means


def means(env: Mapping[str, str], screen: Screen | None) -> Means:
    """How to draw here: as `IAYOS_PICTURES` says, else as the terminal's name tells, else as it answers when asked."""
    way, cell = wanted(env), screen.cell() if screen else None
    if way is None:
        way = known(env)
    if screen and (way is None or (cell is None and way in {"kitty", "iterm2", "sixel"})):
        said = screen.asked(QUERY)
        way = way or answered(said)
        found = _CELL.search(said)
        cell = cell or ((int(found[2]), int(found[1])) if found and found[1] != "0" != found[2] else None)
    if way is None:
        way = "none" if screen and not screen.has_unicode else "dots" if env.get("NO_COLOR") else "blocks"
    millions = env.get("COLORTERM") in {"truecolor", "24bit"} or env.get("TERM", "").endswith("-direct")
    return Means(way, millions=millions, cell=cell or Means("none").cell)


def wanted(env: Mapping[str, str]) -> Way | None:
    """As the person at it says."""
    said = env.get("IAYOS_PICTURES", "").lower()
    if said and said not in get_args(Way):
        raise Fault(f"IAYOS_PICTURES={said} is no way to draw.", code=USAGE, hint=f"one of {', '.join(get_args(Way))}")
    return said or None  # type: ignore[return-value] # it was looked up


def known(env: Mapping[str, str]) -> Way | None:
    """By its name. Inside tmux and screen the names are those of the terminal around them, which draws over their panes."""
    term, program = env.get("TERM", ""), env.get("TERM_PROGRAM", "")
    if "TMUX" in env or "STY" in env or term.startswith(("tmux", "screen")):
        return None
    if (
        term in {"xterm-kitty", "xterm-ghostty"}
        or program == "ghostty"
        or {"KITTY_WINDOW_ID", "KONSOLE_VERSION"} & set(env)
    ):
        return "kitty"
    if program in {"iTerm.app", "WezTerm", "mintty"} or env.get("LC_TERMINAL") == "iTerm2":
        return "iterm2"
    return None


def answered(said: str) -> Way | None:
    """By its own account: its name, and whether sixel is among what it can do."""
    name, able = _NAME.search(said), _ABLE.search(said)
    program = name[1].lower() if name else ""
    if program.startswith(("kitty", "ghostty", "konsole")):
        return "kitty"
    if program.startswith(("iterm2", "wezterm", "mintty")):
        return "iterm2"
    return "sixel" if able and "4" in able[1].split(";") else None
