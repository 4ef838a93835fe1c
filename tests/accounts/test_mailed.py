import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from iayos.accounts.gateway import MailRefused
from iayos.core import clock, outbox
from iayos.core.db import Database, Statement
from iayos.core.errors import GatewayUnavailable
from iayos.settings import Settings
from tests import make
from tests.accounts.people import ANA, PASSWORD, Mailbox, Person, SignsIn

Drain = Callable[[], Awaitable[int]]
NEW = "another-Passphrase-8"
HASHES = Statement(text("SELECT token_hash FROM account_tokens ORDER BY id"))
WAITING = Statement(text("SELECT args FROM outbox WHERE done_at IS NULL"))
ROWS = Statement(text("SELECT count(*) FROM outbox"))


async def forgets(http: httpx.AsyncClient, email: str) -> httpx.Response:
    return await http.post("/api/accounts/forgot-password", json={"email": email})


async def resets(http: httpx.AsyncClient, token: str, password: str = NEW) -> httpx.Response:
    return await http.post("/api/accounts/reset-password", json={"token": token, "password": password})


async def verifies(http: httpx.AsyncClient, token: str) -> httpx.Response:
    return await http.post("/api/accounts/verify-email", json={"token": token})


async def test_a_new_account_confirms_its_email(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, on_phone: SignsIn, settings: Settings
) -> None:
    await http.post("/api/accounts/register", json=ANA)
    phone = await on_phone("ana@example.com")
    assert (await phone.get("/api/accounts/me")).json()["emailVerified"] is False
    await drain()
    (mail,) = await mailbox.of("ana@example.com")
    token = await mailbox.token("ana@example.com", "/verify-email")
    assert f"{settings.public_url}/verify-email?token={token}" in mail["text"]
    assert f'href="{settings.public_url}/verify-email?token={token}"' in mail["html"]
    assert token not in str(await db.reads.all(HASHES))
    assert (await verifies(http, token)).status_code == 200
    assert (await phone.get("/api/accounts/me")).json()["emailVerified"] is True
    again = await verifies(http, token)
    assert (again.status_code, again.json()["code"], again.json()["details"]["field"]) == (
        400,
        "TOKEN_INVALID",
        "token",
    )


async def test_a_verification_works_for_three_days_and_can_be_sent_again(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, on_phone: SignsIn
) -> None:
    await http.post("/api/accounts/register", json=ANA)
    phone = await on_phone("ana@example.com")
    await drain()
    old = await mailbox.token("ana@example.com", "/verify-email")
    clock.advance(3 * 86_400 + 1)
    assert (await verifies(http, old)).status_code == 400
    assert (await phone.post("/api/accounts/resend-verification")).status_code == 200
    await drain()
    new = await mailbox.token("ana@example.com", "/verify-email")
    assert new != old
    assert (await verifies(http, new)).status_code == 200


