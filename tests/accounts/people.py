"""Somebody with a browser or a phone, and the mail that arrives."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.conftest import Sandbox

PASSWORD = "a-long-Passphrase-7"
ANA = {
    "email": "ana@example.com", "password": PASSWORD, "profileType": "CLIENT", "firstName": "Ana", "lastName": "Reyes",
}  # fmt: skip


class Mailbox:
    """What arrived for one address."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def of(self, email: str) -> list[dict[str, Any]]:
        answer = await self.sandbox.http.get("/_sandbox/resend/messages", params={"to": email})
        mails: list[dict[str, Any]] = answer.json()
        return mails

    async def fails(self, kind: str) -> None:
        """The next mail meets this fault."""
        fault = {"match": "resend.send", "kind": kind, "times": 1}
        (await self.sandbox.http.put("/_sandbox/faults", json=[fault])).raise_for_status()

    async def token(self, email: str, path: str) -> str:
        """The token of the newest mail with a link to `path`."""
        found = [link for mail in await self.of(email) if (link := re.search(rf"{path}\?token=(\S+)", mail["text"]))]
        return found[-1].group(1)


class Person:
    """Somebody with a phone or a browser; each request carries exactly what it holds."""

    def __init__(self, http: httpx.AsyncClient, *, cookie: str = "", token: str = "", refresh: str = "") -> None:
        self.http, self.cookie, self.token, self.refresh = http, cookie, token, refresh

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {"Cookie": f"session_id={self.cookie}"}
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, path, headers=own | given, **({} if body is None else {"json": body}))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.request("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.request("POST", path, body, **headers)

    async def is_in(self) -> bool:
        return (await self.get("/api/accounts/me")).status_code == 200


SignsIn = Callable[..., Awaitable[Person]]
