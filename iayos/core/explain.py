"""Where something stands, on the wire: the same for jobs, payments and identity checks."""

from datetime import datetime

import msgspec


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose turn it is."""

    who: str
    """`CLIENT`, `WORKER` or `AGENCY`."""
    action: str
    """The move that is expected of them."""


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """What happens by itself, and when."""

    action: str
    at: datetime


class ExplainOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where something stands, whose turn it is, and what happens by itself."""

    state: str
    because: str
    waitingFor: list[Waiting]
    next: Next | None
