"""Tokens in the keyring of this machine, for those who sign in with `--keyring` (the extra `iayos[keyring]`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from cli.faults import USAGE, Fault

if TYPE_CHECKING:
    from types import ModuleType

SERVICE: Final = "iayos"


class Tokens(msgspec.Struct, frozen=True):
    """What proves a sign-in."""

    token: str
    refresh_token: str


def put(entry: str, tokens: Tokens) -> None:
    """Keep, or replace."""
    with _open() as keyring:
        keyring.set_password(SERVICE, entry, msgspec.json.encode(tokens).decode())


def get(entry: str) -> Tokens | None:
    """What is kept; None when somebody removed it."""
    with _open() as keyring:
        kept = keyring.get_password(SERVICE, entry)
    return None if kept is None else msgspec.json.decode(kept, type=Tokens)


def drop(entry: str) -> None:
    """Keep no more."""
    with _open() as keyring:
        if keyring.get_password(SERVICE, entry) is not None:
            keyring.delete_password(SERVICE, entry)


@contextmanager
def _open() -> "Iterator[ModuleType]":
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        raise Fault(
            "the package keyring is not installed.",
            code=USAGE,
            hint="pip install 'iayos[keyring]', or leave out --keyring",
        ) from None
    try:
        yield keyring
    except NoKeyringError:
        raise Fault(
            "this machine has no keyring.", code=USAGE, hint="without --keyring: a file that only you can read"
        ) from None
    except KeyringError as error:
        raise Fault(f"the keyring does not let us in: {error}.", hint="unlock it, and the same again") from None
