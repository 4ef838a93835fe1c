"""Sign-ins as rows: opening and ending them, and the turn of refresh tokens."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import bindparam, select, update

from iayos.accounts import bearer
from iayos.accounts.models import Account, RefreshTokenTable, SessionTable
from iayos.accounts.queries import account_of
from iayos.core import clock, tokens
from iayos.core.db import Database, Row, Statement, Tx
from iayos.core.errors import AuthFailed, AuthRequired
from iayos.core.models import Instant
from iayos.core.principal import Principal

WEB: Final = "WEB"
MOBILE: Final = "MOBILE"
WEB_LASTS: Final = timedelta(days=7)
AGAIN_WITHIN: Final = timedelta(seconds=10)
"""How soon a phone that missed the answer may ask with the same refresh token again."""


SUSPENDED: Final = "This account is suspended. Please write to our support."


class RefreshRefused(AuthFailed):
    """The refresh token is not ours, over, served already, or its session has ended."""

    message = "Please sign in again."


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A new sign-in: the secrets to hand out, which are kept nowhere here."""

    account: Account
    cookie: str | None = None
    pair: tuple[str, str] | None = None
    """Access and refresh token."""


class Family(Row, frozen=True):
    """A refresh token with the session whose turn it is."""

    token_id: int
    used_at: datetime | None
    successor_jti: str | None
    session_id: int
    account_id: int


class Turned(Row, frozen=True):
    """A refresh token, to be minted again."""

    table = RefreshTokenTable
    jti: str
    issued_at: datetime
    used_at: datetime | None


FAMILY_FOR_UPDATE = Statement(
    select(
        RefreshTokenTable.id, RefreshTokenTable.used_at, RefreshTokenTable.successor_jti,
        SessionTable.id, SessionTable.account_id,
    )
    .join(SessionTable, SessionTable.id == RefreshTokenTable.session_id)
    .where(RefreshTokenTable.jti == bindparam("jti"), SessionTable.ended_at.is_(None))
    .with_for_update(),
    into=Family,
)  # fmt: skip
TURNED = Statement(
    select(RefreshTokenTable.jti, RefreshTokenTable.issued_at, RefreshTokenTable.used_at).where(
        RefreshTokenTable.jti == bindparam("jti")
    ),
    into=Turned,
)
_end = update(SessionTable).values(
    ended_at=bindparam("now", type_=Instant), end_reason=bindparam("reason")
).where(SessionTable.ended_at.is_(None))  # fmt: skip
HELD_OPEN = Statement(
    select(SessionTable.ended_at.is_(None)).where(SessionTable.id == bindparam("session_id")).with_for_update(read=True)
)
END_ALL = Statement(_end.where(SessionTable.account_id == bindparam("of_account")))
END_ONE = Statement(_end.where(SessionTable.id == bindparam("of_session")))


async def begin(tx: Tx, account: Account, *kinds: str, secret: str, continues: int | None = None) -> Opened:
    """Open a session of each of these kinds; one that continues another takes its phone along."""
    return Opened(
        account=account,
        cookie=await _open_web(tx, account, continues) if WEB in kinds else None,
        pair=await _open_mobile(tx, account, continues, secret=secret) if MOBILE in kinds else None,
    )


async def end(tx: Tx, by: Principal, *, reason: str) -> None:
    """End the session that this request came by."""
    await tx.run(END_ONE, of_session=by.session_id, now=clock.now(), reason=reason)


async def hold_open(tx: Tx, by: Principal) -> None:
    """The session that this request came by, kept from ending until the transaction does; refused when it has ended."""
    if not await tx.value(HELD_OPEN, session_id=by.session_id):
        raise AuthRequired


async def end_all(tx: Tx, account_id: int, *, reason: str) -> None:
    """End every session of the account, on all devices; the next request and open sockets notice."""
    await tx.run(END_ALL, of_account=account_id, now=clock.now(), reason=reason)


async def refresh(db: Database, refresh_token: str, *, secret: str) -> tuple[str, str]:
    """The next access and refresh token. A token that served before ends its whole family, but for a quick repetition."""
    claims = bearer.read(secret, refresh_token, typ=bearer.REFRESH)
    if claims is None:
        raise RefreshRefused
    async with db.transaction() as tx:
        pair = await _turn(tx, claims, secret=secret)
    if pair is None:  # raised after the commit: the end of the family must stay
        if (await account_of(db.reads, claims.user_id)).suspended_at is not None:
            raise RefreshRefused(SUSPENDED, suspended=True)
        raise RefreshRefused
    return pair


async def _open_web(tx: Tx, account: Account, continues: int | None) -> str:
    cookie, moment = tokens.secret(), clock.now()
    await tx.insert(
        SessionTable, account_id=account.id, kind=WEB, token_hash=tokens.digest(cookie), created_at=moment,
        expires_at=moment + WEB_LASTS, continues=continues,
    )  # fmt: skip
    return cookie


async def _open_mobile(tx: Tx, account: Account, continues: int | None, *, secret: str) -> tuple[str, str]:
    moment = clock.now()
    session_id = await tx.insert(
        SessionTable, account_id=account.id, kind=MOBILE, created_at=moment, expires_at=moment + bearer.REFRESH_LASTS,
        continues=continues,
    )  # fmt: skip
    return _mint(secret, account, session_id, await _issue(tx, session_id))


async def _turn(tx: Tx, claims: bearer.Claims, *, secret: str) -> tuple[str, str] | None:
    family = await tx.one_or_none(FAMILY_FOR_UPDATE, jti=claims.jti)
    if family is None:
        return None
    account = await account_of(tx, family.account_id)
    if account.suspended_at is not None:
        return None
    issued = await (_next(tx, family) if family.used_at is None else _same_again(tx, family))
    if issued is None:
        await tx.run(END_ONE, of_session=family.session_id, now=clock.now(), reason="REFRESH_TOKEN_REUSED")
        return None
    return _mint(secret, account, family.session_id, issued)


async def _next(tx: Tx, family: Family) -> Turned:
    issued = await _issue(tx, family.session_id)
    await tx.update(RefreshTokenTable, family.token_id, used_at=clock.now(), successor_jti=issued.jti)
    await tx.update(SessionTable, family.session_id, expires_at=issued.issued_at + bearer.REFRESH_LASTS)
    return issued


async def _same_again(tx: Tx, family: Family) -> Turned | None:
    """The successor once more, when this is the immediate repetition of a request whose answer was lost."""
    if family.used_at is None or clock.now() - family.used_at > AGAIN_WITHIN:
        return None
    successor = await tx.one(TURNED, jti=family.successor_jti)
    return successor if successor.used_at is None else None


async def _issue(tx: Tx, session_id: int) -> Turned:
    issued: Turned = await tx.insert(
        Turned, session_id=session_id, jti=tokens.secret(24), issued_at=clock.now(), used_at=None
    )
    return issued


def _mint(secret: str, account: Account, session_id: int, issued: Turned) -> tuple[str, str]:
    return bearer.mint(secret, account, session_id=session_id, refresh_jti=issued.jti, issued_at=issued.issued_at)
