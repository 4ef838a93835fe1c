"""Reading accounts and sessions."""

from datetime import datetime

from sqlalchemy import bindparam, select

from iayos.accounts.models import AccountTable, SessionTable
from iayos.core import clock, tokens
from iayos.core.db import Reads, Row, Statement
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


async def find_principal(reads: Reads, given: Credentials) -> Principal | None:
    """The account behind these credentials, as it is now; None when they are no longer good."""
    if given.kind != "cookie":
        return None
    session = await reads.one_or_none(BY_COOKIE, token_hash=tokens.digest(given.token), now=clock.now())
    return session.principal() if session else None
