"""Telling people: a notice is written in the caller's transaction, in the language of whoever reads it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, func, null, update

from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.notifications.events import Event
from iayos.notifications.models import Notification, NotificationTable
from iayos.notifications.plan import TELL, TELL_EACH, TELL_STAFF, TOGETHER
from iayos.notifications.queries import COLUMNS

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
    await tell(tx, notice(account_id, event, data=data, once_key=once_key, **facts))


def notice(
    account_id: int, event: Event, *, data: dict[str, Any], once_key: str | None = None, **facts: str | int
) -> dict[str, Any]:
    """What `notify` says, to be told together with others."""
    return {"account_id": account_id, "type": event.type, "data": data, "once_key": once_key, **event.texts(facts)}


async def tell(tx: Tx, *notices: dict[str, Any]) -> None:
    """Tell a few accounts, each its own, in one statement."""
    if len(notices) > TOGETHER:
        raise ValueError(f"{len(notices)} notices at once; {TOGETHER} at most")
    await tx.value(TELL, notices=list(notices), created_at=clock.now())


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
    return int(
        await tx.value(
            TELL_EACH, account_ids=list(account_ids), data=data, once_prefix=once_prefix, **_what(event, facts)
        )
    )


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
    return int(await tx.value(TELL_STAFF, roles=list(roles), data=data, once_prefix=once_prefix, **_what(event, facts)))


def _what(event: Event, facts: dict[str, str | int]) -> dict[str, Any]:
    return {"type": event.type, "created_at": clock.now(), **event.texts(facts)}


async def mark_read(tx: Tx, notification_id: int, *, by: Principal) -> Notification:
    """A notice of one's own is read; reading it again changes nothing."""
    found = await tx.one_or_none(READ, notification_id=notification_id, account_id=by.account_id, read_at=clock.now())
    if found is None:
        raise NotFound(notificationID=notification_id)
    return found


async def mark_all_read(tx: Tx, *, by: Principal) -> int:
    """Everything of one's own is read; how many notices were not before."""
    return await tx.run(READ_ALL, account_id=by.account_id, read_at=clock.now())
