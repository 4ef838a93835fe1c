"""A test push: does anything reach the phones of this account? The answer is Expo's, at once and phone by phone."""

import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, select

from iayos.accounts.queries import ACCOUNT
from iayos.admin.users_schemas import PushedOut, PushTestIn
from iayos.core import audit, clock
from iayos.core.db import Database, Statement, columns
from iayos.core.errors import Conflict, GatewayUnavailable, NotFound
from iayos.core.outbox import Again
from iayos.core.principal import Principal
from iayos.notifications.deliveries import GONE, RETIRE
from iayos.notifications.gateway import Expo, PushRefused
from iayos.notifications.models import PushToken, PushTokenTable

TITLE: Final = "iAyos test"
BODY: Final = "If you can read this, notifications reach this phone."
REASON: Final = "A test push"
MARK: Final = slice(-5, -1)
"""The part of `ExponentPushToken[…]` that is shown: enough to tell one phone from another."""
PHONES = Statement(
    select(*columns(PushToken))
    .where(PushTokenTable.account_id == bindparam("account_id", type_=BigInteger), PushTokenTable.retired_at.is_(None))
    .order_by(PushTokenTable.registered_at.desc(), PushTokenTable.id.desc()),
    into=PushToken,
)


class NoDevices(Conflict):
    code = "NO_DEVICES"
    message = "No phone of this account gets pushes. Its owner has to sign in on the app and allow notifications there."


async def send_test(db: Database, expo: Expo, account_id: int, said: PushTestIn, *, by: Principal) -> list[PushedOut]:
    """Send one push to each phone and tell what Expo says; a phone that is gone gets none any more."""
    phones = await _begin(db, account_id, by=by)
    asked = clock.now()
    try:
        with expo.hand():
            faults = await _send(expo, phones, said)
    except Again as again:  # a task would come back by itself; a person has to
        raise GatewayUnavailable(retry_after=max(1, math.ceil(again.wait.total_seconds()))) from again
    async with db.transaction() as tx:
        for phone, fault in zip(phones, faults, strict=True):
            if fault == GONE:
                await tx.run(RETIRE, id=phone.id, asked=asked, now=clock.now())
    return [_out(phone, fault) for phone, fault in zip(phones, faults, strict=True)]


async def _begin(db: Database, account_id: int, *, by: Principal) -> list[PushToken]:
    async with db.transaction() as tx:
        if await tx.one_or_none(ACCOUNT, account_id=account_id) is None:
            raise NotFound(accountID=account_id)
        phones = await tx.all(PHONES, account_id=account_id)
        if not phones:
            raise NoDevices(accountID=account_id)
        after = {"phones": [phone.id for phone in phones]}
        await audit.note(tx, by, "push:test", subject=f"account:{account_id}", reason=REASON, after=after)
    return phones


async def _send(expo: Expo, phones: Sequence[PushToken], said: PushTestIn) -> list[str | None]:
    """What is wrong with each; None where Expo took it. What Expo will not take together is sent one by one."""
    try:
        tickets = await expo.send([_message(phone, said) for phone in phones], crowd=False)
    except PushRefused as refused:
        if len(phones) == 1:
            return [refused.code]
        return [fault for phone in phones for fault in await _send(expo, [phone], said)]
    return [ticket.fault for ticket in tickets] + ["NoTicket"] * (len(phones) - len(tickets))


def _message(phone: PushToken, said: PushTestIn) -> dict[str, Any]:
    return {
        "to": phone.token, "title": said.title or TITLE, "body": said.body or BODY, "sound": "default",
        "priority": "high", "data": {"type": "TEST"},
    }  # fmt: skip


def _out(phone: PushToken, fault: str | None) -> PushedOut:
    shown = f"{phone.token.partition('[')[0]}[…{phone.token[MARK]}]"
    return PushedOut(token=shown, deviceType=phone.device_type, status="error" if fault else "ok", error=fault)
