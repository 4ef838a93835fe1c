"""Where Xendit pays out in the Philippines, and how much at a time."""

from typing import Final

import msgspec

from iayos.sandbox.store import Doc


class PayoutChannel(msgspec.Struct, frozen=True):
    """A bank or a wallet; amounts are pesos."""

    code: str
    name: str
    category: str
    minimum: float
    maximum: float

    def shown(self) -> Doc:
        """As GET /payouts_channels shows it."""
        limits = {"minimum": self.minimum, "maximum": self.maximum, "minimum_increment": 0.01}
        return {
            "channel_code": self.code,
            "channel_category": self.category,
            "currency": "PHP",
            "channel_name": self.name,
            "amount_limits": limits,
        }


# wallets are paid by InstaPay (50,000 at a time), banks by PESONet above that
_WALLETS: Final = {
    "PH_GCASH": "GCash",
    "PH_PAYMAYA": "Maya",
    "PH_GRABPAY": "GrabPay",
    "PH_COINS": "Coins.ph",
}
_BANKS: Final = {
    "PH_BDO": "BDO Unibank",
    "PH_BPI": "Bank of the Philippine Islands",
    "PH_UBP": "Union Bank of the Philippines",
    "PH_SEC": "Security Bank",
    "PH_LBP": "Land Bank of the Philippines",
    "PH_CBC": "China Banking Corporation",
    "PH_CIMB": "CIMB Bank Philippines",
    "PH_MPI": "Maya Bank",
    "PH_ONB": "One Network Bank",
    "PH_BPIDB": "BPI Direct BanKo",
}
PAYOUT_CHANNELS: Final = {
    **{code: PayoutChannel(code, name, "EWALLET", 1, 50_000) for code, name in _WALLETS.items()},
    **{code: PayoutChannel(code, name, "BANK", 1, 500_000) for code, name in _BANKS.items()},
}
