"""The chart of ledger accounts (SPEC 4, Ledger). Only the last three families may be negative; the posting function knows them."""

from typing import Final

FEES: Final = "fees"
XENDIT: Final = "xendit"
"""Clearing: minus what lies for us at Xendit."""
GATEWAY_COSTS: Final = "gateway-costs"


def escrow(job_id: int) -> str:
    """What is held for a job."""
    return f"escrow:{job_id}"


def wallet(account_id: int) -> str:
    """What an account owns."""
    return f"wallet:{account_id}"


def withdrawal(payment_id: int) -> str:
    """What is on its way out."""
    return f"withdrawal:{payment_id}"


def cash_fees_due(account_id: int) -> str:
    """Minus what an account owes us in fees on cash; whatever is credited to its wallet pays it first."""
    return f"cash-fees-due:{account_id}"
