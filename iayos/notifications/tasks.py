"""Notices on their way out. A task owns its deliveries: it comes again until each is with the third party or never will be."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import BigInteger, bindparam, delete, select, text

from iayos.accounts.gateway import Mailer, MailRefused
from iayos.core import clock
from iayos.core.db import Database, Row, Statement
from iayos.core.models import Instant
from iayos.core.outbox import Again
from iayos.notifications import deliveries, mails
from iayos.notifications.channels import AT_ANY_HOUR
from iayos.notifications.deliveries import RECEIPT_AFTER, RECEIPT_KEPT, Outgoing, Sent
from iayos.notifications.gateway import BATCH, RECEIPTS, Expo, PushRefused, Ticket
from iayos.notifications.models import DeliveryTable
from iayos.notifications.plan import CROWD
from iayos.settings import Settings

LONGEST_BODY: Final = 500
"""Characters of a push; with all else it stays under Expo's 4,096 bytes."""
MAIL_KEPT: Final = timedelta(hours=23)
"""Resend remembers a key for a day. A mail that may have gone out longer ago than this is not sent again."""
KEPT: Final = timedelta(days=30)
log = structlog.get_logger(__name__)


class Letter(Row, frozen=True):
    """A notice that goes by mail, with what the mail needs to know."""

    notification_id: int
    created_at: Any
    title: str
    body: str
    email: str
    first_name: str
    language: str
    wanted: bool


LETTER = Statement(
    text("""
    SELECT notice.id, delivery.created_at, notice.title, notice.body, accounts.email, accounts.first_name, accounts.language,
        coalesce((wish.kinds -> notice.type ->> 'email')::boolean, wish.email, true)
    FROM deliveries AS delivery JOIN notifications AS notice ON notice.id = delivery.notification_id
    JOIN accounts ON accounts.id = notice.account_id
    LEFT JOIN notification_settings AS wish ON wish.account_id = notice.account_id
    WHERE delivery.id = :id AND delivery.channel = 'EMAIL' AND delivery.done_at IS NULL
    """).bindparams(bindparam("id", type_=BigInteger, required=True)),
    into=Letter,
)
_over = select(DeliveryTable.id).where(DeliveryTable.done_at < bindparam("before", type_=Instant)).limit(10_000)
SWEEP = Statement(delete(DeliveryTable).where(DeliveryTable.id.in_(_over)))


async def push(db: Database, expo: Expo, *, ids: Sequence[int]) -> None:
    """Hand these pushes to Expo, a hundred at a time, each of them once; come again for those whose time has not come.

    Single pushes of other tasks that wait go along, so that many at once need few requests; those tasks then find nothing to do.
    """
    crowd = len(ids) > CROWD
    with expo.hand(crowd=crowd):
        while batch := await deliveries.claim(db, ids, most=BATCH, company=not crowd):
            try:
                await _send(db, expo, batch, crowd=crowd)
            except Exception:
                await deliveries.release(db, [one.id for one in batch])
                raise
    due = await deliveries.next_due(db.reads, ids)
    if due is not None:
        raise Again(max(due - clock.now(), timedelta(seconds=1)))


async def receipts(db: Database, expo: Expo, *, ids: Sequence[int]) -> None:
    """Ask what became of these pushes until Expo has told it of each, or has forgotten."""
    awaited = await db.reads.all(deliveries.AWAITED, ids=ids)
    with expo.hand():
        for start in range(0, len(awaited), RECEIPTS):
            part = awaited[start : start + RECEIPTS]
            await _settle(db, part, await expo.receipts([one.ticket for one in part]))
    if await db.reads.all(deliveries.AWAITED, ids=ids):
        raise Again(2 * RECEIPT_AFTER)


async def mail(db: Database, mailer: Mailer, settings: Settings, *, ids: Sequence[int]) -> None:
    """Mail these notices, each of them once: Resend knows every key for a day."""
    for delivery_id in ids:
        letter = await db.reads.one_or_none(LETTER, id=delivery_id)
        if letter is not None:
            fault = await _mail(mailer, settings, letter)
            async with db.transaction() as tx:
                await deliveries.done(tx, [delivery_id], fault)


