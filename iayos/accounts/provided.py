"""What the routes and the pages of accounts share: dependencies and strict limits."""

from datetime import timedelta
from typing import Final

from litestar.datastructures import State
from litestar.di import NamedDependency

from iayos.accounts.passwords import Passwords
from iayos.settings import Settings
from iayos.web import limits

Hashing = NamedDependency[Passwords]
Configured = NamedDependency[Settings]
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
# Per address; an office, a school, or half a town behind one mobile carrier's gateway may share one. What protects a single
# account is its lock (sign_in.py), which no number of addresses gets around.
ASKING_IN: Final = limits.strict("sign-in", 180, MINUTE)
REFRESHING: Final = limits.strict("refresh", 120, MINUTE)
REGISTERING: Final = limits.strict("register", 500, HOUR)
MAILING: Final = limits.strict("account-mail", 60, HOUR)
REDEEMING: Final = limits.strict("mailed-token", 180, MINUTE)


async def provide_passwords(state: State) -> Passwords:
    """Dependency `passwords`."""
    passwords: Passwords = state.services.passwords
    return passwords


async def provide_settings(state: State) -> Settings:
    """Dependency `settings`."""
    settings: Settings = state.settings
    return settings
