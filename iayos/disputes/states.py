"""The states of a dispute, and every legal move between them (SPEC 3)."""

from enum import StrEnum

from iayos.core.states import Who, moves


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    OPEN = "OPEN"
    AGREED = "AGREED"
    RULED = "RULED"
    WITHDRAWN = "WITHDRAWN"


class Phase(StrEnum):
    """What an open dispute is for just now."""

    TALK = "TALK"
    OFFERS = "OFFERS"
    STAFF = "STAFF"


_D = DisputeStatus

DISPUTE_MOVES = moves(
    (_D.OPEN, "begin_offers",  _D.OPEN,      Who.SYSTEM, "talking"),
    (_D.OPEN, "hand_to_staff", _D.OPEN,      Who.SYSTEM, "offering"),
    # Nobody is left to talk to: one side was suspended.
    (_D.OPEN, "hand_to_staff", _D.OPEN,      Who.SYSTEM, "talking"),
    (_D.OPEN, "agree",         _D.AGREED,    Who.CLIENT, None),
    (_D.OPEN, "agree",         _D.AGREED,    Who.WORKER, None),
    (_D.OPEN, "withdraw",      _D.WITHDRAWN, Who.CLIENT, None),
    (_D.OPEN, "withdraw",      _D.WITHDRAWN, Who.WORKER, None),
    (_D.OPEN, "rule",          _D.RULED,     Who.STAFF,  None),
)  # fmt: skip
