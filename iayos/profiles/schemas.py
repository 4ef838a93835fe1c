"""Profiles on the wire."""

import msgspec


class PartyOut(msgspec.Struct, frozen=True, kw_only=True):
    """Someone as others see them."""

    accountID: int
    name: str
    avatarURL: str | None
    rating: float | None
    """The average of the published ratings, two decimals; null before the first."""
    reviewsCount: int
