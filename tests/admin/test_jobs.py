"""Jobs as staff sees them, and the way in which staff ends one."""

import asyncio
import json
from typing import Any

import pytest

from iayos.core.db import Database
from iayos.ledger.actions import post
from tests import make
from tests.disputes.test_disputes import OPENING, disputed
from tests.make import As
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

WHY = {"reason": "The client asked us by phone"}


async def funded(bench: Bench, **columns: Any) -> Deal:
    """An accepted job whose escrow came from the client's wallet, to the last centavo in it."""
    deal = await bench.deal(**columns)
    first = (columns.get("budget", 1000_50)) // 2
    await bench.fill(deal.client_id, first + (first * 5 + 50) // 100)
    await bench.ask(deal, "WALLET")
    return deal


async def end(who: As, deal: Deal, *, status: int = 200, dry: bool = False) -> dict[str, Any]:
    answer = await who.post(f"/api/admin/jobs/{deal.job.id}/cancel{'?dryRun=true' if dry else ''}", WHY)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def audited(db: Database, deal: Deal) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """What the log says about this job: action, before, after."""
    rows = await db.pool.fetch(
        "SELECT action, before, after FROM audit_log WHERE subject = $1 ORDER BY id", f"job:{deal.job.id}"
    )
    return [(row["action"], row["before"], row["after"]) for row in rows]


async def test_jobs_are_found_by_words_status_people_and_money(bench: Bench) -> None:
    staff = await bench.staff("SUPPORT")
    paid, open_one = await funded(bench, title="Paint the gate"), await bench.deal(title="Fix the roof")
    posted = await make.job(bench.db, client=paid.client.someone, title="Paint the fence")

    async def ids(query: str) -> list[int]:
        answer = await staff.get(f"/api/admin/jobs?{query}")
        assert answer.status_code == 200, answer.text
        return [one["jobID"] for one in answer.json()["items"]]

    assert await ids("") == [posted.id, open_one.job.id, paid.job.id]
    assert await ids("q=paint") == [posted.id, paid.job.id]
    assert await ids("status=ACTIVE") == [posted.id]
    assert await ids(f"accountID={paid.client_id}") == [posted.id, paid.job.id]
    assert await ids(f"accountID={open_one.worker_id}") == [open_one.job.id]
    assert await ids("held=true") == [paid.job.id]
    assert await ids(f"q=paint&held=true&status=IN_PROGRESS&accountID={paid.worker_id}") == [paid.job.id]
    assert await ids("q=nothing") == []
    first = (await staff.get("/api/admin/jobs?limit=2")).json()
    assert await ids(f"limit=2&cursor={first['nextCursor']}") == [paid.job.id]
    (found,) = (await staff.get("/api/admin/jobs?held=true")).json()["items"]
    assert (found["held"], found["disputeID"], found["escrowPaid"]) == (500.25, None, True)
    for wrong in ("status=GONE", "accountID=0", "held=perhaps", "limit=101", "cursor=!"):
        assert (await staff.get(f"/api/admin/jobs?{wrong}")).status_code == 400, wrong


async def test_only_support_and_finance_look_and_end(bench: Bench) -> None:
    deal = await funded(bench)
    reviewer, finance = await bench.staff("KYC_REVIEWER"), await bench.staff("FINANCE")
    for path in ("/api/admin/jobs", f"/api/admin/jobs/{deal.job.id}"):
        assert (await finance.get(path)).status_code == 200
        refused = await reviewer.get(path)
        assert (refused.status_code, refused.json()["details"]["needs"]) == (403, ["ADMIN", "SUPPORT", "FINANCE"])
        assert (await deal.client.get(path)).status_code == 404
        assert (await bench.http.get(path)).status_code == 401
    assert (await end(reviewer, deal, status=403))["code"] == "FORBIDDEN"
    await end(deal.client, deal, status=404)
    assert (await finance.get("/api/admin/jobs/999999")).status_code == 404
    assert (await finance.post("/api/admin/jobs/999999/cancel", WHY)).status_code == 404
    assert (await finance.post(f"/api/admin/jobs/{deal.job.id}/cancel", {"reason": " "})).status_code == 400


async def test_a_job_is_told_with_all_that_happened_to_it(bench: Bench) -> None:
    client, worker = await make.account(bench.db, "CLIENT"), await make.account(bench.db, "WORKER", trades=(1,))
    job = await make.job(bench.db, client=client)
    application = await make.application(bench.db, job.id, worker, price=1000_50)
    ana, ben, staff = make.as_(bench.http, client), make.as_(bench.http, worker), await bench.staff("FINANCE")
    await ana.post(f"/api/jobs/applications/{application}/accept")
    await bench.fill(client.account_id, 600_00)
    await ana.post("/api/payments/create-escrow", {"jobID": job.id, "paymentMethod": "WALLET"})
    await ben.post(f"/api/jobs/{job.id}/complete", {})
    told = (await staff.get(f"/api/admin/jobs/{job.id}")).json()
    assert (told["held"], told["applicationsCount"], told["status"]) == (500.25, 1, "IN_PROGRESS")
    assert told["conversationID"] == (await ana.get(f"/api/jobs/{job.id}")).json()["conversationID"] is not None
    (paid,) = told["payments"]
    assert (paid["type"], paid["amount"], paid["fee"]) == ("ESCROW", 525.26, 25.01)
    (entry,) = told["entries"]
    assert (entry["other"], entry["amount"]) == (f"wallet:{client.account_id}", 500.25)
    moves = [(one["move"], one["from"], one["to"], one["accountID"]) for one in told["moves"]]
    assert moves == [
        ("accept_application", "ACTIVE", "IN_PROGRESS", client.account_id),
        ("pay_escrow", "IN_PROGRESS", "IN_PROGRESS", None),
        ("mark_complete", "IN_PROGRESS", "IN_PROGRESS", worker.account_id),
    ]
    names = [one["name"] for one in told["moves"]]
    assert names == [told["client"]["name"], None, told["worker"]["name"]]
    assert told["explain"] == (await ana.get(f"/api/jobs/{job.id}/explain")).json()
    assert {one["action"] for one in told["explain"]["waitingFor"]}.isdisjoint({"staff_cancel", "staff_refund"})


async def test_an_open_listing_and_an_unpaid_job_end_without_money(bench: Bench) -> None:
    staff = await bench.staff("SUPPORT")
    client, worker = await make.account(bench.db, "CLIENT"), await make.account(bench.db, "WORKER", trades=(1,))
    job = await make.job(bench.db, client=client)
    await make.application(bench.db, job.id, worker)
    ana, ben = make.as_(bench.http, client), make.as_(bench.http, worker)
    done = await end(staff, Deal(job, ana, ben, client.account_id, worker.account_id))
    assert (done["status"], done["settledAt"], done["refund"], done["fee"]) == ("CANCELLED", None, 0, 0)
    assert (await bench.notices(ana), await bench.notices(ben)) == (["JOB_CANCELLED"], ["APPLICATION_REJECTED"])

    deal = await bench.deal()
    asked = await bench.ask(deal)
    done = await end(staff, deal)
    assert (done["status"], done["held"], done["awaitingSecond"]) == ("CANCELLED", 0, False)
    assert done["cancelReason"] == "Cancelled by our staff"
    await bench.drain()
    assert (await bench.invoices(asked))[0]["status"] == "EXPIRED"
    assert (await bench.status(deal.client, asked))["failureReason"] == "JOB_CANCELLED"
    assert (await bench.notices(deal.worker)) == ["JOB_CANCELLED"]
    (noted,) = await audited(bench.db, deal)
    assert noted[0] == "jobs:cancel"


async def test_what_is_held_goes_back_with_the_fee(bench: Bench) -> None:
    deal, staff = await funded(bench), await bench.staff("FINANCE")
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    dry = await end(staff, deal, dry=True)
    assert (dry["status"], dry["refund"], dry["fee"], dry["held"]) == ("CANCELLED", 500.25, 25.01, 0)
    assert (await staff.get(f"/api/admin/jobs/{deal.job.id}")).json()["status"] == "IN_PROGRESS"
    assert await audited(bench.db, deal) == []

    done = await end(staff, deal)
    assert (done["refund"], done["fee"], done["settledAt"] is not None) == (500.25, 25.01, True)
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26
    assert (await bench.balance(f"escrow:{deal.job.id}"), await bench.balance("fees")) == (0, 0)
    (refund, _) = (await deal.client.get("/api/accounts/wallet/transactions")).json()["items"]
    assert (refund["type"], refund["status"], refund["amount"], refund["fee"]) == (
        "REFUND",
        "COMPLETED",
        525.26,
        25.01,
    )
    assert await bench.notices(deal.client) == [
        "JOB_CANCELLED",
        "REFUNDED",
        "JOB_COMPLETED_BY_WORKER",
        "PAYMENT_SUCCESS",
    ]
    assert (await bench.notices(deal.worker))[0] == "JOB_CANCELLED"
    ((action, before, after),) = await audited(bench.db, deal)
    assert (action, before) == ("jobs:cancel", {"status": "IN_PROGRESS", "held": 500_25})
    assert after == {"status": "CANCELLED", "refund": 500_25, "fee": 25_01}
    told = (await staff.get(f"/api/admin/jobs/{deal.job.id}")).json()
    assert [one["amount"] for one in told["entries"]] == [500.25, -500.25]
    assert (told["moves"][-1]["move"], told["moves"][-1]["accountID"]) == (
        "staff_refund",
        staff.someone.account_id,
    )
    assert (await end(staff, deal, status=409))["code"] == "JOB_ALREADY_CANCELLED"
    assert (await deal.client.get(f"/api/jobs/{deal.job.id}/explain")).json()["waitingFor"] == []


async def test_what_the_client_owes_in_cash_fees_is_taken_from_the_refund(bench: Bench) -> None:
    deal, staff = await funded(bench), await bench.staff()
    async with bench.db.transaction() as tx:
        await post(tx, "owed", (f"cash-fees-due:{deal.client_id}", "fees", 10_00))
    await end(staff, deal)
    assert await bench.balance(f"wallet:{deal.client_id}") == 515_26
    assert await bench.balance(f"cash-fees-due:{deal.client_id}") == 0


async def test_a_disputed_job_is_ended_by_a_ruling(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    staff = await bench.staff("SUPPORT")
    refused = await end(staff, deal, status=409)
    assert (refused["code"], refused["details"]["disputeID"]) == ("DISPUTE_OPEN", dispute)
    assert f"iayos disputes rule {dispute}" in refused["error"]
    assert (await staff.get(f"/api/admin/jobs/{deal.job.id}")).json()["disputeID"] == dispute
    ruled = await staff.post(f"/api/admin/disputes/{dispute}/rule", {"toPayee": 100, "reason": "A part is done"})
    assert ruled.status_code == 200
    assert (await end(staff, deal, status=409))["code"] == "JOB_ALREADY_COMPLETED"


@pytest.mark.parametrize(
    ("stage", "code"),
    [("approved", "JOB_WORK_APPROVED"), ("settled", "JOB_ALREADY_COMPLETED"), ("released", "JOB_ALREADY_COMPLETED")],
)
async def test_work_that_is_approved_is_not_cancelled(bench: Bench, stage: str, code: str) -> None:
    deal, staff = await bench.approved(), await bench.staff()
    if stage == "settled":
        await bench.fill(deal.client_id, 525_26)
        await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "WALLET"})
    if stage == "released":
        await bench.db.pool.execute("UPDATE jobs SET half_released = true")
        async with bench.db.transaction() as tx:
            await post(tx, "half", (f"escrow:{deal.job.id}", f"wallet:{deal.worker_id}", 500_25))
    assert (await end(staff, deal, status=409))["code"] == code
    if stage == "approved":
        opened = await deal.worker.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)
        assert (await end(staff, deal, status=409))["details"]["disputeID"] == opened.json()["disputeID"]


