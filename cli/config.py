"""Where the CLI keeps its sign-ins: a file that its owner alone can read, and tokens in it or in the keyring."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from cli import vault
from cli.faults import NOT_ALLOWED, Fault

DEFAULT_URL: Final = "http://127.0.0.1:8000"
DEFAULT_PROFILE: Final = "default"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in at one server."""

    url: str
    email: str = ""
    token: str = ""
    refresh_token: str = ""
    kept_in: Literal["file", "keyring"] = "file"
    """Where the tokens are; in the keyring, the file holds none."""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, and the one that is used when none is named."""

    current: str = DEFAULT_PROFILE
    profiles: dict[str, Profile] = {}


def directory() -> Path:
    """`IAYOS_CONFIG_DIR`, else the user's own place for such things."""
    if given := os.environ.get("IAYOS_CONFIG_DIR"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "iayos"


def read() -> Book:
    """What is kept; an empty book when there is nothing yet."""
    path = directory() / "profiles.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except FileNotFoundError:
        return Book()
    except (msgspec.DecodeError, OSError) as error:
        raise Fault(f"{path} cannot be read: {error}", hint=f"remove it and sign in again: rm {path}") from None


def write(book: Book) -> None:
    """Replace the file at once and whole, mode 0600."""
    place = directory()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="profiles.", dir=place)  # made with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(book)))
        Path(name).replace(place / "profiles.json")
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def alone() -> Iterator[None]:
    """One command at a time changes the book, so that two do not spend one refresh token."""
    place = directory()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep(name: str, profile: Profile) -> None:
    """Keep a sign-in; it becomes the current one."""
    with alone():
        before = read().profiles.get(name)
        put(name, profile, current=name)
        if before and before.kept_in == "keyring" != profile.kept_in:
            vault.drop(_entry(name))


def put(name: str, profile: Profile, *, current: str | None = None) -> None:
    """Replace a sign-in, its tokens where it keeps them; for whoever is `alone`."""
    book = read()
    if profile.kept_in == "keyring":
        vault.put(_entry(name), vault.Tokens(profile.token, profile.refresh_token))
        profile = msgspec.structs.replace(profile, token="", refresh_token="")
    write(Book(current=current or book.current, profiles=book.profiles | {name: profile}))


def kept(name: str) -> Profile | None:
    """A sign-in with its tokens, if there is one."""
    profile = read().profiles.get(name)
    if profile is None or profile.kept_in == "file":
        return profile
    tokens = vault.get(_entry(name))
    return msgspec.structs.replace(profile, token=tokens.token, refresh_token=tokens.refresh_token) if tokens else None


def names() -> list[str]:
    """Those that there are, for the shell's completion."""
    try:
        return sorted(read().profiles)
    except Fault:  # a shell that completes a word is no place for it
        return []


def _entry(name: str) -> str:
    return f"{directory().absolute()}:{name}"


def forget(name: str) -> None:
    """Drop a sign-in."""
    with alone():
        book = read()
        if name in book.profiles and book.profiles[name].kept_in == "keyring":
            vault.drop(_entry(name))
        left = {other: profile for other, profile in book.profiles.items() if other != name}
        write(Book(current=next(iter(left), DEFAULT_PROFILE) if book.current == name else book.current, profiles=left))


def name_of(wanted: str | None) -> str:
    """The profile that is meant: the option, else `IAYOS_PROFILE`, else the one of the last sign-in."""
    return wanted or os.environ.get("IAYOS_PROFILE") or read().current


def profile_of(wanted: str | None) -> Profile:
    """The sign-in to use; `IAYOS_URL` and `IAYOS_TOKEN` win over what is kept."""
    name = name_of(wanted)
    url, token = os.environ.get("IAYOS_URL"), os.environ.get("IAYOS_TOKEN")
    if token:
        known = read().profiles.get(name)
        return Profile(url=url or (known.url if known else DEFAULT_URL), token=token)
    found = kept(name)
    if found is None:
        raise Fault("you are not signed in.", code=NOT_ALLOWED, hint="iayos login --url URL --email EMAIL")
    if url and url.rstrip("/") != found.url:
        raise Fault(
            f"the sign-in of profile {name} is for {found.url}, and IAYOS_URL says {url}.", code=NOT_ALLOWED,
            hint=f"iayos login --url {url}",
        )  # fmt: skip
    return found
