"""What other people's keys, requests under way and late events would leave behind after an erasure."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from iayos.accounts.models import AccountTable
from iayos.accounts.queries import lock_account
from iayos.core import clock
from iayos.core.db import Database
from iayos.jobs.queries import lock_job
from iayos.notifications import events
from iayos.notifications.actions import notify
from iayos.payments import erased
from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench
from tests.payments.payout_bench import decide
from tests.privacy.conftest import Life, planted, sent
from tests.privacy.test_erase import dump, erase, traces

ADDRESS = "erased-%s@invalid.invalid"
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


async def test_money_that_comes_back_to_somebody_who_is_gone_is_shown_to_staff_without_their_words(
    bench: Bench,
) -> None:
    ana, _ = await two(bench)
    staff = await bench.staff("FINANCE")
    deposit = await sent(await ana.post("/api/accounts/wallet/deposit", {"amount": 500}))
    await bench.pay(deposit)
    await bench.hear(1)
    life = Life(bench)
    await bench.db.pool.execute("UPDATE accounts SET kyc_verified = true WHERE id = $1", ana.someone.account_id)
    await life.paid_out(ana, "09176660001", 500, heard=2)
    assert await erase(ana) == (200, {"erased": True})
    await bench.drain()
    assert "PAYMENT_FLAGGED" not in await bench.notices(staff)

    await decide(bench, "reverse")
    await bench.hear(3)
    assert await bench.balance(f"wallet:{ana.someone.account_id}") == 500_00
    assert (await bench.notices(staff)).count("PAYMENT_FLAGGED") == 1
    flags = await bench.db.pool.fetch("SELECT flag FROM payments WHERE flag IS NOT NULL")
    assert [row[0] for row in flags] == ["Money came in for an account that is erased"]
    found = await bench.db.pool.fetchrow(
        "SELECT outcome, sealed, payer_email, reference FROM xendit_events ORDER BY id DESC"
    )
    assert found is not None
    assert (found["outcome"], found["sealed"], found["payer_email"]) == ("REVERSED", None, None)
    assert found["reference"].startswith("withdrawal-")
    assert await traces(bench, ("anastasha", "09176660001")) == []
    last4 = re.compile(r"(?<![\d.])0001(?!\d)")  # alone: a longer number may hold it by chance
    assert [name for name, text in (await dump(bench.db)).items() if last4.search(text)] == []
    assert (
        await bench.sandbox.get("/_sandbox/resend/messages", params={"to": ADDRESS % ana.someone.account_id})
    ).json() == []


async def test_a_late_payment_of_somebody_who_is_gone_keeps_no_email(bench: Bench) -> None:
    deal = await bench.deal()
    staff = await bench.staff("FINANCE")
    asked = await bench.ask(deal)
    (invoice,) = await bench.invoices(asked)
    await sent(await deal.client.post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "Changed my mind"}))
    await bench.drain()
    email = deal.client.someone.email
    assert await erase(deal.client) == (200, {"erased": True})
    paid = await bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json={"channel": "GCASH"})
    assert paid.status_code == 200
    await bench.hear(2)
    assert await bench.balance(f"wallet:{deal.client_id}") == asked["amount"] * 100
    assert (await bench.notices(staff)).count("PAYMENT_FLAGGED") == 1
    assert await traces(bench, (email,)) == []
    assert await bench.db.pool.fetchval("SELECT count(*) FROM xendit_events WHERE sealed IS NOT NULL") == 0
    assert (await bench.sandbox.get("/_sandbox/resend/messages", params={"to": ADDRESS % deal.client_id})).json() == []


async def test_an_event_keeps_its_words_for_thirty_days(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear(1)
    await bench.sandbox.post(
        "/_sandbox/webhooks/send", json={"payload": {"id": "waits", "payer_email": "x@example.com"}}
    )
    while await bench.db.pool.fetchval("SELECT count(*) FROM xendit_events") < 2:
        await asyncio.sleep(0.01)
    words = "SELECT outcome FROM xendit_events WHERE sealed IS NOT NULL AND payer_email IS NOT NULL ORDER BY id"
    clock.advance(timedelta(days=30).total_seconds() - 60)
    await erased.sweep(bench.db)
    assert [row[0] for row in await bench.db.pool.fetch(words)] == ["SETTLED", None]
    clock.advance(120)
    await erased.sweep(bench.db)
    assert [row[0] for row in await bench.db.pool.fetch(words)] == [None]  # it is not applied yet


async def _waiting(db: Database, count: int) -> None:
    """Until so many statements wait for a lock."""
    async with asyncio.timeout(10):
        while await db.pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") < count:
            await asyncio.sleep(0.01)


async def waits(db: Database) -> None:
    """Until somebody waits for somebody else's lock."""
    for _ in range(500):
        if await db.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("hired", [True, False])
async def test_a_job_that_tells_its_worker_something_waits_for_no_erasure(bench: Bench, hired: bool) -> None:
    ana, ben = await two(bench)
    job = await make.job(bench.db, client=ana.someone, worker=ben.someone if hired else None, status="ACTIVE")
    if not hired:
        await make.application(bench.db, job.id, ben.someone)
    async with bench.db.transaction() as tx:
        await lock_job(tx, job.id)
        erasing = asyncio.create_task(erase(ben))
        await waits(bench.db)
        told = {"jobID": job.id}
        await notify(tx, ben.someone.account_id, events.JOB_CANCELLED, data=told, job_title=job.title)
    await erasing
    assert await bench.db.pool.fetchval("SELECT erased_at FROM accounts WHERE id = $1", ben.someone.account_id)
