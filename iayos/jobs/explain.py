"""Where a job stands, in words; whose turn it is comes from the table of moves."""

from typing import Final

from iayos.jobs.models import Job
from iayos.jobs.schemas import ExplainOut, Waiting
from iayos.jobs.states import JOB_MOVES, JobStatus

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
OPTIONAL: Final = frozenset({"cancel"})
"""Moves that somebody may make, but that nobody waits for."""


def explain(job: Job) -> ExplainOut:
    """State, reason, whose turn it is, and what happens by itself."""
    turns = [move for move in JOB_MOVES.allowed(job) if move.name not in OPTIONAL]
    return ExplainOut(
        state=job.status,
        because=BECAUSE[JobStatus(job.status), job.escrow_paid, job.worker_marked_complete, job.remaining_paid],
        waitingFor=[Waiting(who=move.who, action=move.name) for move in turns],
        next=None,
    )
