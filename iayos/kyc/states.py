"""An identity check: its states, every legal move between them, and which documents it asks for (SPEC 5, KYC)."""

from enum import StrEnum
from typing import Final

from iayos.core.states import Who, moves

MOST_ROUNDS: Final = 5


class KYCStatus(StrEnum):
    """Where a case stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class KYCType(StrEnum):
    """Who is checked: a person or a business."""

    INDIVIDUAL = "INDIVIDUAL"
    AGENCY = "AGENCY"


class UserType(StrEnum):
    """The profile for which somebody is checked."""

    CLIENT = "CLIENT"
    WORKER = "WORKER"
    AGENCY = "AGENCY"


class DocumentType(StrEnum):
    """What a document is."""

    FRONTID = "FRONTID"
    BACKID = "BACKID"
    SELFIE = "SELFIE"
    BUSINESS_PERMIT = "BUSINESS_PERMIT"
    REGISTRATION = "REGISTRATION"
    OWNER_ID = "OWNER_ID"
    PROFILE_PHOTO = "PROFILE_PHOTO"


class DocumentStatus(StrEnum):
    """What staff made of a document."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class ReasonCode(StrEnum):
    """Why a document is rejected."""

    UNCLEAR_IMAGE = "UNCLEAR_IMAGE"
    EXPIRED = "EXPIRED"
    MISMATCH = "MISMATCH"
    WRONG_DOCUMENT = "WRONG_DOCUMENT"
    OTHER = "OTHER"


_D = DocumentType
REQUIRED: Final = {
    KYCType.INDIVIDUAL: (_D.FRONTID, _D.BACKID, _D.SELFIE),
    KYCType.AGENCY: (_D.BUSINESS_PERMIT, _D.REGISTRATION, _D.OWNER_ID, _D.PROFILE_PHOTO),
}
MAY_BE_PDF: Final = frozenset({_D.BUSINESS_PERMIT, _D.REGISTRATION})

_K = KYCStatus

KYC_MOVES = moves(
    #  from        move        to            who        when
    (_K.PENDING,  "finalize", _K.PENDING,   Who.OWNER, "not is_uploaded"),
    (_K.PENDING,  "approve",  _K.APPROVED,  Who.STAFF, "is_uploaded"),
    (_K.PENDING,  "reject",   _K.REJECTED,  Who.STAFF, "is_uploaded"),
    (_K.REJECTED, "resubmit", _K.PENDING,   Who.OWNER, "has_rounds_left"),
)  # fmt: skip

_F = DocumentStatus
DOCUMENT_MOVES = moves(
    # A document that was good in an earlier round is looked at again with the others.
    (_F.PENDING,  "accept", _F.APPROVED, Who.STAFF, None),
    (_F.PENDING,  "refuse", _F.REJECTED, Who.STAFF, None),
    (_F.APPROVED, "accept", _F.APPROVED, Who.STAFF, None),
    (_F.APPROVED, "refuse", _F.REJECTED, Who.STAFF, None),
)  # fmt: skip
