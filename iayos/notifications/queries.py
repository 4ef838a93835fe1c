"""Reading one's own notices."""

from typing import Final

from sqlalchemy import BigInteger, bindparam, func, select

from iayos.core import page
from iayos.core.db import Reads, Statement, columns
from iayos.notifications.models import Notification, NotificationTable

COLUMNS: Final = columns(Notification)
_mine = NotificationTable.account_id == bindparam("account_id")
_unread = NotificationTable.read_at.is_(None)
_newest = (
    select(*COLUMNS)
    .where(_mine, NotificationTable.id < bindparam("before", type_=BigInteger))
    .order_by(NotificationTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
ALL = Statement(_newest, into=Notification)
UNREAD = Statement(_newest.where(_unread), into=Notification)
COUNT_UNREAD = Statement(select(func.count()).select_from(NotificationTable).where(_mine, _unread))


async def newest(reads: Reads, account_id: int, *, unread: bool, limit: int, cursor: str | None) -> list[Notification]:
    """One's notices, newest first, one more than `limit` when there are more."""
    (before,) = page.decode(cursor, int) or (page.BIGGEST,)
    return await reads.all(UNREAD if unread else ALL, account_id=account_id, before=before, limit=limit + 1)


async def unread_count(reads: Reads, account_id: int) -> int:
    """How many of one's notices are not read."""
    return int(await reads.value(COUNT_UNREAD, account_id=account_id))
