"""The one transaction of a request (HOUSE 4)."""

from collections.abc import AsyncGenerator

from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import Scope

from iayos.core.db import Database, Reads, Tx
from iayos.web.dry import DRY, Within

HELD = "held_tx"

InTx = NamedDependency[Tx]
"""How a handler asks for the request's transaction: `tx: InTx`."""
OwnTx = NamedDependency[Database]
"""`db: OwnTx`: the verb opens short transactions of its own."""
Reading = NamedDependency[Reads]
"""`reads: Reading`: no transaction."""


async def provide_tx(scope: Scope, state: State) -> AsyncGenerator[Tx, None]:
    """Dependency `tx`: commits before the answer goes out, undoes everything when the verb raises.

    A request with an `Idempotency-Key` already holds a transaction, in which its answer will be stored; the verb then
    runs in a savepoint of it.
    """
    held: Tx | None = scope.get(DRY) or scope.get(HELD)  # type: ignore[assignment]
    if held is not None:
        async with held.savepoint():
            yield held
    else:
        async with state.db.transaction() as tx:
            yield tx


async def provide_db(scope: Scope, state: State) -> Database:
    """Dependency `db`: for verbs that call a gateway between short transactions of their own."""
    db: Database = state.db
    dry: Tx | None = scope.get(DRY)  # type: ignore[assignment]
    return db if dry is None else Within(db, dry)


async def provide_reads(state: State) -> Reads:
    """Dependency `reads`: reading outside any transaction."""
    reads: Reads = state.db.reads
    return reads
