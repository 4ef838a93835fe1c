from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from iayos.accounts.actions import EmailTaken, create_staff, ensure_account
from iayos.accounts.gateway import Mailer, MailRefused
from iayos.accounts.passwords import Passwords
from iayos.accounts.states import Role
from iayos.accounts.tasks import sweep
from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.core.errors import GatewayUnavailable, Invalid
from tests import make
from tests.accounts.people import PASSWORD, SignsIn

AUDIT = Statement(text("SELECT action, subject, after FROM audit_log"))
LEFT = Statement(
    text(
        "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),"
        " (SELECT count(*) FROM account_tokens), (SELECT count(*) FROM sign_in_failures)"
    )
)


@pytest.fixture
def passwords(app: Litestar) -> Passwords:
    found: Passwords = app.state.services.passwords
    return found


async def test_staff_are_made_on_the_host(
    http: httpx.AsyncClient, db: Database, passwords: Passwords, on_phone: SignsIn
) -> None:
    wanted: dict[str, Any] = {"password": PASSWORD, "role": Role.FINANCE, "first_name": "Maria", "last_name": "Lim"}
    staff = await create_staff(db, passwords, email="Maria@Example.com", **wanted)
    seen = (await (await on_phone("maria@example.com")).get("/api/accounts/me")).json()
    assert (seen["role"], seen["profileType"], seen["profileTypes"], seen["emailVerified"]) == (
        "FINANCE",
        None,
        [],
        True,
    )
    assert [tuple(row) for row in await db.reads.all(AUDIT)] == [
        ("accounts:staff:create", f"account:{staff.id}", {"role": "FINANCE"})
    ]
    with pytest.raises(EmailTaken):
        await create_staff(db, passwords, email="maria@example.com", **wanted)
    with pytest.raises(Invalid):
        await create_staff(db, passwords, email="x@example.com", **wanted | {"password": "password123"})
    with pytest.raises(Invalid):
        await create_staff(db, passwords, email="nobody", **wanted)


async def test_demo_accounts_are_made_once(
    http: httpx.AsyncClient, db: Database, passwords: Passwords, on_web: SignsIn
) -> None:
    more: dict[str, Any] = {"first_name": "Ben", "last_name": "Santos", "profile_type": "WORKER", "city": "Manila"}
    first = await ensure_account(db, passwords, email="Ben@demo.iayos", password=PASSWORD, **more)
    again = await ensure_account(db, passwords, email="ben@demo.iayos", password="something-else", **more)
    assert first == again
    assert (first.email, first.profile_types, first.city) == ("ben@demo.iayos", ["WORKER"], "Manila")
    assert await (await on_web("ben@demo.iayos")).is_in()


async def test_what_is_over_is_forgotten_after_a_month(
    http: httpx.AsyncClient, db: Database, on_phone: SignsIn
) -> None:
    ana = await make.account(db)
    phone = await on_phone(ana.email)
    await http.post("/api/mobile/auth/login", json={"email": ana.email, "password": "not-the-password"})
    await sweep(db)
    assert tuple(await db.reads.one(LEFT)) == (2, 1, 0, 1)
    await phone.post("/api/mobile/auth/logout")
    clock.advance(38 * 86_400)
    await sweep(db)
    assert tuple(await db.reads.one(LEFT)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (200, {"id": "1"}, None),
        (409, {"name": "invalid_idempotent_request"}, None),
        (409, {"name": "concurrent_idempotent_requests"}, GatewayUnavailable),
        (429, {"name": "daily_quota_exceeded"}, GatewayUnavailable),
        (422, {"name": "validation_error", "message": "bad address ana@example.com"}, MailRefused),
        (403, ["odd"], MailRefused),
        (503, None, GatewayUnavailable),
    ],
)
async def test_what_resend_answers(status: int, body: Any, raised: type[Exception] | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer re_key"
        assert request.headers["idempotency-key"] == "k/1"
        return httpx.Response(status, json=body, headers={"retry-after": "7"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        mailer = Mailer(http, url="https://resend.test/", api_key="re_key", sender="iAyos <a@b.ph>")
        mail = {"to": "ana@example.com", "subject": "s", "html": "h", "text": "t", "key": "k/1"}
        if raised is None:
            await mailer.send(**mail)
            return
        with pytest.raises(raised) as fault:
            await mailer.send(**mail)
        assert "ana@" not in str(fault.value)
        assert getattr(fault.value, "retry_after", 7) == 7
