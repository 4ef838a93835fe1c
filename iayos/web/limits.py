"""Rate limits: generous for people, strict for sign-in, registration and mails (SPEC 9).

The strict ones are counted on Redis where there is one, and in the database while there is none.
"""

import math
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import bindparam, case, delete
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.core.errors import RateLimited
from iayos.core.models import Instant, RateLimitTable
from iayos.web.auth import Connection, Guard

PER_MINUTE: Final = 1200
REMEMBERED: Final = 50_000

_fresh = RateLimitTable.resets_at <= bindparam("now", type_=Instant)
_hit = insert(RateLimitTable).values(bucket=bindparam("bucket"), hits=1, resets_at=bindparam("resets_at"))
HIT = Statement(
    _hit.on_conflict_do_update(
        index_elements=["bucket"],
        set_={
            "hits": case((_fresh, 1), else_=RateLimitTable.hits + 1),
            "resets_at": case((_fresh, _hit.excluded.resets_at), else_=RateLimitTable.resets_at),
        },
    ).returning(RateLimitTable.hits, RateLimitTable.resets_at)
)
SWEEP = Statement(delete(RateLimitTable).where(RateLimitTable.resets_at < bindparam("before", type_=Instant)))


async def count(db: Database, bucket: str, *, most: int, per: timedelta) -> None:
    """Count one hit across all processes; 429 with the seconds to wait when it is one too many."""
    moment = clock.now()
    hits, resets_at = await _hit_beside(db, bucket, moment, per) or await _hit_in(db, bucket, moment, per)
    if hits > most:
        raise RateLimited(retry_after=max(1, math.ceil((resets_at - moment).total_seconds())))


async def _hit_in(db: Database, bucket: str, moment: datetime, per: timedelta) -> tuple[int, datetime]:
    async with db.transaction() as tx:
        hits, resets_at = await tx.one(HIT, bucket=bucket, now=moment, resets_at=moment + per)
    return hits, resets_at


async def _hit_beside(db: Database, bucket: str, moment: datetime, per: timedelta) -> tuple[int, datetime] | None:
    """The same on Redis; None when there is none, or it is away."""
    if db.beside is None:
        return None
    moment_ms = int(moment.timestamp() * 1000)
    found = await db.beside.hit(bucket, moment_ms=moment_ms, for_ms=int(per.total_seconds() * 1000))
    return found and (found[0], moment + timedelta(milliseconds=found[1] - moment_ms))


def strict(name: str, most: int, per: timedelta) -> Guard:
    """Guard: at most `most` calls of this kind from one address in `per`, counted across all processes."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        state = connection.app.state
        if state.settings.rate_limits == "on":
            await count(state.db, f"{name}:{address_of(connection)}", most=most, per=per)

    return guard


def address_of(connection: Connection) -> str:
    """The caller's address; behind a proxy that uvicorn trusts, the one that the proxy names."""
    return connection.client.host if connection.client else "unknown"


async def sweep(db: Database) -> None:
    """Forget windows that are over."""
    async with db.transaction() as tx:
        await tx.run(SWEEP, before=clock.now() - timedelta(hours=1))


class Generous:
    """Middleware: 20 requests a second sustained, a minute's worth at once, for each caller and process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.buckets: OrderedDict[Any, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one token from the caller's bucket, or refuse."""
        if scope["type"] == ScopeType.HTTP and scope["litestar_app"].state.settings.rate_limits == "on":
            me = scope.get("user")
            self._take(me.account_id if me else (scope["client"] or ("unknown",))[0])
        await self.app(scope, receive, send)

    def _take(self, caller: Any) -> None:
        moment = time.monotonic()
        left, at = self.buckets.pop(caller, (float(PER_MINUTE), moment))
        left = min(PER_MINUTE, left + (moment - at) * PER_MINUTE / 60)
        self.buckets[caller] = (left - 1 if left >= 1 else left, moment)
        if len(self.buckets) > REMEMBERED:
            self.buckets.popitem(last=False)
        if left < 1:
            raise RateLimited(retry_after=1)
