"""Who is asking: the signed-in account as verbs see it."""

from typing import Final

import msgspec

CLIENT: Final = "CLIENT"
WORKER: Final = "WORKER"
AGENCY: Final = "AGENCY"

STAFF_ROLES: Final = frozenset({"ADMIN", "KYC_REVIEWER", "FINANCE", "SUPPORT"})


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An account in one of its profiles, as of this request; read from the database each time."""

    account_id: int
    email: str
    profile_type: str | None
    role: str | None
    email_verified: bool
    kyc_verified: bool
    session_id: int
    session_kind: str

    @property
    def is_staff(self) -> bool:
        """Does this account belong to a member of staff?"""
        return self.role in STAFF_ROLES
