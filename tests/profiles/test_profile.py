import asyncio
from itertools import product
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from iayos.profiles.actions import count_earning, count_rating
from iayos.profiles.queries import all_categories, cards, category_of, completion
from iayos.profiles.schemas import PartyOut
from tests import make

CRITERIA: dict[str, tuple[Any, Any]] = {
    "bio": (None, "x"), "description": (None, "x"), "hourly_rate": (None, 50000), "avatar": (None, "https://x/y.jpg"),
    "specializations": (0, 2), "certifications": (0, 1), "portfolio": (0, 5),
}  # fmt: skip


def test_completion_goes_by_the_number_of_criteria_met_in_any_order() -> None:
    table = [0, 14, 28, 43, 57, 71, 85, 100]
    for met in product((0, 1), repeat=7):
        given = {name: values[one] for one, (name, values) in zip(met, CRITERIA.items(), strict=True)}
        assert completion(**given) == table[sum(met)]


async def test_a_worker_completes_a_profile_step_by_step(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, "WORKER", first_name="Ben", last_name="Santos"))
    fresh = (await me.get("/api/profile")).json()
    assert fresh == {
        "accountID": me.someone.account_id, "name": "Ben Santos", "avatarURL": None, "rating": None, "reviewsCount": 0,
        "bio": None, "description": None, "hourly_rate": None, "isAvailable": True, "serviceRadiusKm": 15.0,
        "specializations": [], "totalEarningGross": 0.0, "jobsCompleted": 0, "profile_completion_percentage": 0,
    }  # fmt: skip
    answer = await me.post("/api/profile/update", {"bio": "  I fix pipes. ", "description": "Twenty years of it."})
    assert answer.status_code == 200
    assert (answer.json()["bio"], answer.json()["profile_completion_percentage"]) == ("I fix pipes.", 28)
    trades = await all_categories(db.reads)
    answer = await me.post("/api/profile/specializations", {"categoryIDs": [trades[4].id, trades[1].id, trades[4].id]})
    assert answer.json()["specializations"] == [
        {"categoryID": trade.id, "name": trade.name} for trade in (trades[1], trades[4])
    ]
    assert answer.json()["profile_completion_percentage"] == 43
    answer = await me.post("/api/mobile/profile/update", {"hourly_rate": 500})
    assert answer.json()["profile_completion_percentage"] == 57
    assert '"hourly_rate":500.00' in answer.text
    assert (await me.get("/api/profile")).json() == answer.json()


async def test_what_is_left_out_stays_and_an_empty_text_clears(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    await me.post("/api/profile/update", {"bio": "Mine", "description": "D" * 4000, "hourly_rate": 525.5})
    answer = (await me.post("/api/profile/update", {"isAvailable": False, "serviceRadiusKm": 40})).json()
    assert (answer["bio"], answer["isAvailable"], answer["serviceRadiusKm"]) == ("Mine", False, 40)
    answer = (await me.post("/api/profile/update", {"bio": " ", "hourly_rate": None})).json()
    assert (answer["bio"], answer["hourly_rate"], answer["profile_completion_percentage"]) == (None, None, 14)
    assert (await me.post("/api/profile/update", {})).json() == answer


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"bio": "x" * 501}, "bio"),
        ({"bio": 5}, "bio"),
        ({"description": "x" * 4001}, "description"),
        ({"hourly_rate": 0}, "hourly_rate"),
        ({"hourly_rate": -5}, "hourly_rate"),
        ({"hourly_rate": "500"}, "hourly_rate"),
        ({"hourly_rate": 1.005}, "hourly_rate"),
        ({"isAvailable": "yes"}, "isAvailable"),
        ({"serviceRadiusKm": 0.5}, "serviceRadiusKm"),
        ({"serviceRadiusKm": 201}, "serviceRadiusKm"),
        ({"serviceRadiusKm": None}, "serviceRadiusKm"),
    ],
)
async def test_a_bad_change_names_its_field(http: httpx.AsyncClient, db: Database, body: Any, field: str) -> None:
    answer = await make.as_(http, await make.account(db, "WORKER")).post("/api/profile/update", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["field"]) == (
        400,
        "VALIDATION_ERROR",
        field,
    )


