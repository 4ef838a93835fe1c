"""`iayos login`, `logout`, `whoami`."""

import os
from typing import Annotated

import typer

from cli import ask, config, show
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
    profile: Annotated[str | None, typer.Option(metavar="P", help="A name for this sign-in, to have several.")] = None,
) -> None:
    """Sign in; the token is kept in a file that only you can read."""
    where = (url or os.environ.get("IAYOS_URL") or config.DEFAULT_URL).rstrip("/")
    password = ask.password(from_stdin=password_stdin)
    with API(Profile(url=where)) as api:
        answer = api.post("/api/mobile/auth/login", {"email": email, "password": password})
    name = profile or os.environ.get("IAYOS_PROFILE") or config.DEFAULT_PROFILE
    user = answer["user"]
    config.keep(
        name, Profile(url=where, email=user["email"], token=answer["token"], refresh_token=answer["refreshToken"])
    )  # fmt: skip
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
    """Who you are signed in as, and where."""
    with API.signed_in(profile) as api:
        me = api.get("/api/accounts/me")
        url = api.profile.url
    columns = [Column("ACCOUNT", "number"), Column("EMAIL"), Column("NAME"), Column("ROLE"), Column("SERVER")]
    name = me["businessName"] or f"{me['firstName']} {me['lastName']}"
    row = [me["accountID"], me["email"], name, me["role"] or me["profileType"], url]
    show.table(columns, [row], as_json=as_json, raw=me)
