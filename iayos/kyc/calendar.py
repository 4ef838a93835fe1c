"""Business days in the Philippines, where staff work."""

from datetime import date, datetime, timedelta
from typing import Final

from iayos.core.clock import MANILA

YEARLY: Final = frozenset({
    (1, 1), (4, 9), (5, 1), (6, 12), (8, 21), (11, 1), (11, 30), (12, 8), (12, 25), (12, 30), (12, 31),
})  # fmt: skip
"""Month and day: regular holidays and special non-working days of Republic Acts 9492, 9849, 9256 and 10966."""
PROCLAIMED: Final = frozenset({
    date(2026, 2, 17), date(2026, 11, 2), date(2026, 12, 24),
})  # fmt: skip
"""Additional special days (Proclamation 1006 of 2025). Eid'l Fitr and Eid'l Adha are proclaimed some days ahead: add them here."""
SATURDAY: Final = 5
AUGUST: Final = 8
_WEEK: Final = timedelta(days=7)


def is_business_day(day: date) -> bool:
    """Neither a weekend nor a holiday."""
    return day.weekday() < SATURDAY and not is_holiday(day)


def is_holiday(day: date) -> bool:
    """A day on which offices are closed nationwide."""
    from_easter = (day - easter(day.year)).days
    heroes = day.month == AUGUST and day.weekday() == 0 and (day + _WEEK).month != AUGUST
    return (day.month, day.day) in YEARLY or day in PROCLAIMED or from_easter in {-3, -2, -1} or heroes


def business_days_after(moment: datetime, days: int) -> datetime:
    """The same time of day, that many business days later in Manila."""
    local = moment.astimezone(MANILA)
    while days:
        local += timedelta(days=1)
        days -= is_business_day(local.date())
    return local.astimezone(moment.tzinfo)


def easter(year: int) -> date:
    """Easter Sunday (Gauss, in the form of Butcher); Maundy Thursday, Good Friday and Black Saturday go before it."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
