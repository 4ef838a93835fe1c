"""What people wish to get: by channel, by kind, and at which hours."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy import BigInteger, Time, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from iayos.core.db import Reads, Statement, Tx, columns
from iayos.core.errors import Invalid
from iayos.core.principal import Principal
from iayos.notifications.channels import KINDS
from iayos.notifications.models import NotificationSettings, NotificationSettingsTable

EVERYTHING = NotificationSettings(push=True, email=True, kinds={}, quiet_from=None, quiet_to=None)
_table = NotificationSettingsTable
_fields = ("push", "email", "kinds", "quiet_from", "quiet_to")
SETTINGS = Statement(
    select(*columns(NotificationSettings)).where(_table.account_id == bindparam("account_id", type_=BigInteger)),
    into=NotificationSettings,
)
_new = insert(_table).values(
    account_id=bindparam("account_id"), push=bindparam("push"), email=bindparam("email"), kinds=bindparam("kinds"),
    quiet_from=bindparam("quiet_from", type_=Time), quiet_to=bindparam("quiet_to", type_=Time),
)  # fmt: skip
REPLACE = Statement(
    _new.on_conflict_do_update(
        index_elements=["account_id"], set_={name: getattr(_new.excluded, name) for name in _fields}
    ).returning(*columns(NotificationSettings)),
    into=NotificationSettings,
)


async def settings_of(reads: Reads, account_id: int) -> NotificationSettings:
    """The wishes of an account; everything at any hour when it never said."""
    return await reads.one_or_none(SETTINGS, account_id=account_id) or EVERYTHING


async def replace(
    tx: Tx,
    *,
    push: bool,
    email: bool,
    kinds: Mapping[str, Any],
    quiet: tuple[time, time] | None,
    by: Principal,
) -> NotificationSettings:
    """These are the wishes from now on; what was planned before goes out as it was planned, unless it was turned off."""
    if unknown := sorted(kinds.keys() - KINDS):
        raise Invalid.of("kinds", f"There is no kind {unknown[0][:60]!r}")
    if quiet and quiet[0] == quiet[1]:
        raise Invalid.of("quietHours", "Expected two different times")
    said = {kind: wish for kind, wish in kinds.items() if wish}
    quiet_from, quiet_to = quiet or (None, None)
    return await tx.one(
        REPLACE, account_id=by.account_id, push=push, email=email, kinds=said, quiet_from=quiet_from, quiet_to=quiet_to
    )
