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


class InviteStatus(StrEnum):
    """What the invited answered; PENDING until there is an answer, also when the job ends without one."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class PhotoKind(StrEnum):
    """When a picture was taken."""

    BEFORE = "BEFORE"
    AFTER = "AFTER"


class Urgency(StrEnum):
    """How soon the client needs it."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


_J, _A = JobStatus, ApplicationStatus

JOB_MOVES = moves(
    #  from            move                  to               who         when
    (_J.ACTIVE,        "accept_application", _J.IN_PROGRESS,  Who.CLIENT, "is_listing"),
    (_J.ACTIVE,        "accept_invite",      _J.IN_PROGRESS,  Who.WORKER, "invites_worker"),
    (_J.ACTIVE,        "reject_invite",      _J.CANCELLED,    Who.WORKER, "invites_worker"),
    (_J.ACTIVE,        "accept_invite",      _J.IN_PROGRESS,  Who.AGENCY, "invites_agency"),
    (_J.ACTIVE,        "reject_invite",      _J.CANCELLED,    Who.AGENCY, "invites_agency"),
    (_J.ACTIVE,        "lapse_invite",       _J.CANCELLED,    Who.SYSTEM, "is_invite"),
    (_J.ACTIVE,        "cancel",             _J.CANCELLED,    Who.CLIENT, None),
    (_J.IN_PROGRESS,   "cancel",             _J.CANCELLED,    Who.CLIENT, "not escrow_paid"),
    (_J.IN_PROGRESS,   "cancel",             _J.CANCELLED,    Who.WORKER, "not escrow_paid"),
    (_J.IN_PROGRESS,   "pay_escrow",         _J.IN_PROGRESS,  Who.CLIENT, "not escrow_paid"),
    (_J.IN_PROGRESS,   "mark_complete",      _J.IN_PROGRESS,  Who.WORKER, "may_mark_complete"),
    (_J.IN_PROGRESS,   "mark_complete",      _J.IN_PROGRESS,  Who.AGENCY, "agency_may_mark_complete"),
    (_J.IN_PROGRESS,   "reassign",           _J.IN_PROGRESS,  Who.AGENCY, "may_reassign"),
    (_J.IN_PROGRESS,   "approve_completion", _J.COMPLETED,    Who.CLIENT, "may_approve"),
    (_J.IN_PROGRESS,   "approve_by_silence", _J.COMPLETED,    Who.SYSTEM, "may_approve"),
    (_J.IN_PROGRESS,   "lapse_unpaid",       _J.CANCELLED,    Who.SYSTEM, "not escrow_paid"),
    (_J.ACTIVE,        "staff_cancel",       _J.CANCELLED,    Who.STAFF,  None),
    (_J.IN_PROGRESS,   "staff_cancel",       _J.CANCELLED,    Who.STAFF,  "not escrow_paid"),
    (_J.IN_PROGRESS,   "staff_refund",       _J.CANCELLED,    Who.STAFF,  "holds_money"),
    (_J.IN_PROGRESS,   "ask_cancel",         _J.IN_PROGRESS,  Who.CLIENT, "may_ask_cancel"),
    (_J.IN_PROGRESS,   "ask_cancel",         _J.IN_PROGRESS,  Who.WORKER, "may_ask_cancel"),
    (_J.IN_PROGRESS,   "confirm_cancel",     _J.CANCELLED,    Who.CLIENT, "cancel_asked"),
    (_J.IN_PROGRESS,   "confirm_cancel",     _J.CANCELLED,    Who.WORKER, "cancel_asked"),
    (_J.IN_PROGRESS,   "lapse_cancel",       _J.IN_PROGRESS,  Who.SYSTEM, "cancel_asked"),
    (_J.COMPLETED,     "pay_final",          _J.COMPLETED,    Who.CLIENT, "may_pay_final"),
    (_J.COMPLETED,     "release_half",       _J.COMPLETED,    Who.SYSTEM, "may_release_half"),
    # A dispute stops everything else; its end divides what is held.
    (_J.IN_PROGRESS,   "open_dispute",       _J.IN_PROGRESS,  Who.CLIENT, "holds_money"),
    (_J.IN_PROGRESS,   "open_dispute",       _J.IN_PROGRESS,  Who.WORKER, "holds_money"),
    (_J.COMPLETED,     "open_dispute",       _J.COMPLETED,    Who.CLIENT, "holds_money"),
    (_J.COMPLETED,     "open_dispute",       _J.COMPLETED,    Who.WORKER, "holds_money"),
    (_J.COMPLETED,     "join_dispute",       _J.COMPLETED,    Who.CLIENT, "may_join_dispute"),
    (_J.IN_PROGRESS,   "withdraw_dispute",   _J.IN_PROGRESS,  Who.CLIENT, "dispute_open"),
    (_J.COMPLETED,     "withdraw_dispute",   _J.COMPLETED,    Who.CLIENT, "may_go_on"),
    (_J.COMPLETED,     "withdraw_paid",      _J.COMPLETED,    Who.CLIENT, "paid_in_dispute"),
    (_J.IN_PROGRESS,   "divide",             _J.COMPLETED,    Who.STAFF,  "dispute_open"),
    (_J.COMPLETED,     "divide",             _J.COMPLETED,    Who.STAFF,  "dispute_open"),
    (_J.IN_PROGRESS,   "give_back",          _J.CANCELLED,    Who.STAFF,  "dispute_open"),
    (_J.COMPLETED,     "give_back",          _J.CANCELLED,    Who.STAFF,  "dispute_open"),
)  # fmt: skip

APPLICATION_MOVES = moves(
    (_A.PENDING, "accept",   _A.ACCEPTED,  Who.CLIENT, None),
    (_A.PENDING, "reject",   _A.REJECTED,  Who.CLIENT, None),
    (_A.PENDING, "withdraw", _A.WITHDRAWN, Who.WORKER, None),
    (_A.PENDING, "withdraw", _A.WITHDRAWN, Who.STAFF,  None),
)  # fmt: skip
