"""Invitations to one worker: who may be invited, the answers, and what comes of silence."""

import asyncio
from typing import Any

import httpx
import pytest

from iayos.core import clock
from iayos.core.db import Database
from iayos.jobs.models import Job
from tests import make
from tests.jobs.test_listings import FAUCET, Drain
from tests.jobs.test_progress import explained, notices

DAY = 86_400


async def invite(db: Database, client: make.Someone, worker: make.Someone, **columns: Any) -> Job:
    sent: dict[str, Any] = {"job_type": "INVITE", "invite_status": "PENDING", "assigned_worker_id": worker.account_id}
    return await make.job(db, client=client, **sent | columns)


async def test_an_invitation_names_exactly_one_who_can_come(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db, "CLIENT", profile_types=["CLIENT", "WORKER"])
    worker, agency = await make.account(db, "WORKER"), await make.account(db, "AGENCY", business_name="Ayos Builders")
    away = await make.account(db, "WORKER", suspended_at=clock.now())
    her = make.as_(http, client)

    async def fault(**named: Any) -> tuple[int, Any]:
        answer = await her.post("/api/jobs/create", FAUCET | {"jobType": "INVITE"} | named)
        assert answer.status_code in {400, 403}, answer.text
        return answer.status_code, answer.json()["details"].get("field") or answer.json()["code"]

    both = {"assignedWorkerID": worker.account_id, "assignedAgencyFK": agency.account_id}
    assert await fault() == (400, "assignedWorkerID")
    assert await fault(**both) == (400, "assignedWorkerID")
    assert await fault(assignedWorkerID=agency.account_id) == (400, "assignedWorkerID")
    assert await fault(assignedWorkerID=away.account_id) == (400, "assignedWorkerID")
    assert await fault(assignedWorkerID=2**60) == (400, "assignedWorkerID")
    assert await fault(assignedAgencyFK=worker.account_id) == (400, "assignedAgencyFK")
    assert await fault(assignedWorkerID=client.account_id) == (403, "OWN_JOB")
    listing = await her.post("/api/jobs/create", FAUCET | {"assignedWorkerID": worker.account_id})
    assert (listing.status_code, listing.json()["details"]["field"]) == (400, "assignedWorkerID")
    for field, someone in (("assignedWorkerID", worker), ("assignedAgencyFK", agency)):
        sent = await her.post("/api/jobs/create", FAUCET | {"jobType": "INVITE", field: someone.account_id})
        assert (sent.status_code, sent.json()[field]) == (201, someone.account_id)
        assert [kind for kind, _ in await notices(http, someone)] == ["INVITATION_RECEIVED"]


