"""States as tables (HOUSE 7): each entity lists its legal moves. Plain data, so that the CLI can read it too."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple


class Who:
    """Who may make a move: a side of the job, whoever owns the thing, a member of staff, or the runner by itself."""

    CLIENT: Final = "CLIENT"
    WORKER: Final = "WORKER"
    AGENCY: Final = "AGENCY"
    PAYER: Final = "PAYER"
    OWNER: Final = "OWNER"
    STAFF: Final = "STAFF"
    SYSTEM: Final = "SYSTEM"


class Move(NamedTuple):
    """One legal move. `when` names an attribute of the row that must be true (`"not x"`: false), or is None."""

    source: str
    name: str
    target: str
    who: str
    when: str | None

    def fits(self, row: Any) -> bool:
        """Is this move allowed for `row` as it stands?"""
        if row.status != self.source:
            return False
        if self.when is None:
            return True
        negated, _, name = self.when.rpartition("not ")
        return bool(getattr(row, name)) is not ("not " in self.when and not negated)


class Moves:
    """The table of one entity's moves."""

    def __init__(self, *rows: tuple[str, str, str, str, str | None]) -> None:
        self.rows = tuple(Move(*row) for row in rows)

    def __iter__(self) -> Iterator[Move]:
        return iter(self.rows)

    @property
    def states(self) -> set[str]:
        """Every state that a move leaves or reaches."""
        return {move.source for move in self.rows} | {move.target for move in self.rows}

    def allowed(self, row: Any) -> list[Move]:
        """What may happen next to `row`."""
        return [move for move in self.rows if move.fits(row)]

    def find(self, row: Any, name: str) -> Move | None:
        """The move of this name from where `row` stands."""
        return next((move for move in self.rows if move.name == name and move.fits(row)), None)


def moves(*rows: tuple[str, str, str, str, str | None]) -> Moves:
    """A table of moves: (from, move, to, who, when)."""
    return Moves(*rows)
