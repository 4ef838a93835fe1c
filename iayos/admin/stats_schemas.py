"""What an operator looks at in the morning, on the wire. Amounts are pesos."""

from datetime import datetime

import msgspec

from iayos.core.money import Centavos


class AccountCountOut(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts that hold one kind of profile; an account with two counts in both."""

    profileType: str
    total: int
    new: int
    """Registered since `since`."""


class JobCountOut(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of one status."""

    status: str
    total: int
    new: int
    """Posted since `since`, and standing so now."""


class PaidOut(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of one kind."""

    amount: Centavos
    count: int


class PaidInOut(PaidOut, frozen=True, kw_only=True):
    """Payments that came in through one channel, fees included."""

    paymentMethod: str | None
    """GCASH, MAYA …; null where the payer chose on the checkout page."""


class MoneyOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money is, and what moved since `since`."""

    held: Centavos
    """In escrow now."""
    wallets: Centavos
    """In all wallets now."""
    feesEarned: Centavos
    """Fees less those that went back; may be negative."""
    paidIn: list[PaidInOut]
    """From outside, the largest first: neither wallets nor cash, which only pass through our books."""
    paidOut: PaidOut
    """Withdrawals that arrived."""
    pendingWithdrawals: PaidOut
    """On their way out now."""


class WaitingOut(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a member of staff now."""

    kyc: int
    kycOverdue: int
    certifications: int
    cashProofs: int
    disputes: int
    """Open ones in phase STAFF."""
    flaggedPayments: int
    """Flagged since `since`: a flag stays on its payment."""


class QueueStateOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether background work keeps up."""

    waiting: int
    dueNow: int
    oldestDueAt: datetime | None
    failing: int
    """Tried again by themselves."""
    failed: int
    """Given up, waiting for a person."""
    runners: int
    """Alive now."""


class RatingsOut(msgspec.Struct, frozen=True, kw_only=True):
    """All published reviews."""

    average: float | None
    """Two decimals; null without reviews."""
    count: int


class StatsOut(msgspec.Struct, frozen=True, kw_only=True):
    """The service at a glance."""

    since: datetime
    at: datetime
    accounts: list[AccountCountOut]
    jobs: list[JobCountOut]
    money: MoneyOut
    waiting: WaitingOut
    queue: QueueStateOut
    reviews: RatingsOut
