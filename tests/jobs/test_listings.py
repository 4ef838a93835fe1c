from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from tests import make

FAUCET: dict[str, Any] = {
    "title": "Fix leaking faucet", "description": "Kitchen faucet leaking", "categoryID": 5, "budget": 1000,
    "location": "Zamboanga City", "urgency": "MEDIUM", "jobType": "LISTING",
}  # fmt: skip
FIELDS = {
    "jobID", "title", "description", "categoryID", "category", "budget", "agreedPrice", "location", "latitude",
    "longitude", "distanceKm", "urgency", "preferredStartDate", "jobType", "status", "inviteStatus", "clientID",
    "client", "assignedWorkerID", "worker", "assignedAgencyFK", "agency", "escrowAmount", "escrowPaid",
    "workerMarkedComplete", "clientMarkedComplete", "finalPaymentMethod", "remainingPayment", "remainingPaymentPaid",
    "cashPaymentProofUrl", "cashPaymentApproved", "settledAt", "photos", "applicationsCount", "myApplication",
    "conversationID", "createdAt",
}  # fmt: skip
Drain = Callable[[], Awaitable[int]]


async def test_anyone_sees_the_twenty_trades(http: httpx.AsyncClient, db: Database) -> None:
    answer = await http.get("/api/jobs/categories")
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 20
    assert answer.json()["items"][0].keys() == {"categoryID", "name"}
    assert answer.json()["nextCursor"] is None
    assert (await http.get("/api/mobile/jobs/categories")).json() == answer.json()


async def test_a_client_posts_a_listing(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    answer = await make.as_(http, client).post(
        "/api/jobs/create", FAUCET | {"budget": 525.5, "preferredStartDate": "2026-12-01"}
    )
    assert answer.status_code == 201
    job = answer.json()
    assert job.keys() >= FIELDS
    assert (job["status"], job["jobType"], job["urgency"], job["preferredStartDate"]) == (
        "ACTIVE",
        "LISTING",
        "MEDIUM",
        "2026-12-01",
    )
    assert '"budget":525.50' in answer.text
    assert (job["clientID"], job["client"]["accountID"]) == (client.account_id, client.account_id)
    assert job["client"].keys() == {"accountID", "name", "avatarURL", "rating", "reviewsCount"}
    assert (job["category"], job["applicationsCount"], job["photos"]) == ("Masonry", 0, [])
    assert job["createdAt"].endswith("Z")
    empty = (
        "agreedPrice",
        "escrowAmount",
        "remainingPayment",
        "worker",
        "agency",
        "assignedWorkerID",
        "settledAt",
        "conversationID",
        "myApplication",
    )
    assert all(job[field] is None for field in empty)
    assert (await make.as_(http, client).get(f"/api/jobs/{job['jobID']}")).json() == job


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"budget": 99.99}, "budget"),
        ({"budget": 1_000_000.01}, "budget"),
        ({"budget": "1000"}, "budget"),
        ({"budget": 100.001}, "budget"),
        ({"categoryID": 999_999}, "categoryID"),
        ({"categoryID": 2**63}, "categoryID"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"description": "x" * 4001}, "description"),
        ({"latitude": 6.9}, "latitude"),
        ({"latitude": 96.9, "longitude": 122}, "latitude"),
        ({"preferredStartDate": "soon"}, "preferredStartDate"),
        ({"urgency": "NOW"}, "urgency"),
        ({"jobType": "SECRET"}, "jobType"),
        ({"assignedWorkerID": 1}, "assignedWorkerID"),
    ],
)
async def test_a_listing_that_makes_no_sense_names_its_field(
    http: httpx.AsyncClient, db: Database, change: dict[str, Any], field: str
) -> None:
    client = await make.account(db)
    answer = await make.as_(http, client).post("/api/jobs/create", FAUCET | change)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["details"]["field"] == field


async def test_the_bounds_of_a_budget_are_within_it(http: httpx.AsyncClient, db: Database) -> None:
    client = make.as_(http, await make.account(db))
    for budget in (100, 1_000_000):
        assert (await client.post("/api/jobs/create", FAUCET | {"budget": budget})).status_code == 201


async def test_who_may_not_post(http: httpx.AsyncClient, db: Database) -> None:
    worker, unverified = await make.account(db, "WORKER"), await make.account(db, verified=False)
    assert (await http.post("/api/jobs/create", json=FAUCET)).status_code == 401
    refused = await make.as_(http, worker).post("/api/jobs/create", FAUCET)
    assert (refused.status_code, refused.json()["code"]) == (403, "WRONG_PROFILE")
    refused = await make.as_(http, unverified).post("/api/jobs/create", FAUCET)
    assert (refused.status_code, refused.json()["code"]) == (403, "EMAIL_UNVERIFIED")


