"""`iayos admin create`."""

import asyncio
import sys
from pathlib import Path

import msgspec

from cli.faults import CONFLICT, USAGE, Fault
from cli.host.database import database, newest_version, version_of
from iayos.accounts.actions import EmailTaken, create_staff
from iayos.accounts.passwords import Passwords
from iayos.accounts.schemas import Email, Name
from iayos.accounts.states import Role
from iayos.core import wire
from iayos.core.db import Database
from iayos.core.errors import Invalid


def create(data_dir: Path, *, email: str, password: str, role: str, first_name: str, last_name: str) -> None:
    """Make the account, in the database that is meant."""
    try:
        checked = msgspec.convert([email, first_name, last_name], tuple[Email, Name, Name], dec_hook=wire.decode)
    except msgspec.ValidationError as fault:
        raise Fault(str(fault), code=USAGE) from None
    with database(data_dir) as url:
        if asyncio.run(version_of(url)) != newest_version():
            raise Fault("migrations are waiting.", code=CONFLICT, hint="iayos db migrate")
        made = asyncio.run(insert(url, checked, password=password, role=Role(role)))
    sys.stderr.write(f"account {made} for {email} with role {role}\n")


async def insert(url: str, checked: tuple[Email, Name, Name], *, password: str, role: Role) -> int:
    """The new account's id."""
    db = await Database.open(url, size=1)
    passwords = Passwords()
    email, first_name, last_name = checked
    try:
        account = await create_staff(
            db, passwords, email=email, password=password, role=role, first_name=first_name, last_name=last_name
        )
    except EmailTaken as taken:
        raise Fault(taken.message, code=CONFLICT) from None
    except Invalid as fault:
        raise Fault(fault.message, code=USAGE) from None
    finally:
        passwords.close()
        await db.close()
    return account.id
