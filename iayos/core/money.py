"""Money: integer centavos inside, pesos with two decimals at the edge (SPEC 1, Money)."""

import math
from decimal import Decimal
from typing import ClassVar, Final, Self

FEE_PERCENT: Final = 5


class Centavos(int):
    """An amount of money in centavos. On the wire it is pesos: 52550 reads and writes as 525.50."""

    __slots__ = ()

    least: ClassVar[int] = 1

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Pesos from JSON: a positive number with at most two decimals."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise ValueError("Expected a number of pesos, such as 525.5")  # noqa: TRY004 - a reason for people
        if isinstance(raw, float) and not math.isfinite(raw):
            raise ValueError("Expected a number of pesos, such as 525.5")
        exact = Decimal(repr(raw)) * 100
        if exact < 0 or exact < cls.least:
            raise ValueError("Expected an amount above zero" if cls.least else "Expected zero or more")
        if exact != exact.to_integral_value():
            raise ValueError("Expected at most two decimals")
        if exact > 2**53:
            raise ValueError("Expected a smaller amount")
        return cls(int(exact))

    def pesos(self) -> str:
        """The JSON number: `525.50`, `-3.00`."""
        whole, cents = divmod(abs(self), 100)
        return f"{'-' if self < 0 else ''}{whole}.{cents:02d}"


class Share(Centavos):
    """A part of what is held: zero or more."""

    __slots__ = ()
    least = 0


def in_words(amount: int) -> str:
    """How an amount reads in a sentence: ₱1,234.50."""
    whole, cents = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}₱{whole:,}.{cents:02d}"


def fee_on(amount: int) -> int:
    """The platform's fee on one half, in centavos: 5 %, rounded half up (SPEC 4)."""
    return (amount * FEE_PERCENT + 50) // 100


def halves(price: int) -> tuple[int, int]:
    """The escrowed half D and the second half R of a price; the odd centavo is in R (SPEC 4)."""
    first = price // 2
    return first, price - first


def share_of(amount: int, part: int, whole: int) -> int:
    """`amount * part / whole`, rounded half up: a fee returned in proportion to the client's share (SPEC 3, ruling i)."""
    return (2 * amount * part + whole) // (2 * whole)
