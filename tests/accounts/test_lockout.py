import asyncio
from datetime import datetime, timedelta

import httpx
from litestar import Litestar

from iayos.core import clock
from iayos.core.db import Database
from tests import make
from tests.accounts.people import PASSWORD, SignsIn


async def tries(http: httpx.AsyncClient, email: str, password: str = "not-the-password") -> httpx.Response:
    return await http.post("/api/mobile/auth/login", json={"email": email, "password": password})


async def test_a_wrong_email_and_a_wrong_password_look_the_same(
    http: httpx.AsyncClient, db: Database, app: Litestar
) -> None:
    ana = await make.account(db)
    passwords = app.state.services.passwords
    answers = []
    for path in ("/api/accounts/login", "/api/mobile/auth/login"):
        for email in (ana.email, "nobody@example.com", "no email at all"):
            before = passwords.worked
            answer = await http.post(path, json={"email": email, "password": "short"}, headers={"X-Request-ID": "same"})
            assert passwords.worked == before + 1  # the same work, whoever it is
            answers.append((answer.status_code, answer.content))
    assert set(answers) == {answers[0]}
    assert answers[0][0] == 401
    assert (await tries(http, ana.email)).json() | {"details": {}} == {
        "error": "Invalid credentials", "code": "AUTH_FAILED", "details": {},
    }  # fmt: skip
    details = (await tries(http, ana.email)).json()["details"]
    assert (details["field"], details["reason"]) == ("password", "Password is incorrect")


async def test_ten_wrong_passwords_lock_the_email(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    for email in (ana.email, "nobody@example.com"):
        for _ in range(10):
            assert (await tries(http, email)).status_code == 401
        locked = await tries(http, email.upper(), PASSWORD)
        assert (locked.status_code, locked.json()["code"]) == (429, "ACCOUNT_LOCKED")
        assert 890 <= int(locked.headers["retry-after"]) <= 900
        opens = datetime.fromisoformat(locked.json()["details"]["opensAt"])
        assert timedelta(minutes=14) < opens - clock.now() <= timedelta(minutes=15)
    clock.advance(15 * 60 - 5)
    assert (await tries(http, ana.email, PASSWORD)).status_code == 429
    clock.advance(6)
    assert (await tries(http, ana.email, PASSWORD)).status_code == 200


async def test_others_are_not_locked_out(http: httpx.AsyncClient, db: Database) -> None:
    ana, ben = await make.account(db), await make.account(db, "WORKER")
    for _ in range(11):
        await tries(http, ana.email)
    assert (await tries(http, ben.email, PASSWORD)).status_code == 200


async def test_old_failures_and_those_before_a_success_do_not_count(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    for pause in (0, 15 * 60 + 1):
        clock.advance(pause)
        for _ in range(9):
            assert (await tries(http, ana.email)).status_code == 401
    assert (await tries(http, ana.email, PASSWORD)).status_code == 200
    for _ in range(9):
        assert (await tries(http, ana.email)).status_code == 401
    assert (await tries(http, ana.email, PASSWORD)).status_code == 200


async def test_after_the_lock_one_failure_does_not_lock_again(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    for _ in range(11):
        await tries(http, ana.email)
    clock.advance(15 * 60 + 1)
    assert (await tries(http, ana.email)).status_code == 401
    assert (await tries(http, ana.email, PASSWORD)).status_code == 200


async def test_guessing_all_at_once_tells_no_more_than_ten(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    answers = await asyncio.gather(*(tries(http, ana.email) for _ in range(30)))
    told = sorted(answer.status_code for answer in answers)
    assert told == [401] * 10 + [429] * 20
    assert (await tries(http, ana.email, PASSWORD)).status_code == 429


async def test_many_may_sign_in_at_once(http: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    answers = await asyncio.gather(*(tries(http, ana.email, PASSWORD) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}


async def test_guessing_the_present_password_is_counted_too(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    phone = await on_phone((await make.account(db)).email)
    change = {"currentPassword": "not-the-password", "newPassword": "another-Passphrase-8"}
    for _ in range(10):
        answer = await phone.post("/api/accounts/change-password", change)
        assert (answer.status_code, answer.json()["details"]["field"]) == (401, "currentPassword")
    answer = await phone.post("/api/accounts/change-password", change | {"currentPassword": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "ACCOUNT_LOCKED")
    assert await phone.is_in()
