"""The people of the demo, each with a phone; and what they may find wrong."""

import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NamedTuple, Self

import httpx
import msgspec

PASSWORD: Final = "a-Demo-passphrase-7"  # noqa: S105 - opens a server that lives for seconds
PATIENCE_S: Final = 10.0
POLL_S: Final = 0.05
_JSON: Final = msgspec.json.Decoder(float_hook=Decimal)


class Unexpected(Exception):
    """Something is not as it must be: what was expected, and what came."""


class Person:
    """Somebody who talks to the API."""

    def __init__(self, http: httpx.Client, email: str) -> None:
        self.http = http
        self.email = email
        self.account_id = 0
        self._token = ""

    @classmethod
    def registered(cls, http: httpx.Client, sandbox: httpx.Client, first: str, last: str, **more: Any) -> Self:
        """Register, open the link in the mail, sign in."""
        who = cls(http, f"{first.lower()}@example.com")
        new = {"email": who.email, "password": PASSWORD, "firstName": first, "lastName": last} | more
        who.account_id = who.post("/api/mobile/auth/register", new, expect=201)["accountID"]
        who.get("/api/accounts/me", expect=401)
        mail = until(f"a mail to {who.email}", lambda: received(sandbox, who.email))
        link = re.search(r"/verify-email\?token=([\w.~-]+)", mail)
        check("the mail has a link to verify the address", link is not None, expected=True)
        who.post("/api/accounts/verify-email", {"token": link[1] if link else ""})
        return who.signed_in(PASSWORD)

    def signed_in(self, password: str) -> Self:
        """Sign in as a phone does."""
        answer = self.post("/api/mobile/auth/login", {"email": self.email, "password": password})
        self.account_id = answer["user"]["accountID"]
        self._token = answer["token"]
        return self

    def get(self, path: str, *, expect: int = 200, **params: Any) -> Any:
        """GET."""
        return self._ask("GET", path, expect=expect, params=params)

    def post(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """POST."""
        return self._ask("POST", path, expect=expect, json=body)

    def send(self, path: str, files: Any, fields: Any = None, *, expect: int = 201) -> Any:
        """POST a form with files."""
        return self._ask("POST", path, expect=expect, files=files, data=fields)

    def refused(self, path: str, body: Any = None, *, expect: int, code: str) -> None:
        """POST, and be refused for this reason."""
        check(f"why {path} is refused", self.post(path, body, expect=expect)["code"], expected=code)

    def find(self, path: str) -> Any | None:
        """GET; None when there is no such thing."""
        answer = self.http.get(path, headers=self._headers())
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._said(answer, expect=200)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The notices of this kind, newest first."""
        return [one for one in self.get("/api/notifications", limit=100)["items"] if one["type"] == kind]

    def _ask(self, method: str, path: str, *, expect: int, **options: Any) -> Any:
        return self._said(self.http.request(method, path, headers=self._headers(), **options), expect=expect)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _said(self, answer: httpx.Response, *, expect: int) -> Any:
        if answer.status_code != expect:
            what = f"{answer.request.method} {answer.request.url.path} by {self.email}"
            raise Unexpected(f"{what}: expected {expect}, came {answer.status_code} {answer.text[:500]}")
        return _JSON.decode(answer.content)


class Cast(NamedTuple):
    """Who has been on the stage: a client, the worker whom she paid, and two more workers."""

    ana: Person
    ben: Person
    carlo: Person
    dina: Person


def received(sandbox: httpx.Client, email: str) -> str | None:
    """The newest mail to this address, if one has come."""
    mails = sandbox.get("/_sandbox/resend/messages", params={"to": email}).raise_for_status().json()
    return str(mails[-1]["text"]) if mails else None


def until(what: str, look: Callable[[], Any]) -> Any:
    """Look again and again until something is there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Unexpected(f"expected {what} within {PATIENCE_S:.0f} s, and nothing came")
        time.sleep(POLL_S)


def check(what: str, came: Any, *, expected: Any) -> None:
    """What came must be what was expected."""
    if came != expected:
        raise Unexpected(f"{what}: expected {expected}, came {came}")
