from datetime import timedelta
from typing import Any

import httpx

from iayos.core import clock
from iayos.core.db import Database
from iayos.reviews.models import ReviewTable
from tests import make


async def written(db: Database, client: make.Someone, worker: make.Someone, **columns: Any) -> None:
    job = await make.job(db, client=client, worker=worker)
    values = {
        "reviewer_id": client.account_id, "reviewee_id": worker.account_id, "reviewer_type": "CLIENT", "rating": 5,
        "comment": "Good", "created_at": clock.now(), "published_at": clock.now() + timedelta(days=1),
    } | columns  # fmt: skip
    async with db.transaction() as tx:
        await tx.insert(ReviewTable, job_id=job.id, **values)


async def test_a_card_shows_what_clients_published_and_nothing_else(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db, first_name="Ana", last_name="Reyes")
    worker = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    other = await make.account(db, "WORKER")
    await written(db, client, worker, comment="Seen", rating=4)
    await written(db, client, worker, comment="Hidden", published_at=None)
    await written(db, client, other, comment="Of another")
    await written(
        db, worker, other, reviewer_id=other.account_id, reviewee_id=worker.account_id, reviewer_type="WORKER"
    )
    me = make.as_(http, other)
    reviews = (await me.get(f"/api/workers/{worker.account_id}")).json()["reviews"]
    assert [(one["comment"], one["rating"], one["reviewerName"]) for one in reviews] == [("Seen", 4, "Ana Reyes")]
    assert set(reviews[0]) == {
        "reviewID", "jobID", "reviewerType", "rating", "comment", "publishedAt", "createdAt", "reviewerName",
    }  # fmt: skip
    assert (await me.get(f"/api/workers/{worker.account_id}/reviews")).json() == {"items": reviews, "nextCursor": None}


async def test_a_card_has_the_newest_twenty_and_pages_have_the_rest(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    for number in range(23):
        await written(db, client, worker, comment=str(number))
    me = make.as_(http, client)
    newest = [str(number) for number in range(22, -1, -1)]
    card = (await me.get(f"/api/workers/{worker.account_id}")).json()
    assert [one["comment"] for one in card["reviews"]] == newest[:20]
    first = (await me.get(f"/api/workers/{worker.account_id}/reviews")).json()
    rest = await me.get(f"/api/workers/{worker.account_id}/reviews", params={"cursor": first["nextCursor"]})
    assert [one["comment"] for one in first["items"] + rest.json()["items"]] == newest
    assert rest.json()["nextCursor"] is None
