"""What staff decides about accounts: suspension and its end, and who is on the staff."""

from typing import Any

from iayos.accounts import mails, sessions
from iayos.accounts.models import Account, AccountTable
from iayos.accounts.states import Role
from iayos.admin import suspension
from iayos.admin.suspension import Closed
from iayos.admin.users_queries import HELD
from iayos.core import audit, clock
from iayos.core.db import Tx
from iayos.core.errors import AuthRequired, Conflict, Forbidden, NotFound
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.core.second import forget_decisions


class AlreadySuspended(Conflict):
    code, message = "ALREADY_SUSPENDED", "This account is suspended already."


class NotSuspended(Conflict):
    code, message = "NOT_SUSPENDED", "This account is not suspended."


class OwnAccount(Conflict):
    code, message = "OWN_ACCOUNT", "Nobody suspends or restores the account that they are signed in with."


class LastAdmin(Conflict):
    code = "LAST_ADMIN"
    message = "This is the last ADMIN. Make somebody else ADMIN first; otherwise nobody could do so."


class AccountErased(Conflict):
    code, message = "ACCOUNT_ERASED", "This account was erased by its owner; nobody is behind it any more."


class RoleUnchanged(Conflict):
    code, message = "ROLE_UNCHANGED", "This account has exactly this role already."


class EmailUnconfirmed(Conflict):
    code = "EMAIL_UNCONFIRMED"
    message = "The email of this account is not confirmed, so nobody knows whose it is. Its owner opens the link that we sent."


async def suspend(tx: Tx, account_id: int, *, reason: str, by: Principal) -> Closed:
    """Nobody gets in with this account from now on; what it has open is closed, and what holds money goes to staff."""
    account = await _held(tx, account_id, by=by)
    if account.suspended_at is not None:
        raise AlreadySuspended(suspendedAt=account.suspended_at)
    _refuse_own(account, by)
    await _refuse_last(tx, account)
    moment = clock.now()
    await tx.update(AccountTable, account.id, suspended_at=moment)
    await sessions.end_all(tx, account.id, reason="SUSPENDED")
    await forget_decisions(tx, account.id)
    closed = await suspension.close(tx, account, by=by)
    await _tell(tx, account, mails.SUSPENDED)
    after = {"suspendedAt": moment, "closed": closed.ids()}
    await _note(tx, "users:suspend", account, reason=reason, by=by, before={"suspendedAt": None}, after=after)
    return closed


async def restore(tx: Tx, account_id: int, *, reason: str, by: Principal) -> None:
    """The owner may sign in again, and withdrawals that waited go out. What was closed stays closed."""
    account = await _held(tx, account_id, by=by)
    if account.suspended_at is None:
        raise NotSuspended
    _refuse_own(account, by)
    await tx.update(AccountTable, account.id, suspended_at=None)
    waiting = await suspension.unsent(tx, account.id)
    for payment_id in waiting:
        await later(tx, "payments.send_payout", payment_id=payment_id)
    await _tell(tx, account, mails.RESTORED)
    before = {"suspendedAt": account.suspended_at}
    after = {"suspendedAt": None, "withdrawalsSent": waiting}
    await _note(tx, "users:restore", account, reason=reason, by=by, before=before, after=after)


async def change_role(tx: Tx, account_id: int, *, role: Role | None, reason: str, by: Principal) -> None:
    """This account is on the staff in another way, or no more; it has to sign in anew, on every device."""
    account = await _held(tx, account_id, by=by)
    wanted = role.value if role else None
    if account.role == wanted:
        raise RoleUnchanged(role=wanted)
    if role is not None and account.email_verified_at is None:
        raise EmailUnconfirmed
    await _refuse_last(tx, account)
    await tx.update(AccountTable, account.id, role=wanted)
    await sessions.end_all(tx, account.id, reason="ROLE_CHANGED")
    await forget_decisions(tx, account.id)
    before, after = {"role": account.role}, {"role": wanted}
    await _note(tx, "users:role", account, reason=reason, by=by, before=before, after=after)


async def _held(tx: Tx, account_id: int, *, by: Principal) -> Account:
    """The account that is decided about, locked with the caller's and every ADMIN's.

    Of two who suspend each other at once one comes first, and the other finds itself signed out.
    """
    held = {row.id: row for row in await tx.all(HELD, ids=[account_id, by.account_id])}
    me, account = held[by.account_id], held.get(account_id)
    if me.suspended_at is not None or me.role != by.role:
        raise AuthRequired
    if account is None:
        raise NotFound(accountID=account_id)
    if account.erased_at is not None:
        raise AccountErased
    if account.role is not None and me.role != Role.ADMIN:
        raise Forbidden("Only an ADMIN decides about staff.", needs=[Role.ADMIN.value])
    return account


def _refuse_own(account: Account, by: Principal) -> None:
    if account.id == by.account_id:
        raise OwnAccount


async def _refuse_last(tx: Tx, account: Account) -> None:
    """Somebody must be left who may do everything. All of ADMIN are locked by now, so nobody else goes meanwhile."""
    if account.role != Role.ADMIN or account.suspended_at is not None:
        return
    left = [row for row in await tx.all(HELD, ids=[]) if row.id != account.id and row.suspended_at is None]
    if not left:
        raise LastAdmin


async def _tell(tx: Tx, account: Account, kind: str) -> None:
    await later(tx, "accounts.mail_standing", account_id=account.id, kind=kind, at_time=clock.now().isoformat())


async def _note(tx: Tx, action: str, account: Account, *, reason: str, by: Principal, **facts: dict[str, Any]) -> None:
    await audit.note(tx, by, action, subject=f"account:{account.id}", reason=reason, **facts)
