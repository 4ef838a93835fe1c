"""Profiles on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from iayos.core.money import Centavos
from iayos.core.wire import ID, Clearable, LongClearable

Kilometres = Annotated[float, msgspec.Meta(ge=1, le=200, description="Kilometres, 1 to 200.")]


class PartyOut(msgspec.Struct, frozen=True, kw_only=True):
    """Someone as others see them."""

    accountID: int
    name: str
    avatarURL: str | None
    rating: float | None
    """The average of the published ratings, two decimals; null before the first."""
    reviewsCount: int


class TradeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A trade."""

    categoryID: int
    name: str


class ProfileOut(PartyOut, frozen=True, kw_only=True):
    """A worker's own profile."""

    bio: str | None
    description: str | None
    hourly_rate: Centavos | None
    """Pesos an hour."""
    isAvailable: bool
    """False: no new jobs are announced to this worker."""
    serviceRadiusKm: float
    """How far from the worker's own place a job may be to be announced."""
    specializations: list[TradeOut]
    totalEarningGross: Centavos
    """Pesos: the agreed prices of all settled jobs."""
    jobsCompleted: int
    profile_completion_percentage: int
    """0, 14, 28, 43, 57, 71, 85 or 100: by how many of the seven criteria are met."""


class ProfileUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What changes; what is left out stays. An empty text or null clears a field."""

    bio: Clearable | msgspec.UnsetType | None = msgspec.UNSET
    description: LongClearable | msgspec.UnsetType | None = msgspec.UNSET
    hourly_rate: Centavos | msgspec.UnsetType | None = msgspec.UNSET
    """Pesos an hour."""
    isAvailable: bool | msgspec.UnsetType = msgspec.UNSET
    serviceRadiusKm: Kilometres | msgspec.UnsetType = msgspec.UNSET


class Specializations(msgspec.Struct, frozen=True, kw_only=True):
    """The trades that a worker offers, all of them: the set replaces the one before."""

    categoryIDs: Annotated[list[ID], msgspec.Meta(max_length=20)]


class WorkerSort(StrEnum):
    """In which order workers are listed."""

    RATING = "rating"
    NEAREST = "nearest"
    NEWEST = "newest"


class WorkerOut(PartyOut, frozen=True, kw_only=True):
    """A worker as anyone signed in sees them."""

    bio: str | None
    description: str | None
    hourly_rate: Centavos | None
    """Pesos an hour."""
    isAvailable: bool
    specializations: list[TradeOut]
    jobsCompleted: int
    city: str | None
    province: str | None
    distanceKm: float | None
    """From the place that was asked about, one decimal."""


class AgencyOut(PartyOut, frozen=True, kw_only=True):
    """An agency as anyone signed in sees it."""

    bio: str | None
    description: str | None
    jobsCompleted: int
    KYCVerified: bool
    """Only an agency whose papers are verified can accept jobs."""
    city: str | None
    province: str | None
    distanceKm: float | None
    """From the place that was asked about, one decimal."""


class CompletionOut(msgspec.Struct, frozen=True, kw_only=True):
    """How complete the profile is after this."""

    profile_completion_percentage: int | None
    """0, 14, 28, 43, 57, 71, 85 or 100; null for a profile that is no worker's."""


class AvatarOut(CompletionOut, frozen=True, kw_only=True):
    """The picture of one's profile."""

    avatarURL: str | None


class CertificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate."""

    certificationID: int
    name: str
    issuedBy: str | None
    issuedOn: date | None
    expiresOn: date | None
    is_verified: bool
    """True once staff have seen it and found it good."""
    contentType: str
    fileURL: str | None
    """Signed for five minutes; null when the file was lost."""
    thumbnailURL: str | None
    createdAt: datetime


class MyCertificationOut(CertificationOut, frozen=True, kw_only=True):
    """A certificate, with how complete the profile is."""

    profile_completion_percentage: int


class MyCertificationsOut(CompletionOut, frozen=True, kw_only=True):
    """A page of certificates, newest first. `nextCursor` is null on the last."""

    items: list[CertificationOut]
    nextCursor: str | None


class PictureOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of earlier work."""

    portfolioID: int
    url: str
    thumbnailURL: str | None
    createdAt: datetime


class MyPictureOut(PictureOut, frozen=True, kw_only=True):
    """A picture of earlier work, with how complete the profile is."""

    profile_completion_percentage: int


class AddedPicturesOut(CompletionOut, frozen=True, kw_only=True):
    """The pictures that were added."""

    portfolioIDs: list[int]
    items: list[PictureOut]


class MyPicturesOut(CompletionOut, frozen=True, kw_only=True):
    """A page of pictures, newest first. `nextCursor` is null on the last."""

    items: list[PictureOut]
    nextCursor: str | None


class AdminCertificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's certificate as staff sees it."""

    certificationID: int
    accountID: int
    name: str
    issuedBy: str | None
    issuedOn: date | None
    expiresOn: date | None
    is_verified: bool
    decidedAt: datetime | None
    contentType: str | None
    """Null in a list, as the addresses are: a look at the file is asked for and recorded one by one."""
    fileURL: str | None
    thumbnailURL: str | None
    createdAt: datetime


class CertificationDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a certificate is good; if not, why."""

    approved: bool
    notes: LongClearable | None = None
