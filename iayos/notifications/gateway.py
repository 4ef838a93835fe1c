"""Expo's push service: messages out, tickets back, receipts later. It knows no idempotency: what is sent twice arrives twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, NoReturn, TypeVar

import httpx
import msgspec
import structlog

from iayos.accounts.gateway import Pace
from iayos.core import clock, metrics, tokens
from iayos.core.errors import GatewayUnavailable, Plain
from iayos.core.outbox import Again

TIMEOUT_S: Final = 10.0
BATCH: Final = 100
RECEIPTS: Final = 1000
HANDS: Final = {False: 5, True: 1}
"""How many tasks of one process may be with Expo at once, by whether it is for a fan-out: those in one line, so that a single notice never waits behind
them, and together few enough that an Expo that hangs leaves the runner most of its hands."""
CROWDS_PER_SECOND: Final = 5
"""Requests of fan-outs, each full: Expo takes 600 messages in a second from a project, and single notices are to find room beside a fan-out."""
LONGEST_REST: Final = timedelta(hours=1)
T = TypeVar("T")
_OURS: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_LATER: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_WRONG: Final = range(400, 500)
log = structlog.get_logger(__name__)


class Details(msgspec.Struct, frozen=True):
    """Why not."""

    error: str = "Unknown"


class Ticket(msgspec.Struct, frozen=True):
    """Expo's word on one message: taken, under this id, or not, and why. A receipt looks the same, without an id."""

    status: str
    id: str = ""
    details: Details | None = None

    @property
    def fault(self) -> str | None:
        """Expo's name for what went wrong; None when nothing did."""
        return None if self.status == "ok" else (self.details or Details()).error


class Tickets(msgspec.Struct, frozen=True):
    """The answer to a request with messages."""

    data: list[Ticket]


class Receipts(msgspec.Struct, frozen=True):
    """The answer to a request for receipts."""

    data: dict[str, Ticket]


class PushRefused(Plain):
    """Expo will not take this request, now or later; sent as it is, it would be refused again. It names no device."""

    def __init__(self, status: int, code: str, details: dict[str, Any]) -> None:
        super().__init__(f"{status} {code}")
        self.code = code
        self.projects = list(details.values()) if code == "PUSH_TOO_MANY_EXPERIENCE_IDS" else []
        """Tokens of one project each, where a request mixed several."""


class Expo:
    """Sends over Expo's HTTP API, with few hands and with rests when told so."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, access_token: str) -> None:
        self._http = http
        self._base = f"{url.rstrip('/')}/--/api/v2/push"
        self._headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        self._busy = dict.fromkeys(HANDS, 0)
        self._rests_until: datetime | None = None
        self._pace = Pace(CROWDS_PER_SECOND)

    @contextmanager
    def hand(self, *, crowd: bool = False) -> Iterator[None]:
        """A hand for a while; `Again` when all of this line are busy, or while Expo wants to be left alone."""
        rest = (self._rests_until or clock.now()) - clock.now()
        if timedelta() < rest <= LONGEST_REST:
            raise Again(rest)
        if self._busy[crowd] >= HANDS[crowd]:
            raise Again(timedelta(seconds=tokens.jitter(0.5)))
        self._busy[crowd] += 1
        try:
            yield
        finally:
            self._busy[crowd] -= 1

    async def send(self, messages: list[dict[str, Any]], *, crowd: bool) -> list[Ticket]:
        """Up to a hundred messages; their tickets in the same order, of which a strange answer may lack some at the end."""
        if crowd:
            await self._pace.turn()
        answer = await self._ask("send", messages, Tickets)
        return answer.data[: len(messages)]

    async def receipts(self, ids: list[str]) -> dict[str, Ticket]:
        """What became of these tickets, as far as Expo knows by now."""
        answer = await self._ask("getReceipts", {"ids": ids}, Receipts)
        return answer.data

    async def _ask(self, what: str, body: Any, kind: type[T]) -> T:
        with metrics.calling("expo", what):
            return await self._asked(f"{self._base}/{what}", body, kind)

    async def _asked(self, url: str, body: Any, kind: type[T]) -> T:
        try:
            answer = await self._http.post(url, json=body, headers=self._headers, timeout=TIMEOUT_S)
        except httpx.TransportError as fault:
            raise GatewayUnavailable from fault
        if not answer.is_success:
            self._refused(answer)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as fault:  # perhaps a proxy's page; whether the messages went out is not known
            raise GatewayUnavailable from fault

    def _refused(self, answer: httpx.Response) -> NoReturn:
        status = answer.status_code
        wait = _seconds(answer)
        if wait is not None:
            self._rests_until = clock.now() + min(timedelta(seconds=wait), LONGEST_REST)
        if status in _OURS:
            log.error("Expo refuses us: see IAYOS_EXPO_ACCESS_TOKEN", status=status)
        if status in _OURS | _LATER or status not in _WRONG:
            raise GatewayUnavailable(retry_after=wait)
        code, details = _reason(answer)
        log.error("Expo refuses a request", status=status, code=code)
        raise PushRefused(status, code, details)


def _seconds(answer: httpx.Response) -> int | None:
    given = answer.headers.get("retry-after", "")
    return int(given) if given.isascii() and given.isdigit() else None


def _reason(answer: httpx.Response) -> tuple[str, dict[str, Any]]:
    """Expo's code and details; a proxy before it may answer with anything."""
    try:
        first = answer.json()["errors"][0]
        details = first.get("details")
        return str(first["code"]), details if isinstance(details, dict) else {}
    except (ValueError, LookupError, TypeError, AttributeError):
        return "UNKNOWN", {}