async def test_above_50000_pesos_two_members_say_so_about_the_same_facts(bench: Bench) -> None:
    deal = await funded(bench, budget=120_000_00)
    maria, jose = await bench.staff("ADMIN"), await bench.staff("SUPPORT")
    first = await end(maria, deal)
    assert (first["awaitingSecond"], first["status"], first["refund"], first["fee"]) == (
        True,
        "IN_PROGRESS",
        60_000,
        3_000,
    )
    assert (await end(maria, deal))["awaitingSecond"] is True
    dry = await end(jose, deal, dry=True)
    assert (dry["awaitingSecond"], dry["status"]) == (False, "CANCELLED")
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})  # the facts are others: the first decision is void
    assert (await end(jose, deal))["awaitingSecond"] is True
    assert await bench.balance(f"escrow:{deal.job.id}") == 60_000_00
    done = await end(maria, deal)
    assert (done["awaitingSecond"], done["status"]) == (False, "CANCELLED")
    assert await bench.balance(f"wallet:{deal.client_id}") == 63_000_00
    noted = await audited(bench.db, deal)
    assert [action for action, _, _ in noted] == ["jobs:cancel:first"] * 3 + ["jobs:cancel"]
    assert noted[0][2] == {"status": "IN_PROGRESS", "refund": 60_000_00, "fee": 3_000_00}


