"""A service with handlers that break."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import get, post

from iayos.app import create_app
from iayos.core.db import Database
from iayos.core.outbox import later
from iayos.settings import Settings
from iayos.web.auth import signed_in
from iayos.web.tx import InTx
from tests import make
from tests.conftest import free_port, serving
from tests.make import As


@pytest.fixture
async def client_account(http: httpx.AsyncClient, db: Database) -> As:
    return make.as_(http, await make.account(db, "CLIENT"))


@pytest.fixture
async def breaking(settings: Settings, clean: None) -> AsyncIterator[httpx.AsyncClient]:
    """The same service, in which `GET /api/crash` and the first `POST /api/crash-once` crash."""
    calls: list[None] = []

    @get("/api/crash")
    async def crash() -> None:
        raise RuntimeError("the password of the database is hunter2")

    @post("/api/crash-once", guards=[signed_in], status_code=201)
    async def crash_once(tx: InTx) -> dict[str, int]:
        calls.append(None)
        await later(tx, "tests.crash_once", call=len(calls))
        if len(calls) == 1:
            raise RuntimeError("hunter2")
        return {"call": len(calls)}

    port = free_port()
    app = create_app(settings)
    app.register(crash)
    app.register(crash_once)
    async with serving(app, port) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as one:
        yield one
