from typing import Any

import httpx
import pytest

from iayos.core import clock
from iayos.core.db import Database
from iayos.profiles.actions import count_rating
from iayos.profiles.models import ProfileTable
from iayos.profiles.queries import PROFILE
from tests import make

HERE = "6.9214,122.079"


async def worker(
    db: Database, *, ratings: tuple[int, ...] = (), profile: dict[str, Any] | None = None, **columns: Any
) -> int:
    someone = await make.account(db, "WORKER", **{"trades": (1,)} | columns)
    async with db.transaction() as tx:
        row = await tx.one(PROFILE, account_id=someone.account_id, profile_type="WORKER")
        if profile:
            await tx.update(ProfileTable, row.id, **profile)
        for rating in ratings:
            await count_rating(tx, someone.account_id, "WORKER", rating)
    return someone.account_id


async def found(http: httpx.AsyncClient, db: Database, **params: Any) -> list[int]:
    """The ids of all pages, fetched two at a time."""
    me = make.as_(http, await make.account(db))
    ids: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await me.get("/api/workers", params={"limit": 2, **params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        ids += [item["accountID"] for item in answer.json()["items"]]
        cursor = answer.json()["nextCursor"]
    return ids


async def test_a_worker_is_shown_without_private_things(http: httpx.AsyncClient, db: Database) -> None:
    account_id = await worker(
        db, first_name="Ben", last_name="Santos", city="Zamboanga City", province="Zamboanga del Sur", trades=(2, 1),
        contact_num="+639170000000", latitude=7.0, longitude=122.079, ratings=(5, 4),
        profile={"bio": "Pipes", "description": "All of them", "hourly_rate": 525_50, "is_available": False},
    )  # fmt: skip
    me = make.as_(http, await make.account(db))
    [shown] = (await me.get("/api/workers", params={"near": HERE})).json()["items"]
    assert shown == {
        "accountID": account_id, "name": "Ben Santos", "avatarURL": None, "rating": 4.5, "reviewsCount": 2,
        "bio": "Pipes", "description": "All of them", "hourly_rate": 525.5, "isAvailable": False,
        "specializations": [{"categoryID": 1, "name": "Plumbing"}, {"categoryID": 2, "name": "Electrical"}],
        "jobsCompleted": 0, "city": "Zamboanga City", "province": "Zamboanga del Sur", "distanceKm": 8.7,
    }  # fmt: skip
    card = await me.get(f"/api/workers/{account_id}")
    assert card.status_code == 200
    assert card.json() == shown | {"distanceKm": None, "reviews": []}


async def test_the_best_rated_come_first_on_every_page(http: httpx.AsyncClient, db: Database) -> None:
    ratings: list[tuple[int, ...]] = [(5,), (), (4, 5), (5, 5), (3,), (), (4, 5)]
    ids = [await worker(db, ratings=given) for given in ratings]
    assert await found(http, db) == [ids[number] for number in (3, 0, 6, 2, 4, 5, 1)]
    assert await found(http, db, minRating=4.5) == [ids[number] for number in (3, 0, 6, 2)]


async def test_the_newest_and_the_nearest_first(http: httpx.AsyncClient, db: Database) -> None:
    places = [(7.5, 122.079), (None, None), (6.93, 122.079), (7.0, 122.079), (None, None)]
    ids = [await worker(db, latitude=north, longitude=east) for north, east in places]
    assert await found(http, db, sort="newest") == list(reversed(ids))
    assert await found(http, db, sort="nearest", near=HERE) == [ids[number] for number in (2, 3, 0, 1, 4)]
    assert await found(http, db, sort="nearest", near=HERE, radiusKm=20) == [ids[2], ids[3]]


async def test_by_trade_and_words(http: httpx.AsyncClient, db: Database) -> None:
    ben = await worker(db, first_name="Benigno", profile={"bio": "Leaks and drains"})
    cora = await worker(db, first_name="Cora", trades=(3,), profile={"description": "Tables, drains none"})
    assert await found(http, db, categoryID=3) == [cora]
    assert await found(http, db, q="benigno") == [ben]
    assert await found(http, db, q="drains", sort="newest") == [cora, ben]
    assert await found(http, db, q="drains -tables") == [ben]
    assert await found(http, db, q="drains", categoryID=1, minRating=1) == []
    assert await found(http, db, q="'\"(&|!:*") == []


@pytest.mark.parametrize("hidden", [{"verified": False}, {"suspended": True}])
async def test_who_is_suspended_or_unconfirmed_is_not_listed(
    http: httpx.AsyncClient, db: Database, hidden: dict[str, Any]
) -> None:
    columns = {"suspended_at": clock.now()} if hidden.get("suspended") else hidden
    account_id = await worker(db, **columns)
    assert await found(http, db) == []
    me = make.as_(http, await make.account(db))
    for path in (f"/api/workers/{account_id}", f"/api/workers/{account_id}/reviews"):
        answer = await me.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_clients_are_not_workers(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    assert await found(http, db) == []
    assert (await make.as_(http, client).get(f"/api/workers/{client.account_id}")).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=best", "sort"),
        ("sort=nearest", "near"),
        ("radiusKm=5", "near"),
        ("near=1", "near"),
        ("near=91,0", "near"),
        ("near=1,1&radiusKm=0", "radiusKm"),
        ("minRating=6", "minRating"),
        ("categoryID=0", "categoryID"),
        ("limit=101", "limit"),
        ("cursor=xyz", "cursor"),
        ("cursor=WzEuMCwxLDFlNDBd", "cursor"),
    ],
)
async def test_a_bad_search_names_its_field(http: httpx.AsyncClient, db: Database, query: str, field: str) -> None:
    answer = await make.as_(http, await make.account(db)).get(f"/api/workers?{query}")
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["field"]) == (
        400,
        "VALIDATION_ERROR",
        field,
    )


async def test_an_altered_cursor_is_never_a_crash(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db))
    for altered in ("WzUsOTIyMzM3MjAzNjg1NDc3NTgwNywxXQ", "Wy0xLjAsLTEsLTFd"):
        assert (await me.get("/api/workers", params={"cursor": altered})).status_code == 200


@pytest.mark.parametrize("path", ["", "/1", "/1/reviews"])
async def test_one_must_be_signed_in(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/api/workers{path}")).status_code == 401
