"""Resend: mails out, each key only once."""

import asyncio
import time
from datetime import timedelta
from typing import Final

import httpx
import structlog

from iayos.core import metrics
from iayos.core.errors import GatewayUnavailable, Plain
from iayos.core.outbox import Again

TIMEOUT_S: Final = 10.0
_TOO_MANY: Final = 429
_CONFLICT: Final = 409
_THEIR_FAULT: Final = 500
_THIS_MAIL: Final = {400, 404, 413, 422}
_LONGEST_TURN_S: Final = 1.0
_QUOTA_S: Final = 3600
log = structlog.get_logger(__name__)


class MailRefused(Plain):
    """Resend does not take this mail. It names Resend's reason, never the recipient."""

    def __init__(self, status: int, name: str) -> None:
        super().__init__(f"{status} {name}")
        self.for_good = status in _THIS_MAIL
        """The fault lies in the mail itself, and not in our key or domain, which people can put right."""


class Pace:
    """So many in a second, evenly."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait for one's turn; when that is far away, the task gives its place up and comes again."""
        moment = time.monotonic()
        at = max(self._next, moment)
        if at - moment > _LONGEST_TURN_S:
            raise Again(timedelta(seconds=at - moment))
        self._next = at + self._gap
        await asyncio.sleep(at - moment)


class Mailer:
    """Sends through Resend's HTTP API."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, api_key: str, sender: str, per_second: float = 2) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}/emails"
        self._key = api_key
        self._sender = sender
        self._pace = Pace(per_second)

    async def send(self, *, to: str, subject: str, html: str, text: str, key: str) -> None:
        """Send one mail; the same `key` sends it once, however often this is called within a day."""
        body = {"from": self._sender, "to": [to], "subject": subject, "html": html, "text": text}
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": key}
        await self._pace.turn()
        with metrics.calling("resend", "send"):
            try:
                answer = await self._http.post(self._url, json=body, headers=headers, timeout=TIMEOUT_S)
            except httpx.TransportError as fault:
                raise GatewayUnavailable from fault
            if not answer.is_success:
                _refused(answer, key)


def _refused(answer: httpx.Response, key: str) -> None:
    """Nothing, when the mail went out before; else what to do about it."""
    name = _name(answer)
    if answer.status_code == _CONFLICT and name == "invalid_idempotent_request":
        log.info("mail was sent before", key=key)
        return
    if answer.status_code in {_TOO_MANY, _CONFLICT} or answer.status_code >= _THEIR_FAULT:
        raise GatewayUnavailable(
            retry_after=_seconds(answer) or (_QUOTA_S if name.endswith("quota_exceeded") else None)
        )
    raise MailRefused(answer.status_code, name)


def _name(answer: httpx.Response) -> str:
    """Resend's word for the reason; a proxy before it may answer with anything."""
    try:
        found = answer.json()
    except ValueError:
        return "unknown"
    return str(found.get("name", "unknown")) if isinstance(found, dict) else "unknown"


def _seconds(answer: httpx.Response) -> int | None:
    given = answer.headers.get("retry-after", "")
    return int(given) if given.isascii() and given.isdigit() else None