async def sweep(db: Database) -> None:
    """Forget deliveries that were over a month ago."""
    async with db.transaction() as tx:
        await tx.run(SWEEP, before=clock.now() - KEPT)


async def _send(db: Database, expo: Expo, batch: list[Outgoing], *, crowd: bool) -> None:
    """One request. When Expo refuses it as a whole, its parts are tried, so that one bad push does not keep others back."""
    asked = clock.now()
    try:
        tickets = await expo.send([message(one) for one in batch], crowd=crowd)
    except PushRefused as fault:
        if len(batch) == 1:
            async with db.transaction() as tx:
                await deliveries.done(tx, [batch[0].id], fault.code)
            return
        for part in _parts(batch, fault.projects):
            await _send(db, expo, part, crowd=crowd)
        return
    async with db.transaction() as tx:
        answered = list(zip(batch, tickets, strict=False))
        await deliveries.taken(tx, {one.id: ticket.id for one, ticket in answered if ticket.fault is None})
        for one, ticket in answered:
            if ticket.fault is not None:
                _note(one.id, ticket.fault)
                await deliveries.refused(tx, one.id, one.push_token_id, fault=ticket.fault, asked=asked)


def message(one: Outgoing) -> dict[str, Any]:
    """What Expo is given. `data` opens the right screen, and names the notice, so that a second copy of it is known as one."""
    name = f"notification-{one.notification_id}"
    body = one.body if len(one.body) <= LONGEST_BODY else one.body[: LONGEST_BODY - 1] + "…"
    return {
        "to": one.token, "title": one.title, "body": body, "sound": "default",
        "priority": "high" if one.type in AT_ANY_HOUR else "default", "collapseId": name, "tag": name,
        "data": {**one.data, "notificationID": one.notification_id, "type": one.type},
    }  # fmt: skip


def _parts(batch: list[Outgoing], projects: list[list[str]]) -> list[list[Outgoing]]:
    """By project where Expo said that several were mixed, else two halves."""
    known = {token for tokens in projects for token in tokens}
    if len(projects) > 1 and all(one.token in known for one in batch):
        return [part for tokens in projects if (part := [one for one in batch if one.token in set(tokens)])]
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


async def _settle(db: Database, part: list[Sent], told: dict[str, Ticket]) -> None:
    forgotten = clock.now() - RECEIPT_KEPT
    async with db.transaction() as tx:
        await deliveries.done(tx, [one.id for one in part if one.ticket in told and told[one.ticket].fault is None])
        lost = [one.id for one in part if one.ticket not in told and one.sent_at <= forgotten]
        await deliveries.done(tx, lost, "NoReceipt")
        due: dict[int, datetime] = {}
        for one in part:
            fault = told[one.ticket].fault if one.ticket in told else None
            if fault is not None:
                _note(one.id, fault)
                at = await deliveries.refused(tx, one.id, one.push_token_id, fault=fault, asked=one.sent_at)
                due |= {one.id: at} if at else {}
        await deliveries.again_later(tx, due)


def _note(delivery_id: int, fault: str) -> None:
    """A device that is gone is daily business; what else Expo says is for operators."""
    say = log.info if fault == deliveries.GONE or fault in deliveries.PASSING else log.error
    say("a push was not delivered", delivery_id=delivery_id, fault=fault)


async def _mail(mailer: Mailer, settings: Settings, letter: Letter) -> str | None:
    """None when it went out, else why it never will."""
    if not letter.wanted:
        return "TurnedOff"
    if clock.now() - letter.created_at > MAIL_KEPT:
        return "TooLate"
    words = mails.mail(
        letter.language, name=letter.first_name, title=letter.title, body=letter.body, link=settings.pages_url
    )
    key = f"notification/{letter.notification_id}"
    try:
        await mailer.send(to=letter.email, subject=words.subject, html=words.html, text=words.text, key=key)
    except MailRefused as refused:
        if not refused.for_good:
            raise
        log.warning("a mail was refused", notification_id=letter.notification_id, reason=str(refused))
        return "Refused"
    return None
