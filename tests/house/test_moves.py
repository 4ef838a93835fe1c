"""Every table of moves, whichever slice it stands in: total, reachable, and without two answers to one question."""

import pkgutil
from enum import StrEnum
from importlib import import_module
from typing import Any, Final

import msgspec
import pytest

import iayos
from iayos.core.moves import Stateful
from iayos.core.states import Moves, Who


def found() -> dict[str, tuple[Any, Moves]]:
    """Each table by its name, with the module that it stands in."""
    names = [
        one.name for one in pkgutil.walk_packages(iayos.__path__, "iayos.") if one.name.endswith((".states", ".models"))
    ]
    loaded = [import_module(name) for name in names]
    return {
        f"{module.__name__}.{name}": (module, value)
        for module in loaded
        for name, value in vars(module).items()
        if isinstance(value, Moves) and module.__name__.endswith(".states")
    }


TABLES: Final = found()
ACTORS: Final = {value for name, value in vars(Who).items() if name.isupper()}


def rows_of(table: Moves) -> list[type[Stateful]]:
    """The structs that move by this table."""
    return [row for row in Stateful.__subclasses__() if getattr(row, "moves", None) is table]


def test_there_are_tables() -> None:
    assert {"iayos.jobs.states.JOB_MOVES", "iayos.payments.states.PAYMENT_MOVES"} <= TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_from_the_first(name: str) -> None:
    module, table = TABLES[name]
    first = next(iter(table)).source
    reached, ahead = set[str](), {first}
    while ahead:
        reached |= ahead
        ahead = {move.target for move in table if move.source in ahead} - reached
    assert reached == table.states
    enums = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
    assert any(set(kind) == table.states for kind in enums), "a status that no move knows"


@pytest.mark.parametrize("name", TABLES)
def test_a_move_leads_to_one_state(name: str) -> None:
    _, table = TABLES[name]
    asked = [(move.source, move.name, move.who, move.when) for move in table]
    assert len(asked) == len(set(asked))
    for move in table:
        twins = {
            other.target
            for other in table
            if (other.source, other.name, other.when) == (move.source, move.name, move.when)
        }
        assert twins == {move.target}, move
        assert move.who in ACTORS


@pytest.mark.parametrize("name", TABLES)
def test_a_condition_is_something_that_its_row_knows(name: str) -> None:
    _, table = TABLES[name]
    rows = rows_of(table)
    assert rows, "nothing moves by this table"
    for row in rows:
        known = {field.name for field in msgspec.structs.fields(row)} | set(dir(row))
        for move in table:
            assert move.when is None or move.when.removeprefix("not ") in known, (row, move)
