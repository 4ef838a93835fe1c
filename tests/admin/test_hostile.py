"""Every route of staff against values that no honest client sends, and against everybody who may not use it."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar

from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.web.test_staff_roles import staff_routes

PARTS: Final = (
    "0", "99999999999999999999999", "abc", "a%00b", "%F0%9F%98%80", "..%2f..%2fetc%2fpasswd", "%2e%2e", "x" * 3000,
    "outbox:99999999999999999999999999", "outbox:-1", "outbox:1_0", "outbox:%D9%A1", "escrow:1%00",
)  # fmt: skip
QUERIES: Final[tuple[dict[str, str], ...]] = (
    {"cursor": "x"}, {"limit": "-1"}, {"limit": "9" * 5000},
    *({name: "\x00"} for name in ("q", "task", "subject", "action", "status", "purpose", "only", "role", "state", "head")),
    {"since": "0001-01-01T00:00:00+14:00"}, {"since": "9999-12-31T23:59:59-14:00"}, {"since": "2026-11-23T08:00:00"},
    {"head": f"{'9' * 5000}:{'00' * 32}"}, {"q": "9" * 200}, {"accountID": "9223372036854775808"}, {"tried": "9" * 20},
    {"dryRun": "TRUE"},
)  # fmt: skip
BODIES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"reason": "r", "ids": [2**63], "most": 10**30},
    {"reason": "r", "ids": [2**63 - 1], "notes": "n", "approved": True, "toPayee": 1e300, "role": "ADMIN"},
    {"reason": "r", "task": "t", "error": "\u0000", "most": "all", "approved": False, "notes": "\u0000"},
    {"reason": "r", "since": "0001-01-01T00:00:00+14:00"},
    {"reason": "r", "since": "9999-12-31T23:59:59-14:00"},
)
FOREIGN: Final = (
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://[", "Host": ""},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
)  # fmt: skip


@pytest.fixture
async def raw(settings: Settings, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client that sends addresses as they are."""
    async with httpx.AsyncClient(base_url=settings.public_url, trust_env=False, timeout=60) as one:
        yield one


def filled(path: str, part: str) -> str:
    return re.sub(r"\{[^}]+\}", part, path)


async def test_nothing_that_staff_can_send_crashes(raw: httpx.AsyncClient, app: Litestar, db: Database) -> None:
    admin = await make.account(db, None, role="ADMIN")
    signed_in = {"Cookie": f"session_id={admin.cookie}"}
    crashed = []
    for path, method, _ in staff_routes(app):
        parts = PARTS if "{" in path else ("1",)
        shapes: list[tuple[str, dict[str, str], Any]] = [("1", query, BODIES[0]) for query in QUERIES]
        shapes += [(part, {}, body) for part in parts for body in (BODIES if method == "POST" else BODIES[:1])]
        for part, query, body in shapes:
            sent: dict[str, Any] = (
                {} if method == "GET" else {"data" if path == "/admin/queues/retry" else "json": body}
            )
            said = await raw.request(method, filled(path, part), params=query, headers=signed_in, **sent)
            if said.status_code >= 500:
                crashed.append((method, path, part[:30], query, body, said.status_code))
    assert crashed == []


async def test_others_see_nothing_and_foreign_pages_do_nothing(
    raw: httpx.AsyncClient, app: Litestar, db: Database
) -> None:
    client, admin = await make.account(db), await make.account(db, None, role="ADMIN")
    roles = {role: await make.account(db, None, role=role) for role in ("FINANCE", "SUPPORT", "KYC_REVIEWER")}
    wrong = []
    for path, method, allowed in staff_routes(app):

        async def asked(method: str = method, path: str = path, **headers: str) -> int:
            body: dict[str, Any] = {"json": {}} if method == "POST" else {}
            return (await raw.request(method, filled(path, "1"), headers=headers, **body)).status_code

        found = {"nobody": await asked() in {401, 303}}
        found["client"] = await asked(Cookie=f"session_id={client.cookie}") == 404
        for role, someone in roles.items():
            found[role] = (await asked(Cookie=f"session_id={someone.cookie}") == 403) == (role not in allowed)
        for foreign in FOREIGN if method != "GET" else ():
            found[str(foreign)] = await asked(Cookie=f"session_id={admin.cookie}", **foreign) == 403
        wrong += [(who, method, path) for who, right in found.items() if not right]
    assert wrong == []
