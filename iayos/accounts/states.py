"""What kinds of accounts, languages and mailed tokens there are."""

from enum import StrEnum
from typing import Final


class ProfileType(StrEnum):
    """What an account acts as."""

    CLIENT = "CLIENT"
    WORKER = "WORKER"
    AGENCY = "AGENCY"


class Personal(StrEnum):
    """The profiles that one person may hold side by side."""

    CLIENT = "CLIENT"
    WORKER = "WORKER"


class Language(StrEnum):
    """The language of mails and notices."""

    ENGLISH = "en"
    FILIPINO = "fil"


class Role(StrEnum):
    """What a member of staff may do; `ADMIN` may do everything."""

    ADMIN = "ADMIN"
    KYC_REVIEWER = "KYC_REVIEWER"
    FINANCE = "FINANCE"
    SUPPORT = "SUPPORT"


VERIFY_EMAIL: Final = "VERIFY_EMAIL"
RESET_PASSWORD: Final = "RESET_PASSWORD"  # noqa: S105 - the purpose of a token, none itself
