"""Reading bodies: strict JSON straight into the handler's struct, and every fault of a bad one by name (SPEC 1, Errors)."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast, get_args

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.enums import RequestEncodingType

from iayos.core import wire
from iayos.core.errors import Invalid, UnsupportedMediaType

T = TypeVar("T")


class JSONRequest(Request[Any, Any, State]):
    """A request whose JSON is decoded once, strictly: `"12"` is no number here."""

    async def json(self) -> Any:
        """The body as the struct that the handler takes; a 400 with all faults when it does not fit."""
        require_json(self)
        return parse(await self.body(), body_kind(self))


def body_kind(request: Request[Any, Any, Any]) -> Any:
    """What the handler takes as its body."""
    field = request.route_handler.parsed_data_field
    return field.annotation if field else Any


def require_json(request: Request[Any, Any, Any]) -> None:
    """415 unless the body calls itself JSON; a form post from another site therefore never reaches a verb."""
    kind, _ = request.content_type
    if kind and kind != RequestEncodingType.JSON and not kind.endswith("+json"):
        raise UnsupportedMediaType


def parse(body: bytes, kind: Any) -> Any:
    """`body` as `kind`."""
    try:
        return decoder_of(kind).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise Invalid.of_fields(faults(body, kind) or [("body", str(fault))]) from fault


@lru_cache(maxsize=512)
def decoder_of(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    """One decoder for each type, made when it is first needed."""
    return msgspec.json.Decoder(kind, dec_hook=wire.decode)


def faults(body: bytes, kind: type[Any]) -> list[tuple[str, str]]:
    """Every field of `body` that does not fit `kind`, with the reason; msgspec itself stops at the first."""
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: brackets without end
        return [("body", "Expected valid JSON")]
    if not isinstance(raw, dict):
        return [("body", "Expected a JSON object")]
    found = []
    for field in msgspec.structs.fields(_struct_of(kind)):
        if field.encode_name not in raw:
            if field.required:
                found.append((field.encode_name, "This field is required"))
        elif reason := _fault(raw[field.encode_name], field.type):
            found.append((field.encode_name, reason))
    return found


def checked(raw: Any, kind: type[T]) -> T:
    """What a form brought, as `kind`, with the same faults as a JSON body."""
    return cast("T", parse(msgspec.json.encode(raw), kind))


def instant(field: str, given: datetime) -> datetime:
    """A time that somebody sent, in UTC; the first and last hours of the calendar are in no year there."""
    if given.tzinfo is None:
        raise Invalid.of(field, "Expected a time zone, as in 2026-11-23T08:00:00Z")
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise Invalid.of(field, "Expected a time in the years 1 to 9999 of UTC") from None


def missing(kind: type[Any]) -> list[tuple[str, str]]:
    """The faults of an empty body."""
    return faults(b"{}", kind) or [("body", "Expected a JSON object")]


def _struct_of(kind: Any) -> type[msgspec.Struct]:
    """The struct itself, also where the body may be left out (`Address | None`)."""
    options = get_args(kind) or (kind,)
    return next(option for option in options if isinstance(option, type) and issubclass(option, msgspec.Struct))


def _fault(value: Any, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind, dec_hook=wire.decode)
    except msgspec.ValidationError as fault:
        return str(fault).partition(" - at `")[0]
    return None
