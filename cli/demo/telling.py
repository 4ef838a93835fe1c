"""How the demo is told: a line for each step when it is done, with the money where it lies by then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from typing import Any, Final, NamedTuple

from cli import show
from cli.demo.people import check

SENTENCE: Final = 57
SHORTEST: Final = 30
COLUMN: Final = 10
BESIDE: Final = 6 + 2 + 3 * (COLUMN + 1)
"""What a line holds beside its sentence: number, mark, and three amounts."""


class Money(NamedTuple):
    """What lies where, in pesos."""

    wallet: Decimal
    escrow: Decimal
    fees: Decimal

    def __str__(self) -> str:
        """In three columns."""
        return " ".join(f"{amount:>{COLUMN},.2f}" for amount in self)


class Telling:
    """The story as it goes on."""

    def __init__(self, money: Callable[[], Money], *, begun: float) -> None:
        self.begun = begun
        self.number = 0
        self._money = money
        self._out = show.console()
        room = self._out.width if self._out.is_terminal else SENTENCE + BESIDE
        self._sentence = min(SENTENCE, max(SHORTEST, room - BESIDE))

    def title(self, text: str) -> None:
        """The first lines."""
        heads = " ".join(f"{head:>{COLUMN}}" for head in ("wallet Ben", "escrow", "fees"))
        self._say(f"  [bold]{text:<{self._sentence + 5}}[/] [dim]{heads}[/]")
        self.rule()

    def rule(self) -> None:
        """A line across."""
        self._say(f"  [dim]{'─' * (self._sentence + BESIDE - 2)}[/]")

    @contextmanager
    def step(self, sentence: str, *, wallet: str = "0.00", escrow: str = "0.00", fees: str = "0.00") -> Iterator[None]:
        """One step; afterwards the money must lie just so."""
        self.number += 1
        try:
            with self._working(sentence):
                yield
                found = self._money()
                check("money", found, expected=Money(Decimal(wallet), Decimal(escrow), Decimal(fees)))
        except Exception:
            self._say(f"  {self.number:>2}  {self._fit(sentence)} [red]✗[/]")
            raise
        self._say(f"  [dim]{self.number:>2}[/]  {self._fit(sentence)} [green]✓[/] {found}")

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
