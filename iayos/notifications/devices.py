"""Phones that get pushes. A phone belongs to whoever signed in on it last."""

from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from iayos.accounts.sessions import hold_open
from iayos.core import clock
from iayos.core.db import Statement, Tx, columns
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.notifications.models import PushToken, PushTokenTable

MOST: Final = 20
"""Phones of one account; of more, the ones registered longest ago are forgotten."""

_mine = PushTokenTable.account_id == bindparam("account_id", type_=BigInteger)
_new = insert(PushTokenTable).values(
    account_id=bindparam("account_id"), session_id=bindparam("session_id"), token=bindparam("token"), device_type=bindparam("device_type", type_=Text),
    registered_at=bindparam("now", type_=Instant), rests_until=None, retired_at=None,
)  # fmt: skip
# Who registers a phone that Expo had given up says that it lives.
REGISTER = Statement(
    _new.on_conflict_do_update(
        index_elements=["token"],
        set_={
            "account_id": _new.excluded.account_id,
            "session_id": _new.excluded.session_id,
            "device_type": _new.excluded.device_type,
            "registered_at": _new.excluded.registered_at,
            "retired_at": None,
        },
    ).returning(*columns(PushToken)),
    into=PushToken,
)
_newest = (
    select(PushTokenTable.id)
    .where(_mine)
    .order_by(PushTokenTable.registered_at.desc(), PushTokenTable.id.desc())
    .limit(MOST)
    .scalar_subquery()
)
FORGET_OLD = Statement(delete(PushTokenTable).where(_mine, PushTokenTable.id.not_in(_newest)))
FORGET = Statement(delete(PushTokenTable).where(_mine, PushTokenTable.token == bindparam("token")))


async def register(tx: Tx, token: str, device_type: str | None, *, by: Principal) -> PushToken:
    """This phone gets the caller's pushes for as long as this sign-in lasts, and nobody else's."""
    await hold_open(tx, by)
    device = await tx.one(
        REGISTER,
        account_id=by.account_id,
        session_id=by.session_id,
        token=token,
        device_type=device_type,
        now=clock.now(),
    )
    await tx.run(FORGET_OLD, account_id=by.account_id)
    return device


async def forget(tx: Tx, token: str, *, by: Principal) -> None:
    """A phone of one's own gets no more pushes, those on their way included."""
    if not await tx.run(FORGET, account_id=by.account_id, token=token):
        raise NotFound
