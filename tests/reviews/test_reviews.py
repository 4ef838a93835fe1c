import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.jobs.models import Job
from iayos.profiles.queries import cards
from iayos.reviews.tasks import publish_due
from tests import make

Drain = Callable[[], Awaitable[int]]
GOOD = {"rating": 5, "comment": "Quick and clean."}
PAID_FAIRLY = {"rating": 4, "comment": "Paid at once."}
DAY_S = 86400.0
RATINGS = Statement[Any](
    text("SELECT account_id, profile_type, rating_sum, rating_count FROM profiles WHERE rating_count > 0")
)
TOLD = Statement[Any](text("SELECT account_id, type, body, data FROM notifications ORDER BY account_id"))
WAITING = Statement[Any](
    text("SELECT task, args, run_after FROM outbox WHERE task = 'reviews.publish' AND done_at IS NULL")
)


async def settled(db: Database, client: make.Someone, worker: make.Someone, **columns: Any) -> Job:
    moment = clock.now()
    done: dict[str, Any] = {
        "status": "COMPLETED", "escrow_paid": True, "worker_marked_complete": True, "client_marked_complete": True,
        "remaining_paid": True, "settled_at": moment,
    }  # fmt: skip
    return await make.job(db, client=client, worker=worker, **done | columns)


async def later(db: Database, seconds: float, *sides: make.As) -> None:
    """Time passes, also beyond the end of these sessions."""
    clock.advance(seconds)
    for side in sides:
        side.someone = await make.signed_in_again(db, side.someone)


async def people(http: httpx.AsyncClient, db: Database) -> tuple[make.As, make.As]:
    client = await make.account(db, "CLIENT", first_name="Ana", last_name="Reyes")
    worker = await make.account(db, "WORKER", first_name="Ben", last_name="Santos")
    return make.as_(http, client), make.as_(http, worker)


