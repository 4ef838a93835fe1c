import asyncio
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from iayos.core.errors import AppError, NotFound
from iayos.core.principal import Principal
from iayos.jobs import actions, queries
from iayos.jobs.models import Job
from tests import make


def principal(someone: make.Someone) -> Principal:
    return Principal(
        account_id=someone.account_id, email=someone.email, profile_type="CLIENT", role=None, email_verified=True,
        kyc_verified=False, session_id=1, session_kind="WEB",
    )  # fmt: skip


async def cancel(db: Database, job: Job, someone: make.Someone | None) -> Job:
    async with db.transaction() as tx:
        locked = await queries.lock_job(tx, job.id)
        assert locked is not None
        return await actions.cancel(
            tx, locked, by=principal(someone) if someone else None, reason="Found somebody else"
        )


async def pay_escrow(db: Database, job_id: int) -> None:
    async with db.transaction() as tx:
        job = await queries.lock_job(tx, job_id)
        assert job is not None
        await actions.escrow_was_paid(tx, job)


async def pay_final(db: Database, job_id: int) -> None:
    async with db.transaction() as tx:
        job = await queries.lock_job(tx, job_id)
        assert job is not None
        await actions.final_was_paid(tx, job)


async def notices(http: httpx.AsyncClient, someone: make.Someone) -> list[tuple[str, str]]:
    items = (await make.as_(http, someone).get("/api/notifications")).json()["items"]
    return [(one["type"], one["body"]) for one in items]


async def explained(http: httpx.AsyncClient, someone: make.Someone, job: Job) -> tuple[str, list[tuple[str, str]]]:
    answer = await make.as_(http, someone).get(f"/api/jobs/{job.id}/explain")
    assert answer.status_code == 200
    told = answer.json()
    assert told.keys() == {"state", "because", "waitingFor", "next"}
    assert told["because"]
    return told["state"], [(one["who"], one["action"]) for one in told["waitingFor"]]


async def test_from_acceptance_to_settlement_each_step_in_its_turn(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db, first_name="Ana", last_name="Cruz")
    worker = await make.account(db, "WORKER", first_name="Ben", last_name="Santos")
    job = await make.job(db, client=client, worker=worker)
    complete, approve = f"/api/jobs/{job.id}/complete", f"/api/jobs/{job.id}/approve-completion"
    him, her = make.as_(http, worker), make.as_(http, client)

    assert await explained(http, client, job) == ("IN_PROGRESS", [("CLIENT", "pay_escrow")])
    refused = await him.post(complete, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "ESCROW_UNPAID")
    refused = await her.post(approve)
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_NOT_MARKED_COMPLETE")

    await pay_escrow(db, job.id)
    assert await explained(http, worker, job) == ("IN_PROGRESS", [("WORKER", "mark_complete")])
    assert (await her.post(approve)).json()["code"] == "JOB_NOT_MARKED_COMPLETE"
    done = await him.post(complete, {"notes": " Replaced the washer. ", "photos": []})
    assert (done.status_code, done.json()["status"], done.json()["workerMarkedComplete"]) == (200, "IN_PROGRESS", True)
    assert done.json()["completionNotes"] == "Replaced the washer."
    assert await notices(http, client) == [
        ("JOB_COMPLETED_BY_WORKER", "Ben Santos marked Fix leaking faucet as complete")
    ]
    assert await notices(http, worker) == []
    refused = await him.post(complete, {})
    assert (refused.status_code, refused.json()["code"]) == (409, "ALREADY_MARKED_COMPLETE")

    assert await explained(http, worker, job) == ("IN_PROGRESS", [("CLIENT", "approve_completion")])
    approved = await her.post(approve)
    assert (approved.status_code, approved.json()["status"]) == (200, "COMPLETED")
    assert (approved.json()["clientMarkedComplete"], approved.json()["settledAt"]) == (True, None)
    assert await notices(http, worker) == [
        ("JOB_APPROVED_BY_CLIENT", "Ana Cruz approved completion of Fix leaking faucet")
    ]
    for again in (await her.post(approve), await him.post(complete, {})):
        assert (again.status_code, again.json()["code"]) == (409, "JOB_ALREADY_COMPLETED")

    assert await explained(http, client, job) == ("COMPLETED", [("CLIENT", "pay_final")])
    await pay_final(db, job.id)
    assert await explained(http, client, job) == ("COMPLETED", [])
    settled = (await her.get(f"/api/jobs/{job.id}")).json()
    assert (settled["escrowPaid"], settled["remainingPaymentPaid"]) == (True, True)
    assert settled["settledAt"].endswith("Z")


