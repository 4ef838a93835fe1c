"""Jobs and applications on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Self

import msgspec
from msgspec import UNSET, UnsetType

from iayos.core.explain import ExplainOut as ExplainOut  # noqa: PLC0414 - part of this slice's wire too
from iayos.core.explain import Next as Next  # noqa: PLC0414 - part of this slice's wire too
from iayos.core.explain import Waiting as Waiting  # noqa: PLC0414 - part of this slice's wire too
from iayos.core.money import Centavos, in_words
from iayos.core.wire import ID, Clearable, Latitude, LongClearable, Longitude, LongText, Text, Title
from iayos.jobs.states import ApplicationStatus, InviteStatus, JobStatus, JobType, PhotoKind, Urgency
from iayos.profiles.schemas import PartyOut

LOWEST: Final = 100_00
HIGHEST: Final = 1_000_000_00


class Budget(Centavos):
    """A price for work: ₱100 to ₱1,000,000 (SPEC 3, ruling d)."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Like `Centavos`, within the bounds."""
        amount = super().parse(raw)
        if not LOWEST <= amount <= HIGHEST:
            raise ValueError(f"Expected {in_words(LOWEST)} to {in_words(HIGHEST)}")
        return amount


class Sort(StrEnum):
    """How listings are sorted."""

    NEWEST = "newest"
    BUDGET = "budget"
    NEAREST = "nearest"


class Role(StrEnum):
    """As whom one takes part in a job."""

    CLIENT = "CLIENT"
    WORKER = "WORKER"
    AGENCY = "AGENCY"


class CategoryOut(msgspec.Struct, frozen=True, kw_only=True):
    """A trade."""

    categoryID: int
    name: str


class JobIn(msgspec.Struct, frozen=True, kw_only=True):
    """A job to post. Latitude and longitude come together or not at all."""

    title: Title
    description: LongText
    categoryID: ID
    budget: Budget
    """Pesos."""
    location: Text
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    urgency: Urgency = Urgency.MEDIUM
    preferredStartDate: date | None = None
    jobType: JobType
    assignedWorkerID: ID | None = None
    """Whom an invitation is for; null for a listing."""
    assignedAgencyFK: ID | None = None
    """The agency that an invitation is for; null for a listing."""


class JobChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What to change about a job; what is left out stays, null clears what is optional."""

    title: Title | UnsetType = UNSET
    description: LongText | UnsetType = UNSET
    categoryID: ID | UnsetType = UNSET
    budget: Budget | UnsetType = UNSET
    """Pesos."""
    location: Text | UnsetType = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    urgency: Urgency | UnsetType = UNSET
    preferredStartDate: date | UnsetType | None = UNSET


class ApplicationIn(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's offer to do a job."""

    proposalMessage: LongText
    proposedBudget: Budget
    """Pesos; the agreed price if the client accepts."""


class RejectionIn(msgspec.Struct, frozen=True, kw_only=True):
    """Why an application was not chosen, if the client says so."""

    reason: Clearable | None = None


class InviteRejectionIn(msgspec.Struct, frozen=True, kw_only=True):
    """Why the invited cannot take the job; the client reads it."""

    reason: Text


class AssignmentIn(msgspec.Struct, frozen=True, kw_only=True):
    """Which employee an agency sends."""

    assignedWorkerID: ID
    """The employee's `accountID`."""


class CompletionIn(msgspec.Struct, frozen=True, kw_only=True):
    """The worker is done."""

    notes: LongClearable | None = None
    photos: Annotated[list[ID], msgspec.Meta(max_length=20)] | None = None
    """Media ids of pictures of the finished work."""


class PhotosIn(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures of a job."""

    photos: Annotated[list[ID], msgspec.Meta(max_length=20)] = []
    """Media ids of `POST /api/media`, purpose JOB_PHOTO."""
    kind: PhotoKind = PhotoKind.BEFORE


class ApplicationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's application for a listing. Amounts are pesos."""

    applicationID: int
    jobID: int
    jobTitle: str
    workerID: int
    worker: PartyOut
    proposalMessage: str
    proposedBudget: Centavos
    status: ApplicationStatus
    rejectReason: str | None
    createdAt: datetime


class JobPhotoOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a job."""

    mediaID: int
    url: str
    thumbnailURL: str | None
    kind: PhotoKind
    uploadedBy: int
    """Account id."""
    createdAt: datetime


class JobOut(msgspec.Struct, frozen=True, kw_only=True):
    """A job with what the caller may see of it. Amounts are pesos."""

    jobID: int
    title: str
    description: str
    categoryID: int
    category: str
    """The name of the trade."""
    budget: Centavos
    agreedPrice: Centavos | None
    """Null until somebody is accepted."""
    location: str
    latitude: float | None
    longitude: float | None
    distanceKm: float | None
    """From the place in `near`; null without one or where the job has no coordinates."""
    urgency: Urgency
    preferredStartDate: date | None
    jobType: JobType
    status: JobStatus
    inviteStatus: InviteStatus | None
    """What the invited answered; `PENDING` without an answer, also when the job ended meanwhile. Null for a listing."""
    clientID: int
    client: PartyOut
    assignedWorkerID: int | None
    worker: PartyOut | None
    assignedAgencyFK: int | None
    agency: PartyOut | None
    escrowAmount: Centavos | None
    """The first half of the agreed price, held before work starts; null until there is one."""
    escrowPaid: bool
    workerMarkedComplete: bool
    clientMarkedComplete: bool
    completionNotes: str | None
    finalPaymentMethod: str | None
    remainingPayment: Centavos | None
    """The second half of the agreed price, due at approval; null until there is one."""
    remainingPaymentPaid: bool
    cashPaymentProofUrl: str | None
    cashPaymentApproved: bool
    settledAt: datetime | None
    cancelReason: str | None
    photos: list[JobPhotoOut]
    applicationsCount: int | None
    """Applications that were not withdrawn; only the client sees it."""
    myApplication: ApplicationOut | None
    """The caller's own application."""
    conversationID: int | None
    """Only participants see it."""
    createdAt: datetime
