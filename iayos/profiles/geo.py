"""Distances and places, as SQL expressions."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Double, Text, func, literal, type_coerce

EARTH_KM: Final = 6371.0
NOWHERE_KM: Final = 50_000.0
"""Further than any place on Earth: where whoever has no coordinates stands among the nearest."""
KM_PER_DEGREE: Final = 111.0
"""A little less than a degree of latitude, so that the band around a place is never too narrow."""
NOISE: Final = r"\mcity of\M|\mcity\M|[^a-z0-9]+"
"""What does not tell one town from another: the word city, and whatever is no letter or digit."""


def distance_km(lat_column: Any, lng_column: Any, latitude: Any, longitude: Any) -> ColumnElement[float]:
    """Great-circle kilometres between two places in degrees (haversine); NULL where either side has no coordinates."""
    half_north = func.radians(latitude - lat_column) * 0.5
    half_east = func.radians(longitude - lng_column) * 0.5
    chord = func.power(func.sin(half_north), 2) + (
        func.cos(func.radians(lat_column)) * func.cos(func.radians(latitude)) * func.power(func.sin(half_east), 2)
    )
    # rounding may carry the chord of two antipodes just over 1; the arc tangent takes that, an arc sine would fail
    angle = func.atan2(func.sqrt(chord), func.sqrt(func.greatest(1.0 - chord, 0.0)))
    return type_coerce(2 * EARTH_KM * angle, Double)


def place_words(text: Any) -> ColumnElement[str]:
    """The words of a place in lower case with a blank on either side, without `city`; NULL when nothing is left.

    `City of Parañaque` and `Paranaque` are both ` paranaque `.
    """
    plain = func.translate(func.lower(text), "ñÑ", "nn")
    words = func.nullif(func.btrim(func.regexp_replace(plain, literal(NOISE, Text), " ", "g")), "")
    single = func.regexp_replace(words, r"\s+", " ", "g")
    return type_coerce(literal(" ", Text).concat(single).concat(" "), Text)


def is_in_place(city: Any, location: Any) -> ColumnElement[bool]:
    """True when the words of this city occur in the location, side by side and as whole words; NULL where one has none."""
    return func.strpos(place_words(location), place_words(city)) > 0
