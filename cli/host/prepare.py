"""`python -m cli.host.prepare [--no-demo-data]` migrates `IAYOS_DATABASE_URL` and adds the accounts that are missing."""

import asyncio
import sys
from typing import Final

from sqlalchemy import bindparam, func, select

from cli.host.people import PASSWORD, Person, everybody
from iayos.accounts.actions import ensure_account
from iayos.accounts.models import AccountTable
from iayos.accounts.passwords import Passwords
from iayos.core import logs, migrate
from iayos.core.db import Database, Statement, Tx
from iayos.profiles.actions import ADD_TRADES
from iayos.profiles.models import CategoryTable, SpecializationTable
from iayos.settings import from_env

TRADES: Final = Statement(select(CategoryTable.name, CategoryTable.id))
TRADES_OF: Final = Statement(
    select(func.count())
    .select_from(SpecializationTable)
    .where(SpecializationTable.account_id == bindparam("account_id"))
)


async def add(url: str, *, demo_data: bool) -> None:
    """Make the accounts that are missing; those that are there stay as they are."""
    db = await Database.open(url, size=2)
    passwords = Passwords()
    try:
        for person in everybody(demo_data=demo_data):
            account = await ensure_account(
                db, passwords, email=person.email, password=PASSWORD, first_name=person.first_name,
                last_name=person.last_name, **person.columns,
            )  # fmt: skip
            async with db.transaction() as tx:
                await complete(tx, account.id, person)
    finally:
        passwords.close()
        await db.close()


async def complete(tx: Tx, account_id: int, person: Person) -> None:
    """KYC and trades, as the person has them."""
    if person.kyc_verified:
        await tx.update(AccountTable, account_id, kyc_verified=True)
    if person.trades and not await tx.value(TRADES_OF, account_id=account_id):
        known = dict(await tx.all(TRADES))
        await tx.run(ADD_TRADES, account_id=account_id, category_ids=[known[name] for name in person.trades])


if __name__ == "__main__":
    logs.configure_process(level="WARNING")
    settings = from_env()
    migrate.upgrade(settings.database_url)
    asyncio.run(add(settings.database_url, demo_data="--no-demo-data" not in sys.argv))
