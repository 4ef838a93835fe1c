"""`iayos admin create`."""

import asyncio
import sys
from pathlib import Path

import msgspec

from cli.faults import CONFLICT, USAGE, Fault
from cli.host.database import database, newest_version, version_of
from iayos.accounts.actions import EmailTaken, create_staff
from iayos.accounts.passwords import Passwords
from iayos.accounts.schemas import Email, Name, NewPassword
from iayos.accounts.states import Role
from iayos.core import wire
from iayos.core.db import Database
from iayos.core.errors import Invalid


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody new on the staff, by the same rules as anybody who registers."""

    email: Email
    password: NewPassword
    first_name: Name
    last_name: Name
    role: Role


def create(data_dir: Path, *, email: str, password: str, role: str, first_name: str, last_name: str) -> None:
    """Make the account, in the database that is meant."""
    given = {"email": email, "password": password, "first_name": first_name, "last_name": last_name, "role": role}
    try:
        member = msgspec.convert(given, Member, dec_hook=wire.decode)
    except msgspec.ValidationError as fault:
        reason, _, field = str(fault).partition(" - at `$.")
        raise Fault(f"{field.rstrip('`').replace('_', ' ')}: {reason}", code=USAGE) from None
    with database(data_dir) as url:
        if asyncio.run(version_of(url)) != newest_version():
            raise Fault("migrations are waiting.", code=CONFLICT, hint="iayos db migrate")
        made = asyncio.run(insert(url, member))
    sys.stderr.write(f"account {made} for {member.email} with role {member.role}\n")


async def insert(url: str, member: Member) -> int:
    """The new account's id."""
    db = await Database.open(url, size=1)
    passwords = Passwords()
    try:
        account = await create_staff(
            db, passwords, email=member.email, password=member.password, role=member.role,
            first_name=member.first_name, last_name=member.last_name,
        )  # fmt: skip
    except EmailTaken as taken:
        raise Fault(taken.message, code=CONFLICT) from None
    except Invalid as fault:
        raise Fault(fault.message, code=USAGE) from None
    finally:
        passwords.close()
        await db.close()
    return account.id
