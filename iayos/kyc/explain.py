"""Where an identity check stands, in words; whose turn it is comes from the table of moves."""

from iayos.core.explain import ExplainOut, Waiting
from iayos.kyc.models import KYC
from iayos.kyc.states import KYC_MOVES, KYCStatus


def explain(kyc: KYC) -> ExplainOut:
    """State, reason, and whose turn it is. Nothing happens by itself: staff decides until `dueAt`."""
    turns = {move.name: move.who for move in KYC_MOVES.allowed(kyc)}
    if {"approve", "reject"} <= turns.keys():
        turns = {"review": turns["approve"]}
    return ExplainOut(
        state=kyc.status, because=_because(kyc), waitingFor=[Waiting(who=who, action=name) for name, who in turns.items()],
        next=None,
    )  # fmt: skip


def _because(kyc: KYC) -> str:
    if kyc.status == KYCStatus.APPROVED:
        return "The documents were found good, and the account is verified."
    if kyc.status == KYCStatus.REJECTED and kyc.has_rounds_left:
        return "Some documents were rejected; upload those anew and hand them in again."
    if kyc.status == KYCStatus.REJECTED:
        return "The documents were rejected five times."
    if kyc.is_uploaded:
        return "The documents lie with our staff."
    return "Documents are still to be uploaded and handed in."
