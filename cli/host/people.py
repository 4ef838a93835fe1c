"""Who is there in a fresh `iayos up`: verified, with trades and KYC where they need them, and without money."""

from typing import Any, Final

import msgspec

PASSWORD: Final = "demo-Iayos-2026"  # noqa: S105 - printed by `iayos up`, for development alone
ZAMBOANGA: Final = {
    "city": "Zamboanga City",
    "province": "Zamboanga del Sur",
    "latitude": 6.9214,
    "longitude": 122.0790,
}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A demo account."""

    key: str
    """Its name in the line of `iayos up --json`."""
    first_name: str
    last_name: str
    columns: dict[str, Any]
    trades: tuple[str, ...] = ()
    kyc_verified: bool = False

    @property
    def email(self) -> str:
        """With which it signs in."""
        return f"{self.key}@demo.iayos"


ADMIN: Final = Person(key="admin", first_name="Maria", last_name="Lim", columns={"role": "ADMIN"})
DEMO: Final = (
    Person(key="client", first_name="Ana", last_name="Reyes", columns={"profile_type": "CLIENT"} | ZAMBOANGA),
    Person(
        key="worker", first_name="Ben", last_name="Santos", columns={"profile_type": "WORKER"} | ZAMBOANGA,
        trades=("Plumbing", "Electrical", "Carpentry"), kyc_verified=True,
    ),
    Person(
        key="agency", first_name="Carla", last_name="Cruz", kyc_verified=True,
        columns={"profile_type": "AGENCY", "business_name": "Ayos Builders"} | ZAMBOANGA,
    ),
    ADMIN,
    Person(key="admin2", first_name="Jose", last_name="Garcia", columns={"role": "ADMIN"}),
)  # fmt: skip


def everybody(*, demo_data: bool) -> tuple[Person, ...]:
    """Who is to be there; without demo data the admin alone."""
    return DEMO if demo_data else (ADMIN,)
