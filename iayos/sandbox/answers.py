"""What routes read and answer with, whoever's wire they speak."""

import re
from datetime import datetime
from html import unescape
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request, Response

from iayos.core import clock
from iayos.sandbox.store import Doc

AnyRequest = Request[Any, Any, Any]
Shape = TypeVar("Shape", bound=msgspec.Struct)

_CENTAVO_DIGITS: Final = 2


class Refusal(Exception):
    """A provider's or a control route's no: a status and the body that goes with it."""

    def __init__(self, status: int, body: Doc) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def render_refusal(_: AnyRequest, refusal: Refusal) -> Response[Doc]:
    """The refusal as it goes over the wire."""
    return Response(refusal.body, status_code=refusal.status)


def control_error(status: int, message: str) -> Refusal:
    """What a control route says when it cannot do as it is told."""
    return Refusal(status, {"error": message})


async def json_body(request: AnyRequest) -> object:
    """The body as JSON of any shape, or None when it is not JSON."""
    try:
        body: object = msgspec.json.decode(await request.body())
    except msgspec.DecodeError:
        return None
    return body


async def told(request: AnyRequest, shape: type[Shape]) -> Shape:
    """The body of a control route; an empty one means all defaults."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=shape)
    except msgspec.DecodeError as fault:
        raise control_error(400, str(fault)) from fault


def iso(instant: datetime) -> str:
    """An instant as the providers write it: milliseconds, Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def now_iso() -> str:
    """The shared clock, as the providers write it."""
    return iso(clock.now())


def seconds() -> float:
    """The shared clock in seconds since 1970."""
    return clock.now().timestamp()


def epoch(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 text."""
    return datetime.fromisoformat(text).timestamp()


def pesos(value: float) -> float:
    """An amount on the wire: at most two decimals, and none when it is whole."""
    rounded = round(value, _CENTAVO_DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded


def plain_text(html: str) -> str:
    """Roughly what a person reads in a piece of HTML, links spelt out."""
    without_blocks = re.sub(r"(?is)<(style|script|head)\b.*?</\1>", "", html)
    with_links = re.sub(r"(?is)<a\b[^>]*href=[\"']([^\"']+)[\"'][^>]*>(.*?)</a>", r"\2 \1", without_blocks)
    lines = re.sub(r"(?i)<(br|/p|/div|/h\d|/li|/tr)[^>]*>", "\n", with_links)
    return unescape(re.sub(r"\n\s*\n+", "\n\n", re.sub(r"<[^>]+>", "", lines))).strip()
