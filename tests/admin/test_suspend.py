"""What a suspension ends, told as stories: rows, notices, money, and two who act at once."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from iayos.agencies.models import EmployeeTable
from iayos.chat.actions import open_conversation
from iayos.core import clock
from iayos.ledger.actions import post
from tests import make
from tests.admin.test_users import BECAUSE, USERS, audited, code
from tests.chat.conftest import Chat
from tests.chat.conftest import chat as chat  # noqa: PLC0414 - a fixture
from tests.make import As, Someone, as_
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.payments.payout_bench import ben, payouts

NOTHING = dict.fromkeys(
    (
        "listings", "applications", "invitations", "employments", "jobsCancelled", "disputesOpened", "disputesHandedOver",
        "withdrawalsFrozen",
    ),
    0,
)  # fmt: skip
DISPUTED = {"reason": "Not done", "description": "Nobody came.", "evidence": []}


async def suspend(staff: As, account_id: int, **wanted: int) -> dict[str, Any]:
    """Suspend; what it closed must be just this."""
    answer = await staff.post(f"{USERS}/{account_id}/suspend", BECAUSE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["closed"] == NOTHING | wanted
    return found


async def paid(bench: Bench, **columns: Any) -> Deal:
    """A deal whose first half lies in escrow."""
    deal = await bench.deal(**({"escrow_paid": True} | columns))
    async with bench.db.transaction() as tx:
        await post(tx, f"made:{deal.job.id}", ("xendit", f"escrow:{deal.job.id}", 500_25))
    return deal


async def fetched(bench: Bench, sql: str, number: int) -> dict[str, Any]:
    """The first row of it."""
    found = await bench.db.pool.fetchrow(sql, number)
    assert found is not None
    return dict(found)


async def row(bench: Bench, job_id: int) -> dict[str, Any]:
    """How a job stands."""
    return await fetched(bench, "SELECT * FROM jobs WHERE id = $1", job_id)


async def dispute_of(bench: Bench, job_id: int) -> dict[str, Any]:
    return await fetched(bench, "SELECT * FROM disputes WHERE job_id = $1 ORDER BY id DESC", job_id)


async def applied(bench: Bench, client: Someone, worker: Someone) -> tuple[int, int]:
    """A listing with an application: both ids."""
    job = await make.job(bench.db, client=client)
    return job.id, await make.application(bench.db, job.id, worker)


async def test_a_client_who_is_suspended_leaves_nothing_open(bench: Bench) -> None:
    staff = await bench.staff("SUPPORT")
    ana, worker = await make.account(bench.db, language="fil"), await make.account(bench.db, "WORKER", trades=(1,))
    listing, application = await applied(bench, ana, worker)
    invite = await make.job(
        bench.db, client=ana, job_type="INVITE", invite_status="PENDING", assigned_worker_id=worker.account_id
    )
    accepted = await make.job(bench.db, client=ana, worker=worker)
    as_ana = as_(bench.http, ana)
    body = {"jobID": accepted.id, "paymentMethod": "GCASH"}
    asked = (await as_ana.post("/api/payments/create-escrow", body)).json()

    found = await suspend(staff, ana.account_id, listings=1, invitations=1, jobsCancelled=1)
    assert (found["suspendedReason"], found["sessions"], found["openJobs"]) == (BECAUSE["reason"], 0, 0)
    assert found["suspendedAt"] is not None
    for job_id in (listing, invite.id, accepted.id):
        job = await row(bench, job_id)
        assert (job["status"], job["cancel_reason"]) == ("CANCELLED", "Cancelled by our staff")
    notices = await bench.notices(as_(bench.http, worker))
    assert sorted(notices) == ["APPLICATION_REJECTED", "JOB_CANCELLED", "JOB_CANCELLED"]
    assert await bench.db.pool.fetchval("SELECT status FROM applications WHERE id = $1", application) == "REJECTED"
    attempt = await fetched(bench, "SELECT * FROM payments WHERE id = $1", asked["transactionID"])
    assert (attempt["status"], attempt["failure_reason"]) == ("FAILED", "JOB_CANCELLED")
    await bench.drain()
    assert [one["status"] for one in await bench.invoices(asked)] == ["EXPIRED"]

    (line,) = await audited(bench, "users:suspend")
    assert line["before"] == {"suspendedAt": None}
    closed = line["after"]["closed"]
    assert closed == {"listings": [listing], "invitations": [invite.id], "jobsCancelled": [accepted.id]}
    mails = (await bench.sandbox.get("/_sandbox/resend/messages", params={"to": ana.email})).json()
    assert [one["subject"] for one in mails] == ["Sinuspinde ang iyong account"]
    assert BECAUSE["reason"] not in str(mails)

    assert code(await as_ana.get("/api/accounts/me")) == (401, "AUTH_REQUIRED")
    signing_in = {"email": ana.email, "password": make.PASSWORD}
    assert code(await bench.http.post("/api/accounts/login", json=signing_in)) == (403, "ACCOUNT_SUSPENDED")
    assert code(await staff.post(f"{USERS}/{ana.account_id}/suspend", BECAUSE)) == (409, "ALREADY_SUSPENDED")


async def test_a_worker_who_is_suspended_applies_and_comes_no_more(bench: Bench) -> None:
    staff, client = await bench.staff("SUPPORT"), await make.account(bench.db)
    worker = await make.account(bench.db, "WORKER", trades=(1,))
    listing, application = await applied(bench, client, worker)
    invite = await make.job(
        bench.db, client=client, job_type="INVITE", invite_status="PENDING", assigned_worker_id=worker.account_id
    )
    accepted = await make.job(bench.db, client=client, worker=worker)
    await suspend(staff, worker.account_id, applications=1, invitations=1, jobsCancelled=1)
    assert await bench.db.pool.fetchval("SELECT status FROM applications WHERE id = $1", application) == "WITHDRAWN"
    assert (await row(bench, listing))["status"] == "ACTIVE"
    assert {(await row(bench, one))["status"] for one in (invite.id, accepted.id)} == {"CANCELLED"}
    told = await bench.notices(as_(bench.http, client))
    assert sorted(told) == ["APPLICATION_WITHDRAWN", "JOB_CANCELLED", "JOB_CANCELLED"]
    late = await as_(bench.http, client).post(f"/api/jobs/applications/{application}/accept")
    assert code(late) == (409, "APPLICATION_NOT_PENDING")
    moved = await fetched(
        bench, "SELECT move, actor_id FROM history WHERE entity = 'applications' AND entity_id = $1", application
    )
    assert tuple(moved.values()) == ("withdraw", staff.someone.account_id)


@pytest.mark.parametrize("side", ["client", "worker"])
@pytest.mark.parametrize("stage", ["at work", "marked", "approved"])
async def test_money_that_is_held_waits_for_a_ruling(bench: Bench, side: str, stage: str) -> None:
    staff = await bench.staff("SUPPORT")
    deal = (
        await bench.approved() if stage == "approved" else await paid(bench, worker_marked_complete=stage == "marked")
    )
    gone, left = (deal.client, deal.worker) if side == "client" else (deal.worker, deal.client)
    await suspend(staff, gone.someone.account_id, disputesOpened=1)
    dispute = await dispute_of(bench, deal.job.id)
    assert (dispute["status"], dispute["phase"], dispute["opened_by"]) == ("OPEN", "STAFF", staff.someone.account_id)
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25
    assert (await bench.notices(left))[:2] == ["DISPUTE_WITH_STAFF", "DISPUTE_OPENED"]
    assert "DISPUTE_TO_RULE" in await bench.notices(staff)
    clock.advance(30 * 86_400)
    await bench.drain()
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25

    left = as_(bench.http, await make.signed_in_again(bench.db, left.someone))
    shown = (await left.get(f"/api/disputes/{dispute['id']}")).json()
    assert (shown["status"], shown["deadlineAt"], shown["held"]) == ("OPEN", None, 500.25)
    assert code(await left.post(f"/api/disputes/{dispute['id']}/withdraw")) == (403, "NOT_THE_OPENER")
    assert BECAUSE["reason"] not in str(shown)
    staff = await bench.staff("SUPPORT")
    ruling = {"toPayee": 100.25, "reason": "Some of it was done"}
    ruled = await staff.post(f"/api/admin/disputes/{dispute['id']}/rule", ruling)
    assert (ruled.status_code, ruled.json()["status"]) == (200, "RULED")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 100_25
    assert await bench.balance(f"wallet:{deal.client_id}") == 400_00


async def test_a_dispute_that_was_open_goes_to_staff_and_nobody_ends_it_alone(bench: Bench) -> None:
    staff, deal = await bench.staff("SUPPORT"), await paid(bench)
    opened = (await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", DISPUTED)).json()
    path = f"/api/disputes/{opened['disputeID']}"
    offer = (await deal.worker.post(f"{path}/offers", {"toPayee": 500.25})).json()["offers"][0]["offerID"]
    await suspend(staff, deal.worker_id, disputesHandedOver=1)
    dispute = await dispute_of(bench, deal.job.id)
    assert (dispute["id"], dispute["status"], dispute["phase"]) == (opened["disputeID"], "OPEN", "STAFF")
    assert code(await deal.client.post(f"{path}/offers/{offer}/accept")) == (409, "SIDE_SUSPENDED")
    assert code(await deal.client.post(f"{path}/withdraw")) == (409, "SIDE_SUSPENDED")
    assert (await bench.notices(deal.client))[0] == "DISPUTE_WITH_STAFF"

    assert (await staff.post(f"{USERS}/{deal.worker_id}/restore", BECAUSE)).status_code == 200
    assert (await deal.client.post(f"{path}/offers/{offer}/accept")).status_code == 200
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    await suspend(staff, deal.worker_id)  # the second time there is nothing left


async def test_who_pays_late_finds_the_money_in_the_wallet(bench: Bench) -> None:
    staff, deal = await bench.staff("SUPPORT"), await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked)
    await suspend(staff, deal.worker_id, jobsCancelled=1)
    await bench.hear()
    assert await bench.balance(f"escrow:{deal.job.id}") == 0
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


async def employed(bench: Bench, agency: Someone, status: str = "ACTIVE", **columns: Any) -> tuple[Someone, int]:
    """A worker and their place at the agency."""
    worker = await make.account(bench.db, "WORKER", trades=(1,))
    async with bench.db.transaction() as tx:
        number = await tx.insert(
            EmployeeTable, agency_id=agency.account_id, worker_id=worker.account_id, status=status,
            invited_at=clock.now(), **columns,
        )  # fmt: skip
    return worker, number


async def at_work(bench: Bench, agency: Someone, worker: Someone, employee: int) -> Deal:
    """A job of an agency, with its employee at it and the first half held."""
    deal = await paid(
        bench, job_type="INVITE", invite_status="ACCEPTED", assigned_agency_id=agency.account_id,
        assigned_worker_id=worker.account_id,
    )  # fmt: skip
    await bench.db.pool.execute("UPDATE agency_employees SET assigned_job_id = $1 WHERE id = $2", deal.job.id, employee)
    async with bench.db.transaction() as tx:
        await open_conversation(tx, deal.job.id, [deal.client_id, agency.account_id, worker.account_id])
    return deal


async def test_an_employee_who_is_suspended_leaves_the_job_to_the_agency(bench: Bench) -> None:
    staff, boss = await bench.staff("SUPPORT"), await make.account(bench.db, "AGENCY", kyc_verified=True)
    worker, employee = await employed(bench, boss)
    other, _ = await employed(bench, boss)
    elsewhere = await make.account(bench.db, "AGENCY")
    async with bench.db.transaction() as tx:
        await tx.insert(
            EmployeeTable, agency_id=elsewhere.account_id, worker_id=worker.account_id, status="INVITED",
            invited_at=clock.now(),
        )  # fmt: skip
    deal = await at_work(bench, boss, worker, employee)
    await suspend(staff, worker.account_id, employments=2)
    found = await bench.db.pool.fetch(
        "SELECT status, assigned_job_id FROM agency_employees WHERE worker_id = $1", worker.account_id
    )
    assert [tuple(one) for one in found] == [("INACTIVE", None)] * 2
    me = as_(bench.http, boss)
    (told,) = (await me.get("/api/notifications")).json()["items"]
    assert (told["type"], told["data"]) == (
        "EMPLOYEE_UNAVAILABLE", {"employeeID": employee, "jobID": deal.job.id},
    )  # fmt: skip
    assert await bench.notices(as_(bench.http, elsewhere)) == ["EMPLOYEE_UNAVAILABLE"]
    job = await row(bench, deal.job.id)
    assert (job["status"], job["dispute_open"]) == ("IN_PROGRESS", False)
    moved = await me.post(f"/api/agency/jobs/{deal.job.id}/reassign", {"assignedWorkerID": other.account_id})
    assert (moved.status_code, moved.json()["assignedWorkerID"]) == (200, other.account_id)
    assert (await as_(bench.http, other).post(f"/api/jobs/{deal.job.id}/complete", {})).status_code == 200

    assert (await staff.post(f"{USERS}/{worker.account_id}/restore", BECAUSE)).status_code == 200
    again = await me.post("/api/agency/employees", {"email": worker.email})
    assert (again.status_code, again.json()["status"]) == (201, "INVITED")


async def test_an_agency_that_is_suspended(bench: Bench) -> None:
    staff, boss = await bench.staff("SUPPORT"), await make.account(bench.db, "AGENCY", kyc_verified=True)
    worker, employee = await employed(bench, boss)
    asked, invitation = await employed(bench, boss, "INVITED")
    deal = await at_work(bench, boss, worker, employee)
    invite = await make.job(
        bench.db, client=deal.client.someone, job_type="INVITE", invite_status="PENDING",
        assigned_agency_id=boss.account_id,
    )  # fmt: skip
    await suspend(staff, boss.account_id, invitations=1, employments=1, disputesOpened=1)
    assert (await row(bench, invite.id))["status"] == "CANCELLED"
    assert (await dispute_of(bench, deal.job.id))["phase"] == "STAFF"
    places = await bench.db.pool.fetch("SELECT id, status FROM agency_employees ORDER BY id")
    assert [tuple(one) for one in places] == [(employee, "ACTIVE"), (invitation, "INACTIVE")]
    assert await bench.notices(as_(bench.http, asked)) == ["EMPLOYMENT_ENDED"]
    assert await bench.notices(as_(bench.http, worker)) == ["DISPUTE_WITH_STAFF", "DISPUTE_OPENED"]


async def test_withdrawals_wait_and_go_on_after_the_end(bench: Bench) -> None:
    staff, who = await bench.staff("SUPPORT"), await ben(bench)
    asked = await who.withdraw()
    found = await suspend(staff, who.id, withdrawalsFrozen=1)
    assert (found["balance"], found["pendingWithdrawal"]) == (500, 500)
    await bench.drain()
    clock.advance(7200)
    await bench.drain()
    assert await payouts(bench) == []
    staff = await bench.staff("SUPPORT")
    restored = await staff.post(f"{USERS}/{who.id}/restore", BECAUSE)
    assert (restored.status_code, restored.json()["suspendedAt"], restored.json()["suspendedReason"]) == (
        200,
        None,
        None,
    )
    await bench.drain()
    assert len(await payouts(bench)) == 1
    (line,) = await audited(bench, "users:restore")
    assert line["after"] == {"suspendedAt": None, "withdrawalsSent": [asked["transactionID"]]}
    assert line["before"]["suspendedAt"] is not None
    mails = (await bench.sandbox.get("/_sandbox/resend/messages", params={"to": who.api.someone.email})).json()
    assert {one["subject"] for one in mails} == {"Your account is suspended", "Your account is open again"}
    assert code(await staff.post(f"{USERS}/{who.id}/restore", BECAUSE)) == (409, "NOT_SUSPENDED")
    again = await bench.http.post(
        "/api/accounts/login", json={"email": who.api.someone.email, "password": make.PASSWORD}
    )
    assert again.status_code == 200


async def test_a_dry_run_tells_what_would_close_and_closes_nothing(bench: Bench) -> None:
    staff, deal = await bench.staff("SUPPORT"), await paid(bench)
    listing = await make.job(bench.db, client=deal.client.someone)
    path = f"{USERS}/{deal.client_id}"
    dry = await staff.post(f"{path}/suspend?dryRun=true", BECAUSE)
    assert dry.status_code == 200
    assert dry.json()["closed"] == NOTHING | {"listings": 1, "disputesOpened": 1}
    assert code(await staff.post(f"{path}/restore?dryRun=true", BECAUSE)) == (409, "NOT_SUSPENDED")
    assert (await deal.client.get("/api/accounts/me")).status_code == 200
    assert (await row(bench, listing.id))["status"] == "ACTIVE"
    assert (await row(bench, deal.job.id))["dispute_open"] is False
    assert await audited(bench, "users:suspend") == []
    assert await bench.drain() == 0


async def test_what_is_wrong_with_a_request(bench: Bench) -> None:
    staff, someone = await bench.staff("SUPPORT"), await make.account(bench.db)
    for body in ({}, {"reason": " "}, {"reason": "x" * 501}, {"reason": 7}):
        assert code(await staff.post(f"{USERS}/{someone.account_id}/suspend", body)) == (400, "VALIDATION_ERROR")
    assert code(await staff.post(f"{USERS}/{2**62}/suspend", BECAUSE)) == (404, "NOT_FOUND")
    assert code(await staff.post(f"{USERS}/{staff.someone.account_id}/suspend", BECAUSE)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("verb", ["suspend", "role"])
async def test_open_sockets_end_within_a_second(chat: Chat, bench: Bench, verb: str) -> None:
    admin, pair = await bench.staff(), await chat.pair()
    body = BECAUSE | ({"role": "SUPPORT"} if verb == "role" else {})
    async with (
        chat.phone(pair.client, pair) as one,
        chat.phone(pair.client) as all_,
        chat.phone(pair.worker, pair) as ben,
    ):
        for socket in (one, all_, ben):
            await socket.quiet()
        begun = time.monotonic()
        answer = await admin.post(f"{USERS}/{pair.client.account_id}/{verb}", body)
        assert answer.status_code == 200
        assert {await one.close_code(), await all_.close_code()} == {4401}
        assert time.monotonic() - begun < 1
        await ben.quiet()


def outcome(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("who", ["client", "worker"])
async def test_hired_and_suspended_at_once(bench: Bench, who: str) -> None:
    """Whichever comes first: in the end nobody is hired by or as somebody who is suspended, and nobody waits for ever."""
    staff = await bench.staff("SUPPORT")
    for _ in range(6):
        client, worker = await make.account(bench.db), await make.account(bench.db, "WORKER")
        listing, application = await applied(bench, client, worker)
        gone = client if who == "client" else worker
        answers = await asyncio.gather(
            as_(bench.http, client).post(f"/api/jobs/applications/{application}/accept"),
            staff.post(f"{USERS}/{gone.account_id}/suspend", BECAUSE),
        )
        assert answers[1].status_code == 200
        assert answers[0].status_code in {200, 401, 409}, answers[0].text
        status = await bench.db.pool.fetchval("SELECT status FROM applications WHERE id = $1", application)
        job = await row(bench, listing)
        assert job["status"] == ("CANCELLED" if answers[0].status_code == 200 or who == "client" else "ACTIVE")
        assert status == {200: "ACCEPTED"}.get(answers[0].status_code, "REJECTED" if who == "client" else "WITHDRAWN")


@pytest.mark.parametrize("what", ["post", "invite", "apply"])
async def test_nothing_new_slips_in_beside_a_suspension(bench: Bench, what: str) -> None:
    staff = await bench.staff("SUPPORT")
    for _ in range(6):
        client, worker = await make.account(bench.db), await make.account(bench.db, "WORKER")
        job = await make.job(bench.db, client=client)
        new = {"title": "Fix", "description": "It drips", "categoryID": 1, "budget": 500, "location": "Zamboanga City"}
        named = (
            {"jobType": "INVITE", "assignedWorkerID": worker.account_id} if what == "invite" else {"jobType": "LISTING"}
        )
        gone = worker if what == "apply" else client
        acts = (
            as_(bench.http, worker).post(f"/api/jobs/{job.id}/apply", {"proposalMessage": "Me", "proposedBudget": 500})
            if what == "apply"
            else as_(bench.http, client).post("/api/jobs/create", new | named)
        )
        answers = await asyncio.gather(acts, staff.post(f"{USERS}/{gone.account_id}/suspend", BECAUSE))
        assert answers[0].status_code in {201, 401}
        assert answers[1].status_code == 200
    assert await bench.db.pool.fetchval(
        "SELECT count(*) FROM jobs JOIN accounts ON accounts.id = client_id WHERE status = 'ACTIVE' AND suspended_at IS NOT NULL"
    ) == 0  # fmt: skip
    assert await bench.db.pool.fetchval(
        "SELECT count(*) FROM applications JOIN accounts ON accounts.id = worker_id"
        " WHERE status = 'PENDING' AND suspended_at IS NOT NULL"
    ) == 0  # fmt: skip


async def test_both_sides_of_many_jobs_at_once(bench: Bench) -> None:
    """Two suspensions that meet in the same jobs do not wait for each other crosswise."""
    staff = [await bench.staff("SUPPORT") for _ in range(2)]
    one, two = [await make.account(bench.db, "CLIENT", profile_types=["CLIENT", "WORKER"]) for _ in range(2)]
    for _ in range(4):
        await make.job(bench.db, client=one, worker=two)
        await make.job(bench.db, client=two, worker=one)
        await applied(bench, one, two)
        await applied(bench, two, one)
    answers = await asyncio.gather(
        *(
            me.post(f"{USERS}/{gone.account_id}/suspend", BECAUSE)
            for me, gone in ((staff[0], one), (staff[1], two), (staff[1], one))
        )
    )
    assert sorted(outcome(list(answers))) == [200, 200, 409]
    done = [answer.json()["closed"] for answer in answers if answer.status_code == 200]
    assert sum(one["jobsCancelled"] for one in done) == 8
    assert await bench.db.pool.fetchval("SELECT count(*) FROM jobs WHERE status <> 'CANCELLED'") == 0


async def test_paid_and_suspended_at_once(bench: Bench) -> None:
    staff = await bench.staff("SUPPORT")
    for _ in range(6):
        deal = await bench.deal()
        await bench.fill(deal.client_id, 600_00)
        body = {"jobID": deal.job.id, "paymentMethod": "WALLET"}
        answers = await asyncio.gather(
            deal.client.post("/api/payments/create-escrow", body),
            staff.post(f"{USERS}/{deal.worker_id}/suspend", BECAUSE),
        )
        assert answers[1].status_code == 200
        came = answers[0].status_code == 201
        assert answers[1].json()["closed"] == NOTHING | ({"disputesOpened": 1} if came else {"jobsCancelled": 1})
        assert await bench.balance(f"escrow:{deal.job.id}") == (500_25 if came else 0)


async def test_what_is_over_stays_as_it_is(bench: Bench) -> None:
    staff, deal = await bench.staff("SUPPORT"), await bench.deal(status="CANCELLED")
    done = await bench.deal(status="COMPLETED", escrow_paid=True, remaining_paid=True, settled_at=clock.now())
    await suspend(staff, deal.client_id)
    await suspend(staff, done.worker_id)
