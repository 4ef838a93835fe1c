"""Reading accounts and sessions."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from iayos.accounts import bearer
from iayos.accounts.models import Account, AccountTable, SessionTable
from iayos.core import clock, tokens
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import AuthRequired
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.web.auth import Credentials


class LiveSession(Row, frozen=True):
    """A session that has not ended, with the account behind it."""

    session_id: int
    kind: str
    account_id: int
    email: str
    profile_type: str | None
    role: str | None
    email_verified_at: datetime | None
    kyc_verified: bool

    def principal(self) -> Principal:
        """Who that is."""
        return Principal(
            account_id=self.account_id, email=self.email, profile_type=self.profile_type, role=self.role,
            email_verified=self.email_verified_at is not None, kyc_verified=self.kyc_verified,
            session_id=self.session_id, session_kind=self.kind,
        )  # fmt: skip


class Login(Row, frozen=True):
    """What a sign-in has to know of an account."""

    table = AccountTable
    id: int
    email: str
    password_hash: str
    suspended_at: datetime | None


_live = (
    select(
        SessionTable.id, SessionTable.kind, AccountTable.id, AccountTable.email, AccountTable.profile_type,
        AccountTable.role, AccountTable.email_verified_at, AccountTable.kyc_verified,
    )
    .join(AccountTable, AccountTable.id == SessionTable.account_id)
    .where(
        SessionTable.ended_at.is_(None),
        SessionTable.expires_at > bindparam("now", type_=Instant),
        AccountTable.suspended_at.is_(None),
    )
)  # fmt: skip
BY_COOKIE = Statement(_live.where(SessionTable.token_hash == bindparam("token_hash")), into=LiveSession)
BY_SESSION = Statement(_live.where(SessionTable.id == bindparam("session_id")), into=LiveSession)
LIVE_SESSIONS = Statement(
    _live.with_only_columns(SessionTable.id).where(
        SessionTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger), required=True))
    )
)

_account = select(*columns(Account)).where(AccountTable.id == bindparam("account_id"))
ACCOUNT = Statement(_account, into=Account)
ACCOUNT_FOR_UPDATE = Statement(_account.with_for_update(key_share=True), into=Account)
ACCOUNT_OF_EMAIL = Statement(select(*columns(Account)).where(AccountTable.email == bindparam("email")), into=Account)
LOGIN_OF_EMAIL = Statement(select(*columns(Login)).where(AccountTable.email == bindparam("email")), into=Login)
LOGIN = Statement(select(*columns(Login)).where(AccountTable.id == bindparam("account_id")), into=Login)


async def find_principal(reads: Reads, given: Credentials, *, secret: str) -> Principal | None:
    """The account behind these credentials, as it is now; None when they are no longer good."""
    if given.kind == "cookie":
        session = await reads.one_or_none(BY_COOKIE, token_hash=tokens.digest(given.token), now=clock.now())
        return session.principal() if session else None
    claims = bearer.read(secret, given.token, typ=bearer.ACCESS)
    if claims is None or claims.session_id is None:
        return None
    session = await reads.one_or_none(BY_SESSION, session_id=claims.session_id, now=clock.now())
    return session.principal() if session and session.account_id == claims.user_id else None


async def live_sessions(reads: Reads, session_ids: Collection[int]) -> set[int]:
    """Those of these sessions that have not ended, of accounts that are not suspended."""
    return {row[0] for row in await reads.all(LIVE_SESSIONS, ids=list(session_ids), now=clock.now())}


async def account_of(reads: Reads, account_id: int) -> Account:
    """The account; LookupError when there is none."""
    return await reads.one(ACCOUNT, account_id=account_id)


async def lock_account(tx: Tx, account_id: int) -> Account:
    """The account, held until the transaction ends; LookupError when there is none."""
    return await tx.one(ACCOUNT_FOR_UPDATE, account_id=account_id)


async def lock_self(tx: Tx, by: Principal) -> Account:
    """The caller's own account, held; refused when it was suspended or erased since this request came in."""
    account = await lock_account(tx, by.account_id)
    if account.suspended_at is not None:
        raise AuthRequired
    return account
