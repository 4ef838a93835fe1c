"""The states of a payment and every legal move between them (SPEC 4)."""

from enum import StrEnum

from iayos.core.states import Who, moves


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class PaymentType(StrEnum):
    """What kind of money a payment is."""

    ESCROW = "ESCROW"
    JOB_PAYMENT = "JOB_PAYMENT"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    REFUND = "REFUND"


class Purpose(StrEnum):
    """What a payer may ask an invoice for."""

    ESCROW = "ESCROW"
    FINAL = "FINAL"
    DEPOSIT = "DEPOSIT"


class Method(StrEnum):
    """How a payer pays."""

    GCASH = "GCASH"
    MAYA = "MAYA"
    GRABPAY = "GRABPAY"
    CARD = "CARD"
    BANK = "BANK"
    WALLET = "WALLET"
    CASH = "CASH"


_P = PaymentStatus

PAYMENT_MOVES = moves(
    #  from        move             to             who         when
    (_P.PENDING,   "complete",      _P.COMPLETED,  Who.SYSTEM, None),
    (_P.PENDING,   "expire",        _P.FAILED,     Who.SYSTEM, None),
    (_P.PENDING,   "supersede",     _P.FAILED,     Who.PAYER,  None),
    (_P.PENDING,   "refuse",        _P.FAILED,     Who.SYSTEM, None),
    (_P.PENDING,   "mismatch",      _P.FAILED,     Who.SYSTEM, None),
    (_P.PENDING,   "reject_proof",  _P.FAILED,     Who.STAFF,  "is_cash"),
    # Money that arrives after all is never turned away.
    (_P.FAILED,    "complete_late", _P.COMPLETED,  Who.SYSTEM, "may_complete_late"),
    (_P.FAILED,    "mismatch_late", _P.FAILED,     Who.SYSTEM, "may_complete_late"),
    # The receiving bank sent a withdrawal back.
    (_P.COMPLETED, "reverse",       _P.FAILED,     Who.SYSTEM, "is_withdrawal"),
)  # fmt: skip
