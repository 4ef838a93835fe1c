"""The notices that open sockets show as they are written."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from iayos.core.db import Reads, Statement, columns
from iayos.notifications.models import Notification, NotificationTable

MOST: Final = 1000
_columns = columns(Notification)
THESE = Statement(
    select(*_columns)
    .where(NotificationTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger), required=True)))
    .order_by(NotificationTable.id),
    into=Notification,
)
LATER = Statement(
    select(*_columns)
    .where(
        NotificationTable.id > bindparam("after", type_=BigInteger),
        NotificationTable.account_id == func.any(bindparam("account_ids", type_=ARRAY(BigInteger), required=True)),
    )
    .order_by(NotificationTable.id)
    .limit(MOST),
    into=Notification,
)
NEWEST_ID = Statement(select(func.coalesce(func.max(NotificationTable.id), 0)))


async def these(reads: Reads, ids: Collection[int]) -> list[Notification]:
    """The notices with these ids."""
    return await reads.all(THESE, ids=list(ids))


async def later_than(reads: Reads, after: int, account_ids: Collection[int]) -> list[Notification]:
    """What these accounts were told after that notice."""
    return await reads.all(LATER, after=after, account_ids=list(account_ids))


async def newest_id(reads: Reads) -> int:
    """The newest notice of all."""
    return int(await reads.value(NEWEST_ID))
