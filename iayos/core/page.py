"""Keyset pages (SPEC 1, Lists): a cursor holds where the last page ended; an altered one is a 400 or another place."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from iayos.core.errors import Invalid

T = TypeVar("T")
R = TypeVar("R")
DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
BIGGEST: Final = 2**63 - 1


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. `nextCursor` is null on the last."""

    items: list[T]
    nextCursor: str | None


def encode(*place: Any) -> str:
    """A cursor for the place after a row with these sort values."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def decode(cursor: str | None, *kinds: Any) -> tuple[Any, ...] | None:
    """The place that a cursor holds, each value checked against its type; None without a cursor."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        values = msgspec.json.decode(raw, type=list[Any])
        place = tuple(msgspec.convert(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, binascii.Error, msgspec.MsgspecError) as fault:
        raise Invalid.of("cursor", "Expected a nextCursor of this list") from fault
    if any(isinstance(value, int) and abs(value) > BIGGEST for value in place):
        raise Invalid.of("cursor", "Expected a nextCursor of this list")
    return place


def page(rows: Sequence[R], limit: int, show: Callable[[R], T], place: Callable[[R], tuple[Any, ...]]) -> Page[T]:
    """A page out of up to `limit + 1` fetched rows: the one too many only says that there is more."""
    more = len(rows) > limit
    kept = rows[:limit]
    return Page(items=[show(row) for row in kept], nextCursor=encode(*place(kept[-1])) if more else None)
