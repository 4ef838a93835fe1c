"""What people do with their accounts, and the host with those of staff."""

from datetime import timedelta
from typing import Any, Final

from msgspec import UNSET
from sqlalchemy import ARRAY, BigInteger, LargeBinary, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from iayos.accounts import sessions, sign_in
from iayos.accounts.models import Account, AccountTable, AccountTokenTable
from iayos.accounts.passwords import Passwords, weakness
from iayos.accounts.queries import ACCOUNT_OF_EMAIL, account_of, lock_account, lock_self
from iayos.accounts.schemas import EditAccount, Email, Register
from iayos.accounts.sessions import Opened
from iayos.accounts.states import RESET_PASSWORD, VERIFY_EMAIL, Personal, ProfileType, Role
from iayos.core import audit, clock, outbox, tokens
from iayos.core.db import Database, Statement, Tx, columns
from iayos.core.errors import Conflict, Invalid
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.settings import Settings
from iayos.web import limits


class EmailTaken(Conflict):
    """An account with this email exists."""

    code, message = "EMAIL_TAKEN", "There is an account with this email already. Sign in, or reset your password."


class TokenInvalid(Invalid):
    """The link is not ours, was used, or is too old."""

    code, message = "TOKEN_INVALID", "This link does not work any more. Please ask for a new one."

    def __init__(self) -> None:
        super().__init__(field="token", reason=self.message, fields=[{"field": "token", "reason": self.message}])


class ProfileFixed(Conflict):
    """Agencies and staff have one profile, or none, for good."""

    code, message = "PROFILE_FIXED", "Only clients and workers can switch between profiles."


