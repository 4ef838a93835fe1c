"""Erasing an account (Data Privacy Act): what can be settled is closed, what is personal goes, what is counted stays."""

from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, func, update

from iayos.accounts import sessions, sign_in
from iayos.accounts.models import Account, AccountTable
from iayos.accounts.passwords import Passwords
from iayos.accounts.queries import lock_account
from iayos.agencies import actions as employments
from iayos.agencies.states import EmployeeStatus
from iayos.core import clock
from iayos.core.db import Database, Statement, Tx
from iayos.core.errors import Conflict
from iayos.core.models import Instant
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs import actions as jobs
from iayos.jobs import agency, applications, invites
from iayos.media.actions import discard
from iayos.privacy import words
from iayos.privacy.held import refuse_held

REASON: Final = "The account was closed"
NO_HASH: Final = "!"
"""No password has this hash."""
AGAIN_AFTER: Final = (timedelta(minutes=2), timedelta(days=1))
"""When it is looked again for what requests that were under way have left."""


class StaffStays(Conflict):
    """Whoever signed decisions as staff is taken off by the operator of the host, not by himself."""

    code, message = "STAFF_ACCOUNT", "A staff account cannot erase itself. Please ask whoever runs the service."


BLANK: Final = Statement(
    update(AccountTable)
    .where(AccountTable.id == bindparam("me", type_=BigInteger))
    .values(
        email=bindparam("new_email"), password_hash=NO_HASH, first_name="Erased", last_name="User", business_name=None,
        contact_num=None, city=None, province=None, latitude=None, longitude=None, kyc_verified=False,
        email_verified_at=None, suspended_at=func.coalesce(AccountTable.suspended_at, bindparam("now", type_=Instant)),
        erased_at=func.coalesce(AccountTable.erased_at, bindparam("now", type_=Instant)), updated_at=bindparam("now", type_=Instant),
    )
)  # fmt: skip


async def erase(db: Database, passwords: Passwords, *, by: Principal, password: str) -> None:
    """Nothing personal of the caller remains, in the database at once and in storage as soon as it answers."""
    if by.is_staff:
        raise StaffStays
    login = await sign_in.prove_again(db, passwords, by, password, field="password")
    async with db.transaction() as tx:
        account = await lock_account(tx, by.account_id)
        if await tx.value(sign_in.UNCHANGED, account_id=account.id, password_hash=login.password_hash) is None:
            raise sign_in.WrongPassword
        await tx.all(words.LOCK_JOBS, me=account.id)
        await refuse_held(tx, account.id)
        await sign_in.forgive(tx, account.email)
        await _go(tx, by)
        for wait in AGAIN_AFTER:
            await later(tx, "privacy.erase_again", at=clock.now() + wait, account_id=account.id)


async def erase_again(db: Database, *, account_id: int) -> None:
    """What a request that was let in before the erasure has written after it goes the same way."""
    async with db.transaction() as tx:
        account = await lock_account(tx, account_id)
        await tx.all(words.LOCK_JOBS, me=account.id)
        await _go(tx, _gone(account))


def _gone(account: Account) -> Principal:
    """Whoever was erased, for the verbs that close what is theirs."""
    return Principal(
        account_id=account.id, email=account.email, profile_type=account.profile_type, role=None, email_verified=True,
        kyc_verified=False, session_id=0, session_kind=sessions.WEB,
    )  # fmt: skip


async def _go(tx: Tx, by: Principal) -> None:
    await _clear(tx, by.account_id)
    await _close(tx, by)
    # what the closing itself told the one who goes
    await tx.run(words.MY_NOTICES, me=by.account_id)
    await sessions.end_all(tx, by.account_id, reason="ERASED")


async def _clear(tx: Tx, account_id: int) -> None:
    """Words and files go first, so that what is told of the closing has no name in it any more."""
    await discard(tx, [media_id for (media_id,) in await tx.all(words.MY_MEDIA, me=account_id)])
    await tx.run(words.EVENTS, me=account_id)
    await tx.run(words.NOTICES, me=account_id)
    await tx.run(words.ANSWERS, me=account_id)
    for statement in words.CLEARED:
        await tx.run(statement, me=account_id)
    await tx.run(BLANK, me=account_id, new_email=f"erased-{account_id}@invalid.invalid", now=clock.now())


async def _close(tx: Tx, by: Principal) -> None:
    """Listings, invitations, applications and employments end by their own verbs; the other side is told."""
    for (job_id,) in await tx.all(words.OPEN_JOBS, me=by.account_id):
        await jobs.cancel(tx, await jobs.job_of_client(tx, job_id, by), by=by, reason=REASON)
    for job_id, to_agency in await tx.all(words.INVITED_TO, me=by.account_id):
        await (agency if to_agency else invites).reject(tx, job_id, reason=REASON, by=by)
    for (application_id,) in await tx.all(words.APPLIED, me=by.account_id):
        await applications.withdraw(tx, application_id, by=by)
    for employee_id, status in await tx.all(words.EMPLOYED, me=by.account_id):
        part = employments.decline if status == EmployeeStatus.INVITED else employments.leave
        await part(tx, employee_id, by=by)
    for (employee_id,) in await tx.all(words.EMPLOYING, me=by.account_id):
        await employments.deactivate(tx, employee_id, by=by)