async def test_a_new_listing_is_told_once_to_the_workers_nearby(
    http: httpx.AsyncClient, db: Database, drain: Drain
) -> None:
    client = await make.account(db)
    near = await make.account(db, "WORKER", trades=(5,), city="Zamboanga City")
    far = await make.account(db, "WORKER", trades=(5,), city="Cebu City")
    other = await make.account(db, "WORKER", trades=(6,), city="Zamboanga City")
    job = (await make.as_(http, client).post("/api/jobs/create", FAUCET)).json()
    await drain()
    notices = (await make.as_(http, near).get("/api/notifications")).json()["items"]
    assert [(one["type"], one["title"], one["body"]) for one in notices] == [
        ("JOB_CREATED", "New job in your area", "Masonry job - ₱1,000.00")
    ]
    assert notices[0]["data"] == {"jobID": job["jobID"]}
    for stranger in (far, other, client):
        assert (await make.as_(http, stranger).get("/api/notifications")).json()["items"] == []


async def test_an_open_listing_is_for_everyone_and_a_taken_one_for_its_sides(
    http: httpx.AsyncClient, db: Database
) -> None:
    client, worker, stranger = (
        await make.account(db),
        await make.account(db, "WORKER"),
        await make.account(db, "WORKER"),
    )
    listing = await make.job(db, client=client)
    taken = await make.job(db, client=client, worker=worker)
    assert (await http.get(f"/api/jobs/{listing.id}")).status_code == 401
    seen = (await make.as_(http, stranger).get(f"/api/jobs/{listing.id}")).json()
    assert (seen["applicationsCount"], seen["conversationID"], seen["myApplication"]) == (None, None, None)
    for someone, status in ((client, 200), (worker, 200), (stranger, 404)):
        assert (await make.as_(http, someone).get(f"/api/jobs/{taken.id}")).status_code == status
    assert (await make.as_(http, stranger).get(f"/api/jobs/{2**62}")).status_code == 404
    assert (await make.as_(http, stranger).get(f"/api/jobs/{2**80}")).status_code == 404


async def test_the_job_object_of_a_taken_job_says_both_halves(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client, worker=worker, budget=1000_01)
    seen = (await make.as_(http, worker).get(f"/api/jobs/{job.id}")).json()
    assert (seen["agreedPrice"], seen["escrowAmount"], seen["remainingPayment"]) == (1000.01, 500.0, 500.01)
    assert seen["worker"]["accountID"] == seen["assignedWorkerID"] == worker.account_id


async def test_a_client_edits_while_nobody_has_applied(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client, latitude=6.9, longitude=122.0)
    me, path = make.as_(http, client), f"/api/jobs/{job.id}"
    changed = await me.patch(path, {"title": " New title ", "budget": 200, "latitude": None, "longitude": None})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["budget"], changed.json()["latitude"]) == ("New title", 200, None)
    assert changed.json()["description"] == job.description
    assert (await me.patch(path, {})).json() == changed.json()
    for wrong in (
        {"latitude": None},
        {"latitude": 5},
        {"latitude": 5, "longitude": None},
        {"title": None},
        {"budget": 1},
        {"categoryID": 999},
    ):
        assert (await me.patch(path, wrong)).status_code == 400, wrong
    withdrawn = await make.application(db, job.id, worker, status="WITHDRAWN")
    assert withdrawn
    assert (await me.patch(path, {"budget": 300})).status_code == 200
    await make.application(db, job.id, await make.account(db, "WORKER"))
    refused = await me.patch(path, {"budget": 400})
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_HAS_APPLICATIONS")


async def test_who_may_not_edit(http: httpx.AsyncClient, db: Database) -> None:
    client, worker, other = await make.account(db), await make.account(db, "WORKER"), await make.account(db)
    taken = await make.job(db, client=client, worker=worker)
    path, change = f"/api/jobs/{taken.id}", {"title": "Mine now"}
    assert (await make.as_(http, other).patch(path, change)).status_code == 404
    assert (await make.as_(http, worker).patch(path, change)).json()["code"] == "WRONG_PROFILE"
    refused = await make.as_(http, client).patch(path, change)
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_NOT_EDITABLE")
