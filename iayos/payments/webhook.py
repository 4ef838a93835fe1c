"""Xendit's webhooks: kept raw, answered at once, applied once (SPEC 4, Webhook)."""

import hashlib
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock, tokens
from iayos.core.cipher import Cipher
from iayos.core.db import Database, Statement, Tx
from iayos.core.errors import AuthFailed, Invalid
from iayos.core.outbox import later
from iayos.payments import erased, gateway, payouts, queries, settle
from iayos.payments.gateway import Payout, Xendit
from iayos.payments.models import CounterTable, XenditEvent, XenditEventTable

REFUSED = "xendit_webhooks_refused"
UNKNOWN_INVOICE, UNKNOWN_PAYOUT = "UNKNOWN_INVOICE", "UNKNOWN_PAYOUT"
FORGED: Final = frozenset({UNKNOWN_INVOICE, UNKNOWN_PAYOUT})
Verdict = settle.Fact | Payout | str
"""What an event comes to: an invoice's or a payout's state at Xendit, or the word that closes it."""
KEEP = Statement(
    insert(XenditEventTable)
    .values(
        {
            name: bindparam(name)
            for name in (
                "event_key",
                "sealed",
                "event",
                "xendit_id",
                "xendit_status",
                "reference",
                "payer_email",
                "received_at",
            )
        }
    )
    .on_conflict_do_nothing()
    .returning(XenditEventTable.id)
)
COUNT = Statement(
    insert(CounterTable)
    .values(name=bindparam("name"), count=1)
    .on_conflict_do_update(index_elements=["name"], set_={"count": CounterTable.count + 1})
)


async def receive(
    db: Database, cipher: Cipher, expected: str, *, token: str, webhook_id: str | None, body: bytes
) -> None:
    """Keep an event that carries the right token; the same one again changes nothing."""
    if not expected or not tokens.same(token, expected):
        async with db.transaction() as tx:
            await tx.run(COUNT, name=REFUSED)
        raise AuthFailed("The callback token is missing or wrong.")
    facts = facts_of(_checked(body))
    key = f"id:{webhook_id[:200]}" if webhook_id else f"sha256:{hashlib.sha256(body).hexdigest()}"
    sealed = cipher.seal(f"event:{key}", body.decode())
    async with db.transaction() as tx:
        event_id = await tx.value(KEEP, event_key=key, sealed=sealed, received_at=clock.now(), **facts)
        if event_id is not None:
            await later(tx, "payments.apply_event", event_id=event_id)


def _checked(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Invalid.of("body", "Expected a JSON object") from None


def facts_of(payload: dict[str, Any]) -> dict[str, str | None]:
    """What of an event is kept in the open, as columns: an invoice's lies on top, everything else's under `data`."""
    data = payload.get("data")
    subject = data if "event" in payload and isinstance(data, dict) else payload
    return {
        "event": _text(payload.get("event")), "xendit_id": _text(subject.get("id")),
        "xendit_status": _text(subject.get("status")), "payer_email": _text(subject.get("payer_email")),
        "reference": _text(subject.get("external_id") or subject.get("reference_id")),
    }  # fmt: skip


def _text(value: object) -> str | None:
    return value.replace("\0", "")[:200] or None if isinstance(value, str) else None


async def apply_event(db: Database, xendit: Xendit, *, event_id: int) -> None:
    """Apply a kept event. Money is posted only after Xendit itself confirms it; until then this is asked again."""
    event = await db.reads.one(queries.EVENT, event_id=event_id)
    if event.outcome is not None:
        return
    verdict = await judge(xendit, event)
    async with db.transaction() as tx:
        outcome = await act(tx, verdict)
        await tx.update(XenditEventTable, event.id, applied_at=clock.now(), outcome=outcome)
        await erased.lose_words(tx, event.id)
        if verdict in FORGED:
            await settle.tell_staff(tx, f"Event {event.id} names something that Xendit does not know")


async def judge(xendit: Xendit, event: XenditEvent) -> Verdict:
    """What Xendit itself says about the subject of an event; `Unconfirmed` while the event says more than Xendit does."""
    if event.event is not None and event.event.startswith("payout."):
        return await _judge_payout(xendit, event)
    if event.event is not None or event.xendit_id is None:
        return "NOT_AN_INVOICE"
    invoice = await xendit.invoice(event.xendit_id)
    if invoice is None:
        return UNKNOWN_INVOICE
    fact = await settle.fact_about(xendit, invoice)
    if event.xendit_status in gateway.PAID and fact.status != "PAID":
        raise settle.Unconfirmed(f"event {event.id}: Xendit shows {fact.status}")
    return fact


async def _judge_payout(xendit: Xendit, event: XenditEvent) -> Verdict:
    payout = await xendit.payout(event.xendit_id) if event.xendit_id else None
    if payout is None:
        return UNKNOWN_PAYOUT
    if payout.status not in payouts.FINAL or (event.event == "payout.reversed" and payout.status == payouts.SUCCEEDED):
        raise settle.Unconfirmed(f"event {event.id}: Xendit shows {payout.status}")
    return payout


async def act(tx: Tx, verdict: Verdict) -> str:
    """Post what follows from it; the outcome in a word."""
    if isinstance(verdict, str):
        return verdict
    if isinstance(verdict, Payout):
        return await payouts.apply(tx, verdict)
    return await settle.apply(tx, verdict)