@pytest.mark.parametrize("ids", [[1, 999_999], [0], ["1"], list(range(1, 22)), None])
async def test_bad_trades_change_nothing(http: httpx.AsyncClient, db: Database, ids: Any) -> None:
    me = make.as_(http, await make.account(db, "WORKER", trades=(1,)))
    answer = await me.post("/api/profile/specializations", {"categoryIDs": ids})
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "categoryIDs")
    assert [trade["categoryID"] for trade in (await me.get("/api/profile")).json()["specializations"]] == [1]


async def test_trades_are_replaced_and_of_two_sets_at_once_one_wins_whole(
    http: httpx.AsyncClient, db: Database
) -> None:
    me = make.as_(http, await make.account(db, "WORKER", trades=(1, 2)))
    assert (await me.post("/api/profile/specializations", {"categoryIDs": []})).json()["specializations"] == []
    sets = ([1, 2, 3], [3, 4], [5], [1, 5, 6])
    answers = await asyncio.gather(*(me.post("/api/profile/specializations", {"categoryIDs": one}) for one in sets))
    assert [[trade["categoryID"] for trade in answer.json()["specializations"]] for answer in answers] == list(sets)
    assert [trade["categoryID"] for trade in (await me.get("/api/profile")).json()["specializations"]] in sets


@pytest.mark.parametrize("kind", ["CLIENT", "AGENCY", None])
async def test_only_workers_have_a_worker_profile(http: httpx.AsyncClient, db: Database, kind: str | None) -> None:
    me = make.as_(http, await make.account(db, kind, role=None if kind else "ADMIN"))
    for answer in (
        await me.get("/api/profile"),
        await me.post("/api/profile/update", {"bio": "x"}),
        await me.post("/api/profile/specializations", {"categoryIDs": [1]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "WRONG_PROFILE")


async def test_one_must_be_signed_in_but_need_not_have_confirmed_the_email(
    http: httpx.AsyncClient, db: Database
) -> None:
    assert (await http.get("/api/profile")).status_code == 401
    assert (await http.post("/api/profile/update", json={"bio": "x"})).status_code == 401
    assert (await http.post("/api/profile/specializations", json={"categoryIDs": []})).status_code == 401
    me = make.as_(http, await make.account(db, "WORKER", verified=False))
    assert (await me.post("/api/profile/update", {"bio": "x"})).status_code == 200


async def test_earnings_and_ratings_are_counted_by_profile(db: Database) -> None:
    both = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    fresh = await make.account(db, "AGENCY", business_name="Ayos Builders")
    async with db.transaction() as tx:
        await count_earning(tx, both.account_id, "WORKER", 100050)
        await count_earning(tx, both.account_id, "WORKER", 50)
        for rating in (5, 4, 4):
            await count_rating(tx, both.account_id, "WORKER", rating)
        await count_rating(tx, both.account_id, "CLIENT", 1)
    found = await cards(
        db.reads, [(both.account_id, "WORKER"), (both.account_id, "CLIENT"), (fresh.account_id, "AGENCY")]
    )
    assert (found[both.account_id, "WORKER"].rating, found[both.account_id, "WORKER"].reviewsCount) == (4.33, 3)
    assert (found[both.account_id, "CLIENT"].rating, found[both.account_id, "CLIENT"].reviewsCount) == (1.0, 1)
    assert found[fresh.account_id, "AGENCY"] == PartyOut(
        accountID=fresh.account_id, name="Ayos Builders", avatarURL=None, rating=None, reviewsCount=0
    )
    assert await cards(db.reads, []) == {}


async def test_counting_for_a_profile_that_is_not_there_is_an_error(db: Database) -> None:
    client = await make.account(db, "CLIENT")
    with pytest.raises(LookupError):
        async with db.transaction() as tx:
            await count_earning(tx, client.account_id, "WORKER", 1)
    with pytest.raises(LookupError):
        async with db.transaction() as tx:
            await count_rating(tx, client.account_id, "AGENCY", 5)


async def test_the_twenty_trades_are_there(db: Database) -> None:
    trades = await all_categories(db.reads)
    assert len(trades) == 20
    assert await category_of(db.reads, trades[4].id) == trades[4]
    assert await category_of(db.reads, 10**6) is None


async def test_the_document_knows_the_profile(http: httpx.AsyncClient) -> None:
    document = (await http.get("/schema/openapi.json")).json()
    assert {"/api/profile", "/api/profile/update", "/api/profile/specializations"} <= document["paths"].keys()
    assert "403" in document["paths"]["/api/profile"]["get"]["responses"]
