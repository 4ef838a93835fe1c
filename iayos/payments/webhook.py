"""Xendit's webhooks: kept raw, answered at once, applied once (SPEC 4, Webhook)."""

import hashlib
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock, tokens
from iayos.core.db import Database, Statement, Tx
from iayos.core.errors import AuthFailed, Invalid
from iayos.core.outbox import later
from iayos.payments import gateway, payouts, queries, settle
from iayos.payments.gateway import Payout, Xendit
from iayos.payments.models import CounterTable, XenditEvent, XenditEventTable

REFUSED = "xendit_webhooks_refused"
UNKNOWN_INVOICE, UNKNOWN_PAYOUT = "UNKNOWN_INVOICE", "UNKNOWN_PAYOUT"
FORGED: Final = frozenset({UNKNOWN_INVOICE, UNKNOWN_PAYOUT})
Verdict = settle.Fact | Payout | str
"""What an event comes to: an invoice's or a payout's state at Xendit, or the word that closes it."""
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
    verdict = await judge(xendit, event)
    async with db.transaction() as tx:
        outcome = await act(tx, verdict)
        await tx.update(XenditEventTable, event.id, applied_at=clock.now(), outcome=outcome)
        if verdict in FORGED:
            await settle.tell_staff(tx, f"Event {event.id} names something that Xendit does not know")


async def judge(xendit: Xendit, event: XenditEvent) -> Verdict:
    """What Xendit itself says about the subject of an event; `Unconfirmed` while the event says more than Xendit does."""
    payload = msgspec.json.decode(event.payload)
    named = str(payload.get("event", ""))
    if named.startswith("payout."):
        return await _judge_payout(xendit, event, named, payload.get("data"))
    invoice_id = payload.get("id")
    if named or not isinstance(invoice_id, str):
        return "NOT_AN_INVOICE"
    invoice = await xendit.invoice(invoice_id)
    if invoice is None:
        return UNKNOWN_INVOICE
    fact = await settle.fact_about(xendit, invoice)
    if payload.get("status") in gateway.PAID and fact.status != "PAID":
        raise settle.Unconfirmed(f"event {event.id}: Xendit shows {fact.status}")
    return fact


async def _judge_payout(xendit: Xendit, event: XenditEvent, named: str, data: Any) -> Verdict:
    payout_id = data.get("id") if isinstance(data, dict) else None
    payout = await xendit.payout(payout_id) if isinstance(payout_id, str) else None
    if payout is None:
        return UNKNOWN_PAYOUT
    if payout.status not in payouts.FINAL or (named == "payout.reversed" and payout.status == payouts.SUCCEEDED):
        raise settle.Unconfirmed(f"event {event.id}: Xendit shows {payout.status}")
    return payout


async def act(tx: Tx, verdict: Verdict) -> str:
    """Post what follows from it; the outcome in a word."""
    if isinstance(verdict, str):
        return verdict
    if isinstance(verdict, Payout):
        return await payouts.apply(tx, verdict)
    return await settle.apply(tx, verdict)
