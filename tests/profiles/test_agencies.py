"""The search for agencies, and their cards."""

from typing import Any

import httpx

from iayos.core import clock
from iayos.core.db import Database
from iayos.profiles.actions import count_rating
from tests import make

HERE = "6.9214,122.079"


async def agency(db: Database, name: str, *, ratings: tuple[int, ...] = (), **columns: Any) -> int:
    someone = await make.account(db, "AGENCY", business_name=name, **columns)
    async with db.transaction() as tx:
        for rating in ratings:
            await count_rating(tx, someone.account_id, "AGENCY", rating)
    return someone.account_id


async def found(http: httpx.AsyncClient, db: Database, **params: Any) -> list[str]:
    """The names on all pages, fetched two at a time."""
    me, names = make.as_(http, await make.account(db)), list[str]()
    cursor: str | None = ""
    while cursor is not None:
        answer = await me.get("/api/agencies", params={"limit": 2, **params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        names += [item["name"] for item in answer.json()["items"]]
        cursor = answer.json()["nextCursor"]
    return names


async def test_an_agency_is_shown_without_private_things(http: httpx.AsyncClient, db: Database) -> None:
    account_id = await agency(
        db, "Ayos Builders", ratings=(5, 4), city="Zamboanga City", latitude=7.0, longitude=122.079, kyc_verified=True,
        contact_num="+639170000000",
    )  # fmt: skip
    me = make.as_(http, await make.account(db))
    [shown] = (await me.get("/api/agencies", params={"near": HERE})).json()["items"]
    assert shown == {
        "accountID": account_id, "name": "Ayos Builders", "avatarURL": None, "rating": 4.5, "reviewsCount": 2, "bio": None,
        "description": None, "jobsCompleted": 0, "KYCVerified": True, "city": "Zamboanga City", "province": None,
        "distanceKm": 8.7,
    }  # fmt: skip
    card = await me.get(f"/api/agencies/{account_id}")
    assert (card.status_code, card.json()) == (200, shown | {"distanceKm": None, "reviews": []})
    assert (await me.get(f"/api/agencies/{account_id}/reviews")).json() == {"items": [], "nextCursor": None}


async def test_the_best_come_first_and_words_rating_and_place_choose(http: httpx.AsyncClient, db: Database) -> None:
    await agency(db, "Good Plumbers", ratings=(4,), latitude=6.93, longitude=122.08)
    await agency(db, "Best Builders", ratings=(5,), latitude=14.6, longitude=121.0)
    await agency(db, "New Builders")
    assert await found(http, db) == ["Best Builders", "Good Plumbers", "New Builders"]
    assert await found(http, db, sort="newest") == ["New Builders", "Best Builders", "Good Plumbers"]
    assert await found(http, db, sort="nearest", near=HERE) == ["Good Plumbers", "Best Builders", "New Builders"]
    assert await found(http, db, q="builders") == ["Best Builders", "New Builders"]
    assert await found(http, db, minRating=4.5) == ["Best Builders"]
    assert await found(http, db, near=HERE, radiusKm=20) == ["Good Plumbers"]


async def test_who_is_not_an_agency_is_not_found(http: httpx.AsyncClient, db: Database) -> None:
    away = await agency(db, "Away", suspended_at=clock.now())
    unverified = await agency(db, "Unverified", verified=False)
    worker = (await make.account(db, "WORKER")).account_id
    me = make.as_(http, await make.account(db))
    assert await found(http, db) == []
    for account_id in (away, unverified, worker, 2**60):
        assert (await me.get(f"/api/agencies/{account_id}")).status_code == 404
        assert (await me.get(f"/api/agencies/{account_id}/reviews")).status_code == 404
    assert (await me.get("/api/agencies", params={"sort": "nearest"})).json()["details"]["field"] == "near"
    assert (await http.get("/api/agencies")).status_code == 401
