"""Telling people: a notice is written in the caller's transaction, in the language of whoever reads it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from iayos.accounts.models import AccountTable
from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.notifications.events import Event
from iayos.notifications.models import Notification, NotificationTable
from iayos.notifications.queries import COLUMNS

_filipino = AccountTable.language == "fil"


def _writing(whom: ColumnElement[bool], once_key: ColumnElement[Any]) -> Statement[Any]:
    """One statement for any number of readers: the account's language picks the text, a known `once_key` writes nothing."""
    facts = (
        select(
            AccountTable.id, bindparam("type", type_=Text),
            case((_filipino, bindparam("title_fil", type_=Text)), else_=bindparam("title", type_=Text)),
            case((_filipino, bindparam("body_fil", type_=Text)), else_=bindparam("body", type_=Text)),
            bindparam("data", type_=JSONB), once_key, bindparam("created_at", type_=Instant),
        )
        .where(whom)
        .order_by(AccountTable.id)
    )  # fmt: skip
    names = ["account_id", "type", "title", "body", "data", "once_key", "created_at"]
    return Statement(
        insert(NotificationTable)
        .from_select(names, facts, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["once_key"])
    )


_prefixed = bindparam("once_prefix", type_=Text) + literal(":") + cast(AccountTable.id, Text)
WRITE = _writing(AccountTable.id == bindparam("account_id"), bindparam("once_key", type_=Text))
WRITE_EACH = _writing(AccountTable.id == func.any(bindparam("account_ids", type_=ARRAY(BigInteger))), _prefixed)
_on_duty = AccountTable.suspended_at.is_(None)
_in_charge = or_(AccountTable.role == "ADMIN", AccountTable.role == func.any(bindparam("roles", type_=ARRAY(Text))))
WRITE_STAFF = _writing(and_(_on_duty, _in_charge), _prefixed)
_mine = NotificationTable.account_id == bindparam("account_id")
_at = bindparam("read_at", type_=Instant)
READ = Statement(
    update(NotificationTable)
    .where(NotificationTable.id == bindparam("notification_id"), _mine)
    .values(read_at=func.coalesce(NotificationTable.read_at, _at))
    .returning(*COLUMNS),
    into=Notification,
)
READ_ALL = Statement(update(NotificationTable).where(_mine, NotificationTable.read_at.is_(null())).values(read_at=_at))


async def notify(
    tx: Tx, account_id: int, event: Event, *, data: dict[str, Any], once_key: str | None = None, **facts: str | int
) -> None:
    """Tell one account; with a `once_key` that was used before, nobody is told again."""
    await tx.run(
        WRITE, account_id=account_id, type=event.type, data=data, once_key=once_key, created_at=clock.now(),
        **event.texts(facts),
    )  # fmt: skip


async def notify_each(
    tx: Tx,
    account_ids: Collection[int],
    event: Event,
    *,
    data: dict[str, Any],
    once_prefix: str | None = None,
    **facts: str | int,
) -> int:
    """Tell all of these accounts in one statement, each once for a prefix; how many were told."""
    return await tx.run(
        WRITE_EACH, account_ids=list(account_ids), type=event.type, data=data, once_prefix=once_prefix,
        created_at=clock.now(), **event.texts(facts),
    )  # fmt: skip


async def notify_staff(
    tx: Tx,
    roles: Collection[str],
    event: Event,
    *,
    data: dict[str, Any],
    once_prefix: str | None = None,
    **facts: str | int,
) -> int:
    """Tell every member of staff with one of these roles, and every ADMIN; how many were told."""
    return await tx.run(
        WRITE_STAFF, roles=list(roles), type=event.type, data=data, once_prefix=once_prefix,
        created_at=clock.now(), **event.texts(facts),
    )  # fmt: skip


async def mark_read(tx: Tx, notification_id: int, *, by: Principal) -> Notification:
    """A notice of one's own is read; reading it again changes nothing."""
    notice = await tx.one_or_none(READ, notification_id=notification_id, account_id=by.account_id, read_at=clock.now())
    if notice is None:
        raise NotFound(notificationID=notification_id)
    return notice


async def mark_all_read(tx: Tx, *, by: Principal) -> int:
    """Everything of one's own is read; how many notices were not before."""
    return await tx.run(READ_ALL, account_id=by.account_id, read_at=clock.now())
