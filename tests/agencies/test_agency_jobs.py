"""Jobs of an agency: accepted with an employee who is free, rejected, handed to another."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from iayos.agencies.models import EmployeeTable
from iayos.chat.queries import conversation_of
from iayos.core import clock
from iayos.core.db import Database
from iayos.jobs.models import Job
from tests import make
from tests.agencies.test_employees import EMPLOYEES, agency
from tests.jobs.test_progress import explained, notices, pay_escrow

PEOPLE = "SELECT account_id FROM conversation_participants WHERE conversation_id = $1"


async def employee(db: Database, boss: make.Someone, **columns: Any) -> make.Someone:
    """A worker who works for this agency."""
    worker = await make.account(db, "WORKER", first_name="Ben", **columns)
    await employ(db, boss, worker)
    return worker


async def employ(db: Database, boss: make.Someone, worker: make.Someone, status: str = "ACTIVE") -> None:
    async with db.transaction() as tx:
        await tx.insert(
            EmployeeTable, agency_id=boss.account_id, worker_id=worker.account_id, status=status, invited_at=clock.now()
        )


async def invite(db: Database, client: make.Someone, boss: make.Someone, **columns: Any) -> Job:
    invited: dict[str, Any] = {"job_type": "INVITE", "invite_status": "PENDING", "assigned_agency_id": boss.account_id}
    return await make.job(db, client=client, **invited | columns)


async def do(
    http: httpx.AsyncClient, boss: make.Someone, job: Job, worker: make.Someone, verb: str = "accept"
) -> tuple[int, str]:
    answer = await make.as_(http, boss).post(
        f"/api/agency/jobs/{job.id}/{verb}", {"assignedWorkerID": worker.account_id}
    )
    return answer.status_code, answer.json().get("code") or answer.json()["status"]


async def assigned(http: httpx.AsyncClient, boss: make.Someone) -> dict[int, int | None]:
    """Which job each employee is at, as the agency sees it."""
    items = (await make.as_(http, boss).get(EMPLOYEES)).json()["items"]
    assert all(one["isCurrentlyAssigned"] is (one["assignedJobID"] is not None) for one in items)
    return {one["workerID"]: one["assignedJobID"] for one in items}


async def test_who_may_be_sent(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db, "CLIENT", profile_types=["CLIENT", "WORKER"])
    boss, rival = await agency(db), await agency(db, "Rivals")
    own, theirs, nobodys = await employee(db, boss), await employee(db, rival), await make.account(db, "WORKER")
    asked, away = await make.account(db, "WORKER"), await employee(db, boss, suspended_at=clock.now())
    await employ(db, boss, asked, "INVITED")
    await employ(db, boss, client)
    job = await invite(db, client, boss)
    assert await do(http, boss, job, theirs) == (404, "NOT_FOUND")
    assert await do(http, boss, job, nobodys) == (404, "NOT_FOUND")
    assert await do(http, boss, job, asked) == (409, "NOT_EMPLOYED")
    assert await do(http, boss, job, away) == (409, "WORKER_SUSPENDED")
    assert await do(http, boss, job, client) == (403, "OWN_JOB")
    assert await do(http, rival, job, theirs) == (404, "NOT_FOUND")
    missing = msgspec.structs.replace(own, account_id=2**60)
    assert await do(http, boss, job, missing) == (404, "NOT_FOUND")
    assert (await make.as_(http, own).post(f"/api/jobs/{job.id}/accept-invite")).status_code == 404
    assert (await make.as_(http, own).get(f"/api/jobs/{job.id}")).status_code == 404
    refused = await make.as_(http, own).post(f"/api/agency/jobs/{job.id}/accept", {"assignedWorkerID": own.account_id})
    assert (refused.status_code, refused.json()["code"]) == (403, "WRONG_PROFILE")
    assert await do(http, boss, job, own) == (200, "IN_PROGRESS")
    assert await do(http, boss, job, own) == (409, "INVITE_NOT_PENDING")


async def test_an_agency_needs_its_papers_to_accept(http: httpx.AsyncClient, db: Database) -> None:
    boss = await make.account(db, "AGENCY", business_name="New")
    worker, job = await employee(db, boss), await invite(db, await make.account(db), boss)
    assert await explained(http, boss, job) == ("ACTIVE", [("AGENCY", "accept_invite"), ("AGENCY", "reject_invite")])
    assert await do(http, boss, job, worker) == (403, "KYC_REQUIRED")
    rejected = await make.as_(http, boss).post(f"/api/agency/jobs/{job.id}/reject", {"reason": "No papers yet"})
    assert (rejected.status_code, rejected.json()["inviteStatus"]) == (200, "REJECTED")


async def test_an_agency_rejects(http: httpx.AsyncClient, db: Database) -> None:
    client, boss, rival = await make.account(db), await agency(db), await agency(db, "Rivals")
    job, path = await invite(db, client, boss), "/api/agency/jobs/{}/reject"
    refused = await make.as_(http, rival).post(path.format(job.id), {"reason": "Mine"})
    assert refused.status_code == 404
    assert (await make.as_(http, boss).post(path.format(job.id), {})).status_code == 400
    rejected = (await make.as_(http, boss).post(path.format(job.id), {"reason": "Fully booked"})).json()
    assert (rejected["status"], rejected["inviteStatus"], rejected["cancelReason"]) == (
        "CANCELLED",
        "REJECTED",
        "Fully booked",
    )
    assert await notices(http, client) == [
        ("INVITATION_REJECTED", "Ayos Builders declined your invitation to Fix leaking faucet: Fully booked")
    ]
    again = await make.as_(http, boss).post(path.format(job.id), {"reason": "Again"})
    assert (again.status_code, again.json()["code"]) == (409, "INVITE_NOT_PENDING")
    mine = (await make.as_(http, boss).get("/api/agency/jobs", params={"status": "CANCELLED"})).json()["items"]
    assert [one["jobID"] for one in mine] == [job.id]
    assert (await make.as_(http, boss).get("/api/agency/jobs", params={"status": "ACTIVE"})).json()["items"] == []
    assert (await make.as_(http, client).get("/api/agency/jobs")).status_code == 403


async def test_two_jobs_at_once_for_one_employee_one_wins(http: httpx.AsyncClient, db: Database) -> None:
    client, boss = await make.account(db), await agency(db)
    for _ in range(5):
        worker = await employee(db, boss)
        jobs = [await invite(db, client, boss) for _ in range(3)]
        answers = await asyncio.gather(*(do(http, boss, job, worker) for job in jobs))
        assert sorted(answers) == [(200, "IN_PROGRESS"), (409, "EMPLOYEE_BUSY"), (409, "EMPLOYEE_BUSY")]
        [won] = [job.id for job, (status, _) in zip(jobs, answers, strict=True) if status == 200]
        assert (await assigned(http, boss))[worker.account_id] == won


async def test_accepting_against_rejecting_one_wins(http: httpx.AsyncClient, db: Database) -> None:
    boss, client = await agency(db), await make.account(db)
    for _ in range(5):
        worker, job = await employee(db, boss), await invite(db, client, boss)
        accepted, rejected = await asyncio.gather(
            do(http, boss, job, worker),
            make.as_(http, boss).post(f"/api/agency/jobs/{job.id}/reject", {"reason": "No"}),
        )
        assert sorted((accepted[0], rejected.status_code)) == [200, 409]
        busy = (await assigned(http, boss))[worker.account_id]
        assert busy == (job.id if accepted[0] == 200 else None)


@pytest.mark.parametrize("end", ["completed", "cancelled by the client", "cancelled by the agency", "unpaid"])
async def test_an_employee_is_free_when_the_job_ends(
    http: httpx.AsyncClient, db: Database, drain: Any, end: str
) -> None:
    client, boss = await make.account(db), await agency(db)
    worker, job = await employee(db, boss), await invite(db, client, boss)
    assert await do(http, boss, job, worker) == (200, "IN_PROGRESS")
    assert await assigned(http, boss) == {worker.account_id: job.id}
    [row] = (await make.as_(http, boss).get(EMPLOYEES)).json()["items"]
    parting = await make.as_(http, boss).post(f"{EMPLOYEES}/{row['employeeID']}/deactivate")
    assert (parting.status_code, parting.json()["code"]) == (409, "EMPLOYEE_BUSY")
    leaving = await make.as_(http, worker).post(f"/api/agency/invitations/{row['employeeID']}/leave")
    assert (leaving.status_code, leaving.json()["code"]) == (409, "EMPLOYEE_BUSY")
    if end == "completed":
        await pay_escrow(db, job.id)
        assert (await make.as_(http, boss).post(f"/api/jobs/{job.id}/complete")).status_code == 200
        assert await assigned(http, boss) == {worker.account_id: job.id}
        assert (await make.as_(http, client).post(f"/api/jobs/{job.id}/approve-completion")).status_code == 200
    elif end == "unpaid":
        clock.advance(3 * 86_400 + 1)
        await drain()
    else:
        who = client if end.endswith("client") else boss
        ended = await make.as_(http, who).post(f"/api/jobs/{job.id}/cancel", {"reason": "No"})
        assert ended.status_code == 200
    assert await assigned(http, boss) == {worker.account_id: None}
    assert await do(http, boss, await invite(db, client, boss), worker) == (200, "IN_PROGRESS")


async def test_another_employee_is_sent(http: httpx.AsyncClient, db: Database) -> None:
    client, boss = await make.account(db), await agency(db)
    first, second = await employee(db, boss, last_name="One"), await employee(db, boss, last_name="Two")
    job = await invite(db, client, boss)
    assert await do(http, boss, job, second, "reassign") == (409, "JOB_NOT_IN_PROGRESS")
    await do(http, boss, job, first)
    assert await do(http, boss, job, first, "reassign") == (409, "EMPLOYEE_BUSY")
    assert await do(http, await agency(db, "Rivals"), job, second, "reassign") == (404, "NOT_FOUND")
    assert await do(http, boss, job, second, "reassign") == (200, "IN_PROGRESS")
    assert await assigned(http, boss) == {first.account_id: None, second.account_id: job.id}
    assert (await make.as_(http, client).get(f"/api/jobs/{job.id}")).json()["assignedWorkerID"] == second.account_id
    assert (await make.as_(http, first).get(f"/api/jobs/{job.id}")).status_code == 404
    conversation = await conversation_of(db.reads, job.id)
    inside = {row["account_id"] for row in await db.pool.fetch(PEOPLE, conversation)}
    assert inside == {client.account_id, boss.account_id, second.account_id}
    assert (await notices(http, first))[0] == (
        "JOB_UNASSIGNED",
        "Ayos Builders sends somebody else to Fix leaking faucet",
    )
    assert (await notices(http, second))[0] == ("JOB_ASSIGNED", "Ayos Builders assigned you to Fix leaking faucet")
    assert (await notices(http, client))[0] == (
        "EMPLOYEE_REPLACED",
        "Ayos Builders sends Ben Two to Fix leaking faucet",
    )
    await pay_escrow(db, job.id)
    assert (await make.as_(http, first).post(f"/api/jobs/{job.id}/complete")).status_code == 404
    assert (await make.as_(http, second).post(f"/api/jobs/{job.id}/complete")).status_code == 200
    assert await do(http, boss, job, first, "reassign") == (409, "ALREADY_MARKED_COMPLETE")


async def test_two_employees_swap_jobs_at_once_without_a_deadlock(http: httpx.AsyncClient, db: Database) -> None:
    client, boss = await make.account(db), await agency(db)
    for _ in range(5):
        workers = [await employee(db, boss) for _ in range(2)]
        jobs = [await invite(db, client, boss) for _ in range(2)]
        for job, worker in zip(jobs, workers, strict=True):
            await do(http, boss, job, worker)
        crossed = zip(jobs, workers[::-1], strict=True)
        answers = await asyncio.gather(*(do(http, boss, job, worker, "reassign") for job, worker in crossed))
        assert set(answers) == {(409, "EMPLOYEE_BUSY")}
