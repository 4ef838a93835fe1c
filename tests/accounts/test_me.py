import asyncio
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import text

from iayos.core.db import Database, Statement
from tests import make
from tests.accounts.people import PASSWORD, Person, SignsIn

NEW = "another-Passphrase-8"
PROFILES = Statement(text("SELECT profile_type FROM profiles WHERE account_id = :account_id ORDER BY profile_type"))
LIVE = Statement(text("SELECT count(*) FROM sessions WHERE account_id = :account_id AND ended_at IS NULL"))


async def test_nobody_sees_an_account_without_signing_in(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/accounts/me")).status_code == 401
    assert (await http.patch("/api/accounts/me", json={"city": "Manila"})).status_code == 401
    assert (await http.post("/api/accounts/change-password", json={})).status_code == 401
    assert (await http.post("/api/accounts/switch-profile", json={})).status_code == 401


async def test_one_changes_what_one_says_about_oneself(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, verified=False))
    before = (await me.get("/api/accounts/me")).json()
    change = {
        "firstName": " Anita ", "lastName": "Cruz", "contactNum": "0917 123 4567", "city": "Manila", "province": "NCR",
        "latitude": 14.6, "longitude": 120.98, "language": "fil",
    }  # fmt: skip
    answer = await me.patch("/api/accounts/me", change)
    assert (answer.status_code, answer.json()) == (200, before | change | {"firstName": "Anita"})
    cleared = await me.patch(
        "/api/accounts/me", {"contactNum": "", "city": " ", "province": "", "latitude": None, "longitude": None}
    )
    gone = dict.fromkeys(("contactNum", "city", "province", "latitude", "longitude"))
    assert cleared.json() == answer.json() | gone
    assert (
        (await me.patch("/api/accounts/me", {})).json() == cleared.json() == (await me.get("/api/accounts/me")).json()
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"firstName": ""}, "firstName"),
        ({"lastName": None}, "lastName"),
        ({"contactNum": "x"}, "contactNum"),
        ({"city": "x" * 501}, "city"),
        ({"latitude": 14.6}, "longitude"),
        ({"longitude": 120.9}, "latitude"),
        ({"latitude": "14.6", "longitude": 120.9}, "latitude"),
        ({"longitude": 181, "latitude": 0}, "longitude"),
        ({"language": "tl"}, "language"),
        ({"businessName": "Ayos"}, "businessName"),
    ],
)
async def test_a_change_that_does_not_fit_changes_nothing(
    http: httpx.AsyncClient, db: Database, change: dict[str, Any], field: str
) -> None:
    me = make.as_(http, await make.account(db))
    before = (await me.get("/api/accounts/me")).json()
    answer = await me.patch("/api/accounts/me", {"province": "Cebu"} | change)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)
    assert (await me.get("/api/accounts/me")).json() == before


async def test_what_is_not_ours_to_change_stays(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db))
    before = (await me.get("/api/accounts/me")).json()
    change = {"role": "ADMIN", "emailVerified": False, "KYCVerified": True, "email": "x@example.com", "accountID": 1}
    assert (await me.patch("/api/accounts/me", change)).json() == before


async def test_half_a_place_may_move(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, latitude=1.0, longitude=2.0))
    assert (await me.patch("/api/accounts/me", {"latitude": 3.5})).json()["latitude"] == 3.5
    assert (await me.patch("/api/accounts/me", {"latitude": None})).status_code == 400


async def test_an_agency_renames_its_business(http: httpx.AsyncClient, db: Database) -> None:
    agency = make.as_(http, await make.account(db, "AGENCY", business_name="Ayos"))
    assert (await agency.patch("/api/accounts/me", {"businessName": "Ayos II"})).json()["businessName"] == "Ayos II"
    assert (await agency.patch("/api/accounts/me", {"businessName": ""})).status_code == 400


