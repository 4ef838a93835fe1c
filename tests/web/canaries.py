"""Canaries: texts that must never be seen in a log, and the cage in which the log is caught."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from iayos.core import logs


class Canaries:
    """Each text is one of its kind; whoever finds it knows where it was planted."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def new(self, where: str) -> str:
        """A text to plant."""
        return self.plant(f"Kanaryo{len(self.planted):05d}zq", where)

    def digits(self, where: str) -> str:
        """The same for numbers of accounts and phones."""
        return self.plant(f"0917{7_000_000 + len(self.planted)}", where)

    def plant(self, text: str, where: str) -> str:
        """A secret that somebody else made."""
        self.planted[text] = where
        return text

    def seen_in(self, text: str) -> list[str]:
        """Those that got out, with a piece of what surrounds them."""
        return [
            f"{where}: {text[max(0, at - 200) : at + 100]!r}"
            for canary, where in self.planted.items()
            if (at := text.find(canary)) >= 0
        ]


class Cage:
    """A log that is being written."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line, each of them one JSON object."""
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def caught() -> Iterator[Cage]:
    """Everything that is logged meanwhile, from INFO on."""
    stream, stderr = io.StringIO(), sys.stderr
    sys.stderr = stream
    try:
        logs.configure(level="INFO")
    finally:
        sys.stderr = stderr
    try:
        yield Cage(stream)
    finally:
        logs.configure(level="WARNING")
