"""Accounts as staff sees them, on the wire."""

from datetime import datetime
from typing import Any, Self

import msgspec

from iayos.accounts.schemas import AccountOut
from iayos.accounts.states import Role
from iayos.core.money import Centavos
from iayos.core.wire import Text, Title


class ReasonIn(msgspec.Struct, frozen=True, kw_only=True):
    """Why; kept on the audit log, where colleagues read it."""

    reason: Text


class RoleIn(ReasonIn, frozen=True, kw_only=True):
    """The role to have from now on; null: no member of staff any more."""

    role: Role | None


class PushTestIn(msgspec.Struct, frozen=True, kw_only=True):
    """What the test push says; left out, it says that it is one."""

    title: Title | None = None
    body: Text | None = None


class UserRowOut(AccountOut, frozen=True, kw_only=True):
    """An account in a list."""

    suspendedAt: datetime | None


class UserKYCOut(msgspec.Struct, frozen=True, kw_only=True):
    """The newest identity check of an account."""

    kycID: int
    status: str
    isUploaded: bool


class UserOut(UserRowOut, frozen=True, kw_only=True):
    """An account with what staff has to know before deciding about it. `held` is in escrow for or from it."""

    suspendedReason: str | None
    isErased: bool
    balance: Centavos
    held: Centavos
    pendingWithdrawal: Centavos
    openJobs: int
    """Jobs that it takes part in and that are neither settled nor cancelled."""
    openDisputes: int
    KYC: UserKYCOut | None
    sessions: int
    """Devices that are signed in."""
    phones: int
    """Phones that get pushes."""


class ClosedOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each a suspension ended, or handed to staff."""

    listings: int
    applications: int
    invitations: int
    """Sent and received."""
    employments: int
    """At agencies, and invitations to join one."""
    jobsCancelled: int
    """Accepted, with nothing paid."""
    disputesOpened: int
    disputesHandedOver: int
    """Open before; a member of staff rules on them now."""
    withdrawalsFrozen: int


class SuspendedOut(UserOut, frozen=True, kw_only=True):
    """An account that is suspended now, and what that closed."""

    closed: ClosedOut

    @classmethod
    def with_closed(cls, user: UserOut, closed: Any) -> Self:
        """`closed` lists the ids of each kind."""
        counts = {name: len(getattr(closed, name)) for name in ClosedOut.__struct_fields__}
        return cls(**msgspec.structs.asdict(user), closed=ClosedOut(**counts))


class PushedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What Expo said of one phone: `ok`, or `error` with Expo's name for it. `token` is masked."""

    token: str
    deviceType: str | None
    status: str
    error: str | None


class PushTestOut(msgspec.Struct, frozen=True, kw_only=True):
    """One for each phone, the one registered last first."""

    devices: list[PushedOut]