async def test_a_changed_password_signs_out_everywhere_else(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn, on_phone: SignsIn
) -> None:
    ana = await make.account(db)
    phone, browser = await on_phone(ana.email), await on_web(ana.email)
    answer = await phone.post("/api/accounts/change-password", {"currentPassword": PASSWORD, "newPassword": NEW})
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "refreshToken", "user"}
    assert "set-cookie" not in answer.headers
    assert [await one.is_in() for one in (phone, browser)] == [False, False]
    assert (await http.post("/api/mobile/auth/refresh", json={"refreshToken": phone.refresh})).status_code == 401
    assert await Person(http, token=answer.json()["token"]).is_in()
    assert await (await on_web(ana.email, NEW)).is_in()
    old = await http.post("/api/mobile/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert old.status_code == 401


async def test_a_browser_gets_a_new_cookie(http: httpx.AsyncClient, db: Database, on_web: SignsIn) -> None:
    ana = await make.account(db)
    browser = await on_web(ana.email)
    answer = await browser.post("/api/accounts/change-password", {"currentPassword": PASSWORD, "newPassword": NEW})
    assert (answer.status_code, answer.json()["accountID"]) == (200, ana.account_id)
    assert not await browser.is_in()
    assert await Person(http, cookie=answer.cookies["session_id"]).is_in()
    assert await db.reads.value(LIVE, account_id=ana.account_id) == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"currentPassword": "wrong", "newPassword": NEW}, 401, "currentPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "short"}, 400, "newPassword"),
        ({"currentPassword": PASSWORD, "newPassword": "password123"}, 400, "newPassword"),
        ({"newPassword": NEW}, 400, "currentPassword"),
    ],
)
async def test_a_password_is_not_changed_like_that(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn, body: dict[str, str], status: int, field: str
) -> None:
    phone = await on_phone((await make.account(db)).email)
    answer = await phone.post("/api/accounts/change-password", body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (status, field)
    assert await phone.is_in()


async def test_of_two_password_changes_at_once_one_wins(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    answers = await asyncio.gather(
        *(
            phone.post("/api/accounts/change-password", {"currentPassword": PASSWORD, "newPassword": f"{NEW}{number}"})
            for number in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


async def test_a_client_becomes_a_worker_and_back(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    ana = await make.account(db, "CLIENT")
    phone, tablet = await on_phone(ana.email), await on_phone(ana.email)
    answer = await phone.post("/api/accounts/switch-profile", {"profileType": "WORKER"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert (answer.json()["user"]["profileType"], answer.json()["user"]["profileTypes"]) == (
        "WORKER",
        ["CLIENT", "WORKER"],
    )
    said = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert said["profile_type"] == "WORKER"
    assert [row[0] for row in await db.reads.all(PROFILES, account_id=ana.account_id)] == ["CLIENT", "WORKER"]
    assert [await one.is_in() for one in (phone, tablet)] == [False, False]
    worker = Person(http, token=answer.json()["token"], refresh=answer.json()["refreshToken"])
    assert (await worker.get("/api/accounts/me")).json()["profileType"] == "WORKER"
    back = await worker.post("/api/mobile/accounts/switch-profile", {"profileType": "CLIENT"})
    assert (back.json()["user"]["profileType"], back.json()["user"]["profileTypes"]) == ("CLIENT", ["CLIENT", "WORKER"])
    assert not await worker.is_in()
    assert (await http.post("/api/mobile/auth/refresh", json={"refreshToken": worker.refresh})).status_code == 401


async def test_a_browser_switches_with_a_new_cookie(http: httpx.AsyncClient, db: Database, on_web: SignsIn) -> None:
    browser = await on_web((await make.account(db, "WORKER")).email)
    answer = await browser.post("/api/accounts/switch-profile", {"profileType": "CLIENT"})
    assert answer.json().keys() == {"token", "refreshToken", "user"}
    assert not await browser.is_in()
    switched = await Person(http, cookie=answer.cookies["session_id"]).get("/api/accounts/me")
    assert switched.json()["profileType"] == "CLIENT"
    assert await Person(http, token=answer.json()["token"]).is_in()


async def test_agencies_and_staff_stay_what_they_are(http: httpx.AsyncClient, db: Database) -> None:
    for fixed in (await make.account(db, "AGENCY", business_name="Ayos"), await make.account(db, None, role="SUPPORT")):
        answer = await make.as_(http, fixed).post("/api/accounts/switch-profile", {"profileType": "CLIENT"})
        assert (answer.status_code, answer.json()["code"]) == (409, "PROFILE_FIXED")
        assert (await make.as_(http, fixed).get("/api/accounts/me")).status_code == 200


@pytest.mark.parametrize("wanted", ["AGENCY", "ADMIN", "", None])
async def test_one_switches_between_client_and_worker_only(
    http: httpx.AsyncClient, db: Database, wanted: str | None
) -> None:
    me = make.as_(http, await make.account(db))
    answer = await me.post("/api/accounts/switch-profile", {"profileType": wanted})
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "profileType")


async def test_an_idempotency_key_never_brings_a_secret_back(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    body = {"profileType": "WORKER"}
    first = await phone.post("/api/accounts/switch-profile", body, Idempotency_Key="k")
    now = Person(http, token=first.json()["token"])
    again = await now.post("/api/accounts/switch-profile", body, Idempotency_Key="k")
    assert again.status_code == 200
    assert "idempotent-replayed" not in again.headers
    assert again.json()["token"] != first.json()["token"]