async def test_nobody_sees_a_review_before_both_are_in(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    first = await client.post(f"/api/jobs/{job.id}/review", {"rating": 5, "comment": "  Quick and clean. "})
    assert first.status_code == 201
    assert set(first.json()) == {"reviewID", "jobID", "reviewerType", "rating", "comment", "publishedAt", "createdAt"}
    assert first.json() | {"reviewID": 0, "createdAt": ""} == {
        "reviewID": 0, "jobID": job.id, "reviewerType": "CLIENT", "rating": 5, "comment": "Quick and clean.",
        "publishedAt": None, "createdAt": "",
    }  # fmt: skip
    assert (await client.get(f"/api/jobs/{job.id}/reviews")).json() == {"items": [first.json()], "nextCursor": None}
    assert (await worker.get(f"/api/jobs/{job.id}/reviews")).json()["items"] == []
    await drain()
    assert await db.reads.all(RATINGS) == []
    assert await db.reads.all(TOLD) == []

    second = await worker.post(f"/api/mobile/jobs/{job.id}/review", PAID_FAIRLY)
    assert second.status_code == 201
    assert second.json()["reviewerType"] == "WORKER"
    assert second.json()["publishedAt"] is not None
    for side in (client, worker):
        shown = (await side.get(f"/api/jobs/{job.id}/reviews")).json()["items"]
        assert [one["comment"] for one in shown] == ["Quick and clean.", "Paid at once."]
        assert all(one["publishedAt"] for one in shown)
    found = await cards(db.reads, [(client.someone.account_id, "CLIENT"), (worker.someone.account_id, "WORKER")])
    assert [(card.rating, card.reviewsCount) for card in found.values()].count((5.0, 1)) == 1
    assert found[worker.someone.account_id, "WORKER"].rating == 5.0
    assert found[client.someone.account_id, "CLIENT"].rating == 4.0


async def test_both_are_told_once_when_it_is_published(http: httpx.AsyncClient, db: Database, drain: Drain) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    await client.post(f"/api/jobs/{job.id}/review", GOOD)
    await worker.post(f"/api/jobs/{job.id}/review", PAID_FAIRLY)
    clock.advance(15 * DAY_S)
    await drain()
    await publish_due(db, job_id=job.id)
    told = await db.reads.all(TOLD)
    assert [(row["account_id"], row["type"], row["body"]) for row in told] == [
        (client.someone.account_id, "REVIEW_RECEIVED", "Ben Santos left you a 4-star review"),
        (worker.someone.account_id, "REVIEW_RECEIVED", "Ana Reyes left you a 5-star review"),
    ]
    assert all(row["data"]["jobID"] == job.id for row in told)
    assert sorted(tuple(row)[2:] for row in await db.reads.all(RATINGS)) == [(4, 1), (5, 1)]
    assert await db.reads.all(WAITING) == []


async def test_a_lone_review_is_published_when_the_time_is_over(
    http: httpx.AsyncClient, db: Database, drain: Drain
) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    await later(db, 3 * DAY_S)
    assert (await client.post(f"/api/jobs/{job.id}/review", GOOD)).status_code == 201
    assert job.settled_at is not None
    waiting = await db.reads.all(WAITING)
    assert [(row["args"], row["run_after"]) for row in waiting] == [
        ({"job_id": job.id}, job.settled_at + timedelta(days=14))
    ]
    await later(db, 11 * DAY_S - 60, worker)
    assert await drain() == 0
    assert (await worker.get(f"/api/jobs/{job.id}/reviews")).json()["items"] == []
    await later(db, 120)
    assert await drain() == 1
    shown = (await worker.get(f"/api/jobs/{job.id}/reviews")).json()["items"]
    assert [(one["rating"], one["publishedAt"] is not None) for one in shown] == [(5, True)]
    assert len(await db.reads.all(TOLD)) == 1
    late = await worker.post(f"/api/jobs/{job.id}/review", PAID_FAIRLY)
    assert (late.status_code, late.json()["code"]) == (409, "REVIEW_WINDOW_CLOSED")


@pytest.mark.parametrize(("seconds", "status"), [(14 * DAY_S - 60, 201), (14 * DAY_S, 409)])
async def test_the_window_is_fourteen_days_from_settlement(
    http: httpx.AsyncClient, db: Database, seconds: float, status: int
) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    await later(db, seconds, client)
    assert (await client.post(f"/api/jobs/{job.id}/review", GOOD)).status_code == status


async def test_each_side_reviews_once(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    assert (await client.post(f"/api/jobs/{job.id}/review", GOOD)).status_code == 201
    again = await client.post(f"/api/jobs/{job.id}/review", {"rating": 1, "comment": "I changed my mind."})
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_REVIEWED")
    await worker.post(f"/api/jobs/{job.id}/review", PAID_FAIRLY)
    again = await client.post(f"/api/jobs/{job.id}/review", GOOD)
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_REVIEWED")
    assert sorted(tuple(row)[2:] for row in await db.reads.all(RATINGS)) == [(4, 1), (5, 1)]


async def test_of_many_reviews_at_once_one_of_each_side_counts(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await people(http, db)
    for _ in range(3):
        job = await settled(db, client.someone, worker.someone)
        path = f"/api/jobs/{job.id}/review"
        answers = await asyncio.gather(*(side.post(path, GOOD) for side in (client, worker) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 201, *[409] * 6]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"ALREADY_REVIEWED"}
    assert sorted(tuple(row)[2:] for row in await db.reads.all(RATINGS)) == [(15, 3), (15, 3)]
    assert len(await db.reads.all(TOLD)) == 6


async def test_jobs_of_the_same_two_people_publish_side_by_side(http: httpx.AsyncClient, db: Database) -> None:
    one = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    two = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    jobs = [await settled(db, *pair) for pair in ((one, two), (two, one)) for _ in range(6)]
    await asyncio.gather(*(make.as_(http, one).post(f"/api/jobs/{job.id}/review", GOOD) for job in jobs))
    answers = await asyncio.gather(*(make.as_(http, two).post(f"/api/jobs/{job.id}/review", GOOD) for job in jobs))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(tuple(row)[2:] for row in await db.reads.all(RATINGS)) == [(30, 6)] * 4


async def test_the_end_of_the_window_and_the_second_review_publish_once(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    await client.post(f"/api/jobs/{job.id}/review", GOOD)
    await asyncio.gather(
        worker.post(f"/api/jobs/{job.id}/review", GOOD), *(publish_due(db, job_id=job.id) for _ in range(5))
    )
    assert sorted(tuple(row)[2:] for row in await db.reads.all(RATINGS)) == [(5, 1), (5, 1)]
    assert len(await db.reads.all(TOLD)) == 2


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "IN_PROGRESS", "remaining_paid": False, "settled_at": None},
        {"remaining_paid": False, "settled_at": None},
        {"status": "CANCELLED", "escrow_paid": False, "remaining_paid": False, "settled_at": None},
    ],
)
async def test_an_unsettled_job_is_not_reviewed(http: httpx.AsyncClient, db: Database, columns: dict[str, Any]) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone, **columns)
    for side in (client, worker):
        answer = await side.post(f"/api/jobs/{job.id}/review", GOOD)
        assert (answer.status_code, answer.json()["code"]) == (409, "JOB_NOT_SETTLED")


