"""What Xendit's channels take, in centavos (reference/providers.md A.2.4, as of 2026-04)."""

from typing import Final, NamedTuple

from iayos.core.errors import Invalid
from iayos.core.money import in_words
from iayos.payments.states import Method


class Channel(NamedTuple):
    """A way to pay an invoice: Xendit's codes, and the least and most that one payment may be."""

    codes: tuple[str, ...]
    least: int
    most: int


CHANNELS: Final[dict[str, Channel]] = {
    Method.GCASH: Channel(("GCASH",), 1_00, 100_000_00),
    Method.MAYA: Channel(("PAYMAYA",), 1_00, 100_000_00),
    Method.GRABPAY: Channel(("GRABPAY",), 1_00, 100_000_00),
    Method.CARD: Channel(("CREDIT_CARD",), 20_00, 700_000_00),
    Method.BANK: Channel(("DD_BPI",), 1_00, 500_000_00),
}


class ChannelLimit(Invalid):
    """The amount is outside what the channel takes; details name those that fit."""

    code, message = "CHANNEL_LIMIT", "This way of paying does not take that amount."


def fitting(amount: int) -> list[str]:
    """The methods that take this amount."""
    return [method for method, channel in CHANNELS.items() if channel.least <= amount <= channel.most]


def codes_for(method: str | None, amount: int) -> list[str]:
    """Xendit's codes for a payer's choice (None: all that fit); `ChannelLimit` when the amount does not fit."""
    fit = fitting(amount)
    if method is not None and method not in fit:
        channel = CHANNELS[method]
        raise ChannelLimit(
            f"{method} takes {in_words(channel.least)} to {in_words(channel.most)}; this payment is {in_words(amount)}.",
            field="paymentMethod", reason="Outside this channel's limits", channels=fit,
            fields=[{"field": "paymentMethod", "reason": "Outside this channel's limits"}],
        )  # fmt: skip
    return [code for one in (fit if method is None else [method]) for code in CHANNELS[one].codes]
