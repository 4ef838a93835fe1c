"""Disputes on the wire."""

from datetime import datetime
from typing import Literal

import msgspec

from iayos.core.money import Centavos, Share
from iayos.core.wire import ID, LongText, Text


class DisputeIn(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong; `evidence` are ids of files uploaded with the purpose EVIDENCE."""

    reason: Text
    description: LongText
    evidence: list[ID] = []


class EvidenceIn(msgspec.Struct, frozen=True, kw_only=True):
    """More pictures, as ids of files uploaded with the purpose EVIDENCE."""

    evidence: list[ID]


class OfferIn(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what is held (pesos) should go to whoever did the work; the client gets the rest."""

    toPayee: Share


class RulingIn(msgspec.Struct, frozen=True, kw_only=True):
    """How a member of staff divides what is held (pesos), and why."""

    toPayee: Share
    reason: Text


class OfferOut(msgspec.Struct, frozen=True, kw_only=True):
    """An offer; pesos."""

    offerID: int
    byAccountID: int
    bySide: Literal["CLIENT", "PAYEE"]
    toPayee: Centavos
    toClient: Centavos
    """What is left for the client of what is held now."""
    accepted: bool
    createdAt: datetime


class EvidenceOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture; the addresses work for five minutes, and are null while storage does not answer."""

    mediaID: int
    byAccountID: int
    url: str | None
    thumbnailURL: str | None
    createdAt: datetime


class RulingOut(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended; pesos."""

    toPayee: Centavos
    toClient: Centavos
    reason: str | None


class DisputeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute about the money held for a job; pesos."""

    disputeID: int
    jobID: int
    status: Literal["OPEN", "AGREED", "RULED", "WITHDRAWN"]
    phase: Literal["TALK", "OFFERS", "STAFF"]
    reason: str
    description: str
    openedBy: int
    held: Centavos
    """What there is to divide."""
    offers: list[OfferOut]
    evidence: list[EvidenceOut]
    ruling: RulingOut | None
    deadlineAt: datetime | None
    """When the present phase ends; null with staff and when it is over."""
    awaitingSecond: bool = False
    """A ruling that moves more than ₱50,000 waits for another member of staff to repeat it."""
    createdAt: datetime
    endedAt: datetime | None
