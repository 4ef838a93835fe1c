"""`iayos login`, `logout`, `whoami`."""

import os
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import typer

from cli import ask, config, show, vault
from cli.api import API
from cli.config import Profile
from cli.faults import NOT_ALLOWED, Fault
from cli.options import AsJSON, PasswordFromStdin, ProfileName
from cli.show import Column


def login(
    email: Annotated[str, typer.Option(metavar="E", prompt=True, help="Your email address.")],
    url: Annotated[
        str | None, typer.Option(metavar="U", help="The server.  [default: IAYOS_URL, else this machine]")
    ] = None,
    password_stdin: PasswordFromStdin = False,
    profile: Annotated[
        str | None,
        typer.Option(metavar="P", autocompletion=config.names, help="A name for this sign-in, to have several."),
    ] = None,
    keyring: Annotated[bool, typer.Option("--keyring", help="Keep the tokens in this machine's keyring.")] = False,
) -> None:
    """Sign in.

    The tokens are kept in a file that only you can read, or in the keyring.
    """
    where = (url or os.environ.get("IAYOS_URL") or config.DEFAULT_URL).rstrip("/")
    if overheard(where):
        show.note(f"Warning: {where} is not encrypted: others on the way can read your password and act as you.")
    name = profile or os.environ.get("IAYOS_PROFILE") or config.DEFAULT_PROFILE
    if keyring:
        vault.get(name)  # one that does not work is told before anything is asked
    password = ask.password(from_stdin=password_stdin)
    with API(Profile(url=where)) as api:
        answer = api.post("/api/mobile/auth/login", {"email": email, "password": password})
    user = answer["user"]
    kept = Profile(
        url=where, email=user["email"], token=answer["token"], refresh_token=answer["refreshToken"],
        kept_in="keyring" if keyring else "file",
    )  # fmt: skip
    config.keep(name, kept)
    show.note(f"Signed in at {where} as {user['email']} ({user['role'] or user['profileType']}).")


def logout(profile: ProfileName = None) -> None:
    """End the session and forget its token."""
    name = config.name_of(profile)
    with API.signed_in(profile) as api:
        try:
            api.post("/api/mobile/auth/logout")
        except Fault as fault:
            if fault.code != NOT_ALLOWED:  # ended already is as good
                raise
    config.forget(name)
    show.note("Signed out.")


def whoami(as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Who you are signed in as, and where.

    Also until when the token is good; it is renewed by itself.
    """
    with API.signed_in(profile) as api:
        me = api.get("/api/accounts/me")
        url, until = api.profile.url, expiry(api.profile.token)
    columns = [
        Column("ACCOUNT", "number"), Column("EMAIL"), Column("NAME"), Column("ROLE"), Column("EXPIRES", "time"), Column("SERVER"),
    ]  # fmt: skip
    name = me["businessName"] or f"{me['firstName']} {me['lastName']}"
    row = [me["accountID"], me["email"], name, me["role"] or me["profileType"], until, url]
    show.table(columns, [row], as_json=as_json, raw=me)


def overheard(url: str) -> bool:
    """Does what is said there leave this machine unencrypted?"""
    try:
        there = urlsplit(url)
    except ValueError:  # no address at all, as is said when it is asked
        return False
    if there.scheme != "http" or not there.hostname or there.hostname == "localhost":
        return False
    try:
        return not ip_address(there.hostname).is_loopback
    except ValueError:
        return True


def expiry(token: str) -> str | None:
    """Until when a token says that it is good."""
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(token.split(".")[1] + "=="))
        return datetime.fromtimestamp(claims["exp"], UTC).isoformat().replace("+00:00", "Z")
    except (LookupError, TypeError, ValueError):
        return None
