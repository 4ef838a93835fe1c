"""Accounts and sign-in on the wire."""

import re
from datetime import datetime
from typing import Any, ClassVar, Final, Self

import msgspec
from msgspec import UNSET, UnsetType

from iayos.accounts.states import Language, Personal, ProfileType
from iayos.core.wire import Clearable, Latitude, Longitude, Text

_ADDRESS: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_LOCAL_PART: Final = 64
_NUMBER: Final = re.compile(r"[0-9+()./ -]{3,30}")


class Email(Text):
    """An email address: trimmed and lower-cased, at most 254 characters, ASCII."""

    __slots__ = ()
    longest = 254

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The address as it is stored and compared."""
        address = super().parse(raw).lower()
        if not _ADDRESS.fullmatch(address) or address.index("@") > _LOCAL_PART:
            raise ValueError("Expected an email address, such as ana@example.com")
        return cls(address)


class Secret(Text):
    """A password as it was typed: nothing is trimmed."""

    __slots__ = ()
    longest: ClassVar[int] = 1000

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The text, blanks and all."""
        if not isinstance(raw, str) or any("\ud800" <= char <= "\udfff" for char in raw):
            raise ValueError("Expected a text")
        if not cls.shortest <= len(raw) <= cls.longest:
            raise ValueError(f"Expected {cls.shortest} to {cls.longest} characters")
        return cls(raw)


class NewPassword(Secret):
    """A password to be: 10 to 128 characters. Common ones are refused."""

    __slots__ = ()
    shortest = 10
    longest = 128


class Name(Text):
    """A name: 1 to 100 characters."""

    __slots__ = ()
    longest = 100

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The name, on one line."""
        name = super().parse(raw)
        if not name.isprintable():
            raise ValueError("Expected a name on one line")
        return name


class ContactNumber(Clearable):
    """A telephone number: digits, blanks and + ( ) . / -; an empty text clears it."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """The number as it was written."""
        number = super().parse(raw)
        if number and not _NUMBER.fullmatch(number):
            raise ValueError("Expected a telephone number, such as +639171234567")
        return number


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """A new account. `businessName` belongs to an AGENCY, and only there it is kept."""

    email: Email
    password: NewPassword
    profileType: ProfileType
    firstName: Name
    lastName: Name
    businessName: Clearable | None = None
    contactNum: ContactNumber | None = None
    city: Clearable | None = None
    province: Clearable | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    language: Language = Language.ENGLISH


class EditAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What one may change about oneself. A field that is left out stays; an empty text (for a coordinate: null) clears it."""

    firstName: Name | UnsetType = UNSET
    lastName: Name | UnsetType = UNSET
    businessName: Name | UnsetType = UNSET
    contactNum: ContactNumber | UnsetType = UNSET
    city: Clearable | UnsetType = UNSET
    province: Clearable | UnsetType = UNSET
    latitude: Latitude | UnsetType | None = UNSET
    longitude: Longitude | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants in."""

    email: Text
    password: Secret


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token of the last answer."""

    refreshToken: str


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True):
    """The present password and the new one."""

    currentPassword: Secret
    newPassword: NewPassword


class MailedToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token from the link in a mail."""

    token: str


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Whose mail it is."""

    email: Email


class ResetPassword(msgspec.Struct, frozen=True, kw_only=True):
    """The token from the link in a mail, and the new password."""

    token: str
    password: NewPassword


class SwitchProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The profile to act in from now on."""

    profileType: Personal


class AccountOut(msgspec.Struct, frozen=True, kw_only=True):
    """An account as its owner sees it (SPEC 11). `role` is null for everyone but staff, who have no profile."""

    accountID: int
    email: str
    profileType: ProfileType | None
    profileTypes: list[ProfileType]
    firstName: str
    lastName: str
    businessName: str | None
    contactNum: str | None
    city: str | None
    province: str | None
    latitude: float | None
    longitude: float | None
    emailVerified: bool
    KYCVerified: bool
    language: Language
    role: str | None
    createdAt: datetime

    @classmethod
    def of(cls, account: Any) -> Self:
        """`account` is a row of accounts."""
        return cls(
            accountID=account.id, email=account.email, profileType=account.profile_type, profileTypes=account.profile_types,
            firstName=account.first_name, lastName=account.last_name, businessName=account.business_name,
            contactNum=account.contact_num, city=account.city, province=account.province,
            latitude=account.latitude, longitude=account.longitude,
            emailVerified=account.email_verified_at is not None, KYCVerified=account.kyc_verified,
            language=account.language, role=account.role, createdAt=account.created_at,
        )  # fmt: skip


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is sent as `Authorization: Bearer` for 7 days; `refreshToken` serves once within 30 days to get both anew."""

    token: str
    refreshToken: str


class SignedIn(Pair, frozen=True, kw_only=True):
    """A phone's sign-in."""

    user: AccountOut


class Done(msgspec.Struct, frozen=True):
    """It is done; there is nothing more to say."""

    success: bool = True
