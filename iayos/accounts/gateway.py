"""Resend: mails out, each key only once."""

from typing import Final

import httpx
import structlog

from iayos.core.errors import GatewayUnavailable

TIMEOUT_S: Final = 10.0
_TOO_MANY: Final = 429
_CONFLICT: Final = 409
_THEIR_FAULT: Final = 500
log = structlog.get_logger(__name__)


class MailRefused(Exception):
    """Resend will not take this mail, now or later. It names Resend's reason, never the recipient."""


class Mailer:
    """Sends through Resend's HTTP API."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, api_key: str, sender: str) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}/emails"
        self._key = api_key
        self._sender = sender

    async def send(self, *, to: str, subject: str, html: str, text: str, key: str) -> None:
        """Send one mail; the same `key` sends it once, however often this is called within a day."""
        body = {"from": self._sender, "to": [to], "subject": subject, "html": html, "text": text}
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": key}
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
        raise GatewayUnavailable(retry_after=_seconds(answer))
    raise MailRefused(f"{answer.status_code} {name}")


def _name(answer: httpx.Response) -> str:
    """Resend's word for the reason; a proxy before it may answer with anything."""
    try:
        found = answer.json()
    except ValueError:
        return "unknown"
    return str(found.get("name", "unknown")) if isinstance(found, dict) else "unknown"


def _seconds(answer: httpx.Response) -> int:
    given = answer.headers.get("retry-after", "")
    return int(given) if given.isascii() and given.isdigit() else 5
