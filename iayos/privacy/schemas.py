"""What goes in and out when an account is erased."""

import msgspec

from iayos.accounts.schemas import Secret


class EraseIn(msgspec.Struct, frozen=True, kw_only=True):
    """The password once more: this cannot be undone."""

    password: Secret


class ErasedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The account is gone."""

    erased: bool = True
