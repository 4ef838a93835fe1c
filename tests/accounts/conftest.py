"""People who register and sign in, and their mail."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from iayos.app import create_app
from iayos.settings import Settings
from tests.accounts.people import PASSWORD, Mailbox, Person, SignsIn
from tests.conftest import Sandbox, free_port, serving


@pytest.fixture
def mailbox(sandbox: Sandbox) -> Mailbox:
    return Mailbox(sandbox)


@pytest.fixture
async def limited(settings: Settings, clean: None) -> AsyncIterator[httpx.AsyncClient]:
    """The same service with its rate limits on."""
    port = free_port()
    strict = msgspec.structs.replace(settings, rate_limits="on", public_url=f"http://127.0.0.1:{port}")
    async with serving(create_app(strict), port) as url, httpx.AsyncClient(base_url=url, trust_env=False) as one:
        yield one


@pytest.fixture
def on_phone(http: httpx.AsyncClient) -> SignsIn:
    async def sign_in(email: str, password: str = PASSWORD) -> Person:
        answer = await http.post("/api/mobile/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return Person(http, token=answer.json()["token"], refresh=answer.json()["refreshToken"])

    return sign_in


@pytest.fixture
def on_web(http: httpx.AsyncClient) -> SignsIn:
    async def sign_in(email: str, password: str = PASSWORD) -> Person:
        answer = await http.post("/api/accounts/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        http.cookies.clear()
        return Person(http, cookie=answer.cookies["session_id"])

    return sign_in
