"""The audit log on the wire."""

from datetime import datetime
from typing import Any

import msgspec


class AuditOut(msgspec.Struct, frozen=True, kw_only=True):
    """One line: who did what to whom, and why. Amounts in `before` and `after` are centavos."""

    auditID: int
    at: datetime
    actorID: int | None
    """Null: the host's operator, or the runner."""
    actorName: str | None
    action: str
    """As `payments:cash:verify`."""
    subject: str
    """As `payment:88213`."""
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    requestID: str | None
    """The request that did it; it stands in the log lines too."""
    position: int | None
    """Its place in the chain; null until it is sealed, a second later."""
    hash: str | None
    """SHA-256 over the line and all before it, hexadecimal."""


class LinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the chain, to be kept elsewhere as an anchor."""

    position: int
    hash: str


class ChainOut(msgspec.Struct, frozen=True, kw_only=True):
    """What walking the chain found."""

    ok: bool
    entries: int
    """Lines of the log."""
    sealed: int
    unsealed: int
    """Those that wait for the runner."""
    head: LinkOut | None
    """The newest link; null while there is none."""
    fault: str | None
    """The first one."""
