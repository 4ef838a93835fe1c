"""`move()`: the only assignment of a status (HOUSE 7); what is legal stands in each slice's table of moves."""

from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import BigInteger, Table, Text, bindparam, func, insert, literal, select, update

from iayos.core import clock
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import Conflict
from iayos.core.models import HistoryTable, Instant
from iayos.core.principal import Principal
from iayos.core.states import Moves


class Stateful(Row, frozen=True):
    """A row with a status that moves."""

    moves: ClassVar[Moves]
    id: int
    status: str


class IllegalMove(Conflict):
    """The table has no such move from here; verbs usually say it better before it comes to this."""

    code, message = "ILLEGAL_MOVE", "That is not possible in the present state."


S = TypeVar("S", bound=Stateful)
LAST = Statement(
    select(func.coalesce(func.max(HistoryTable.id), 0)).where(
        HistoryTable.entity == bindparam("entity", type_=Text),
        HistoryTable.entity_id == bindparam("row_id", type_=BigInteger),
    )
)


async def move(tx: Tx, row: S, name: str, *, by: Principal | None, **changes: Any) -> S:
    """Make the move `name`, set `changes` with it, write the history row; the row as it is now.

    `by` None is the runner. Another transaction that moved the row meanwhile makes this a 409, never a lost update.
    """
    step = row.moves.find(row, name)
    if step is None:
        raise IllegalMove(status=row.status, move=name)
    statement: Statement[S] = _step(type(row), tuple(changes))
    moved = await tx.one_or_none(
        statement, row_id=row.id, source=step.source, target=step.target, move=name,
        actor_id=by.account_id if by else None, at=clock.now(), **changes,
    )  # fmt: skip
    if moved is None:
        raise IllegalMove(status=row.status, move=name)
    return moved


async def last_move(reads: Reads, row: Stateful) -> int:
    """The history's id of the newest move of this row: as long as it is the same, nothing moved, not even there and back."""
    found: int = await reads.value(LAST, entity=row.table.__tablename__, row_id=row.id)
    return found


@lru_cache(maxsize=512)
def _step(row: type[Stateful], names: tuple[str, ...]) -> Statement[Any]:
    table = cast("Table", row.table.__table__)
    binds = {name: bindparam(name, type_=table.c[name].type) for name in names}
    moved = (
        update(table)
        .where(table.c.id == bindparam("row_id", type_=BigInteger), table.c.status == bindparam("source", type_=Text))
        .values(status=bindparam("target", type_=Text), **binds)
        .returning(*columns(row))
        .cte("moved")
    )
    facts = select(
        literal(table.name, type_=Text), moved.c.id, bindparam("move", type_=Text), bindparam("source", type_=Text),
        bindparam("target", type_=Text), bindparam("actor_id", type_=BigInteger), bindparam("at", type_=Instant),
    )  # fmt: skip
    noted = insert(HistoryTable).from_select(
        ["entity", "entity_id", "move", "source", "target", "actor_id", "at"], facts, include_defaults=False
    )
    return Statement(select(moved).add_cte(noted.cte("noted")), into=row)
