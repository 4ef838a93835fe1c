"""What other people's keys, requests under way and late events would leave behind after an erasure."""

import asyncio
from typing import Any

import httpx

from iayos.accounts.models import AccountTable
from iayos.accounts.queries import lock_account
from iayos.core import clock
from iayos.core.db import Database
from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench
from tests.privacy.conftest import planted, sent
from tests.privacy.test_erase import dump, erase, traces

TALK = "Planted words to Benedikto"
KEYED: dict[str, Any] = {"headers": {"Idempotency-Key": "mine"}}
LISTING = {
    "title": "Planted title Anastasha", "description": "Planted description", "categoryID": 1, "budget": 1000,
    "location": "12 Planted Street", "jobType": "LISTING",
}  # fmt: skip


async def keyed(me: As, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await me.post(path, body, **KEYED)


async def two(bench: Bench) -> tuple[As, As]:
    ana = await make.account(bench.db, "CLIENT", **planted("Anastasha", 1))
    ben = await make.account(bench.db, "WORKER", trades=(1,), **planted("Benedikto", 2))
    return as_(bench.http, ana), as_(bench.http, ben)


async def test_answers_that_name_somebody_who_is_gone_are_given_to_nobody_and_nothing_is_done_twice(
    bench: Bench,
) -> None:
    ana, ben = await two(bench)
    clara = as_(bench.http, await make.account(bench.db, "CLIENT"))
    hers = {
        "title": "Clara's",
        "description": "Fine",
        "categoryID": 1,
        "budget": 500,
        "location": "Cebu",
        "jobType": "LISTING",
    }
    other = await sent(await keyed(clara, "/api/jobs/create", hers))
    invite = LISTING | {"jobType": "INVITE", "assignedWorkerID": ben.someone.account_id}
    invited = (await sent(await ana.post("/api/jobs/create", invite)))["jobID"]
    declined = f"/api/jobs/{invited}/reject-invite"
    first = await keyed(ben, declined, {"reason": "I am ill"})
    assert first.json()["client"]["name"] == "Anastasha PlantAnastasha"
    notice = (await ben.get("/api/notifications")).json()["items"][-1]["notificationID"]
    read = f"/api/notifications/{notice}/read"
    assert "Planted title" in (await keyed(ben, read)).text

    assert await erase(ana) == (200, {"erased": True})
    assert await traces(bench, ("anastasha", "planted title", "planted street")) == []
    for path, body in ((declined, {"reason": "I am ill"}), (read, None)):
        again = await keyed(ben, path, body)
        assert (again.status_code, again.json()["code"]) == (409, "IDEMPOTENCY_ANSWER_ERASED"), again.text
        assert again.json()["details"]["answered"] == 200
    moves = await bench.db.pool.fetchval(
        "SELECT count(*) FROM history WHERE entity = 'jobs' AND entity_id = $1", invited
    )
    assert moves == 1
    replay = await keyed(clara, "/api/jobs/create", hers)
    assert (replay.json(), replay.headers["idempotent-replayed"]) == (other, "true")


async def test_a_request_under_way_writes_nothing_into_an_account_that_is_gone(bench: Bench) -> None:
    ana, _ = await two(bench)
    me = ana.someone.account_id
    async with bench.db.transaction() as tx:
        await lock_account(tx, me)  # as the erasure does
        under_way = asyncio.create_task(ana.request("PATCH", "/api/accounts/me", json={"firstName": "Anastasha"}))
        deposit = asyncio.create_task(ana.post("/api/accounts/wallet/deposit", {"amount": 500}))
        await _waiting(bench.db, 2)
        await tx.update(AccountTable, me, suspended_at=clock.now(), erased_at=clock.now())
    for answer in (await under_way, await deposit):
        assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_REQUIRED")
    assert await bench.db.pool.fetchval("SELECT count(*) FROM payments") == 0


async def test_what_a_request_under_way_did_write_goes_two_minutes_later(bench: Bench) -> None:
    ana, _ = await two(bench)
    assert await erase(ana) == (200, {"erased": True})
    late = (await make.job(bench.db, client=ana.someone, title="Planted title Anastasha")).id
    await bench.drain()
    assert "planted title" in (await dump(bench.db))["jobs"]
    clock.advance(121)
    await bench.drain()
    assert await traces(bench, ("planted title", "anastasha")) == []
    assert await bench.db.pool.fetchval("SELECT status FROM jobs WHERE id = $1", late) == "CANCELLED"


async def _waiting(db: Database, count: int) -> None:
    """Until so many statements wait for a lock."""
    async with asyncio.timeout(10):
        while await db.pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") < count:
            await asyncio.sleep(0.01)