async def test_an_agency_is_the_side_and_not_its_employee(http: httpx.AsyncClient, db: Database) -> None:
    client, employee = await people(http, db)
    agency = make.as_(http, await make.account(db, "AGENCY", business_name="Ayos Builders"))
    job = await settled(
        db, client.someone, employee.someone, job_type="INVITE", invite_status="ACCEPTED",
        assigned_agency_id=agency.someone.account_id,
    )  # fmt: skip
    refused = await employee.post(f"/api/jobs/{job.id}/review", GOOD)
    assert (refused.status_code, refused.json()["code"]) == (403, "AGENCY_REVIEWS")
    assert (await agency.post(f"/api/jobs/{job.id}/review", PAID_FAIRLY)).json()["reviewerType"] == "AGENCY"
    assert (await client.post(f"/api/jobs/{job.id}/review", GOOD)).status_code == 201
    rated = {(row["account_id"], row["profile_type"]): row["rating_sum"] for row in await db.reads.all(RATINGS)}
    assert rated == {(agency.someone.account_id, "AGENCY"): 5, (client.someone.account_id, "CLIENT"): 4}
    assert "Ayos Builders left you a 4-star review" in {row["body"] for row in await db.reads.all(TOLD)}
    assert len((await employee.get(f"/api/jobs/{job.id}/reviews")).json()["items"]) == 2


async def test_strangers_find_nothing(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    stranger = make.as_(http, await make.account(db, "WORKER"))
    for job_id in (job.id, job.id + 1000, 10**30):
        for answer in (
            await stranger.post(f"/api/jobs/{job_id}/review", GOOD),
            await stranger.get(f"/api/jobs/{job_id}/reviews"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert (await http.post(f"/api/jobs/{job.id}/review", json=GOOD)).status_code == 401
    assert (await http.get(f"/api/jobs/{job.id}/reviews")).status_code == 401


async def test_an_unconfirmed_email_does_not_review(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db, "CLIENT", verified=False), await make.account(db, "WORKER")
    job = await settled(db, client, worker)
    answer = await make.as_(http, client).post(f"/api/jobs/{job.id}/review", GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "EMAIL_UNVERIFIED")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rating": 0, "comment": "x"}, "rating"),
        ({"rating": 6, "comment": "x"}, "rating"),
        ({"rating": "5", "comment": "x"}, "rating"),
        ({"rating": 4.5, "comment": "x"}, "rating"),
        ({"comment": "x"}, "rating"),
        ({"rating": 5}, "comment"),
        ({"rating": 5, "comment": "  "}, "comment"),
        ({"rating": 5, "comment": "x" * 501}, "comment"),
    ],
)
async def test_a_bad_review_names_its_field(http: httpx.AsyncClient, db: Database, body: Any, field: str) -> None:
    client, worker = await people(http, db)
    job = await settled(db, client.someone, worker.someone)
    answer = await client.post(f"/api/jobs/{job.id}/review", body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)
    assert (await client.get(f"/api/jobs/{job.id}/reviews")).json()["items"] == []
