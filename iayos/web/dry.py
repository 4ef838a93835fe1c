"""Dry runs (SPEC 8): the real path, with a rollback at its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from iayos.core.db import Database, Tx
from iayos.core.errors import Invalid
from iayos.web.request import JSONRequest

DRY_RUN: Final[dict[str, Any]] = {"dry_run": True}
"""For a route's `opt`: `?dryRun=true` tells what would come of it and changes nothing. The handler takes `tx` or `db`, reads
through them alone, and calls no gateway."""
PARAMETER: Final = "dryRun"
DRY = "dry_run_tx"
MARKS: Final = str.maketrans("", "", "-_")


class Within(Database):
    """A database whose every transaction is a part of one that is undone in the end. One statement at a time."""

    def __init__(self, db: Database, tx: Tx) -> None:
        super().__init__(db.pool, db.url)
        self.reads = self._tx = tx

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A savepoint."""
        async with self._tx.savepoint():
            yield self._tx


class DryRuns:
    """Middleware around each change that is to be run dry; it refuses where that is not possible."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold a transaction around the request and undo it; the answer says so in the header `Dry-Run`."""
        dry = wanted(scope)
        if dry and not scope["route_handler"].opt.get("dry_run"):
            raise Invalid.of(PARAMETER, "This cannot be run dry")
        if not dry or scope.get("user") is None:  # whose guard refuses
            await self.app(scope, receive, send)
            return
        await JSONRequest(scope, receive, send).body()  # before the transaction, which waits for nobody
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"dry-run", b"true")]
            answer.append(message)

        db: Database = scope["app"].state.db
        async with db.undone() as tx:
            scope[DRY] = tx  # type: ignore[literal-required]
            await self.app(scope, receive, hold)
        for message in answer:
            await send(message)


def wanted(scope: Scope) -> bool:
    """Does the request ask for it? What is neither yes nor no is refused: a change must not happen by a slip."""
    if scope["type"] != ScopeType.HTTP or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return False
    found = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if misspelt := [name for name in found if name != PARAMETER and name.translate(MARKS).lower() == PARAMETER.lower()]:
        raise Invalid.of(misspelt[0], f"It is called {PARAMETER}")
    given = found.get(PARAMETER)
    if given is None or given == ["false"]:
        return False
    if given != ["true"]:
        raise Invalid.of(PARAMETER, "Expected true or false")
    return True
