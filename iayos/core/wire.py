"""Types of the wire that say their own rules: texts that are trimmed and bounded, ids, pesos in a query."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Final, Self

import msgspec

from iayos.core.money import Centavos

ID = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1, description="A 64-bit id.")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90, description="Degrees north.")]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180, description="Degrees east.")]
WHERE: Final = "Expected latitude,longitude, such as 6.9214,122.079"


class Text(str):
    """Free text: trimmed, 1 to 500 characters (SPEC 1, Text)."""

    __slots__ = ()
    longest: ClassVar[int] = 500
    shortest: ClassVar[int] = 1

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The text without surrounding blanks; ValueError with a reason for people when it does not fit."""
        if not isinstance(raw, str):
            raise ValueError("Expected a text")  # noqa: TRY004 - a reason for people
        text = raw.strip()
        if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            raise ValueError("Expected a text without control characters")
        if len(text) < cls.shortest:
            raise ValueError("Expected a text, not an empty one")
        if len(text) > cls.longest:
            raise ValueError(f"Expected at most {cls.longest} characters")
        return cls(text)


class Title(Text):
    """A title: 1 to 200 characters."""

    __slots__ = ()
    longest = 200


class LongText(Text):
    """A description or message: 1 to 4,000 characters."""

    __slots__ = ()
    longest = 4000


class Clearable(Text):
    """An optional text of a change: up to 500 characters, an empty one clears the field."""

    __slots__ = ()
    shortest = 0


class LongClearable(Clearable):
    """The same up to 4,000 characters."""

    __slots__ = ()
    longest = 4000


class Place(Text):
    """A place in a query: `near=6.9214,122.079`, degrees north and east."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Two numbers on the globe."""
        place = super().parse(raw)
        try:
            north, east = map(float, place.split(","))
        except ValueError:
            raise ValueError(WHERE) from None
        if not (abs(north) <= 90 and abs(east) <= 180):  # noqa: PLR2004 - degrees
            raise ValueError(WHERE)
        return place

    @property
    def latitude(self) -> float:
        """Degrees north."""
        return float(self.split(",")[0])

    @property
    def longitude(self) -> float:
        """Degrees east."""
        return float(self.split(",")[1])


class PublicFile(str):
    """Where a file that anyone may see lies: `bucket/path`. On the wire it is its address, so that storage can move."""

    __slots__ = ()

    @classmethod
    def at(cls, path: str | None) -> Self | None:
        """The file at this path, if there is one."""
        return None if path is None else cls(path)


class QueryPesos(Centavos):
    """Pesos in a query string: `minBudget=525.50`."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Like `Centavos`, from text."""
        try:
            exact = Decimal(str(raw))
        except InvalidOperation:
            raise ValueError("Expected a number of pesos, such as 525.5") from None
        if not exact.is_finite() or abs(exact) > 2**50:
            raise ValueError("Expected a number of pesos, such as 525.5")
        return cls(super().parse(int(exact) if exact == exact.to_integral_value() else float(exact)))


WIRE_TYPES: Final = (Text, Centavos)


def is_wire_type(kind: Any) -> bool:
    """Does this type read itself from the wire?"""
    return isinstance(kind, type) and issubclass(kind, WIRE_TYPES)


def decode(kind: Any, raw: Any) -> Any:
    """Msgspec's hook for the types here."""
    if is_wire_type(kind):
        return kind.parse(raw)
    raise NotImplementedError(f"no way to read {kind}")


def encode(value: Any) -> Any:
    """Msgspec's hook for the types here: pesos leave as a number with two decimals."""
    if isinstance(value, Centavos):
        return msgspec.Raw(value.pesos().encode())
    if isinstance(value, str):
        return str(value)
    raise NotImplementedError(f"no way to write {type(value)}")
