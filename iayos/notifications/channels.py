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
        events.PAYMENT_FLAGGED,
    )
)  # fmt: skip
"""Money that moved: told at night too, because whoever did not expect it should know at once. All else waits for the morning."""

KINDS: Final = frozenset(event.type for event in events.EVENTS)
