"""Proving who one is by a password: what is told of a failure, and when an email is locked."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, and_, bindparam, case, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from iayos.accounts import sessions
from iayos.accounts.models import Account, AccountTable, SignInFailureTable
from iayos.accounts.passwords import Passwords
from iayos.accounts.queries import LOGIN, LOGIN_OF_EMAIL, Login, lock_account
from iayos.accounts.sessions import Opened
from iayos.core import clock, metrics, tokens
from iayos.core.db import Database, Reads, Statement, Tx
from iayos.core.errors import AuthFailed, Forbidden, RateLimited
from iayos.core.models import Instant
from iayos.core.principal import Principal

MOST_FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=15)
LOCKED_FOR: Final = timedelta(minutes=15)


class WrongPassword(AuthFailed):
    """Email or password is wrong; which one is told to nobody, and the words are the reference's for both."""

    message = "Invalid credentials"

    def __init__(self, field: str = "password") -> None:
        super().__init__(field=field, reason="Password is incorrect")


class AccountLocked(RateLimited):
    """Too many wrong passwords for this email, whether or not it has an account."""

    code = "ACCOUNT_LOCKED"
    message = "There were too many wrong passwords for this email. It opens again at the time given."

    def __init__(self, opens_at: datetime | None = None) -> None:
        opens_at = opens_at or clock.now() + LOCKED_FOR
        wait = max(1, -int((clock.now() - opens_at).total_seconds() // 1))
        super().__init__(retry_after=wait, opensAt=opens_at)


class AccountSuspended(Forbidden):
    """The password is right, but staff suspended the account."""

    code, message = "ACCOUNT_SUSPENDED", sessions.SUSPENDED


_this = SignInFailureTable.email_hash == bindparam("email_hash")
_open = or_(
    SignInFailureTable.locked_until.is_(None), SignInFailureTable.locked_until <= bindparam("now", type_=Instant)
)
LOCKED_UNTIL = Statement(
    select(SignInFailureTable.locked_until).where(
        _this, SignInFailureTable.locked_until > bindparam("now", type_=Instant)
    )
)
_old = SignInFailureTable.since <= bindparam("oldest", type_=Instant)
_first = insert(SignInFailureTable).values(
    email_hash=bindparam("email_hash"), failures=1, since=bindparam("now", type_=Instant)
)
FAILED = Statement(
    _first.on_conflict_do_update(
        index_elements=["email_hash"],
        set_={
            "failures": case((_old, 1), else_=SignInFailureTable.failures + 1),
            "since": case((_old, _first.excluded.since), else_=SignInFailureTable.since),
            "locked_until": case(
                (
                    and_(~_old, SignInFailureTable.failures + 1 >= MOST_FAILURES),
                    bindparam("locked_until", type_=Instant),
                ),
                else_=None,
            ),
        },
        where=_open,
    ).returning(SignInFailureTable.failures)
)
FORGIVE = Statement(delete(SignInFailureTable).where(_this, _open))
FORGIVE_ALL = Statement(delete(SignInFailureTable).where(_this))
UNCHANGED = Statement(
    select(AccountTable.id)
    .where(
        AccountTable.id == bindparam("account_id", type_=BigInteger),
        AccountTable.password_hash == bindparam("password_hash"),
    )
    .with_for_update(key_share=True)  # whoever holds a job tells its sides something meanwhile
)


async def sign_in(db: Database, passwords: Passwords, *, email: str, password: str, kind: str, secret: str) -> Opened:
    """A session of this kind for whoever knows the password."""
    login = await prove(db, passwords, email=email, password=password)
    async with db.transaction() as tx:
        account = await _admit(tx, login)
        return await sessions.begin(tx, account, kind, secret=secret)


async def prove(db: Database, passwords: Passwords, *, email: str, password: str) -> Login:
    """Who signs in with this email and password. Everything else looks the same, in words and in time."""
    email = email.lower()
    await refuse_locked(db.reads, email)
    login = await db.reads.one_or_none(LOGIN_OF_EMAIL, email=email)
    fits = await passwords.verify(login.password_hash if login else None, password)
    if not fits or login is None:
        await failed(db, email)
        raise WrongPassword
    if login.suspended_at is not None:
        raise AccountSuspended
    return login


async def prove_again(db: Database, passwords: Passwords, by: Principal, password: str, *, field: str) -> Login:
    """Somebody who is signed in shows the password once more; a wrong one counts as at the sign-in."""
    await refuse_locked(db.reads, by.email)
    login = await db.reads.one(LOGIN, account_id=by.account_id)
    if not await passwords.verify(login.password_hash, password):
        await failed(db, by.email)
        raise WrongPassword(field)
    return login


async def _admit(tx: Tx, login: Login) -> Account:
    """The account, locked, in the transaction that opens its session: nothing may have changed since the proof."""
    if await tx.value(UNCHANGED, account_id=login.id, password_hash=login.password_hash) is None:
        raise WrongPassword
    account = await lock_account(tx, login.id)
    if account.suspended_at is not None:
        raise AccountSuspended
    # ten guesses at once may all have begun before the first was counted
    await refuse_locked(tx, account.email)
    await tx.run(FORGIVE, email_hash=tokens.digest(account.email), now=clock.now())
    return account


async def refuse_locked(reads: Reads, email: str) -> None:
    """429 while the email is locked."""
    opens_at = await reads.value(LOCKED_UNTIL, email_hash=tokens.digest(email), now=clock.now())
    if opens_at is not None:
        metrics.SIGN_INS_FAILED.labels("locked").inc()
        raise AccountLocked(opens_at)


async def failed(db: Database, email: str) -> None:
    """Count a wrong password, whatever becomes of the request; 429 when others have locked the email meanwhile."""
    metrics.SIGN_INS_FAILED.labels("password").inc()
    moment = clock.now()
    async with db.transaction() as tx:
        counted = await tx.value(
            FAILED,
            email_hash=tokens.digest(email),
            now=moment,
            oldest=moment - WINDOW,
            locked_until=moment + LOCKED_FOR,
        )
    if counted is None:
        await refuse_locked(db.reads, email)


async def forgive(tx: Tx, email: str) -> None:
    """Forget the failures and open the lock: its owner has proved by mail who he is."""
    await tx.run(FORGIVE_ALL, email_hash=tokens.digest(email))
