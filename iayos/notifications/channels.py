"""Which notices leave the app by which way. Every notice goes to the phones; few go by mail; few break quiet hours."""

from typing import Final

from iayos.notifications import events

MAILED: Final = frozenset(
    event.type
    for event in (
        events.ESCROW_PAID, events.FINAL_PAYMENT_RECEIVED, events.KYC_APPROVED, events.KYC_REJECTED, events.WALLET_DEPOSIT,
    )
)  # fmt: skip
"""SPEC 7. The mails of accounts (verification, passwords) are not notices and cannot be turned off."""

AT_ANY_HOUR: Final = frozenset(
    event.type
    for event in (
        events.ESCROW_PAID, events.FINAL_PAYMENT_RECEIVED, events.WALLET_DEPOSIT, events.PAYMENT_SUCCESS,
        events.PAYMENT_TO_WALLET, events.WITHDRAWAL_PAID, events.WITHDRAWAL_FAILED, events.HALF_RELEASED, events.REFUNDED,
        events.CASH_VERIFIED, events.DISPUTE_SETTLED, events.PAYMENT_FLAGGED,
    )
)  # fmt: skip
"""Pushes that break quiet hours: money of the reader's that moved, for whoever did not expect it should know at once.

All else waits for the morning, after looking: what asks for money or an answer (reminders, `PAYMENT_OVERDUE`, a dispute that
opens, a request to cancel) leaves days for it; `JOB_CANCELLED` comes with `REFUNDED` where money went back; what staff decides
(KYC, cash proofs, disputes to rule) is work for the day, but for a payment that is flagged. Quiet hours hold back pushes alone:
mails go out at once, and so do those about one's security (a new password, a suspended account), which are no notices and
cannot be turned off.
"""

KINDS: Final = frozenset(event.type for event in events.EVENTS)
