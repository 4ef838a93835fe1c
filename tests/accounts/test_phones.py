import asyncio
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import text

from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.settings import Settings
from tests import make
from tests.accounts.people import PASSWORD, Person, SignsIn

DAY = 86_400
TOKENS = Statement(text("SELECT count(*) FROM refresh_tokens"))


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def signed(settings: Settings, token: str, **change: Any) -> str:
    kept = {name: value for name, value in (claims(token) | change).items() if value is not ...}
    return jwt.encode(kept, settings.secret, algorithm="HS256")


async def renew(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/api/mobile/auth/refresh", json={"refreshToken": token})


async def test_a_phone_gets_tokens_and_the_account(http: httpx.AsyncClient, db: Database) -> None:
    ben = await make.account(db, "WORKER")
    answer = await http.post("/api/mobile/auth/login", json={"email": ben.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "refreshToken", "user"}
    assert answer.json()["user"]["accountID"] == ben.account_id
    assert "set-cookie" not in answer.headers
    token, refresh = claims(answer.json()["token"]), claims(answer.json()["refreshToken"])
    assert token.keys() == {"user_id", "email", "profile_type", "exp", "iat", "jti", "aud", "typ"}
    assert (token["user_id"], token["email"], token["profile_type"]) == (ben.account_id, ben.email, "WORKER")
    assert (token["exp"] - token["iat"], refresh["exp"] - refresh["iat"]) == (7 * DAY, 30 * DAY)
    assert (token["typ"], refresh["typ"], token["aud"]) == ("access", "refresh", "iayos")
    assert jwt.get_unverified_header(answer.json()["token"])["alg"] == "HS256"


async def test_an_access_token_lasts_seven_days_on_our_clock(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    clock.advance(7 * DAY - 60)
    assert await phone.is_in()
    clock.advance(61)
    assert not await phone.is_in()
    assert (await renew(http, phone.refresh)).status_code == 200


async def test_a_refresh_token_lasts_thirty_days(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    early, late = [await on_phone((await make.account(db)).email) for _ in range(2)]
    clock.advance(30 * DAY - 60)
    assert (await renew(http, early.refresh)).status_code == 200
    clock.advance(61)
    answer = await renew(http, late.refresh)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_FAILED")


async def test_a_phone_that_keeps_refreshing_stays_in(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    phone = await on_phone((await make.account(db)).email)
    for _ in range(3):
        clock.advance(29 * DAY)
        answer = await renew(http, phone.refresh)
        assert answer.json().keys() == {"token", "refreshToken"}
        phone = Person(http, token=answer.json()["token"], refresh=answer.json()["refreshToken"])
        assert await phone.is_in()


async def test_a_token_made_after_sign_in_in_the_future_counts(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    clock.advance(40 * DAY)
    assert await (await on_phone((await make.account(db)).email)).is_in()


async def test_the_two_tokens_do_not_stand_for_each_other(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    assert not await Person(http, token=phone.refresh).is_in()
    assert (await renew(http, phone.token)).status_code == 401
    assert await phone.is_in()


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_tokens_that_are_not_ours(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn, settings: Settings
) -> None:
    ana, ben = await make.account(db), await make.account(db, "WORKER")
    phone = await on_phone(ana.email)
    body = claims(phone.token)
    forged = [
        jwt.encode(body, "another-secret-of-at-least-32-characters", algorithm="HS256"),
        jwt.encode(body, settings.secret, algorithm="HS512"),
        jwt.encode(body, "", algorithm="none"),
        signed(settings, phone.token, aud="someone-else"),
        signed(settings, phone.token, aud=...),
        signed(settings, phone.token, typ=...),
        signed(settings, phone.token, exp=...),
        signed(settings, phone.token, jti="x"),
        signed(settings, phone.token, jti="²"),
        signed(settings, phone.token, jti=f"{10**30}.x"),
        signed(settings, phone.token, jti=f"{2**63}.x"),
        signed(settings, phone.token, user_id=ben.account_id),
        phone.token[:-4],
        "a.b.c",
        "x" * 5000,
        "é.é.é",
    ]
    for token in forged:
        answer = await http.get("/api/accounts/me", headers={b"Authorization": f"Bearer {token}".encode()})
        assert answer.status_code == 401, token
        assert (await renew(http, token)).status_code == 401
    assert (await renew(http, "eyJ" + "W1tb" * 100_000 + ".e30.x")).status_code == 401
    assert await phone.is_in()


async def test_signing_out_ends_the_whole_family(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    email = (await make.account(db)).email
    phone, tablet = await on_phone(email), await on_phone(email)
    assert (await phone.post("/api/mobile/auth/logout")).status_code == 200
    assert not await phone.is_in()
    assert (await renew(http, phone.refresh)).status_code == 401
    assert (await phone.post("/api/mobile/auth/logout")).status_code == 401
    assert await tablet.is_in()


async def test_a_lost_answer_can_be_asked_for_again(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    phone = await on_phone((await make.account(db)).email)
    first = await renew(http, phone.refresh)
    clock.advance(9)
    again = await renew(http, phone.refresh)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await Person(http, token=again.json()["token"]).is_in()


async def test_ten_seconds_later_it_is_theft(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    email = (await make.account(db)).email
    phone, tablet = await on_phone(email), await on_phone(email)
    successor = (await renew(http, phone.refresh)).json()
    clock.advance(11)
    assert (await renew(http, phone.refresh)).status_code == 401
    assert (await renew(http, successor["refreshToken"])).status_code == 401
    assert not await Person(http, token=successor["token"]).is_in()
    assert not await phone.is_in()
    assert await tablet.is_in()


async def test_once_the_successor_served_it_is_theft_at_once(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    successor = (await renew(http, phone.refresh)).json()
    third = (await renew(http, successor["refreshToken"])).json()
    assert (await renew(http, phone.refresh)).status_code == 401
    assert not await Person(http, token=third["token"]).is_in()
    assert (await renew(http, third["refreshToken"])).status_code == 401


async def test_many_refreshes_at_once_get_one_successor(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    answers = await asyncio.gather(*(renew(http, phone.refresh) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await db.reads.value(TOKENS) == 2
    assert (await renew(http, answers[0].json()["refreshToken"])).status_code == 200


@pytest.mark.parametrize("body", [{}, {"refreshToken": None}, {"refreshToken": 7}])
async def test_a_refresh_without_its_token(http: httpx.AsyncClient, db: Database, body: dict[str, Any]) -> None:
    answer = await http.post("/api/mobile/auth/refresh", json=body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "refreshToken")
