"""How the demo is told: a line for each step when it is done, with the money where it lies by then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from typing import Any, Final

from cli import show
from cli.demo.people import check

SENTENCE: Final = 57
SHORTEST: Final = 30
COLUMN: Final = 10
MOST_COLUMNS: Final = 3
BESIDE: Final = 6 + 2 + MOST_COLUMNS * (COLUMN + 1)
"""What a line holds beside its sentence: number, mark, and three amounts."""


class Money(dict[str, Decimal]):
    """What lies where, in pesos."""

    def __str__(self) -> str:
        """In columns."""
        return " ".join(f"{amount:>{COLUMN},.2f}" for amount in self.values())


def nowhere() -> Money:
    """No money has a part in it."""
    return Money()


class Telling:
    """The stories as they go on."""

    def __init__(self, *, begun: float) -> None:
        self.begun = begun
        self.number = 0
        self._money = nowhere
        self._out = show.console()
        room = self._out.width if self._out.is_terminal else SENTENCE + BESIDE
        self._sentence = min(SENTENCE, max(SHORTEST, room - BESIDE))

    def title(self, text: str, money: Callable[[], Money] = nowhere, **heads: str) -> None:
        """The first lines of a story: what it is about, and the headings of its money by name."""
        if self.number:
            self.rule()
            self._say("")
        self.number = 0
        self._money = money
        shown = " ".join(f"{head:>{COLUMN}}" for head in heads.values())
        self._say(f"  [bold]{text:<{self._sentence + 5}}[/] [dim]{shown}[/]" if heads else f"  [bold]{text}[/]")
        self.rule()

    def rule(self) -> None:
        """A line across."""
        self._say(f"  [dim]{'─' * (self._sentence + BESIDE - 2)}[/]")

    @contextmanager
    def step(self, sentence: str, **money: str) -> Iterator[None]:
        """One step; afterwards the money must lie just so, and nothing where nothing is named."""
        self.number += 1
        try:
            with self._working(sentence):
                yield
                found = self._money()
                expected = Money(
                    dict.fromkeys(found, Decimal(0)) | {name: Decimal(given) for name, given in money.items()}
                )
                check("money", found, expected=expected)
        except Exception:
            self._say(f"  {self.number:>2}  {self._fit(sentence)} [red]✗[/]")
            raise
        self._say(f"  [dim]{self.number:>2}[/]  {self._fit(sentence)} [green]✓[/] {found}".rstrip())

    def end(self, proof: dict[str, Any]) -> None:
        """The books, and how long all of it took."""
        self.rule()
        books = f"Ledger: {proof['journals']} journals, {proof['postings']} postings, sum {show.pesos(proof['sum'])} "
        seconds = f"done in {time.monotonic() - self.begun:.1f} s"
        mark = "[green]✓[/]" if proof["ok"] else "[red]✗[/]"
        self._say(f"  {books}{mark}{seconds:>{self._sentence + BESIDE - 3 - len(books)}}")

    def _fit(self, sentence: str) -> str:
        cut = sentence if len(sentence) <= self._sentence else sentence[: self._sentence - 1] + "…"
        return f"{cut:<{self._sentence}}"

    def _say(self, line: str) -> None:
        self._out.print(line, soft_wrap=True)

    def _working(self, sentence: str) -> AbstractContextManager[Any]:
        if not sys.stdout.isatty():
            return nullcontext()
        return self._out.status(f"{self.number:>2}  {sentence}", spinner="dots", spinner_style=show.ACCENT)
