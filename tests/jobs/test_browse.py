import itertools
from typing import Any

import httpx
import pytest

from iayos.core.db import Database, Reads
from tests import make

HERE = "6.9214,122.0790"


async def ids(me: make.As, path: str = "/api/jobs", **params: Any) -> list[int]:
    """Every id of a list, page by page."""
    found, cursor = [], None
    for _ in range(50):
        answer = await me.get(path, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += [item["jobID"] for item in answer.json()["items"]]
        cursor = answer.json()["nextCursor"]
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


async def test_filters_find_what_they_say(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    faucet = await make.job(db, client=client, title="Fix leaking faucet", category_id=1, budget=500_00)
    roof = await make.job(db, client=client, title="New roof", category_id=2, budget=9000_00, urgency="HIGH")
    await make.job(db, client=client, worker=worker, title="Taken faucet")
    await make.job(db, client=client, title="Cancelled faucet", status="CANCELLED")
    me = make.as_(http, worker)
    assert await ids(me) == [roof.id, faucet.id]
    assert await ids(me, q="leaking faucet") == [faucet.id]
    assert await ids(me, q="roof or faucet") == [roof.id, faucet.id]
    assert await ids(me, q="zamboanga -roof") == [faucet.id]
    assert await ids(me, q="") == [roof.id, faucet.id]
    assert await ids(me, q="'); DROP TABLE jobs; --") == []
    assert await ids(me, categoryID=2) == [roof.id]
    assert await ids(me, minBudget="500.01") == [roof.id]
    assert await ids(me, minBudget="500", maxBudget="8999.99") == [faucet.id]
    assert await ids(me, urgency="HIGH", q="roof", categoryID=2, minBudget=1, maxBudget=10_000) == [roof.id]
    assert await ids(me, urgency="LOW") == []


async def test_distance_filters_sorts_and_is_shown(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    far = await make.job(db, client=client, latitude=7.9214, longitude=122.0790)
    nowhere = await make.job(db, client=client)
    here = await make.job(db, client=client, latitude=6.9214, longitude=122.0790)
    close = await make.job(db, client=client, latitude=6.9214, longitude=122.1790)
    me = make.as_(http, client)
    assert await ids(me, near=HERE, sort="nearest") == [here.id, close.id, far.id, nowhere.id]
    assert await ids(me, near=HERE, sort="nearest", limit=1) == [here.id, close.id, far.id, nowhere.id]
    assert await ids(me, near=HERE, radiusKm=12) == [close.id, here.id]
    assert await ids(me, near=HERE, radiusKm=11, sort="nearest") == [here.id]
    items = (await me.get("/api/jobs", params={"near": HERE, "sort": "nearest"})).json()["items"]
    assert [item["distanceKm"] for item in items] == [
        0,
        pytest.approx(11.04, abs=0.05),
        pytest.approx(111.2, abs=0.2),
        None,
    ]
    assert (await me.get("/api/jobs")).json()["items"][0]["distanceKm"] is None


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"sort": "nearest"}, "near"),
        ({"radiusKm": 5}, "near"),
        ({"near": "6.9"}, "near"),
        ({"near": "nan,1"}, "near"),
        ({"near": "91,1"}, "near"),
        ({"near": "1,inf"}, "near"),
        ({"near": HERE, "radiusKm": 0}, "radiusKm"),
        ({"near": HERE, "radiusKm": "nan"}, "radiusKm"),
        ({"near": HERE, "radiusKm": "1e999"}, "radiusKm"),
        ({"sort": "oldest"}, "sort"),
        ({"urgency": "NOW"}, "urgency"),
        ({"minBudget": "cheap"}, "minBudget"),
        ({"minBudget": "0"}, "minBudget"),
        ({"maxBudget": "1e30"}, "maxBudget"),
        ({"categoryID": "x"}, "categoryID"),
        ({"categoryID": 2**64}, "categoryID"),
        ({"q": "x" * 501}, "q"),
        ({"q": "\x00"}, "q"),
        ({"limit": 101}, "limit"),
        ({"limit": 0}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
async def test_a_search_that_makes_no_sense_names_its_field(
    http: httpx.AsyncClient, db: Database, params: dict[str, Any], field: str
) -> None:
    answer = await make.as_(http, await make.account(db)).get("/api/jobs", params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["details"]["field"] == field


async def test_pages_neither_repeat_nor_skip_in_any_order(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    jobs = [
        await make.job(
            db, client=client, budget=(100 + number % 3) * 100_00, latitude=6 + number % 4 / 10, longitude=122.0
        )
        for number in range(9)
    ]
    me = make.as_(http, client)
    newest = [job.id for job in reversed(jobs)]
    best_paid = [job.id for job in sorted(jobs, key=lambda job: (job.budget, job.id), reverse=True)]
    nearest = [job.id for job in sorted(jobs, key=lambda job: (job.latitude, job.id))]
    for limit in (1, 2, 4, 9, 100):
        assert await ids(me, limit=limit) == newest
        assert await ids(me, limit=limit, sort="budget") == best_paid
        assert await ids(me, limit=limit, sort="nearest", near="5.9,122") == nearest


async def test_an_altered_cursor_does_no_harm(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    for _ in range(3):
        await make.job(db, client=client, latitude=6.0, longitude=122.0)
    me = make.as_(http, client)
    for sort in ("newest", "budget", "nearest"):
        first = (await me.get("/api/jobs", params={"sort": sort, "near": HERE, "limit": 1})).json()["nextCursor"]
        for place, letter in itertools.product(range(len(first)), "A_"):
            altered = first[:place] + letter + first[place + 1 :]
            answer = await me.get("/api/jobs", params={"sort": sort, "near": HERE, "cursor": altered})
            assert answer.status_code in {200, 400}, (sort, altered, answer.text)
        for other in ("newest", "budget", "nearest"):
            answer = await me.get("/api/jobs", params={"sort": other, "near": HERE, "cursor": first})
            assert answer.status_code in {200, 400}


async def test_a_page_of_any_length_takes_one_query(
    http: httpx.AsyncClient, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await make.account(db, "WORKER")
    asked: list[str] = []
    real_all = Reads.all

    async def counted(self: Reads, statement: Any, **given: Any) -> list[Any]:
        asked.append(statement.sql)
        return await real_all(self, statement, **given)

    monkeypatch.setattr(Reads, "all", counted)
    counts = []
    for _ in range(2):
        for _ in range(5):
            job = await make.job(db, client=await make.account(db))
            await make.application(db, job.id, worker)
        asked.clear()
        items = (await make.as_(http, worker).get("/api/jobs")).json()["items"]
        assert all(item["myApplication"]["workerID"] == worker.account_id for item in items)
        counts.append((len(items), len(asked)))
    assert counts == [(5, 1), (10, 1)]


async def test_my_jobs_are_mine_by_role_and_status(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    open_one = await make.job(db, client=client)
    taken = await make.job(db, client=client, worker=worker)
    await make.job(db, client=await make.account(db))
    path = "/api/jobs/my-jobs"
    assert await ids(make.as_(http, client), path) == [taken.id, open_one.id]
    assert await ids(make.as_(http, client), path, limit=1) == [taken.id, open_one.id]
    assert await ids(make.as_(http, client), path, status="ACTIVE") == [open_one.id]
    assert await ids(make.as_(http, client), path, role="WORKER") == []
    assert await ids(make.as_(http, worker), path) == [taken.id]
    assert await ids(make.as_(http, worker), path, role="WORKER", status="IN_PROGRESS", limit=1) == [taken.id]
    assert await ids(make.as_(http, worker), path, role="AGENCY") == []
    assert (await make.as_(http, worker).get(path, params={"status": "LOST"})).status_code == 400
    assert (await http.get(path)).status_code == 401
