from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import text

from iayos.core import clock
from iayos.core.db import Database, Statement
from tests import make
from tests.make import as_

PATH = "/api/notifications/push-tokens"
PHONE = "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"
ROWS = Statement[Any](text("SELECT account_id, token, device_type FROM push_tokens ORDER BY id"))


@pytest.mark.parametrize(
    "token", [PHONE, "ExpoPushToken[a-b_C9]", "F5741A13-BCDA-434B-A316-5DC0E6FFA94F", f"  {PHONE} "]
)
@pytest.mark.parametrize("kind", ["ios", "android", None])
async def test_a_phone_is_registered(http: httpx.AsyncClient, db: Database, token: str, kind: str | None) -> None:
    ben = await make.account(db)
    answer = await as_(http, ben).post(PATH, {"token": token} | ({"deviceType": kind} if kind else {}))
    assert answer.status_code == 201
    assert answer.json()["token"] == token.strip()
    assert answer.json()["deviceType"] == kind
    assert [tuple(row) for row in await db.reads.all(ROWS)] == [(ben.account_id, token.strip(), kind)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "token"), ({"token": ""}, "token"), ({"token": "abc"}, "token"), ({"token": "exponentPushToken[x]"}, "token"),
        ({"token": "ExponentPushToken[]"}, "token"), ({"token": f"x{PHONE}"}, "token"), ({"token": f"{PHONE}x"}, "token"),
        ({"token": f"ExponentPushToken[{'x' * 300}]"}, "token"), ({"token": "ExponentPushToken[a\x00b]"}, "token"),
        ({"token": 5}, "token"), ({"token": [PHONE]}, "token"), ({"token": PHONE, "deviceType": "windows"}, "deviceType"),
    ],
)  # fmt: skip
async def test_what_is_no_phone_is_refused(http: httpx.AsyncClient, db: Database, body: Any, field: str) -> None:
    answer = await as_(http, await make.account(db)).post(PATH, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["field"]) == (
        400,
        "VALIDATION_ERROR",
        field,
    )
    assert await db.reads.all(ROWS) == []


async def test_a_phone_is_registered_once_and_belongs_to_who_signed_in_last(
    http: httpx.AsyncClient, db: Database
) -> None:
    ben, ana = await make.account(db), await make.account(db)
    for someone, kind in ((ben, "ios"), (ben, "ios"), (ben, "android"), (ana, "android")):
        assert (await as_(http, someone).post(PATH, {"token": PHONE, "deviceType": kind})).status_code == 201
    assert [tuple(row) for row in await db.reads.all(ROWS)] == [(ana.account_id, PHONE, "android")]
    gone = await as_(http, ben).request("DELETE", PATH, json={"token": PHONE})
    assert (gone.status_code, gone.json()["code"]) == (404, "NOT_FOUND")
    assert len(await db.reads.all(ROWS)) == 1


@pytest.mark.parametrize("way", ["body", "query", "path"])
async def test_a_phone_can_be_taken_back(http: httpx.AsyncClient, db: Database, way: str) -> None:
    ben = await make.account(db)
    asks: dict[str, dict[str, Any]] = {
        "body": {"path": PATH, "json": {"token": PHONE}},
        "query": {"path": PATH, "params": {"token": PHONE}},
        "path": {"path": f"{PATH}/{quote(PHONE)}"},
    }
    ask = asks[way]
    await as_(http, ben).post(PATH, {"token": PHONE})
    stranger = await as_(http, await make.account(db)).request("DELETE", **ask)
    assert stranger.status_code == 404
    answer = await as_(http, ben).request("DELETE", **ask)
    assert (answer.status_code, answer.json()) == (200, {"token": PHONE})
    assert await db.reads.all(ROWS) == []
    assert (await as_(http, ben).request("DELETE", **ask)).status_code == 404


@pytest.mark.parametrize(
    "ask", [{"path": PATH}, {"path": PATH, "json": {}}, {"path": f"{PATH}/a%00b"}, {"path": f"{PATH}?token=x"}]
)
async def test_taking_nothing_back_is_refused(http: httpx.AsyncClient, db: Database, ask: dict[str, Any]) -> None:
    answer = await as_(http, await make.account(db)).request("DELETE", **ask)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "token")


async def test_an_account_keeps_its_twenty_newest_phones(http: httpx.AsyncClient, db: Database) -> None:
    ben = await make.account(db)
    for number in range(23):
        await as_(http, ben).post(PATH, {"token": f"ExpoPushToken[{number}]"})
        clock.advance(1)
    assert [row["token"] for row in await db.reads.all(ROWS)] == [f"ExpoPushToken[{number}]" for number in range(3, 23)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/push-tokens"),
        ("DELETE", "/push-tokens"),
        ("DELETE", f"/push-tokens/{PHONE}"),
        ("GET", "/settings"),
        ("PUT", "/settings"),
    ],
)
async def test_one_must_be_signed_in(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, f"/api/notifications{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_REQUIRED")
