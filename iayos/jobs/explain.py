"""Where a job stands, in words; whose turn it is comes from the table of moves."""

from typing import Final

from iayos.core.states import Who
from iayos.jobs.clocks import next_due
from iayos.jobs.models import Job
from iayos.jobs.schemas import ExplainOut, Next, Waiting
from iayos.jobs.states import JOB_MOVES, InviteStatus, JobStatus
from iayos.settings import Settings

_J = JobStatus

BECAUSE: Final = {
    # status, escrow paid, marked complete, rest paid
    (_J.ACTIVE, False, False, False): "The listing is open, and the client has not accepted an application yet.",
    (_J.IN_PROGRESS, False, False, False): "A worker is accepted; the work begins once the client has paid the escrow.",
    (_J.IN_PROGRESS, True, False, False): "The escrow is paid, and the worker is at work.",
    (_J.IN_PROGRESS, True, True, False): "The worker marked the job complete; the client has yet to look and approve.",
    (_J.COMPLETED, True, True, False): "The client approved the work; the second half of the price is due.",
    (_J.COMPLETED, True, True, True): "The work is approved, and both halves are paid. Nothing is left to do.",
    (_J.CANCELLED, False, False, False): "The job was cancelled before anything was paid.",
}
INVITED: Final[dict[tuple[str, str | None], str]] = {
    # status, answer
    (_J.ACTIVE, InviteStatus.PENDING): "The invitation is sent; the job begins once it is accepted.",
    (_J.CANCELLED, InviteStatus.PENDING): "The invitation ended without an answer.",
    (_J.CANCELLED, InviteStatus.REJECTED): "The invitation was turned down.",
}
"""Where an invitation stands until somebody is hired."""
DISPUTED: Final = "The two sides disagree; until they settle it or staff rules, nothing else happens to this job."
CANCEL_ASKED: Final = "One side asked to cancel; the other has yet to confirm, or lets the wish lapse."
HALF_RELEASED: Final = (
    "The second half was not paid in time, so the held half went to the payee; the client still owes the rest."
)
DIVIDED: Final = "The job ended early, and what was held was divided. Nothing is left to do."
OPTIONAL: Final = frozenset(
    {"cancel", "reassign", "ask_cancel", "open_dispute", "join_dispute", "staff_cancel", "staff_refund"}
)
"""Moves that somebody may make, but that nobody waits for."""


def explain(job: Job, settings: Settings) -> ExplainOut:
    """State, reason, whose turn it is, and what happens by itself."""
    turns = [move for move in JOB_MOVES.allowed(job) if move.name not in OPTIONAL and move.who != Who.SYSTEM]
    due = next_due(job, settings)
    return ExplainOut(
        state=job.status,
        because=_because(job),
        waitingFor=[Waiting(who=move.who, action=move.name) for move in turns],
        next=Next(at=due[0], action=due[1]) if due else None,
    )


def _because(job: Job) -> str:
    if job.is_invite and job.agreed_price is None:
        return INVITED[job.status, job.invite_status]
    if job.dispute_open:
        return DISPUTED
    if job.cancel_asked and job.status == _J.IN_PROGRESS:
        return CANCEL_ASKED
    if job.escrow_paid and (job.status == _J.CANCELLED or (job.settled_at and not job.remaining_paid)):
        return DIVIDED
    if job.half_released and not job.remaining_paid:
        return HALF_RELEASED
    return BECAUSE[JobStatus(job.status), job.escrow_paid, job.worker_marked_complete, job.remaining_paid]
