"""Xendit's webhooks: kept raw, answered at once, applied once (SPEC 4, Webhook)."""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock, tokens
from iayos.core.db import Database, Statement
from iayos.core.errors import AuthFailed, Invalid
from iayos.core.outbox import later
from iayos.payments import gateway, queries, settle
from iayos.payments.gateway import Xendit
from iayos.payments.models import CounterTable, XenditEvent, XenditEventTable

REFUSED = "xendit_webhooks_refused"
KEEP = Statement(
    insert(XenditEventTable)
    .values(event_key=bindparam("event_key"), payload=bindparam("payload"), received_at=bindparam("received_at"))
    .on_conflict_do_nothing()
    .returning(XenditEventTable.id)
)
COUNT = Statement(
    insert(CounterTable)
    .values(name=bindparam("name"), count=1)
    .on_conflict_do_update(index_elements=["name"], set_={"count": CounterTable.count + 1})
)
COUNTED = Statement(select(CounterTable.count).where(CounterTable.name == bindparam("name")))


async def receive(db: Database, expected: str, *, token: str, webhook_id: str | None, body: bytes) -> None:
    """Keep an event that carries the right token; the same one again changes nothing."""
    if not expected or not tokens.same(token, expected):
        async with db.transaction() as tx:
            await tx.run(COUNT, name=REFUSED)
        raise AuthFailed("The callback token is missing or wrong.")
    payload = _checked(body)
    key = f"id:{webhook_id[:200]}" if webhook_id else f"sha256:{hashlib.sha256(body).hexdigest()}"
    async with db.transaction() as tx:
        event_id = await tx.value(KEEP, event_key=key, payload=payload, received_at=clock.now())
        if event_id is not None:
            await later(tx, "payments.apply_event", event_id=event_id)


def _checked(body: bytes) -> str:
    try:
        msgspec.json.decode(body, type=dict[str, Any])
        text = body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Invalid.of("body", "Expected a JSON object") from None
    return text


async def apply_event(db: Database, xendit: Xendit, *, event_id: int) -> None:
    """Apply a kept event. Money is posted only after Xendit itself confirms it; until then this is asked again."""
    event = await db.reads.one(queries.EVENT, event_id=event_id)
    if event.outcome is not None:
        return
    payload = msgspec.json.decode(event.payload)
    invoice_id = payload.get("id")
    if "event" in payload or not isinstance(invoice_id, str):
        await _close(db, event, "NOT_AN_INVOICE")
        return
    invoice = await xendit.invoice(invoice_id)
    if invoice is None:
        await _close(db, event, "UNKNOWN_INVOICE", tell=f"Event {event.id} names an invoice that Xendit does not know")
        return
    fact = await settle.fact_about(xendit, invoice)
    if payload.get("status") in gateway.PAID and fact.status != "PAID":
        raise settle.Unconfirmed(f"event {event.id}: Xendit shows {fact.status}")
    async with db.transaction() as tx:
        outcome = await settle.apply(tx, fact)
        await tx.update(XenditEventTable, event.id, applied_at=clock.now(), outcome=outcome)


async def _close(db: Database, event: XenditEvent, outcome: str, *, tell: str | None = None) -> None:
    async with db.transaction() as tx:
        await tx.update(XenditEventTable, event.id, applied_at=clock.now(), outcome=outcome)
        if tell:
            await settle.tell_staff(tx, tell)
