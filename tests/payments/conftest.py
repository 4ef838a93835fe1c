"""A job at each stage, and the sandbox's hand on its invoices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from iayos.core.db import Database
from iayos.jobs.models import Job
from iayos.ledger.actions import post
from iayos.ledger.queries import balance
from iayos.payments.verify import verify
from tests import make
from tests.make import As, Someone, as_

Drain = Callable[[], Awaitable[int]]


class Deal(msgspec.Struct, frozen=True):
    """An accepted job with both its sides."""

    job: Job
    client: As
    worker: As
    client_id: int
    worker_id: int


class Bench:
    """What payment tests do all the time."""

    def __init__(self, http: httpx.AsyncClient, db: Database, sandbox: httpx.AsyncClient, drain: Drain) -> None:
        self.http, self.db, self.sandbox, self.drain = http, db, sandbox, drain

    async def deal(self, **columns: Any) -> Deal:
        """An accepted job at ₱1,000.50, nothing paid."""
        client = await make.account(self.db, "CLIENT")
        worker = await make.account(self.db, "WORKER", trades=(1,))
        job = await make.job(self.db, client=client, worker=worker, **({"budget": 1000_50} | columns))
        return Deal(job, as_(self.http, client), as_(self.http, worker), client.account_id, worker.account_id)

    async def approved(self) -> Deal:
        """The same with the escrow held and the work approved; D lies in escrow as if it had come by invoice."""
        deal = await self.deal(
            status="COMPLETED", escrow_paid=True, worker_marked_complete=True, client_marked_complete=True
        )
        async with self.db.transaction() as tx:
            await post(tx, f"made:{deal.job.id}", ("xendit", f"escrow:{deal.job.id}", 500_25))
        return deal

    async def fill(self, account_id: int, amount: int) -> None:
        """Money in a wallet."""
        async with self.db.transaction() as tx:
            await post(tx, f"filled:{account_id}:{amount}", ("xendit", f"wallet:{account_id}", amount))

    async def balance(self, code: str) -> int:
        """Centavos on a ledger account."""
        return await balance(self.db.reads, code)

    async def ask(self, deal: Deal, method: str = "GCASH", *, status: int = 201) -> dict[str, Any]:
        """Ask for the escrow."""
        answer = await deal.client.post("/api/payments/create-escrow", {"jobID": deal.job.id, "paymentMethod": method})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def invoices(self, transaction: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """What the sandbox has."""
        found: list[dict[str, Any]] = (await self.sandbox.get("/_sandbox/xendit/invoices")).json()
        number = f"-{transaction['transactionID']}" if transaction else ""
        return [one for one in found if one["external_id"].endswith(number)]

    async def pay(self, transaction: dict[str, Any], **how: Any) -> None:
        """Pay the invoice of a transaction; the webhook is not waited for."""
        (invoice,) = await self.invoices(transaction)
        answer = await self.sandbox.post(
            f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json={"channel": "GCASH"} | how
        )
        assert answer.status_code == 200, answer.text

    async def hear(self, count: int = 1) -> None:
        """Wait until so many events came in, and apply what is due."""
        for _ in range(500):
            if await self.db.pool.fetchval("SELECT count(*) FROM xendit_events") >= count:
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError("no webhook came")
        await self.drain()

    async def status(self, who: As, transaction: dict[str, Any]) -> dict[str, Any]:
        """What a phone sees when it polls."""
        answer = await who.get(f"/api/mobile/payments/status/{transaction['transactionID']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fault(self, match: str, kind: str, times: int = 1) -> None:
        """The next calls of this name break."""
        await self.sandbox.put("/_sandbox/faults", json=[{"match": match, "kind": kind, "times": times}])

    async def notices(self, who: As) -> list[str]:
        """Types of the notices of an account, newest first."""
        return [one["type"] for one in (await who.get("/api/notifications")).json()["items"]]

    async def staff(self, role: str = "ADMIN") -> As:
        """A member of staff."""
        someone: Someone = await make.account(self.db, None, role=role)
        return as_(self.http, someone)


@pytest.fixture
async def bench(http: httpx.AsyncClient, db: Database, sandbox: Any, drain: Drain) -> AsyncIterator[Bench]:
    """The bench; when the test is over the books must be right."""
    yield Bench(http, db, sandbox.http, drain)
    found = await verify(db)
    assert found.ok, [check for check in found.checks if not check.ok]
