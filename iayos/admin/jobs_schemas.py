"""Jobs as staff sees them, on the wire."""

from datetime import datetime

import msgspec

from iayos.core.explain import ExplainOut
from iayos.core.money import Centavos
from iayos.core.wire import Text
from iayos.jobs.schemas import JobOut
from iayos.payments.schemas import EntryOut, TransactionOut


class AdminJobOut(JobOut, frozen=True, kw_only=True):
    """A job with what staff needs to know beside it. Amounts are pesos."""

    held: Centavos
    """What lies in its escrow now."""
    disputeID: int | None
    """Its newest dispute."""


class JobMoveOut(msgspec.Struct, frozen=True, kw_only=True):
    """A move of the job: who moved it from where to where."""

    move: str
    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    at: datetime
    accountID: int | None
    """Null: the service itself, for a confirmed payment or when a clock ran out."""
    name: str | None


class JobStoryOut(AdminJobOut, frozen=True, kw_only=True):
    """A job with all that happened to it and to its money, oldest first."""

    payments: list[TransactionOut]
    entries: list[EntryOut]
    """What went into its escrow, and out of it (negative)."""
    moves: list[JobMoveOut]
    explain: ExplainOut


class StaffCancelIn(msgspec.Struct, frozen=True, kw_only=True):
    """Why staff ends the job. It is for the audit log; the two sides read only that staff cancelled."""

    reason: Text


class StaffCancelOut(AdminJobOut, frozen=True, kw_only=True):
    """The job after staff ended it, and what went back to the client's wallet. Amounts are pesos."""

    refund: Centavos
    """Out of the escrow."""
    fee: Centavos
    """Out of our fees, beside `refund`."""
    awaitingSecond: bool
    """More than ₱50,000 would move: nothing has, until another member of staff repeats the call."""
