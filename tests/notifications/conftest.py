"""People with phones, and the sandbox's word on what reached them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import ARRAY, BigInteger, bindparam, text

from iayos.core import clock
from iayos.core.db import Statement
from iayos.notifications import events
from iayos.notifications.actions import notify, notify_each
from iayos.notifications.gateway import Expo
from iayos.notifications.models import PushTokenTable
from iayos.services import Services
from tests import make
from tests.conftest import Sandbox

Drain = Callable[[], Awaitable[int]]
DELIVERIES = Statement[Any](
    text(
        "SELECT d.id, notification_id, channel, due_at, claimed_at, sent_at, done_at, fault, refusals, p.token "
        "FROM deliveries d LEFT JOIN push_tokens p ON p.id = d.push_token_id ORDER BY d.id"
    )
)
CLAIM = Statement[Any](
    text("UPDATE deliveries SET claimed_at = :now WHERE id = ANY (:ids)").bindparams(
        bindparam("ids", type_=ARRAY(BigInteger), required=True)
    )
)
OUTBOX = Statement[Any](
    text("SELECT task, args, run_after, attempts, last_error, failed_at FROM outbox WHERE done_at IS NULL ORDER BY id")
)


def token(number: int) -> str:
    return f"ExponentPushToken[device{number:016}]"


class Post:
    """What notice tests do all the time."""

    def __init__(self, http: httpx.AsyncClient, services: Services, sandbox: Sandbox, drain: Drain) -> None:
        self.http, self.services, self.sandbox, self.drain = http, services, sandbox, drain
        self.db = services.db
        self.devices = 0

    async def phone(self, someone: make.Someone) -> str:
        """A phone of theirs, straight into the database."""
        self.devices += 1
        session_id = await self.db.pool.fetchval("SELECT id FROM sessions WHERE account_id = $1", someone.account_id)
        async with self.db.transaction() as tx:
            await tx.insert(
                PushTokenTable,
                account_id=someone.account_id,
                session_id=session_id,
                token=token(self.devices),
                device_type="android",
                registered_at=clock.now(),
            )
        return token(self.devices)

    async def person(self, **columns: Any) -> make.Someone:
        """Somebody with one phone."""
        someone = await make.account(self.db, "WORKER", **columns)
        await self.phone(someone)
        return someone

    async def tell(self, someone: make.Someone, event: events.Event = events.APPLICATION_ACCEPTED, **facts: Any) -> int:
        """A notice to them; its id."""
        async with self.db.transaction() as tx:
            given = {
                name: fact
                for name, fact in ({"job_title": "Fix leaking faucet"} | facts).items()
                if name in event.facts
            }
            await notify(tx, someone.account_id, event, data={"jobID": 7}, **given)
            return int(await tx.value(Statement[Any](text("SELECT max(id) FROM notifications"))))

    async def tell_each(self, people: list[make.Someone]) -> int:
        async with self.db.transaction() as tx:
            return await notify_each(
                tx,
                [one.account_id for one in people],
                events.JOB_CREATED,
                data={"jobID": 7},
                category="Plumbing",
                budget=50000,
            )

    async def settings(self, someone: make.Someone, **said: Any) -> httpx.Response:
        return await make.as_(self.http, someone).request("PUT", "/api/notifications/settings", json=said)

    async def faults(self, *faults: tuple[str, str, int | None]) -> None:
        told = [{"match": match, "kind": kind, "times": times} for match, kind, times in faults]
        assert (await self.sandbox.http.put("/_sandbox/faults", json=told)).is_success

    async def device(self, name: str, state: str, **more: Any) -> None:
        answer = await self.sandbox.http.put(f"/_sandbox/expo/devices/{name}", json={"state": state, **more})
        assert answer.is_success

    async def pushes(self) -> list[dict[str, Any]]:
        """Every push that Expo took in, with its ticket."""
        return msgspec.json.decode(
            (await self.sandbox.http.get("/_sandbox/expo/messages")).content, type=list[dict[str, Any]]
        )

    async def mails(self, someone: make.Someone) -> list[dict[str, Any]]:
        answer = await self.sandbox.http.get("/_sandbox/resend/messages", params={"to": someone.email})
        return msgspec.json.decode(answer.content, type=list[dict[str, Any]])

    async def requests(self, what: str) -> list[dict[str, Any]]:
        """Every request that the sandbox saw with this in its path."""
        seen = (await self.sandbox.http.get("/_sandbox/requests")).json()
        return [one for one in seen if what in one["path"]]

    async def go(self, *, hours: float = 2, step: float = 10) -> None:
        """Let time pass and run what falls due, until nothing does for a while; failures come again by themselves."""
        for _ in range(int(hours * 3600 / step)):
            await self.try_all()
            open_rows = await self.db.reads.all(OUTBOX)
            if not open_rows:
                return
            first: datetime = min(row["run_after"] for row in open_rows)
            clock.advance(max(step, (first - clock.now()).total_seconds()))

    async def try_all(self) -> None:
        """Run what is due; a task that fails is planned anew by the outbox."""
        for _ in range(50):
            try:
                if await self.drain() == 0:
                    return
            except Exception:  # noqa: BLE001 - the outbox keeps it
                continue

    def another_expo(self) -> Expo:
        """The gateway of another runner."""
        return Expo(self.services.http, url=self.services.settings.expo_url, access_token="")

    async def deliveries(self) -> list[Any]:
        return await self.db.reads.all(DELIVERIES)

    async def open_tasks(self) -> list[Any]:
        return await self.db.reads.all(OUTBOX)


@pytest.fixture
def post(http: httpx.AsyncClient, app: Litestar, sandbox: Sandbox, drain: Drain) -> Post:
    return Post(http, app.state.services, sandbox, drain)
