import math
from typing import Any

import pytest
from sqlalchemy import Double, Text, bindparam, select

from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.profiles.geo import distance_km, is_in_place
from iayos.profiles.models import ProfileTable
from iayos.profiles.queries import PROFILE, nearby_workers
from tests import make

ZAMBOANGA: dict[str, Any] = {"latitude": 6.9214, "longitude": 122.079}
DISTANCE = Statement[Any](
    select(distance_km(*(bindparam(name, type_=Double) for name in ("lat", "lng", "latitude", "longitude"))))
)
IN_PLACE = Statement[Any](select(is_in_place(bindparam("city", type_=Text), bindparam("location", type_=Text))))


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        ((6.9214, 122.079), (6.9214, 122.079), 0),
        ((14.5995, 120.9842), (10.3157, 123.8854), 571.03),  # Manila to Cebu
        ((0, 0), (0, 180), math.pi * 6371),
        ((90, 0), (-90, 77), math.pi * 6371),
        ((45, 10), (-45, -170), math.pi * 6371),
        ((0, 179.95), (0, -179.95), 11.12),
    ],
)
async def test_distances_hold_also_at_the_ends_of_the_earth(db: Database, here: Any, there: Any, km: float) -> None:
    found = await db.reads.value(DISTANCE, lat=here[0], lng=here[1], latitude=there[0], longitude=there[1])
    assert found == pytest.approx(km, abs=0.01)


async def test_a_distance_to_nowhere_is_unknown(db: Database) -> None:
    assert await db.reads.value(DISTANCE, lat=None, lng=None, latitude=1.0, longitude=1.0) is None
    assert await db.reads.value(DISTANCE, lat=1.0, lng=1.0, latitude=None, longitude=None) is None


@pytest.mark.parametrize(
    ("city", "location", "same"),
    [
        ("Zamboanga City", "Brgy. 3, ZAMBOANGA, Philippines", True),
        ("City of Parañaque", "paranaque city", True),
        ("San José", "San José", True),
        ("San Jose", "San,  Jose", True),
        ("Davao", "Davaoville", False),
        ("Cebu City", "Lapu-Lapu", False),
        ("City", "City", None),
        ("", "Cebu", None),
        (None, "Cebu", None),
        (".*", "Cebu", None),
    ],
)
async def test_towns_are_compared_by_their_words(
    db: Database, city: str | None, location: str, same: bool | None
) -> None:
    assert await db.reads.value(IN_PLACE, city=city, location=location) is same


async def near(db: Database, client: make.Someone, **changes: Any) -> list[int]:
    asked: dict[str, Any] = {
        "category_id": 1,
        "client_id": client.account_id,
        "location": "Zamboanga City",
        **ZAMBOANGA,
    }
    return await nearby_workers(db.reads, **asked | changes)


async def worker(db: Database, **columns: Any) -> int:
    profile = {name: columns.pop(name) for name in ("is_available", "service_radius_km") if name in columns}
    someone = await make.account(db, "WORKER", **{"trades": (1,)} | columns)
    if profile:
        async with db.transaction() as tx:
            row = await tx.one(PROFILE, account_id=someone.account_id, profile_type="WORKER")
            await tx.update(ProfileTable, row.id, **profile)
    return someone.account_id


async def test_within_the_workers_radius(db: Database) -> None:
    client = await make.account(db)
    close = await worker(db, latitude=7.0, longitude=122.079)  # 8.7 km
    far = await worker(db, latitude=7.2, longitude=122.079, city="Zamboanga City")  # 31 km: the town does not help
    roams = await worker(db, latitude=7.2, longitude=122.079, service_radius_km=40)
    stays = await worker(db, latitude=7.0, longitude=122.079, service_radius_km=5)
    assert await near(db, client) == [close, roams]
    assert {far, stays}.isdisjoint(await near(db, client))


async def test_the_same_town_where_either_has_no_coordinates(db: Database) -> None:
    client = await make.account(db)
    placed = await worker(db, latitude=7.0, longitude=122.079, city="Zamboanga City")
    townsman = await worker(db, city="City of Zamboanga")
    elsewhere = await worker(db, city="Cebu City")
    nowhere = await worker(db)
    assert await near(db, client) == [placed, townsman]
    assert await near(db, client, latitude=None, longitude=None) == [placed, townsman]
    assert {elsewhere, nowhere}.isdisjoint(await near(db, client, latitude=None, longitude=None))


@pytest.mark.parametrize(
    "columns",
    [
        {"trades": (2,)},
        {"is_available": False},
        {"suspended": True},
        {"verified": False},
    ],
)
async def test_who_cannot_take_the_job_is_not_asked(db: Database, columns: dict[str, Any]) -> None:
    client = await make.account(db)
    suspended = {"suspended_at": clock.now()} if columns.pop("suspended", False) else {}
    await worker(db, **ZAMBOANGA, **columns, **suspended)
    assert await near(db, client) == []


async def test_the_client_is_never_asked_and_a_worker_acting_as_client_is(db: Database) -> None:
    both = await make.account(db, "CLIENT", profile_types=["CLIENT", "WORKER"], trades=(1,), **ZAMBOANGA)
    other = await make.account(db)
    assert await near(db, both) == []
    assert await near(db, other) == [both.account_id]


async def test_batches_go_on_where_the_last_one_ended(db: Database) -> None:
    client = await make.account(db)
    ids = [await worker(db, **ZAMBOANGA) for _ in range(5)]
    first = await near(db, client, limit=2)
    second = await near(db, client, limit=2, after=first[-1])
    third = await near(db, client, limit=2, after=second[-1])
    assert [*first, *second, *third] == ids
    assert await near(db, client, after=ids[-1]) == []
