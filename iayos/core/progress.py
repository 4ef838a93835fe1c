"""How far long work has come: the work counts, and whoever waits for it looks."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def counted(number: int, noun: str) -> str:
    """1 invoice, 2 invoices."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Progress:
    """A stretch of work, so many things of it done, of so many if that is known."""

    def __init__(self) -> None:
        self.what = ""
        self.done = 0
        self.of: int | None = None

    def begin(self, what: str, of: int | None = None) -> None:
        """The next stretch."""
        self.what, self.done, self.of = what, 0, of

    def through(self, items: Iterable[T]) -> Iterator[T]:
        """Each of these, counted when it is dealt with."""
        for item in items:
            yield item
            self.done += 1
