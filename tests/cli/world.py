"""A world that is the same each time: its clock, its ids and its names."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from iayos.accounts import sessions
from iayos.accounts.queries import account_of
from iayos.accounts.sessions import Opened
from iayos.core import clock
from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.kyc.conftest import Bench as Papers
from tests.make import Someone
from tests.payments.conftest import Bench as Money

NOON: Final = datetime(2027, 1, 4, 4, tzinfo=UTC)
"""A Monday, noon in Manila."""
LATER: Final = NOON + timedelta(hours=3, minutes=10)
"""When the commands are typed."""
FIRST_ID: Final = 1001
STAFF: Final = {"maria": "ADMIN", "sam": "SUPPORT", "dora": "FINANCE", "kim": "KYC_REVIEWER"}
Drain = Callable[[], Awaitable[int]]


class World:
    """What commands are typed at."""

    def __init__(self, http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain) -> None:
        self.http, self.db, self.sandbox, self.drain = http, db, sandbox, drain
        self.money = Money(http, db, sandbox.http, drain)
        self.papers = Papers(http, db, sandbox, drain)
        self.url, self.secret = str(http.base_url).rstrip("/"), ""
        self.people: dict[str, Someone] = {}
        self.seeds = itertools.count(1)

    async def begin(self, sweeper: asyncpg.Connection, config_dir: Path) -> None:
        """Monday noon, ids from 1001, and everybody signed in under their own names."""
        await restart(sweeper)
        make._number = itertools.count(1)  # noqa: SLF001 - the names that people are given
        clock.advance((NOON - clock.now()).total_seconds())
        for name, role in STAFF.items():
            await self.sign_in(name, profile_type=None, role=role, first_name=name.title(), last_name="Lim")
        await self.sign_in("ana", first_name="Ana", last_name="Reyes")
        book = {"current": "maria", "profiles": {name: await self.profile(one) for name, one in self.people.items()}}
        config_dir.mkdir()
        (config_dir / "profiles.json").write_bytes(msgspec.json.encode(book))

    async def sign_in(self, name: str, **columns: Any) -> None:
        self.people[name] = await make.account(self.db, email=f"{name}@example.com", **columns)

    async def profile(self, someone: Someone) -> dict[str, str]:
        async with self.db.transaction() as tx:
            account = await account_of(tx, someone.account_id)
            opened: Opened = await sessions.begin(tx, account, "MOBILE", secret=self.secret)
        assert opened.pair is not None
        return {"url": self.url, "email": someone.email, "token": opened.pair[0], "refresh_token": opened.pair[1]}

    async def fresh(self, name: str) -> dict[str, str]:
        """Another sign-in of the same person."""
        return await self.profile(self.people[name])


async def restart(sweeper: asyncpg.Connection) -> None:
    """New rows get ids from 1001 on."""
    names = await sweeper.fetch(
        "SELECT quote_ident(s.relname) AS name FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'i' "
        "JOIN pg_class t ON t.oid = d.refobjid WHERE s.relkind = 'S' AND t.relname <> 'categories'"
    )
    await sweeper.execute(";".join(f"ALTER SEQUENCE {one['name']} RESTART WITH {FIRST_ID}" for one in names))
