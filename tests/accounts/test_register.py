import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from iayos.core.db import Database, Statement
from tests.accounts.people import ANA, Mailbox

Drain = Callable[[], Awaitable[int]]
PROFILES = Statement(text("SELECT profile_type FROM profiles WHERE account_id = :account_id"))
ACCOUNTS = Statement(text("SELECT count(*) FROM accounts"))


@pytest.mark.parametrize(
    "path", ["/api/accounts/register", "/api/mobile/auth/register", "/api/mobile/accounts/register"]
)
async def test_a_new_account_is_answered_whole(http: httpx.AsyncClient, db: Database, path: str) -> None:
    more = {
        "contactNum": "+63 917 123 4567",
        "city": " Zamboanga City ",
        "province": "",
        "latitude": 6.92,
        "longitude": 122.08,
    }
    answer = await http.post(path, json=ANA | more | {"email": " Ana@Example.COM "})
    assert answer.status_code == 201
    account = answer.json()
    account_id = account.pop("accountID")
    assert account.pop("createdAt").endswith("Z")
    assert account == {
        "email": "ana@example.com", "profileType": "CLIENT", "profileTypes": ["CLIENT"], "firstName": "Ana",
        "lastName": "Reyes", "businessName": None, "contactNum": "+63 917 123 4567", "city": "Zamboanga City",
        "province": None, "latitude": 6.92, "longitude": 122.08, "emailVerified": False, "KYCVerified": False,
        "language": "en", "role": None,
    }  # fmt: skip
    assert [row[0] for row in await db.reads.all(PROFILES, account_id=account_id)] == ["CLIENT"]


async def test_an_agency_has_the_name_of_its_business(http: httpx.AsyncClient, db: Database) -> None:
    agency = ANA | {"profileType": "AGENCY"}
    for nameless in (agency, agency | {"businessName": " "}):
        answer = await http.post("/api/accounts/register", json=nameless)
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "businessName")
    answer = await http.post("/api/accounts/register", json=agency | {"businessName": "Ayos Builders"})
    assert (answer.status_code, answer.json()["businessName"]) == (201, "Ayos Builders")


async def test_the_name_of_a_business_belongs_to_agencies_alone(http: httpx.AsyncClient, db: Database) -> None:
    answer = await http.post("/api/accounts/register", json=ANA | {"businessName": "Ayos Builders"})
    assert (answer.status_code, answer.json()["businessName"]) == (201, None)


async def test_an_email_is_taken_whatever_its_case(http: httpx.AsyncClient, db: Database) -> None:
    assert (await http.post("/api/accounts/register", json=ANA)).status_code == 201
    again = await http.post(
        "/api/mobile/auth/register", json=ANA | {"email": "ANA@example.com", "profileType": "WORKER"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "EMAIL_TAKEN")
    assert await db.reads.value(ACCOUNTS) == 1


async def test_of_many_at_once_one_gets_the_email(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    answers = await asyncio.gather(*(http.post("/api/accounts/register", json=ANA) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await db.reads.value(ACCOUNTS) == 1
    await drain()
    assert len(await mailbox.of("ana@example.com")) == 1


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"email": "ana"}, ["email"]),
        ({"email": "ana@example"}, ["email"]),
        ({"email": "a..b@example.com"}, ["email"]),
        ({"email": "a b@example.com"}, ["email"]),
        ({"email": "añ@example.com"}, ["email"]),
        ({"email": "a" * 65 + "@example.com"}, ["email"]),
        ({"email": "ana@" + "a." * 130 + "com"}, ["email"]),
        ({"email": "ana@exam\u0000ple.com"}, ["email"]),
        ({"email": None, "password": 7}, ["email", "password"]),
        ({"password": "nine-char"}, ["password"]),
        ({"password": "x" * 129}, ["password"]),
        ({"password": "password123"}, ["password"]),
        ({"password": "QwertyUiop"}, ["password"]),
        ({"password": "aaaaaaaaaaaa"}, ["password"]),
        ({"password": "23456789012345"}, ["password"]),
        ({"password": "ana@example.com"}, ["password"]),
        ({"profileType": "ADMIN"}, ["profileType"]),
        ({"profileType": "AGENCY", "password": "iloveyou123"}, ["password", "businessName"]),
        ({"firstName": "", "lastName": "x" * 101}, ["firstName", "lastName"]),
        ({"firstName": "Ana\nReyes"}, ["firstName"]),
        ({"contactNum": "call me"}, ["contactNum"]),
        ({"latitude": 91, "longitude": 0}, ["latitude"]),
        ({"latitude": 6.9}, ["longitude"]),
        ({"longitude": 122}, ["latitude"]),
        ({"language": "de"}, ["language"]),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(
    http: httpx.AsyncClient, db: Database, change: dict[str, Any], fields: list[str]
) -> None:
    answer = await http.post("/api/accounts/register", json=ANA | change)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert [fault["field"] for fault in answer.json()["details"]["fields"]] == fields
    assert await db.reads.value(ACCOUNTS) == 0


@pytest.mark.parametrize(
    "password",
    ["tenletters" + "-1", "ten chars!", "contraseña-larga", " spaces around ", "x" * 60 + "abcde" * 13 + "def"],
)
async def test_a_long_password_of_any_kind_is_fine(http: httpx.AsyncClient, db: Database, password: str) -> None:
    assert (await http.post("/api/accounts/register", json=ANA | {"password": password})).status_code == 201
    right = await http.post("/api/mobile/auth/login", json={"email": ANA["email"], "password": password})
    assert right.status_code == 200
    trimmed = await http.post(
        "/api/mobile/auth/login", json={"email": ANA["email"], "password": password.strip() + "?"}
    )
    assert trimmed.status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"email": "\xff"}', "application/json", 400),
        (b'{"x": ' + b"[" * 100_000, "application/json", 400),
        (b"email=ana@example.com", "application/x-www-form-urlencoded", 415),
    ],
)
async def test_a_body_that_cannot_be_read(
    http: httpx.AsyncClient, db: Database, body: bytes, kind: str, status: int
) -> None:
    answer = await http.post("/api/accounts/register", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["details"]["requestID"]
