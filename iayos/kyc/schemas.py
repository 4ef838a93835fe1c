"""Identity checks on the wire."""

from datetime import datetime
from typing import Literal

import msgspec

from iayos.core.wire import LongClearable
from iayos.kyc.states import DocumentStatus, DocumentType, KYCStatus, KYCType, ReasonCode, UserType


class SubmissionIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be checked."""

    kycType: KYCType
    userType: UserType


class KYCFileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A document."""

    fileID: int
    documentType: DocumentType
    status: DocumentStatus
    reasonCode: ReasonCode | None
    """Why it was rejected."""
    contentType: str
    fileURL: str | None
    """Signed for five minutes, for whoever asked; null when it is not shown here or was lost."""
    createdAt: datetime


class KYCOut(msgspec.Struct, frozen=True, kw_only=True):
    """An identity check."""

    kycID: int
    kycType: KYCType
    userType: UserType
    status: KYCStatus
    isUploaded: bool
    """True while it lies with staff, and once it is approved."""
    files: list[KYCFileOut]
    missing: list[DocumentType]
    """Documents that are still to be uploaded before it can be handed in."""
    notes: str | None
    """What staff says about it."""
    round: int
    """How often it was handed in, at most 5."""
    dueAt: datetime | None
    """When staff decides at the latest: three business days after it was handed in."""
    createdAt: datetime


class ReasonOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with a document."""

    documentType: DocumentType
    code: ReasonCode


class DecisionOut(msgspec.Struct, frozen=True, kw_only=True):
    """What staff said in an earlier round."""

    round: int
    decision: Literal["APPROVED", "REJECTED"]
    reasons: list[ReasonOut]
    notes: str | None
    at: datetime


class KYCCaseOut(KYCOut, frozen=True, kw_only=True):
    """The same as staff sees it."""

    accountID: int
    name: str
    email: str
    claimedBy: int | None
    """The account that looks at it now."""
    claimedByName: str | None
    claimedUntil: datetime | None
    handedInAt: datetime | None
    """Since when it lies with staff."""
    overdue: bool
    decisions: list[DecisionOut]
    """Of all its rounds, oldest first."""
    version: int
    """Grows whenever a document changes; a review of an earlier version is void."""


class ReasonIn(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a document."""

    documentType: DocumentType
    code: ReasonCode


class ReviewIn(msgspec.Struct, frozen=True, kw_only=True):
    """A decision. A rejection says what is wrong: by reasons for some documents, or in notes about all."""

    approved: bool
    notes: LongClearable | None = None
    reasons: list[ReasonIn] | None = None
    version: int | None = None
    """The version that was looked at; without it, the one that the reviewer opened last."""
