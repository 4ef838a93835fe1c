"""What waits and fails in the outbox as staff sees it; trying again and giving up (SPEC 8)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from iayos.core import clock, outbox, runners
from iayos.core.db import Database, connect
from iayos.core.models import OutboxTable
from iayos.core.outbox import HOLD, Task
from iayos.ledger.actions import post
from iayos.payments.models import PaymentTable
from tests import make
from tests.make import As, Someone, as_
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

QUEUE = "/api/admin/queue"
Drain = Callable[[], Awaitable[int]]


async def planted(db: Database, task: str = "payments.check", *, error: str = "GatewayUnavailable: no answer",
                  failed: bool = True, ago: timedelta = timedelta(hours=3), **columns: Any) -> int:  # fmt: skip
    """A task that fails: for good, or still tried again by itself."""
    moment = clock.now() - ago
    args = columns.pop("args", {})
    values = {
        "task": task, "args": args, "created_at": moment, "run_after": clock.now() + timedelta(hours=1), "attempts": 3,
        "last_error": error, "failing_since": moment, "last_failed_at": moment, "failed_at": moment if failed else None,
    } | columns  # fmt: skip
    async with db.transaction() as tx:
        return await tx.insert(OutboxTable, **values)


async def payment(db: Database, payer: Someone, amount: int, **columns: Any) -> int:
    """A deposit that waits for Xendit."""
    values = {
        "type": "DEPOSIT", "status": "PENDING", "method": "GCASH", "payer_id": payer.account_id, "base": amount, "fee": 0,
        "amount": amount,
    } | columns  # fmt: skip
    async with db.transaction() as tx:
        return await tx.insert(PaymentTable, **values)


async def staff(http: httpx.AsyncClient, db: Database, role: str = "SUPPORT") -> As:
    return as_(http, await make.account(db, None, role=role))


async def audited(db: Database) -> list[Any]:
    return await db.pool.fetch("SELECT actor_id, action, subject, reason, before, after FROM audit_log ORDER BY id")


@asynccontextmanager
async def being_run(db: Database, row_id: int) -> AsyncIterator[None]:
    """As a runner holds a row while it runs it."""
    own = await connect(db.url)
    await own.execute("SELECT pg_advisory_lock($1)", HOLD + row_id)
    yield
    await own.close()


async def test_the_queue_at_a_glance(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    empty = (await sam.get(QUEUE)).json()
    assert (empty["waiting"], empty["failed"], empty["oldestDueAt"], empty["tasks"]) == (0, 0, None, [])
    assert empty["runners"] == {"alive": 0, "lastSeenAt": None}

    async with db.transaction() as tx:
        await outbox.later(tx, "media.remove", media_ids=[1])
        await outbox.later(tx, "payments.watch", at=clock.now() + timedelta(days=3), job_id=1, clock="escrow")
    await planted(db, failed=False)
    await planted(db)
    done = await planted(db, "media.remove")
    given_up = await planted(db, "media.remove")
    await db.pool.execute("UPDATE outbox SET done_at = $2 WHERE id = $1", done, clock.now() - timedelta(minutes=30))
    await db.pool.execute("UPDATE outbox SET aborted_at = $2 WHERE id = $1", given_up, clock.now())
    found = (await sam.get(QUEUE)).json()
    counted = {name: found[name] for name in ("waiting", "dueNow", "failing", "failed", "running", "doneLastHour")}
    assert counted == {"waiting": 3, "dueNow": 1, "failing": 1, "failed": 1, "running": 0, "doneLastHour": 1}
    assert found["oldestDueAt"] is not None
    by_task = {one["task"]: one for one in found["tasks"]}
    assert by_task["media.remove"] == {
        "task": "media.remove", "waiting": 1, "dueNow": 1, "failing": 0, "failed": 0, "doneLastHour": 1,
    }  # fmt: skip


async def test_a_runner_that_is_alive_is_seen_and_one_that_is_gone_too(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)

    async def seen() -> dict[str, Any]:
        found: dict[str, Any] = (await sam.get(QUEUE)).json()["runners"]
        return found

    first = await runners.begin(db, "one:1")
    second = await runners.begin(db, "two:2")
    assert (await seen())["alive"] == 2
    await runners.end(db, second)
    assert (await seen())["alive"] == 1
    clock.advance(timedelta(minutes=1).total_seconds())
    gone = await seen()
    assert gone["alive"] == 0
    assert clock.now() - datetime.fromisoformat(gone["lastSeenAt"]) > timedelta(seconds=50)
    await runners.beat(db, first)
    assert (await seen())["alive"] == 1


async def test_tasks_are_listed_by_state_page_after_page(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db, "FINANCE")
    rows = [await planted(db, args={"payment_id": number, "nonce": "hush"}) for number in range(1, 4)]
    waiting = await planted(db, "accounts.mail_token", failed=False, args={"account_id": 1, "nonce": "hush"})
    first = (await sam.get(f"{QUEUE}/tasks?limit=3")).json()
    assert [one["taskID"] for one in first["items"]] == [waiting, rows[2], rows[1]]
    assert (first["items"][0]["state"], first["items"][1]["state"]) == ("waiting", "failed")
    assert first["items"][0]["about"] == {"account_id": 1}  # what makes a token stays inside
    rest = (await sam.get(f"{QUEUE}/tasks?limit=3&cursor={first['nextCursor']}")).json()
    assert ([one["taskID"] for one in rest["items"]], rest["nextCursor"]) == ([rows[0]], None)

    async def ids(query: str) -> list[int]:
        return [one["taskID"] for one in (await sam.get(f"{QUEUE}/tasks?{query}")).json()["items"]]

    assert await ids("state=waiting") == [waiting]
    assert await ids("state=failed&task=accounts.mail_token") == []
    async with being_run(db, waiting):
        assert (await ids("state=running"), await ids("state=waiting")) == ([waiting], [])
        assert (await sam.get(QUEUE)).json()["running"] == 1
    assert (await sam.get(f"{QUEUE}/tasks?state=lost")).status_code == 400


async def test_failures_are_grouped_with_the_pesos_and_people_behind(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    ana, ben = await make.account(db, "CLIENT"), await make.account(db, "WORKER", trades=(1,))
    job = await make.job(db, client=ana, worker=ben, escrow_paid=True)
    async with db.transaction() as tx:
        await post(tx, "made", ("xendit", f"escrow:{job.id}", 500_25))
    deposits = [
        await payment(db, ana, 1000_00, invoice_id="inv_1", external_id="deposit-1"),
        await payment(db, ben, 250_50),
    ]
    for one in deposits:
        await planted(db, args={"payment_id": one})
    await planted(db, args={"payment_id": deposits[0]}, failed=False)
    await planted(db, args={"payment_id": deposits[0]}, error="KeyError in check, iayos/payments/tasks.py")
    await planted(db, "payments.end_invoice", args={"invoice_id": "inv_1"})
    await planted(db, "payments.watch", args={"job_id": job.id, "clock": "silence"})
    await planted(db, "accounts.mail_token", args={"account_id": ana.account_id, "purpose": "RESET_PASSWORD"})
    await planted(db, "payments.refresh_channels")
    await planted(db, "payments.check", args={"payment_id": 10**15}, error="LookupError in check")

    found = (await sam.get(f"{QUEUE}/failures")).json()["items"]
    seen = {(one["task"], one["error"]): (one["count"], one["failed"], one["amount"], one["people"]) for one in found}
    waits = "GatewayUnavailable: no answer"
    assert seen == {
        ("payments.check", waits): (3, 2, 1250.5, 2),  # the payment that two tasks name counts once
        ("payments.check", "KeyError in check, iayos/payments/tasks.py"): (1, 1, 1000, 1),
        ("payments.end_invoice", waits): (1, 1, 1000, 1),
        ("payments.watch", waits): (1, 1, 500.25, 2),
        ("accounts.mail_token", waits): (1, 1, 0, 1),
        ("payments.refresh_channels", waits): (1, 1, 0, 0),
        ("payments.check", "LookupError in check"): (1, 1, 0, 0),
    }
    assert [one["amount"] for one in found] == sorted((one["amount"] for one in found), reverse=True)
    assert found[0]["firstAt"] <= found[0]["lastAt"]


async def test_what_failed_is_tried_again_and_done(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    sam = await staff(http, db)
    rows = [await planted(db, "payments.watch", args={"job_id": 1, "clock": "escrow"}) for _ in range(3)]
    other = await planted(db, "payments.check", args={"payment_id": 1}, error="KeyError in check")
    answer = await sam.post(f"{QUEUE}/retry", {"task": "payments.watch", "most": 1, "reason": "It is mended"})
    assert answer.json() == {"taskIDs": rows[:1], "remaining": 2}
    assert await drain() == 1
    states = await db.pool.fetch("SELECT id FROM outbox WHERE done_at IS NOT NULL")
    assert [row["id"] for row in states] == rows[:1]

    answer = await sam.post(f"{QUEUE}/retry", {"ids": rows[1:], "reason": "It is mended"})
    assert answer.json() == {"taskIDs": rows[1:], "remaining": 0}
    left = (await sam.get(f"{QUEUE}/tasks")).json()["items"]
    assert [one["taskID"] for one in left] == [other]
    lines = await audited(db)
    assert [(line["actor_id"], line["action"], line["reason"]) for line in lines] == [
        (sam.someone.account_id, "queue:retry", "It is mended")
    ] * 2
    assert lines[1]["subject"] == "queue"
    assert lines[1]["after"] == {"taskIDs": rows[1:]}


async def test_by_kind_of_error_only_that_is_tried_again(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db, "FINANCE")
    mine = [await planted(db, error="Refused: 422 BAD") for _ in range(2)]
    await planted(db, error="Refused: 400 BAD")
    (kind,) = [one for one in (await sam.get(f"{QUEUE}/failures")).json()["items"] if one["count"] == 2]
    assert kind["error"] == "Refused: 422 BAD"
    body = {"task": kind["task"], "error": kind["error"], "reason": "Xendit said sorry"}
    assert (await sam.post(f"{QUEUE}/retry", body)).json()["taskIDs"] == mine
    again = await sam.post(f"{QUEUE}/retry", body)
    assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_RETRY")


async def test_what_waits_for_its_time_or_is_being_run_is_not_tried_again(
    http: httpx.AsyncClient, db: Database
) -> None:
    sam = await staff(http, db)
    reminder = await planted(db, attempts=0, last_error=None, failing_since=None, last_failed_at=None, failed=False)
    in_hand = await planted(db, failed=False, sent_at=clock.now())
    for row in (reminder, in_hand):
        refused = await sam.post(f"{QUEUE}/retry", {"ids": [row], "reason": "Now"})
        assert (refused.status_code, refused.json()["code"]) == (409, "NOTHING_TO_RETRY")
    absent = await sam.post(f"{QUEUE}/retry", {"ids": [in_hand + 1000], "reason": "Now"})
    assert (absent.status_code, absent.json()["details"]["taskIDs"]) == (404, [in_hand + 1000])
    for body in (
        {"reason": "Now"},
        {"reason": "Now", "ids": [1], "task": "x"},
        {"ids": [1]},
        {"ids": [], "reason": "x"},
    ):
        assert (await sam.post(f"{QUEUE}/retry", body)).status_code == 400
    assert await audited(db) == []


async def test_what_is_given_up_never_runs(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    sam = await staff(http, db)
    async with db.transaction() as tx:
        await outbox.later(tx, "media.remove", media_ids=[1])
    due = await db.pool.fetchval("SELECT id FROM outbox")
    failed = await planted(db)
    answer = await sam.post(f"{QUEUE}/abort", {"ids": [failed, due], "reason": "The file is gone"})
    assert answer.json() == {"taskIDs": [due, failed], "stopping": []}
    assert await drain() == 0
    assert (await sam.get(f"{QUEUE}/failures")).json()["items"] == []
    gone = (await sam.get(f"{QUEUE}/tasks?state=aborted")).json()["items"]
    assert [(one["taskID"], one["state"]) for one in gone] == [(failed, "aborted"), (due, "aborted")]
    again = await sam.post(f"{QUEUE}/abort", {"ids": [due], "reason": "Again"})
    assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_ABORT")
    every = await sam.post(f"{QUEUE}/retry", {"task": "payments.check", "reason": "All that failed"})
    assert (every.status_code, every.json()["code"]) == (409, "NOTHING_TO_RETRY")
    (line,) = await audited(db)
    assert (line["action"], line["before"]) == ("queue:abort", {str(due): "waiting", str(failed): "failed"})
    clock.advance(timedelta(days=8).total_seconds())
    await outbox.sweep(db)
    assert await db.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_dry_run_tells_and_changes_nothing(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    row = await planted(db)
    tried = await sam.post(f"{QUEUE}/retry?dryRun=true", {"ids": [row], "reason": "Would it?"})
    assert tried.json()["taskIDs"] == [row]
    given_up = await sam.post(f"{QUEUE}/abort?dryRun=true", {"ids": [row], "reason": "Would it?"})
    assert given_up.json()["taskIDs"] == [row]
    assert [one["taskID"] for one in (await sam.get(f"{QUEUE}/tasks?state=failed")).json()["items"]] == [row]
    assert await audited(db) == []


async def test_two_who_press_at_once_try_each_task_once(http: httpx.AsyncClient, db: Database) -> None:
    both = [await staff(http, db), await staff(http, db, "FINANCE")]
    rows = {await planted(db) for _ in range(20)}
    body = {"task": "payments.check", "reason": "Now"}
    answers = await asyncio.gather(*(one.post(f"{QUEUE}/retry", body) for one in both))
    taken = [one for answer in answers if answer.status_code == 200 for one in answer.json()["taskIDs"]]
    assert sorted(taken) == sorted(rows)


@pytest.mark.parametrize(("role", "status"), [("KYC_REVIEWER", 403), (None, 404)])
async def test_others_see_nothing(http: httpx.AsyncClient, db: Database, role: str | None, status: int) -> None:
    somebody = as_(http, await make.account(db, "CLIENT" if role is None else None, role=role))
    row = await planted(db)
    for path in ("", "/tasks", "/failures"):
        assert (await somebody.get(f"{QUEUE}{path}")).status_code == status
        assert (await http.get(f"{QUEUE}{path}")).status_code == 401
    for path in ("/retry", "/abort"):
        assert (await somebody.post(f"{QUEUE}{path}", {"ids": [row], "reason": "Now"})).status_code == status


async def test_a_role_without_a_queue_is_told_whose_page_it_is(http: httpx.AsyncClient, db: Database) -> None:
    kim = as_(http, await make.account(db, None, role="KYC_REVIEWER"))
    page = await kim.get("/admin/queues")
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "This page is for ADMIN, SUPPORT, FINANCE, and your role is KYC_REVIEWER." in page.text
    assert "iayos kyc next" in page.text


async def test_a_failure_is_dated_and_forgotten_when_it_goes_well(db: Database) -> None:
    async def bad(*, name: str) -> None:
        raise ValueError(f"{name}@example.com is nobody's business")

    async def later(*, name: str) -> None:
        raise outbox.Again(timedelta(seconds=1))

    async with db.transaction() as tx:
        await outbox.later(tx, "bad", name="juan")
    kept: Any = None
    for task in (bad, bad, later):
        (row,) = await outbox.claim(db)
        with pytest.raises(ValueError) if task is bad else nullcontext():  # noqa: PT011 - the very one
            await outbox.execute(db, {"bad": Task("bad", partial(task), retries=9)}, row.id)
        kept = await db.pool.fetchrow("SELECT attempts, failing_since, last_failed_at, last_error FROM outbox")
        clock.advance(timedelta(hours=1).total_seconds())
        if task is bad:
            assert kept["failing_since"] <= kept["last_failed_at"]
            assert "juan" not in kept["last_error"]
    assert (kept["attempts"], kept["failing_since"]) == (0, None)


async def test_what_was_given_up_by_a_slip_is_taken_up_again(bench: Bench) -> None:
    deal, sam = await bench.deal(), await bench.staff("SUPPORT")
    await bench.fill(deal.client_id, 1000_00)
    await bench.ask(deal, "WALLET")
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    clocks = await bench.db.pool.fetch("SELECT id FROM outbox WHERE task = 'payments.watch' AND done_at IS NULL")
    ids = sorted(row["id"] for row in clocks)
    given_up = await sam.post(f"{QUEUE}/abort", {"ids": ids, "reason": "A slip"})
    assert (given_up.status_code, ids != []) == (200, True)
    again = await sam.post(f"{QUEUE}/retry", {"ids": ids, "reason": "That was a slip"})
    assert (again.status_code, again.json()["taskIDs"]) == (200, ids), again.text
    clock.advance(timedelta(days=8).total_seconds())
    await bench.drain()
    assert await bench.db.pool.fetchval("SELECT status FROM jobs") == "COMPLETED"