async def test_of_four_approvals_at_once_one_counts(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client, worker=worker, escrow_paid=True, worker_marked_complete=True)
    me, path = make.as_(http, client), f"/api/jobs/{job.id}/approve-completion"
    answers = await asyncio.gather(*(me.post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "JOB_ALREADY_COMPLETED"}
    assert len(await notices(http, worker)) == 1


async def test_notes_and_pictures_may_be_left_out(http: httpx.AsyncClient, db: Database) -> None:
    worker = await make.account(db, "WORKER")
    for body in (None, {}, {"notes": None, "photos": None}, {"notes": "", "photos": []}):
        job = await make.job(db, client=await make.account(db), worker=worker, escrow_paid=True)
        done = await make.as_(http, worker).post(f"/api/jobs/{job.id}/complete", body)
        assert (done.status_code, done.json()["completionNotes"]) == (200, None)


async def test_pictures_that_nobody_knows_are_refused(http: httpx.AsyncClient, db: Database) -> None:
    worker = await make.account(db, "WORKER")
    job = await make.job(db, client=await make.account(db), worker=worker, escrow_paid=True)
    for photos in ([7], ["a.jpg"], "a.jpg"):
        refused = await make.as_(http, worker).post(f"/api/jobs/{job.id}/complete", {"photos": photos})
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "photos")


async def test_only_the_assigned_worker_completes_and_only_the_client_approves(
    http: httpx.AsyncClient, db: Database
) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client, worker=worker, escrow_paid=True)
    other_worker, other_client = await make.account(db, "WORKER"), await make.account(db)
    complete, approve = f"/api/jobs/{job.id}/complete", f"/api/jobs/{job.id}/approve-completion"
    assert (await make.as_(http, other_worker).post(complete, {})).status_code == 404
    assert (await make.as_(http, client).post(complete, {})).json()["code"] == "WRONG_PROFILE"
    assert (await make.as_(http, other_client).post(approve)).status_code == 404
    assert (await make.as_(http, worker).post(approve)).json()["code"] == "WRONG_PROFILE"
    assert (await make.as_(http, other_worker).get(f"/api/jobs/{job.id}/explain")).status_code == 404


async def test_an_open_listing_waits_for_the_client_and_cancels_freely(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client)
    application = await make.application(db, job.id, worker)
    assert await explained(http, client, job) == ("ACTIVE", [("CLIENT", "accept_application")])
    assert (await make.as_(http, worker).get(f"/api/jobs/{job.id}/explain")).status_code == 404
    with pytest.raises(NotFound):
        await cancel(db, job, worker)
    cancelled = await cancel(db, job, client)
    assert (cancelled.status, cancelled.cancel_reason) == ("CANCELLED", "Found somebody else")
    assert await notices(http, worker) == [
        ("APPLICATION_REJECTED", "Your application for Fix leaking faucet was not selected")
    ]
    assert await notices(http, client) == [("JOB_CANCELLED", "Fix leaking faucet was cancelled")]
    assert await explained(http, client, job) == ("CANCELLED", [])
    refused = await make.as_(http, client).post(f"/api/jobs/applications/{application}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_NOT_OPEN")
    late = await make.as_(http, await make.account(db, "WORKER")).post(
        f"/api/jobs/{job.id}/apply", {"proposalMessage": "Hello", "proposedBudget": 900}
    )
    assert (late.status_code, late.json()["code"]) == (409, "JOB_NOT_OPEN")


@pytest.mark.parametrize("who", ["client", "worker", "runner"])
async def test_either_side_cancels_while_nothing_is_paid_and_both_are_told(
    http: httpx.AsyncClient, db: Database, who: str
) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client, worker=worker)
    await cancel(db, job, {"client": client, "worker": worker, "runner": None}[who])
    for someone in (client, worker):
        assert await notices(http, someone) == [("JOB_CANCELLED", "Fix leaking faucet was cancelled")]
    for path, by in (("complete", worker), ("approve-completion", client)):
        refused = await make.as_(http, by).post(f"/api/jobs/{job.id}/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "JOB_ALREADY_CANCELLED")


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"escrow_paid": True}, "ESCROW_HELD"),
        ({"escrow_paid": True, "status": "COMPLETED"}, "JOB_ALREADY_COMPLETED"),
        ({"status": "CANCELLED"}, "JOB_ALREADY_CANCELLED"),
    ],
)
async def test_when_a_job_cannot_be_cancelled_any_more(db: Database, columns: dict[str, Any], code: str) -> None:
    client = await make.account(db)
    job = await make.job(db, client=client, worker=await make.account(db, "WORKER"), **columns)
    with pytest.raises(AppError) as refused:
        await cancel(db, job, client)
    assert (refused.value.status, refused.value.code) == (409, code)


async def test_a_payment_reported_twice_changes_nothing(db: Database) -> None:
    job = await make.job(db, client=await make.account(db), worker=await make.account(db, "WORKER"))
    await pay_escrow(db, job.id)
    with pytest.raises(AppError) as refused:
        await pay_escrow(db, job.id)
    assert refused.value.code == "ILLEGAL_MOVE"


async def test_one_account_may_be_client_here_and_worker_there(http: httpx.AsyncClient, db: Database) -> None:
    both = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    own = await make.job(db, client=both)
    other = await make.job(db, client=await make.account(db), worker=both, escrow_paid=True)
    me = make.as_(http, both)
    assert (await me.post(f"/api/jobs/{other.id}/complete")).status_code == 200
    assert [one["jobID"] for one in (await me.get("/api/jobs/my-jobs")).json()["items"]] == [other.id]
    mine = await me.get("/api/jobs/my-jobs", params={"role": "CLIENT"})
    assert [one["jobID"] for one in mine.json()["items"]] == [own.id]