async def test_what_happened_in_between_voids_a_first_decision_even_if_it_was_undone(bench: Bench) -> None:
    deal = await funded(bench, budget=120_000_00)
    maria, jose = await bench.staff(), await bench.staff()
    assert (await end(maria, deal))["awaitingSecond"] is True
    opened = (await deal.worker.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)).json()["disputeID"]
    assert (await deal.worker.post(f"/api/disputes/{opened}/withdraw")).status_code == 200
    assert (await end(jose, deal))["awaitingSecond"] is True
    assert (await end(maria, deal))["awaitingSecond"] is False


async def test_exactly_50000_moves_at_once(bench: Bench) -> None:
    deal, staff = await funded(bench, budget=95_238_10), await bench.staff()  # 47,619.05 and a fee of 2,380.95
    done = await end(staff, deal)
    assert (done["refund"] + done["fee"], done["awaitingSecond"]) == (50_000, False)


async def test_nobody_ends_a_job_of_his_own(bench: Bench) -> None:
    deal = await funded(bench)
    await bench.db.pool.execute("UPDATE accounts SET role = 'SUPPORT' WHERE id = $1", deal.client_id)
    assert (await end(deal.client, deal, status=409))["code"] == "JOB_OWN"
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_two_at_once_end_it_once(bench: Bench) -> None:
    deal = await funded(bench)
    people = [await bench.staff(role) for role in ("ADMIN", "SUPPORT", "FINANCE")]
    answers = await asyncio.gather(*(one.post(f"/api/admin/jobs/{deal.job.id}/cancel", WHY) for one in people))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


