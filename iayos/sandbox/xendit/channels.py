"""The Philippine payment channels: what Xendit calls them, what they take, what they cost."""

from typing import Final

import msgspec


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One way to pay an invoice; amounts are pesos."""

    code: str
    label: str
    method: str
    """As `payment_method` in the webhook."""
    category: str
    """As `channel_category` of a transaction."""
    minimum: float
    maximum: float
    payment_prefix: str
    fee_percent: float
    fee_fixed: float = 0.0


def _ewallet(code: str, label: str, fee_percent: float) -> Channel:
    return Channel(
        code=code, label=label, method="EWALLET", category="EWALLET", minimum=1, maximum=100_000,
        payment_prefix="ewc_", fee_percent=fee_percent,
    )  # fmt: skip


def _direct_debit(code: str, label: str, maximum: float) -> Channel:
    return Channel(
        code=code, label=label, method="DIRECT_DEBIT", category="DIRECT_DEBIT", minimum=0.01, maximum=maximum,
        payment_prefix="ddpy-", fee_percent=1.0,
    )  # fmt: skip


def _outlet(code: str, label: str, minimum: float, maximum: float) -> Channel:
    return Channel(
        code=code, label=label, method="RETAIL_OUTLET", category="RETAIL_OUTLET", minimum=minimum, maximum=maximum,
        payment_prefix="ro-", fee_percent=1.5, fee_fixed=10,
    )  # fmt: skip


CHANNELS: Final = {
    channel.code: channel
    for channel in (
        _ewallet("GCASH", "GCash", 2.3),
        _ewallet("PAYMAYA", "Maya", 1.8),
        _ewallet("GRABPAY", "GrabPay", 2.0),
        _ewallet("SHOPEEPAY", "ShopeePay", 2.0),
        Channel(
            code="CREDIT_CARD", label="Credit/debit card", method="CREDIT_CARD", category="CARDS", minimum=20,
            maximum=700_000, payment_prefix="", fee_percent=3.2, fee_fixed=10,
        ),
        _direct_debit("DD_BPI", "BPI online", 500_000),
        _direct_debit("DD_UBP", "UnionBank online", 100_000),
        _direct_debit("DD_RCBC", "RCBC online", 100_000),
        _direct_debit("DD_CHINABANK", "Chinabank online", 100_000),
        Channel(
            code="QRPH", label="QR Ph", method="QR_CODE", category="QR_CODE", minimum=1, maximum=50_000,
            payment_prefix="qrpy_", fee_percent=1.4,
        ),
        _outlet("7ELEVEN", "7-Eleven", 50, 50_000),
        _outlet("CEBUANA", "Cebuana Lhuillier", 1, 30_000),
        _outlet("DP_ECPAY_LOAN", "ECPay", 1, 20_000),
        _outlet("DP_ECPAY_SCHOOL", "ECPay School", 1, 20_000),
        _outlet("DP_PALAWAN", "Palawan", 1, 30_000),
        _outlet("DP_MLHUILLIER", "M Lhuillier", 1, 50_000),
        _outlet("LBC", "LBC", 1, 200_000),
        Channel(
            code="BILLEASE", label="BillEase", method="PAYLATER", category="PAYLATER", minimum=50, maximum=150_000,
            payment_prefix="pl-", fee_percent=1.5,
        ),
    )
}  # fmt: skip
ON_CHECKOUT: Final = ("GCASH", "PAYMAYA", "GRABPAY", "CREDIT_CARD", "DD_BPI")
