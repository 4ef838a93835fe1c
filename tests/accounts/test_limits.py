import asyncio

import httpx
import pytest

from iayos.accounts.passwords import Passwords
from iayos.core.db import Database
from iayos.core.errors import RateLimited
from tests import make
from tests.accounts.people import ANA, PASSWORD


async def test_sign_ins_from_one_address_are_limited(limited: httpx.AsyncClient, db: Database) -> None:
    ana = await make.account(db)
    for _ in range(178):
        assert (await limited.post("/api/accounts/login", json={"email": ana.email})).status_code == 400
    for path in ("/api/accounts/login", "/api/mobile/auth/login"):
        assert (await limited.post(path, json={"email": ana.email, "password": PASSWORD})).status_code == 200
    over = await limited.post("/api/mobile/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert (over.status_code, over.json()["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(over.headers["retry-after"]) <= 60
    assert (await limited.get("/health")).status_code == 200


@pytest.mark.parametrize("path", ["/api/accounts/forgot-password", "/api/accounts/resend-verification"])
async def test_an_email_gets_five_mails_an_hour_whether_or_not_it_exists(
    limited: httpx.AsyncClient, db: Database, path: str
) -> None:
    ana = await make.account(db, verified=False)
    told = []
    for email in (ana.email, "nobody@example.com"):
        answers = [await limited.post(path, json={"email": email}) for _ in range(6)]
        told.append([(answer.status_code, answer.json().get("code")) for answer in answers])
    assert told[0] == told[1] == [(200, None)] * 5 + [(429, "RATE_LIMITED")]


async def test_mails_from_one_address_are_limited(limited: httpx.AsyncClient, db: Database) -> None:
    for number in range(60):
        answer = await limited.post("/api/accounts/forgot-password", json={"email": f"a{number}@example.com"})
        assert answer.status_code == 200
    assert (await limited.post("/api/accounts/forgot-password", json={"email": "z@example.com"})).status_code == 429


async def test_registrations_from_one_address_are_limited(limited: httpx.AsyncClient, db: Database) -> None:
    answers = [await limited.post("/api/accounts/register", json=ANA | {"password": "short"}) for _ in range(501)]
    assert [answer.status_code for answer in answers[-2:]] == [400, 429]


async def test_the_queue_of_hashes_has_an_end() -> None:
    passwords = Passwords(threads=1, waiting=2)
    asked = [asyncio.create_task(passwords.hash("a-long-Passphrase-7")) for _ in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [str, str, str, RateLimited, RateLimited]
    assert isinstance(answers[-1], RateLimited)
    assert answers[-1].retry_after == 1
    assert await passwords.verify(str(answers[0]), "a-long-Passphrase-7")  # there is room again
    passwords.close()


async def test_a_hash_is_argon2id_as_owasp_asks_and_knows_its_password_alone() -> None:
    passwords = Passwords()
    stored = await passwords.hash("café-grande-1")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(stored, "cafe\u0301-grande-1")  # another keyboard
    for hashed, password in ((stored, "cafe-grande-1"), ("not a hash", "café-grande-1"), (None, "café-grande-1")):
        assert not await passwords.verify(hashed, password)
    passwords.close()
