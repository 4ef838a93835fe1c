"""The states of an employment, and every legal move between them (SPEC 5, Agency)."""

from enum import StrEnum

from iayos.core.states import Who, moves


class EmployeeStatus(StrEnum):
    """Where a worker stands with an agency."""

    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    DECLINED = "DECLINED"
    INACTIVE = "INACTIVE"


_E = EmployeeStatus

EMPLOYEE_MOVES = moves(
    #  from       move            to           who         when
    (_E.INVITED,  "accept",       _E.ACTIVE,   Who.WORKER, None),
    (_E.INVITED,  "decline",      _E.DECLINED, Who.WORKER, None),
    (_E.INVITED,  "deactivate",   _E.INACTIVE, Who.AGENCY, None),
    (_E.ACTIVE,   "deactivate",   _E.INACTIVE, Who.AGENCY, "not is_currently_assigned"),
    (_E.ACTIVE,   "leave",        _E.INACTIVE, Who.WORKER, "not is_currently_assigned"),
    (_E.INVITED,  "suspend",      _E.INACTIVE, Who.STAFF,  None),
    (_E.ACTIVE,   "suspend",      _E.INACTIVE, Who.STAFF,  None),
    (_E.DECLINED, "invite_again", _E.INVITED,  Who.AGENCY, None),
    (_E.INACTIVE, "invite_again", _E.INVITED,  Who.AGENCY, None),
)  # fmt: skip
