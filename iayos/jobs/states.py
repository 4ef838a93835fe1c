"""The states of a job and of an application, and every legal move between them (SPEC 3)."""

from enum import StrEnum

from iayos.core.states import Who, moves


class JobStatus(StrEnum):
    """Where a job stands."""

    ACTIVE = "ACTIVE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ApplicationStatus(StrEnum):
    """Where an application stands."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class JobType(StrEnum):
    """Open to applications, or offered to one worker or agency."""

    LISTING = "LISTING"
    INVITE = "INVITE"


class Urgency(StrEnum):
    """How soon the client needs it."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


_J, _A = JobStatus, ApplicationStatus

JOB_MOVES = moves(
    #  from            move                  to               who         when
    (_J.ACTIVE,        "accept_application", _J.IN_PROGRESS,  Who.CLIENT, None),
    (_J.ACTIVE,        "cancel",             _J.CANCELLED,    Who.CLIENT, None),
    (_J.IN_PROGRESS,   "cancel",             _J.CANCELLED,    Who.CLIENT, "not escrow_paid"),
    (_J.IN_PROGRESS,   "cancel",             _J.CANCELLED,    Who.WORKER, "not escrow_paid"),
    (_J.IN_PROGRESS,   "pay_escrow",         _J.IN_PROGRESS,  Who.CLIENT, "not escrow_paid"),
    (_J.IN_PROGRESS,   "mark_complete",      _J.IN_PROGRESS,  Who.WORKER, "may_mark_complete"),
    (_J.IN_PROGRESS,   "approve_completion", _J.COMPLETED,    Who.CLIENT, "worker_marked_complete"),
    (_J.COMPLETED,     "pay_final",          _J.COMPLETED,    Who.CLIENT, "not remaining_paid"),
)  # fmt: skip

APPLICATION_MOVES = moves(
    (_A.PENDING, "accept",   _A.ACCEPTED,  Who.CLIENT, None),
    (_A.PENDING, "reject",   _A.REJECTED,  Who.CLIENT, None),
    (_A.PENDING, "withdraw", _A.WITHDRAWN, Who.WORKER, None),
)  # fmt: skip