async def test_asking_again_answers_the_same_to_everybody(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    waiting, confirmed = await make.account(db, verified=False), await make.account(db)
    answers = set()
    for email in (waiting.email, confirmed.email, "nobody@example.com"):
        answer = await http.post("/api/accounts/resend-verification", json={"email": email})
        answers.add((answer.status_code, answer.content))
    answer = await make.as_(http, confirmed).post("/api/accounts/resend-verification")
    assert answers == {(answer.status_code, answer.content)}
    await drain()
    assert [len(await mailbox.of(someone.email)) for someone in (waiting, confirmed)] == [1, 0]
    assert (await http.post("/api/accounts/resend-verification")).status_code == 401
    assert (await http.post("/api/accounts/resend-verification", json={"email": "x"})).status_code == 400


async def test_a_forgotten_password_is_chosen_anew(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, on_phone: SignsIn, on_web: SignsIn
) -> None:
    ana = await make.account(db)
    phone, browser = await on_phone(ana.email), await on_web(ana.email)
    assert (await forgets(http, ana.email.upper())).status_code == 200
    await drain()
    token = await mailbox.token(ana.email, "/reset-password")
    assert (await resets(http, token)).status_code == 200
    assert not await phone.is_in()
    assert not await browser.is_in()
    assert (await http.post("/api/mobile/auth/refresh", json={"refreshToken": phone.refresh})).status_code == 401
    assert await (await on_phone(ana.email, NEW)).is_in()
    old = await http.post("/api/mobile/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert old.status_code == 401
    again = await resets(http, token, "a-third-Passphrase-9")
    assert (again.status_code, again.json()["code"]) == (400, "TOKEN_INVALID")
    await drain()
    assert [mail["subject"] for mail in await mailbox.of(ana.email)] == [
        "Choose a new password",
        "Your password was changed",
    ]


async def test_forgetting_tells_nobody_who_has_an_account(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db)
    known, unknown = await forgets(http, ana.email), await forgets(http, "nobody@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (200, b'{"success":true}')
    assert await db.reads.value(ROWS) == 2  # the same work before the answer, and no address in it
    assert "@" not in str(await db.reads.all(WAITING))
    await drain()
    assert len(await mailbox.of(ana.email)) == 1
    assert await mailbox.of("nobody@example.com") == []


async def test_a_reset_works_for_an_hour(http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox) -> None:
    ana = await make.account(db)
    await forgets(http, ana.email)
    await drain()
    token = await mailbox.token(ana.email, "/reset-password")
    clock.advance(3601)
    assert (await resets(http, token)).json()["code"] == "TOKEN_INVALID"


async def test_the_first_reset_uses_up_every_link(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db)
    tokens = []
    for _ in range(2):
        await forgets(http, ana.email)
        await drain()
        tokens.append(await mailbox.token(ana.email, "/reset-password"))
    assert (await resets(http, tokens[0])).status_code == 200
    assert (await resets(http, tokens[1])).status_code == 400


async def test_of_two_resets_at_once_one_wins(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db)
    await forgets(http, ana.email)
    await drain()
    token = await mailbox.token(ana.email, "/reset-password")
    answers = await asyncio.gather(*(resets(http, token, f"{NEW}{number}") for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def test_a_weak_password_does_not_cost_the_token(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db)
    await forgets(http, ana.email)
    await drain()
    token = await mailbox.token(ana.email, "/reset-password")
    for weak in ("short", "password123", ana.email):
        answer = await resets(http, token, weak)
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "password")
    assert (await resets(http, token)).status_code == 200


async def test_a_token_serves_its_own_purpose_alone(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    await http.post("/api/accounts/register", json=ANA)
    await forgets(http, ANA["email"])
    await drain()
    verification = await mailbox.token(ANA["email"], "/verify-email")
    reset = await mailbox.token(ANA["email"], "/reset-password")
    assert (await verifies(http, reset)).status_code == 400
    assert (await resets(http, verification)).status_code == 400
    for nonsense in ("", "x", "0" * 64, "é" * 64, "\0"):
        assert (await verifies(http, nonsense)).status_code == 400
        assert (await resets(http, nonsense)).status_code == 400


async def test_a_reset_opens_a_locked_account(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db)
    for _ in range(11):
        answer = await http.post("/api/mobile/auth/login", json={"email": ana.email, "password": "not-the-password"})
    assert answer.status_code == 429
    await forgets(http, ana.email)
    await drain()
    await resets(http, await mailbox.token(ana.email, "/reset-password"))
    assert (await http.post("/api/mobile/auth/login", json={"email": ana.email, "password": NEW})).status_code == 200


async def test_mails_speak_filipino(http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox) -> None:
    await http.post("/api/accounts/register", json=ANA | {"language": "fil", "firstName": "<b>Ana</b>"})
    await drain()
    (mail,) = await mailbox.of("ana@example.com")
    assert mail["subject"] == "Kumpirmahin ang iyong email"
    assert "<b>" not in mail["html"]


@pytest.mark.parametrize("fault", ["429", "500", "502_html", "503_empty", "drop_before", "drop_after"])
async def test_a_mail_goes_out_once_however_resend_behaves(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, fault: str
) -> None:
    await mailbox.fails(fault)
    await http.post("/api/accounts/register", json=ANA)
    with pytest.raises(GatewayUnavailable):
        await drain()
    clock.advance(60)
    assert await drain() == 1
    assert len(await mailbox.of("ana@example.com")) == 1
    assert (await verifies(http, await mailbox.token("ana@example.com", "/verify-email"))).status_code == 200


async def test_a_wrong_key_is_told_to_the_operator_without_the_address(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    await mailbox.fails("401")
    await http.post("/api/accounts/register", json=ANA)
    with pytest.raises(MailRefused) as refused:
        await drain()
    assert "401" in str(refused.value)
    assert "ana" not in str(refused.value)


async def test_the_page_behind_the_link_confirms_by_a_button(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, on_phone: SignsIn
) -> None:
    await http.post("/api/accounts/register", json=ANA)
    await drain()
    token = await mailbox.token("ana@example.com", "/verify-email")
    page = await http.get("/verify-email", params={"token": token})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert f"value='{token}'" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    phone: Person = await on_phone("ana@example.com")
    assert (await phone.get("/api/accounts/me")).json()["emailVerified"] is False  # looking changes nothing
    assert "confirmed" in (await http.post("/verify-email", data={"token": token})).text
    assert (await phone.get("/api/accounts/me")).json()["emailVerified"] is True
    again = await http.post("/verify-email", data={"token": token})
    assert (again.status_code, "does not work any more" in again.text) == (400, True)


async def test_the_page_behind_the_link_takes_a_new_password(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox, on_phone: SignsIn
) -> None:
    ana = await make.account(db)
    await forgets(http, ana.email)
    await drain()
    token = await mailbox.token(ana.email, "/reset-password")
    assert "type=password" in (await http.get("/reset-password", params={"token": token})).text
    weak = await http.post("/reset-password", data={"token": token, "password": "password123"})
    assert (weak.status_code, "too common" in weak.text, token in weak.text) == (400, True, True)
    assert (await http.post("/reset-password", data={"token": token, "password": NEW})).status_code == 200
    assert await (await on_phone(ana.email, NEW)).is_in()


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
@pytest.mark.parametrize(
    "body", [{}, {"data": {"token": ["a", "b"]}}, {"json": {"token": "x"}}, {"content": b"\xff=\xff&"}]
)
async def test_the_pages_take_anything_calmly(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    assert (await http.post(path, **body)).status_code in {400, 415}
    shown = await http.get(path, params={"token": "'><script>alert(1)</script>"})
    assert (shown.status_code, "<script>" in shown.text) == (200, False)
    assert (await http.get(path)).status_code == 200


async def test_a_task_that_runs_twice_mails_once(
    http: httpx.AsyncClient, db: Database, drain: Drain, mailbox: Mailbox
) -> None:
    ana = await make.account(db, verified=False)
    async with db.transaction() as tx:
        for _ in range(2):
            await outbox.later(
                tx, "accounts.mail_token", account_id=ana.account_id, purpose="VERIFY_EMAIL", nonce="the-same"
            )
    assert await drain() == 2
    assert len(await mailbox.of(ana.email)) == 1
