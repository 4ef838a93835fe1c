import httpx
import msgspec
import pytest
from sqlalchemy import text

from iayos.accounts.routes import session_cookie
from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.settings import Settings
from tests import make
from tests.accounts.people import PASSWORD, Person, SignsIn

SESSIONS = Statement(text("SELECT token_hash, ended_at FROM sessions WHERE account_id = :account_id ORDER BY id"))
SUSPEND = Statement(text("UPDATE accounts SET suspended_at = now() WHERE id = :account_id"))


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    answer = await http.post("/api/accounts/login", json={"email": ana.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["accountID"] == ana.account_id
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("session_id=")
    for part in ("HttpOnly", "Max-Age=604800", "Path=/", "SameSite=lax"):
        assert part in cookie
    assert "Secure" not in cookie
    assert answer.cookies["session_id"] not in str(await db.reads.all(SESSIONS, account_id=ana.account_id))


def test_the_cookie_is_secure_in_production(settings: Settings) -> None:
    live = msgspec.structs.replace(settings, env="production")
    assert "Secure" in session_cookie("x", live, max_age=1).to_header()


async def test_signing_out_ends_the_session_and_clears_the_cookie(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn
) -> None:
    ana = await make.account(db)
    here, elsewhere = await on_web(ana.email), await on_web(ana.email)
    answer = await here.post("/api/accounts/logout")
    assert answer.status_code == 200
    assert 'session_id=""' in answer.headers["set-cookie"] or "session_id=;" in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert not await here.is_in()
    assert await elsewhere.is_in()
    again = await here.post("/api/accounts/logout")
    assert (again.status_code, again.json()["code"]) == (401, "AUTH_REQUIRED")


async def test_nobody_signs_out_without_a_session(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/accounts/logout")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_REQUIRED")


async def test_a_session_lasts_seven_days(http: httpx.AsyncClient, db: Database, on_web: SignsIn) -> None:
    browser = await on_web((await make.account(db)).email)
    clock.advance(7 * 86_400 - 60)
    assert await browser.is_in()
    clock.advance(61)
    assert not await browser.is_in()


async def test_both_prefixes_take_both_kinds_of_sign_in(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn, on_phone: SignsIn
) -> None:
    ana = await make.account(db)
    for person in (await on_web(ana.email), await on_phone(ana.email)):
        for path in ("/api/accounts/me", "/api/mobile/accounts/me"):
            assert (await person.get(path)).json()["accountID"] == ana.account_id


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
async def test_a_foreign_page_can_neither_use_nor_set_the_cookie(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn, headers: dict[str, str]
) -> None:
    ana = await make.account(db)
    browser = await on_web(ana.email)
    for path in ("/api/accounts/logout", "/api/accounts/switch-profile", "/api/accounts/resend-verification"):
        answer = await browser.post(path, {"profileType": "WORKER"}, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "FOREIGN_ORIGIN")
    answer = await browser.request("PATCH", "/api/accounts/me", {"city": "Manila"}, **headers)
    assert answer.status_code == 403
    answer = await Person(http).post("/api/accounts/login", {"email": ana.email, "password": PASSWORD}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "FOREIGN_ORIGIN")
    assert "set-cookie" not in answer.headers
    assert (await browser.get("/api/accounts/me", **headers)).status_code == 200


async def test_our_own_page_can(http: httpx.AsyncClient, db: Database, on_web: SignsIn, settings: Settings) -> None:
    browser = await on_web((await make.account(db)).email)
    answer = await browser.request("PATCH", "/api/accounts/me", {"city": "Manila"}, Origin=settings.public_url)
    assert answer.status_code == 200
    assert (await browser.post("/api/accounts/logout", Sec_Fetch_Site="same-origin")).status_code == 200


async def test_a_bearer_token_needs_no_origin(http: httpx.AsyncClient, db: Database, on_phone: SignsIn) -> None:
    phone = await on_phone((await make.account(db)).email)
    answer = await phone.request("PATCH", "/api/accounts/me", {"city": "Manila"}, Origin="https://evil.example")
    assert answer.status_code == 200


async def test_a_bad_bearer_token_is_not_made_good_by_a_cookie(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn
) -> None:
    browser = await on_web((await make.account(db)).email)
    assert (await browser.get("/api/accounts/me", Authorization="Bearer nonsense")).status_code == 401


async def test_suspension_ends_everything_at_once(
    http: httpx.AsyncClient, db: Database, on_web: SignsIn, on_phone: SignsIn
) -> None:
    ana = await make.account(db)
    browser, phone = await on_web(ana.email), await on_phone(ana.email)
    async with db.transaction() as tx:
        await tx.run(SUSPEND, account_id=ana.account_id)
    assert not await browser.is_in()
    assert not await phone.is_in()
    renewed = await http.post("/api/mobile/auth/refresh", json={"refreshToken": phone.refresh})
    assert renewed.status_code == 401
    for path in ("/api/accounts/login", "/api/mobile/auth/login"):
        right = await http.post(path, json={"email": ana.email, "password": PASSWORD})
        assert (right.status_code, right.json()["code"]) == (403, "ACCOUNT_SUSPENDED")
        wrong = await http.post(path, json={"email": ana.email, "password": "something-else"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "AUTH_FAILED")