async def test_work_over_ten_thousand_needs_a_verified_worker(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    worker, known = await make.account(db, "WORKER"), await make.account(db, "WORKER", kyc_verified=True)
    dear = await invite(db, client, worker, budget=10_000_01)
    refused = await make.as_(http, worker).post(f"/api/jobs/{dear.id}/accept-invite")
    assert (refused.status_code, refused.json()["code"]) == (403, "KYC_REQUIRED")
    cheap = await invite(db, client, worker, budget=10_000_00)
    assert (await make.as_(http, worker).post(f"/api/jobs/{cheap.id}/accept-invite")).status_code == 200
    other = await invite(db, client, known, budget=10_000_01)
    assert (await make.as_(http, known).post(f"/api/jobs/{other.id}/accept-invite")).status_code == 200


async def test_explain_says_who_answers_and_when_it_lapses(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    her = make.as_(http, client)
    created = await her.post("/api/jobs/create", FAUCET | {"jobType": "INVITE", "assignedWorkerID": worker.account_id})
    path = f"/api/jobs/{created.json()['jobID']}"
    told = (await make.as_(http, worker).get(f"{path}/explain")).json()
    answers = [{"who": "WORKER", "action": "accept_invite"}, {"who": "WORKER", "action": "reject_invite"}]
    assert (told["state"], told["waitingFor"], told["next"]["action"]) == ("ACTIVE", answers, "lapse_invite")
    assert told["next"]["at"] > created.json()["createdAt"]
    clock.advance(3 * DAY + 1)
    late = await make.as_(http, worker).post(f"{path}/accept-invite")
    assert (late.status_code, late.json()["code"]) == (409, "INVITE_LAPSED")
    await drain()
    her, him = make.as_(http, client), make.as_(http, worker)
    assert (await her.get(path)).json()["status"] == "CANCELLED"
    for who in (her, him):
        told = (await who.get(f"{path}/explain")).json()
        assert (told["state"], told["waitingFor"], told["next"]) == ("CANCELLED", [], None)


async def test_an_answered_invitation_does_not_lapse(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    created = await make.as_(http, client).post(
        "/api/jobs/create", FAUCET | {"jobType": "INVITE", "assignedWorkerID": worker.account_id}
    )
    job_id = created.json()["jobID"]
    clock.advance(2 * DAY)
    assert (await make.as_(http, worker).post(f"/api/jobs/{job_id}/accept-invite")).status_code == 200
    clock.advance(2 * DAY)
    await drain()
    job = (await make.as_(http, client).get(f"/api/jobs/{job_id}")).json()
    assert (job["status"], job["inviteStatus"]) == ("IN_PROGRESS", "ACCEPTED")
    clock.advance(2 * DAY)  # the escrow's three days run from the answer
    await drain()
    job = (await make.as_(http, client).get(f"/api/jobs/{job_id}")).json()
    assert (job["status"], job["inviteStatus"]) == ("CANCELLED", "ACCEPTED")


async def test_the_client_takes_an_invitation_back_and_changes_it(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await invite(db, client, worker)
    her, him = make.as_(http, client), make.as_(http, worker)
    changed = await her.patch(f"/api/jobs/{job.id}", {"budget": 1200})
    assert (changed.status_code, changed.json()["budget"]) == (200, 1200)
    assert [kind for kind, _ in await notices(http, worker)] == ["INVITATION_CHANGED"]
    assert (await him.post(f"/api/jobs/{job.id}/cancel", {"reason": "No"})).json()["code"] == "INVITE_UNANSWERED"
    assert (await her.post(f"/api/jobs/{job.id}/cancel", {"reason": "Mistake"})).json()["status"] == "CANCELLED"
    assert (await notices(http, worker))[0][0] == "JOB_CANCELLED"
    refused = await him.post(f"/api/jobs/{job.id}/accept-invite")
    assert (refused.status_code, refused.json()["code"]) == (409, "INVITE_NOT_PENDING")
    assert await explained(http, worker, job) == ("CANCELLED", [])


async def test_a_listing_is_not_an_invitation(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    him = make.as_(http, worker)
    for job in (await make.job(db, client=client), await make.job(db, client=client, worker=worker)):
        assert (await him.post(f"/api/jobs/{job.id}/accept-invite")).status_code == 404
        assert (await him.post(f"/api/jobs/{job.id}/reject-invite", {"reason": "No"})).status_code == 404
    sent = await invite(db, client, worker)
    path = f"/api/jobs/{sent.id}/accept-invite"
    assert (await http.post(path)).status_code == 401
    assert (await make.as_(http, await make.account(db, "AGENCY")).post(path)).json()["code"] == "WRONG_PROFILE"
    offer = {"proposalMessage": "I come", "proposedBudget": 900}
    assert (await him.post(f"/api/jobs/{sent.id}/apply", offer)).status_code == 404


@pytest.mark.parametrize("other", ["reject-invite", "cancel", "accept-invite"])
async def test_of_two_answers_at_once_one_wins(http: httpx.AsyncClient, db: Database, other: str) -> None:
    for _ in range(5):
        client, worker = await make.account(db), await make.account(db, "WORKER")
        job = await invite(db, client, worker)
        him, her = make.as_(http, worker), make.as_(http, client)
        second = her if other == "cancel" else him
        first, then = await asyncio.gather(
            him.post(f"/api/jobs/{job.id}/accept-invite"),
            second.post(f"/api/jobs/{job.id}/{other}", None if other == "accept-invite" else {"reason": "No"}),
        )
        found = (await her.get(f"/api/jobs/{job.id}")).json()
        if other == "cancel":  # an accepted job can still be cancelled before the escrow is paid
            assert then.status_code == 200
            assert found["status"] == "CANCELLED"
            assert first.status_code in {200, 409}
            continue
        assert sorted((first.status_code, then.status_code)) == [200, 409]
        assert found["inviteStatus"] == (
            "REJECTED" if first.status_code == 409 and other == "reject-invite" else "ACCEPTED"
        )
