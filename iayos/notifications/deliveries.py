"""What is on its way: which deliveries of a task may go now, and what becomes of each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text

from iayos.core import clock, outbox
from iayos.core.db import Database, Reads, Statement, Tx
from iayos.core.models import Instant
from iayos.notifications.plan import PUSH

LEASE: Final = timedelta(seconds=30)
"""So long a claim keeps others away; longer than a call to Expo may take, so that then its outcome is known, or nobody will tell."""
RECEIPT_AFTER: Final = timedelta(minutes=15)
RECEIPT_KEPT: Final = timedelta(hours=24)
RECEIPTS_TASK: Final = "notifications.receipts"
MOST_REFUSALS: Final = 5
GONE: Final = "DeviceNotRegistered"
PASSING: Final = frozenset({"MessageRateExceeded", "ExpoError", "ProviderError"})
"""Faults of one device or of a moment; all others stay."""

_open = "delivery.id = ANY (:ids) AND delivery.sent_at IS NULL AND delivery.done_at IS NULL"
_ids = bindparam("ids", type_=ARRAY(BigInteger), required=True)
_now = bindparam("now", type_=Instant, required=True)
_stale = bindparam("stale", type_=Instant, required=True)


class Outgoing(msgspec.Struct, frozen=True):
    """A push that was claimed, with all that it says."""

    id: int
    notification_id: int
    type: str
    title: str
    body: str
    data: dict[str, Any]
    push_token_id: int
    token: str


class Sent(msgspec.Struct, frozen=True):
    """A push that Expo took and has not yet told the end of."""

    id: int
    ticket: str
    sent_at: datetime
    push_token_id: int


# What was wished or owned when the notice was written may have changed by the time that it goes out.
DROP = Statement[Any](
    text(f"""
    UPDATE deliveries AS delivery SET done_at = :now, fault = CASE
        WHEN device.retired_at IS NOT NULL OR device.account_id <> notice.account_id THEN 'DeviceGone'
        WHEN NOT coalesce((wish.kinds -> notice.type ->> 'push')::boolean, wish.push, true) THEN 'TurnedOff' ELSE 'Read' END
    FROM notifications AS notice LEFT JOIN notification_settings AS wish ON wish.account_id = notice.account_id, push_tokens AS device
    WHERE {_open} AND notice.id = delivery.notification_id AND device.id = delivery.push_token_id AND (
        device.retired_at IS NOT NULL OR device.account_id <> notice.account_id
        OR NOT coalesce((wish.kinds -> notice.type ->> 'push')::boolean, wish.push, true)
        OR (notice.read_at IS NOT NULL AND delivery.due_at > delivery.created_at)
    )
    """).bindparams(_ids, _now)  # noqa: S608 - constants of ours
)
CLAIM = Statement(
    text(f"""
    WITH free AS (
        SELECT delivery.id FROM deliveries AS delivery JOIN push_tokens AS device ON device.id = delivery.push_token_id
        WHERE {_open} AND delivery.due_at <= :now AND (device.rests_until IS NULL OR device.rests_until <= :now)
            AND (delivery.claimed_at IS NULL OR delivery.claimed_at <= :stale)
        ORDER BY delivery.id LIMIT :most FOR UPDATE OF delivery SKIP LOCKED
    ), claimed AS (
        UPDATE deliveries AS delivery SET claimed_at = :now FROM free WHERE delivery.id = free.id
        RETURNING delivery.id, delivery.notification_id, delivery.push_token_id
    )
    SELECT claimed.id, notice.id, notice.type, notice.title, notice.body, notice.data, device.id, device.token
    FROM claimed JOIN notifications AS notice ON notice.id = claimed.notification_id
    JOIN push_tokens AS device ON device.id = claimed.push_token_id ORDER BY claimed.id
    """).bindparams(_ids, _now, _stale, bindparam("most", type_=BigInteger, required=True)),  # noqa: S608
    into=Outgoing,
)
WAITING = Statement[Any](
    text("""
    SELECT id FROM deliveries
    WHERE channel = 'PUSH' AND NOT crowd AND claimed_at IS NULL AND sent_at IS NULL AND done_at IS NULL AND due_at <= :now
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    """).bindparams(_now, bindparam("most", type_=BigInteger, required=True))
)
RELEASE = Statement[Any](text(f"UPDATE deliveries AS delivery SET claimed_at = NULL WHERE {_open}").bindparams(_ids))  # noqa: S608
NEXT = Statement[Any](
    text(f"""
    SELECT min(greatest(delivery.due_at, device.rests_until, delivery.claimed_at + :lease * interval '1 second'))
    FROM deliveries AS delivery JOIN push_tokens AS device ON device.id = delivery.push_token_id WHERE {_open}
    """).bindparams(_ids, bindparam("lease", LEASE.seconds, type_=BigInteger))  # noqa: S608
)
TAKEN = Statement[Any](
    text("""
    UPDATE deliveries SET sent_at = :now, ticket = taken.ticket FROM unnest(:ids, :tickets) AS taken (id, ticket)
    WHERE deliveries.id = taken.id AND deliveries.sent_at IS NULL AND deliveries.done_at IS NULL
    """).bindparams(_ids, _now, bindparam("tickets", type_=ARRAY(Text), required=True))
)
DONE = Statement[Any](
    text("""
    UPDATE deliveries SET done_at = :now, fault = :fault, sent_at = CASE WHEN :fault IS NULL THEN coalesce(sent_at, :now) ELSE sent_at END
    WHERE id = ANY (:ids) AND done_at IS NULL
    """).bindparams(_ids, _now, bindparam("fault", type_=Text, required=True))
)
# A phone that was registered again after the push went out lives.
RETIRE = Statement[Any](
    text(
        "UPDATE push_tokens SET retired_at = :now WHERE id = :id AND retired_at IS NULL AND registered_at <= :asked"
    ).bindparams(
        _now, bindparam("id", type_=BigInteger, required=True), bindparam("asked", type_=Instant, required=True)
    )
)
REFUSE = Statement[Any](
    text("""
    UPDATE deliveries SET refusals = refusals + 1, claimed_at = NULL, sent_at = NULL, ticket = NULL
    WHERE id = :id AND done_at IS NULL RETURNING refusals
    """).bindparams(bindparam("id", type_=BigInteger, required=True))
)
POSTPONE = Statement[Any](
    text("UPDATE deliveries SET due_at = :at WHERE id = :id").bindparams(
        bindparam("id", type_=BigInteger, required=True), bindparam("at", type_=Instant, required=True)
    )
)
SPARE = Statement[Any](
    text("UPDATE push_tokens SET rests_until = :at WHERE id = :id").bindparams(
        bindparam("id", type_=BigInteger, required=True), bindparam("at", type_=Instant, required=True)
    )
)
AWAITED = Statement(
    text("""
    SELECT id, ticket, sent_at, push_token_id FROM deliveries
    WHERE id = ANY (:ids) AND ticket IS NOT NULL AND sent_at IS NOT NULL AND done_at IS NULL ORDER BY id
    """).bindparams(_ids),
    into=Sent,
)


async def claim(db: Database, ids: Sequence[int], *, most: int, company: bool) -> list[Outgoing]:
    """Up to `most` of these that may go now; claimed and committed, so that nobody else sends them meanwhile.

    With `company`, single pushes of other tasks go along as far as there is room, but never by themselves.
    """
    moment = clock.now()
    stale = moment - LEASE
    async with db.transaction() as tx:
        await tx.run(DROP, ids=ids, now=moment)
        own = await tx.all(CLAIM, ids=ids, now=moment, stale=stale, most=most)
        if not own or not company:
            return own
        others = [row[0] for row in await tx.all(WAITING, now=moment, most=most - len(own))]
        await tx.run(DROP, ids=others, now=moment)
        return own + await tx.all(CLAIM, ids=others, now=moment, stale=stale, most=most)


async def release(db: Database, ids: Sequence[int]) -> None:
    """Those of these that did not go out may be claimed again at once."""
    async with db.transaction() as tx:
        await tx.run(RELEASE, ids=ids)


async def next_due(reads: Reads, ids: Sequence[int]) -> datetime | None:
    """When to look again; None when all of these went out or never will."""
    moment: datetime | None = await reads.value(NEXT, ids=ids)
    return moment


async def taken(tx: Tx, tickets: dict[int, str]) -> None:
    """Expo took these; a quarter of an hour later it knows what became of them."""
    if not tickets:
        return
    moment, ids = clock.now(), list(tickets)
    await tx.run(TAKEN, ids=ids, tickets=list(tickets.values()), now=moment)
    await outbox.later(tx, RECEIPTS_TASK, at=moment + RECEIPT_AFTER, ids=ids)


async def done(tx: Tx, ids: Collection[int], fault: str | None = None) -> None:
    """Nothing more happens to these."""
    await tx.run(DONE, ids=list(ids), fault=fault, now=clock.now())


async def refused(tx: Tx, delivery_id: int, push_token_id: int, *, fault: str, asked: datetime) -> datetime | None:
    """Expo's verdict on one push, `asked` when it was sent: retire the device, let it go, or say when to try again."""
    if fault == GONE:
        await tx.run(RETIRE, id=push_token_id, asked=asked, now=clock.now())
    if fault not in PASSING:
        await done(tx, [delivery_id], fault)
        return None
    refusals = await tx.value(REFUSE, id=delivery_id)
    if refusals is None or refusals >= MOST_REFUSALS:
        await done(tx, [delivery_id], fault)
        return None
    at = clock.now() + timedelta(minutes=2.0**refusals)
    await tx.run(POSTPONE, id=delivery_id, at=at)
    if fault == "MessageRateExceeded":
        await tx.run(SPARE, id=push_token_id, at=at)
    return at


async def again_later(tx: Tx, due: dict[int, datetime]) -> None:
    """Pushes that a receipt brought back go out once more, each at its time."""
    if due:
        await outbox.later(tx, PUSH, at=min(due.values()), ids=list(due))
