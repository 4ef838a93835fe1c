"""Mails of accounts, and what is forgotten after a while."""

from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from iayos.accounts import mails
from iayos.accounts.gateway import Mailer
from iayos.accounts.models import (
    Account,
    AccountTokenTable,
    RefreshTokenTable,
    SessionTable,
    SignInFailureTable,
)  # fmt: skip
from iayos.accounts.queries import ACCOUNT
from iayos.accounts.states import RESET_PASSWORD, VERIFY_EMAIL
from iayos.core import clock, tokens
from iayos.core.db import Database, Row, Statement
from iayos.core.models import Instant
from iayos.settings import Settings

KEPT: Final = timedelta(days=30)
"""How long ended sessions and used tokens are remembered."""
PATHS: Final = {VERIFY_EMAIL: "/verify-email", RESET_PASSWORD: "/reset-password"}


class Token(Row, frozen=True):
    """A token that travels by mail."""

    table = AccountTokenTable
    id: int
    expires_at: object
    used_at: object


_new_token = insert(AccountTokenTable).values(
    account_id=bindparam("account_id"), purpose=bindparam("purpose"), token_hash=bindparam("token_hash"),
    created_at=bindparam("now", type_=Instant), expires_at=bindparam("expires_at"),
)  # fmt: skip
KEEP_TOKEN = Statement(_new_token.on_conflict_do_nothing(index_elements=["token_hash"]))
TOKEN = Statement(
    select(AccountTokenTable.id, AccountTokenTable.expires_at, AccountTokenTable.used_at).where(
        AccountTokenTable.token_hash == bindparam("token_hash")
    ),
    into=Token,
)
_before = bindparam("before", type_=Instant)
_over = select(SessionTable.id).where(or_(SessionTable.expires_at < _before, SessionTable.ended_at < _before))
EXPIRE = Statement(
    update(SessionTable)
    .where(SessionTable.ended_at.is_(None), SessionTable.expires_at < bindparam("now", type_=Instant))
    .values(ended_at=SessionTable.expires_at, end_reason="EXPIRED")
)
SWEEPS: Final = (
    Statement(delete(RefreshTokenTable).where(RefreshTokenTable.session_id.in_(_over))),
    Statement(delete(SessionTable).where(SessionTable.id.in_(_over))),
    Statement(delete(AccountTokenTable).where(AccountTokenTable.expires_at < _before)),
    Statement(delete(SignInFailureTable).where(SignInFailureTable.since < _before)),
)


async def mail_token(
    db: Database, mailer: Mailer, settings: Settings, *, account_id: int | None, purpose: str, nonce: str
) -> None:
    """Make the token that belongs to `nonce`, keep its hash, and mail the link. Repeated, it mails the same link once."""
    account = await db.reads.one_or_none(ACCOUNT, account_id=account_id)
    if account is None or (purpose == VERIFY_EMAIL and account.email_verified_at is not None):
        return
    token = tokens.sign(settings.secret, purpose, account.id, nonce)
    kept = await _keep(db, settings, account, purpose, token)
    if kept.used_at is not None:
        return
    link = f"{settings.pages_url}{PATHS[purpose]}?token={token}"
    lasts = {VERIFY_EMAIL: settings.verification_hours, RESET_PASSWORD: settings.reset_minutes}[purpose]
    mail = mails.mail(purpose, account.language, name=account.first_name, link=link, lasts=lasts)
    await mailer.send(
        to=account.email, subject=mail.subject, html=mail.html, text=mail.text, key=f"account-token/{kept.id}"
    )


async def mail_password_changed(db: Database, mailer: Mailer, *, account_id: int, at_time: str) -> None:
    """Tell the owner that the password is another now."""
    account = await db.reads.one_or_none(ACCOUNT, account_id=account_id)
    if account is None:
        return
    mail = mails.mail(mails.PASSWORD_CHANGED, account.language, name=account.first_name)
    key = f"password-changed/{account.id}/{at_time}"
    await mailer.send(to=account.email, subject=mail.subject, html=mail.html, text=mail.text, key=key)


async def mail_standing(db: Database, mailer: Mailer, *, account_id: int, kind: str, at_time: str) -> None:
    """Tell the owner that the account is suspended, or open again; nothing if that is no longer so."""
    account = await db.reads.one_or_none(ACCOUNT, account_id=account_id)
    if account is None or (account.suspended_at is not None) is not (kind == mails.SUSPENDED):
        return
    mail = mails.mail(kind, account.language, name=account.first_name)
    key = f"standing/{account.id}/{kind}/{at_time}"
    await mailer.send(to=account.email, subject=mail.subject, html=mail.html, text=mail.text, key=key)


async def sweep(db: Database) -> None:
    """End sessions that ran out; forget sessions, tokens and failures that have been over for a month."""
    async with db.transaction() as tx:
        await tx.run(EXPIRE, now=clock.now())
        for statement in SWEEPS:
            await tx.run(statement, before=clock.now() - KEPT)


async def _keep(db: Database, settings: Settings, account: Account, purpose: str, token: str) -> Token:
    lasts = {
        VERIFY_EMAIL: timedelta(hours=settings.verification_hours),
        RESET_PASSWORD: timedelta(minutes=settings.reset_minutes),
    }
    moment, token_hash = clock.now(), tokens.digest(token)
    async with db.transaction() as tx:
        await tx.run(
            KEEP_TOKEN, account_id=account.id, purpose=purpose, token_hash=token_hash, now=moment,
            expires_at=moment + lasts[purpose],
        )  # fmt: skip
        return await tx.one(TOKEN, token_hash=token_hash)
