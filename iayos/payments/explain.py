"""Where a payment stands, in words, generated from its moves; what the runner does next by itself."""

from typing import Final

from iayos.core.states import Who
from iayos.jobs.schemas import ExplainOut, Next, Waiting
from iayos.payments.models import Payment
from iayos.payments.states import Method, PaymentStatus

_P = PaymentStatus
BECAUSE: Final = {
    "SUPERSEDED": "Another way of paying was chosen, so this attempt ended.",
    "EXPIRED": "Nobody paid the invoice in time.",
    "NOT_ISSUED": "The invoice could not be made; nothing was taken.",
    "JOB_CANCELLED": "The job was cancelled before this was paid.",
    "AMOUNT_MISMATCH": "Another amount was paid than asked for; it is in the payer's wallet.",
    "CASH_REJECTED": "Our staff could not accept the photo; please send another.",
}


def explain(payment: Payment) -> ExplainOut:
    """State, reason, whose turn it is, and what happens by itself."""
    return ExplainOut(
        state=payment.status, because=_because(payment), waitingFor=_waiting(payment), next=_next(payment)
    )


def _because(payment: Payment) -> str:
    if payment.status == _P.FAILED:
        reason = payment.failure_reason or ""
        return BECAUSE.get(reason, f"It was refused: {reason}.")
    if payment.status == _P.COMPLETED:
        return "It is paid." if payment.credited_to != "WALLET" else "It is paid, and the money is in the wallet."
    if payment.is_cash:
        return "The photo of the cash waits for our staff."
    if payment.is_withdrawal:
        return "The money is held and on its way to the bank or e-wallet."
    return "The invoice is open; it counts as paid once the payment provider confirms it."


def _waiting(payment: Payment) -> list[Waiting]:
    if payment.status != _P.PENDING or payment.is_withdrawal:
        return []
    if payment.method == Method.CASH:
        return [Waiting(who=Who.STAFF, action="verify_cash")]
    return [Waiting(who=Who.PAYER, action="pay")]


def _next(payment: Payment) -> Next | None:
    if payment.status != _P.PENDING or payment.is_cash or payment.expires_at is None:
        return None
    return Next(action="expire", at=payment.expires_at)