MAILS_EACH: Final = 5
"""Mails of one kind that one email is sent in an hour."""
NEW_COLUMNS: Final = (
    "email", "password_hash", "profile_type", "profile_types", "role", "first_name", "last_name", "business_name",
    "contact_num", "city", "province", "latitude", "longitude", "language", "email_verified_at", "created_at", "updated_at",
)  # fmt: skip
NEW = Statement(
    insert(AccountTable)
    .values({name: bindparam(name, type_=AccountTable.__table__.c[name].type) for name in NEW_COLUMNS})
    .on_conflict_do_nothing(index_elements=["email"])
    .returning(*columns(Account)),
    into=Account,
)
_token = (
    AccountTokenTable.token_hash == bindparam("token_hash", type_=LargeBinary),
    AccountTokenTable.purpose == bindparam("the_purpose", type_=Text),
    AccountTokenTable.used_at.is_(None),
    AccountTokenTable.expires_at > bindparam("now", type_=Instant),
)
OWNER_OF_TOKEN = Statement(select(AccountTokenTable.account_id).where(*_token))
USE_TOKEN = Statement(
    update(AccountTokenTable)
    .where(*_token)
    .values(used_at=bindparam("now", type_=Instant))
    .returning(AccountTokenTable.account_id)
)
USE_UP = Statement(
    update(AccountTokenTable)
    .where(
        AccountTokenTable.account_id == bindparam("of_account", type_=BigInteger),
        AccountTokenTable.purpose == bindparam("the_purpose", type_=Text),
        AccountTokenTable.used_at.is_(None),
    )
    .values(used_at=bindparam("now", type_=Instant))
)
CHANGE_PASSWORD = Statement(
    update(AccountTable)
    .where(AccountTable.id == bindparam("account_id"), AccountTable.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now", type_=Instant))
)
SWITCH = Statement(
    update(AccountTable)
    .where(AccountTable.id == bindparam("account_id"))
    .values(
        profile_type=bindparam("to", type_=Text),
        profile_types=bindparam("held", type_=ARRAY(Text)),
        updated_at=bindparam("now", type_=Instant),
    )
    .returning(*columns(Account)),
    into=Account,
)


async def register(db: Database, passwords: Passwords, wanted: Register) -> Account:
    """A new account; a mail asks its owner to confirm the address."""
    faults = [("password", reason)] if (reason := weakness(wanted.password, wanted.email)) else []
    if wanted.profileType is ProfileType.AGENCY and not wanted.businessName:
        faults.append(("businessName", "An agency needs the name of its business"))
    if (wanted.latitude is None) != (wanted.longitude is None):
        faults.append(("latitude" if wanted.latitude is None else "longitude", "Expected both coordinates, or none"))
    if faults:
        raise Invalid.of_fields(faults)
    password_hash = await passwords.hash(wanted.password)
    async with db.transaction() as tx:
        account = await _new(
            tx, email=wanted.email, password_hash=password_hash, profile_type=wanted.profileType.value,
            first_name=wanted.firstName, last_name=wanted.lastName,
            business_name=wanted.businessName if wanted.profileType is ProfileType.AGENCY else None,
            contact_num=wanted.contactNum or None, city=wanted.city or None, province=wanted.province or None,
            latitude=wanted.latitude, longitude=wanted.longitude, language=wanted.language.value,
        )  # fmt: skip
        await mail_token(tx, account.id, VERIFY_EMAIL)
    return account


async def mail_token(tx: Tx, account_id: int | None, purpose: str) -> None:
    """Mail a link to the account's owner; None costs the same and mails nothing."""
    await outbox.later(tx, "accounts.mail_token", account_id=account_id, purpose=purpose, nonce=tokens.secret(16))


async def verify_email(tx: Tx, token: str) -> None:
    """Whoever holds the token has read the mail: the address is confirmed."""
    account = await _spend(tx, token, VERIFY_EMAIL)
    if account.email_verified_at is None:
        await tx.update(AccountTable, account.id, email_verified_at=clock.now())


async def ask_for_mail(db: Database, settings: Settings, purpose: str, *, email: str) -> None:
    """A mail with a link, if there is such an account and it has use for one; neither answer nor time tells.

    The limit holds for emails without an account too: being refused tells nothing.
    """
    if settings.rate_limits == "on":
        await limits.count(db, f"mail:{purpose}:{tokens.digest(email).hex()}", most=MAILS_EACH, per=timedelta(hours=1))
    async with db.transaction() as tx:
        account = await tx.one_or_none(ACCOUNT_OF_EMAIL, email=email)
        await mail_token(tx, account.id if account else None, purpose)


async def reset_password(db: Database, passwords: Passwords, *, token: str, password: str) -> None:
    """A new password for whoever holds the token; every session ends and a locked account opens."""
    token_hash = tokens.digest(token)
    owner = await db.reads.value(OWNER_OF_TOKEN, token_hash=token_hash, the_purpose=RESET_PASSWORD, now=clock.now())
    if owner is None:
        raise TokenInvalid
    _refuse_weak("password", password, (await account_of(db.reads, owner)).email)
    password_hash = await passwords.hash(password)
    async with db.transaction() as tx:
        account = await _spend(tx, token, RESET_PASSWORD)
        await tx.update(AccountTable, account.id, password_hash=password_hash)
        await sessions.end_all(tx, account.id, reason="PASSWORD_RESET")
        await sign_in.forgive(tx, account.email)
        await outbox.later(tx, "accounts.mail_password_changed", account_id=account.id, at_time=clock.now().isoformat())


async def change_password(
    db: Database, passwords: Passwords, *, by: Principal, current: str, new: str, secret: str
) -> Opened:
    """Set another password and end every session; a new one of the caller's kind goes on."""
    _refuse_weak("newPassword", new, by.email)
    login = await sign_in.prove_again(db, passwords, by, current, field="currentPassword")
    new_hash = await passwords.hash(new)
    async with db.transaction() as tx:
        account = await lock_self(tx, by)
        changed = await tx.run(
            CHANGE_PASSWORD, account_id=account.id, old_hash=login.password_hash, new_hash=new_hash, now=clock.now()
        )
        if not changed:
            raise sign_in.WrongPassword("currentPassword")
        await sessions.end_all(tx, account.id, reason="PASSWORD_CHANGED")
        await outbox.later(tx, "accounts.mail_password_changed", account_id=account.id, at_time=clock.now().isoformat())
        return await sessions.begin(tx, account, by.session_kind, secret=secret, continues=by.session_id)


async def edit(tx: Tx, wanted: EditAccount, *, by: Principal) -> Account:
    """Change what one says about oneself."""
    account = await lock_self(tx, by)
    given = {
        "first_name": wanted.firstName, "last_name": wanted.lastName, "business_name": wanted.businessName,
        "contact_num": wanted.contactNum, "city": wanted.city, "province": wanted.province,
        "latitude": wanted.latitude, "longitude": wanted.longitude, "language": wanted.language,
    }  # fmt: skip
    changes = {name: None if value == "" else value for name, value in given.items() if value is not UNSET}
    if "business_name" in changes and account.profile_type != ProfileType.AGENCY:
        raise Invalid.of("businessName", "Only an agency has the name of a business")
    latitude, longitude = (changes.get(name, getattr(account, name)) for name in ("latitude", "longitude"))
    if (latitude is None) != (longitude is None):
        raise Invalid.of("latitude" if latitude is None else "longitude", "Expected both coordinates, or none")
    if changes:
        await tx.update(AccountTable, account.id, **changes)
    return await account_of(tx, account.id)


async def switch_profile(tx: Tx, to: Personal, *, by: Principal, secret: str) -> Opened:
    """Act as client or worker from now on, with new tokens; a profile not held before is opened, every session ends."""
    account = await lock_self(tx, by)
    if account.profile_type not in set(Personal):
        raise ProfileFixed
    await sessions.end_all(tx, account.id, reason="PROFILE_SWITCHED")
    held = list(dict.fromkeys([*account.profile_types, to.value]))
    switched = await tx.one(SWITCH, account_id=account.id, to=to.value, held=held, now=clock.now())
    kinds = by.session_kind, sessions.MOBILE
    return await sessions.begin(tx, switched, *kinds, secret=secret, continues=by.session_id)


async def create_staff(
    db: Database, passwords: Passwords, *, email: str, password: str, role: Role, first_name: str, last_name: str
) -> Account:
    """An account for a member of staff, made on the host; its email counts as confirmed."""
    email = _address(email)
    _refuse_weak("password", password, email)
    password_hash = await passwords.hash(password)
    async with db.transaction() as tx:
        account = await _new(
            tx, email=email, password_hash=password_hash, role=Role(role).value, first_name=first_name, last_name=last_name,
            email_verified_at=clock.now(),
        )  # fmt: skip
        await audit.note(
            tx, None, "accounts:staff:create", subject=f"account:{account.id}", reason="made on the host",
            after={"role": account.role},
        )  # fmt: skip
    return account


async def ensure_account(
    db: Database, passwords: Passwords, *, email: str, password: str, first_name: str, last_name: str, **more: Any
) -> Account:
    """The account with this email, made with its address confirmed when it is not there; for demo data.

    `more` are columns of the table: `profile_type`, `role`, `business_name`, `city`, `latitude`, …
    """
    email = _address(email)
    known = await db.reads.one_or_none(ACCOUNT_OF_EMAIL, email=email)
    if known is not None:
        return known
    password_hash = await passwords.hash(password)
    values: dict[str, Any] = {"email_verified_at": clock.now(), "first_name": first_name, "last_name": last_name} | more
    async with db.transaction() as tx:
        return await _new(tx, email=email, password_hash=password_hash, **values)


async def _new(tx: Tx, *, profile_type: str | None = None, **values: Any) -> Account:
    moment = clock.now()
    blank: dict[str, Any] = dict.fromkeys(NEW_COLUMNS)
    known = {
        "language": "en",
        "created_at": moment,
        "updated_at": moment,
        "profile_types": [profile_type] if profile_type else [],
    }
    account = await tx.one_or_none(NEW, **(blank | known | {"profile_type": profile_type} | values))
    if account is None:
        raise EmailTaken
    return account


async def _spend(tx: Tx, token: str, purpose: str) -> Account:
    """Use the token, and all others of this purpose with it; the account that it was for."""
    account_id = await tx.value(USE_TOKEN, token_hash=tokens.digest(token), the_purpose=purpose, now=clock.now())
    if account_id is None:
        raise TokenInvalid
    account = await lock_account(tx, account_id)
    await tx.run(USE_UP, of_account=account.id, the_purpose=purpose, now=clock.now())
    return account


def _address(email: str) -> str:
    """The email as it is stored; the wire has done this already, the host has not."""
    try:
        return Email.parse(email)
    except ValueError as fault:
        raise Invalid.of("email", str(fault)) from fault


def _refuse_weak(field: str, password: str, email: str) -> None:
    if reason := weakness(password, email):
        raise Invalid.of(field, reason)
