"""People and things for tests, straight into the database; `as_()` acts as one of them."""

import itertools
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from iayos.accounts.models import AccountTable, SessionTable
from iayos.core import clock, tokens
from iayos.core.db import Database
from iayos.jobs.models import ApplicationTable, Job
from iayos.profiles.models import SpecializationTable

PASSWORD = "a-long-Passphrase-7"
PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$L4AgGaDqdNckloyaD8fdVw$PDmTmnaXp8fGt2vzpZd3JaKY4ef+G0tBMO0070a8nAU"
_number = itertools.count(1)


class Someone(msgspec.Struct, frozen=True):
    """A signed-in account."""

    account_id: int
    email: str
    cookie: str


async def account(
    db: Database, profile_type: str | None = "CLIENT", *, trades: tuple[int, ...] = (), role: str | None = None,
    verified: bool = True, **columns: Any,
) -> Someone:  # fmt: skip
    """An account with a web session; a worker may be given trades."""
    number = next(_number)
    values = {
        "email": f"person{number}@example.com", "password_hash": PASSWORD_HASH, "profile_type": profile_type,
        "profile_types": [profile_type] if profile_type else [], "role": role, "first_name": "Ana", "last_name": f"Reyes {number}",
        "email_verified_at": clock.now() if verified else None, "kyc_verified": False, "language": "en",
    } | columns  # fmt: skip
    cookie = tokens.secret()
    async with db.transaction() as tx:
        account_id = await tx.insert(AccountTable, **values)
        for trade in trades:
            await tx.insert(SpecializationTable, account_id=account_id, category_id=trade)
        await tx.insert(
            SessionTable, account_id=account_id, kind="WEB", token_hash=tokens.digest(cookie),
            created_at=clock.now(), expires_at=clock.now() + timedelta(days=7),
        )  # fmt: skip
    return Someone(account_id, values["email"], cookie)


class As:
    """The API as one account sees it."""

    def __init__(self, http: httpx.AsyncClient, someone: Someone) -> None:
        self.http, self.someone = http, someone

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.request("POST", path, **({"json": body} if body is not None else {}), **options)

    async def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=body, **options)

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Cookie": f"session_id={self.someone.cookie}"} | options.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **options)


def as_(http: httpx.AsyncClient, someone: Someone) -> As:
    """Act as this account."""
    return As(http, someone)


async def job(db: Database, *, client: Someone, worker: Someone | None = None, **columns: Any) -> Job:
    """An open listing of this client; with a worker, one that was accepted at its budget."""
    accepted = {"status": "IN_PROGRESS", "agreed_price": columns.get("budget", 1000_00), "accepted_at": clock.now()}
    values = {
        "client_id": client.account_id, "category_id": 1, "title": "Fix leaking faucet", "description": "It drips.",
        "budget": 1000_00, "location": "Zamboanga City", "urgency": "MEDIUM", "job_type": "LISTING", "status": "ACTIVE",
        "assigned_worker_id": worker.account_id if worker else None, **(accepted if worker else {}),
    } | columns  # fmt: skip
    async with db.transaction() as tx:
        found: Job = await tx.insert(Job, **values)
    return found


async def application(db: Database, job_id: int, worker: Someone, *, price: int = 1000_00, **columns: Any) -> int:
    """A worker's application, as it was sent; its id."""
    values = {"proposal_message": "I can come today.", "proposed_budget": price, "status": "PENDING"} | columns
    async with db.transaction() as tx:
        return await tx.insert(ApplicationTable, job_id=job_id, worker_id=worker.account_id, **values)


async def signed_in_again(db: Database, someone: Someone) -> Someone:
    """The same account with a new session, for stories that outlive the first."""
    cookie = tokens.secret()
    async with db.transaction() as tx:
        await tx.insert(
            SessionTable, account_id=someone.account_id, kind="WEB", token_hash=tokens.digest(cookie),
            created_at=clock.now(), expires_at=clock.now() + timedelta(days=7),
        )  # fmt: skip
    return msgspec.structs.replace(someone, cookie=cookie)