@pytest.mark.parametrize("round_", range(3))
async def test_against_the_clients_approval_one_of_the_two_counts(bench: Bench, round_: int) -> None:
    deal, staff = await funded(bench), await bench.staff()
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    calls = [
        staff.post(f"/api/admin/jobs/{deal.job.id}/cancel", WHY),
        deal.client.post(f"/api/jobs/{deal.job.id}/approve-completion"),
    ]
    ended, approved = await asyncio.gather(*calls)
    held = await bench.balance(f"escrow:{deal.job.id}")
    assert (ended.status_code, approved.status_code, held) in {(200, 409, 0), (409, 200, 500_25)}, round_


@pytest.mark.parametrize("round_", range(3))
async def test_a_payment_in_the_same_moment_is_not_lost(bench: Bench, round_: int) -> None:
    deal, staff = await bench.deal(), await bench.staff()
    asked = await bench.ask(deal)
    await asyncio.gather(bench.pay(asked), end(staff, deal))
    await bench.hear()
    await bench.drain()
    job = (await staff.get(f"/api/admin/jobs/{deal.job.id}")).json()
    assert (job["status"], job["held"]) == ("CANCELLED", 0), round_
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


async def test_the_escrow_from_a_wallet_in_the_same_moment(bench: Bench) -> None:
    deal, staff = await bench.deal(), await bench.staff()
    await bench.fill(deal.client_id, 525_26)
    body = {"jobID": deal.job.id, "paymentMethod": "WALLET"}
    paid, ended = await asyncio.gather(
        deal.client.post("/api/payments/create-escrow", body),
        staff.post(f"/api/admin/jobs/{deal.job.id}/cancel", WHY),
    )
    assert ended.json()["status"] == "CANCELLED"
    assert paid.status_code in {201, 409}
    assert ended.json()["refund"] == (500.25 if paid.status_code == 201 else 0)
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


async def test_a_webhook_after_the_end_goes_to_the_wallet(bench: Bench) -> None:
    deal, staff = await bench.deal(), await bench.staff()
    asked = await bench.ask(deal)
    await bench.pay(asked)
    await end(staff, deal)
    await bench.hear()
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26
    assert (await bench.status(deal.client, asked))["creditedTo"] == "WALLET"


async def test_an_agencys_employee_is_free_again(bench: Bench) -> None:
    agency = await make.account(bench.db, "AGENCY", business_name="Ayos Builders")
    deal = await bench.deal(job_type="INVITE", invite_status="ACCEPTED", assigned_agency_id=agency.account_id)
    await bench.db.pool.execute(
        "INSERT INTO agency_employees (agency_id, worker_id, status, assigned_job_id, invited_at, created_at, updated_at)"
        " VALUES ($1, $2, 'ACTIVE', $3, now(), now(), now())",
        agency.account_id,
        deal.worker_id,
        deal.job.id,
    )
    await bench.fill(deal.client_id, 525_26)
    await bench.ask(deal, "WALLET")
    await end(await bench.staff(), deal)
    assert await bench.db.pool.fetchval("SELECT assigned_job_id FROM agency_employees") is None
    assert (await bench.notices(make.as_(bench.http, agency)))[0] == "JOB_CANCELLED"


async def test_the_same_key_ends_it_once_and_says_the_same(bench: Bench) -> None:
    deal, staff = await funded(bench), await bench.staff()
    path, key = f"/api/admin/jobs/{deal.job.id}/cancel", {"Idempotency-Key": "end-it"}
    first = await staff.post(path, WHY, headers=key)
    again = await staff.post(path, WHY, headers=key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert json.loads(again.text) == json.loads(first.text)
