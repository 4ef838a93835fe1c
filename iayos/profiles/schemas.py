"""Profiles on the wire."""

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
