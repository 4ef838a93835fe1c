"""Xendit as staff sees it: our books beside its own, its events, and what we asked of it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import JSONBody, QueryParameter
from sqlalchemy import BigInteger, Text, bindparam, or_, select

from iayos.core import clock, page
from iayos.core.db import Row, Statement, columns
from iayos.core.errors import GatewayUnavailable
from iayos.core.money import Centavos
from iayos.core.page import Page
from iayos.payments import reconcile, replay
from iayos.payments.models import PaymentTable, WithdrawalTable, XenditEvent, XenditEventTable
from iayos.payments.reconcile import Difference
from iayos.payments.schemas import (
    DifferenceOut,
    EventOut,
    ReconcileIn,
    ReconcileOut,
    ReplayedOut,
    ReplayIn,
    ReplayOut,
    XenditInvoiceOut,
    XenditPayoutOut,
)  # fmt: skip
from iayos.payments.states import PaymentStatus
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.progress import InProgress
from iayos.web.request import instant
from iayos.web.tx import OwnTx, Reading

Limit = Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)]
Cursor = Annotated[str | None, QueryParameter(max_length=500)]
Status = Annotated[PaymentStatus | None, QueryParameter(description="Only in this state.")]
finance = [staff("FINANCE")]


class Asked(Row, frozen=True):
    """A payment as it was asked of Xendit."""

    id: int
    xendit_id: str | None
    reference: str | None
    status: str
    amount: int
    failure_reason: str | None
    created_at: datetime


class Sent(Row, frozen=True):
    """A withdrawal as it was asked of Xendit."""

    id: int
    xendit_id: str | None
    payout_status: str | None
    status: str
    amount: int
    channel_code: str
    account_last4: str
    failure_reason: str | None
    created_at: datetime


def _listed(query: Any, key: Any) -> Any:
    """Newest first, from a cursor on."""
    return (
        query.where(key < bindparam("before", type_=BigInteger))
        .order_by(key.desc())
        .limit(bindparam("limit", type_=BigInteger))
    )


_events = select(*columns(XenditEvent))
_open_events = _events.where(XenditEventTable.outcome.is_(None))
EVENTS: Final = Statement(_listed(_events, XenditEventTable.id), into=XenditEvent)
OPEN_EVENTS: Final = Statement(_listed(_open_events, XenditEventTable.id), into=XenditEvent)
_wanted = or_(bindparam("status", type_=Text).is_(None), PaymentTable.status == bindparam("status", type_=Text))
INVOICES: Final = Statement(
    _listed(
        select(
            PaymentTable.id, PaymentTable.invoice_id, PaymentTable.external_id, PaymentTable.status, PaymentTable.amount,
            PaymentTable.failure_reason, PaymentTable.created_at,
        ).where(PaymentTable.external_id.is_not(None), _wanted),
        PaymentTable.id,
    ),
    into=Asked,
)  # fmt: skip
PAYOUTS: Final = Statement(
    _listed(
        select(
            PaymentTable.id, WithdrawalTable.payout_id, WithdrawalTable.payout_status, PaymentTable.status,
            PaymentTable.amount, WithdrawalTable.channel_code, WithdrawalTable.account_last4,
            PaymentTable.failure_reason, PaymentTable.created_at,
        ).join(WithdrawalTable, WithdrawalTable.payment_id == PaymentTable.id).where(_wanted),
        PaymentTable.id,
    ),
    into=Sent,
)  # fmt: skip


@post(
    "/reconcile", status_code=200, summary="Compare our books with Xendit's, both ways", guards=finance,
    opt=answers(GatewayUnavailable),
)  # fmt: skip
async def reconcile_now(
    data: JSONBody[ReconcileIn], state: State, db: OwnTx, me: Me, progress: InProgress
) -> ReconcileOut:
    """Every invoice, payout and movement since then; what is safe to repair is repaired unless `dryRun`."""
    since = instant("since", data.since) if data.since else clock.now() - reconcile.DEFAULT_SPAN
    report = await reconcile.reconcile(
        db, state.services.xendit, since=since, repair=not data.dryRun, by=me, progress=progress
    )
    shown = [_difference(one) for one in report.differences]
    return ReconcileOut(
        since=report.since, dryRun=data.dryRun, differences=shown, invoices=report.invoices,
        transactions=report.transactions, payouts=report.payouts, remaining=sum(not one.repaired for one in shown),
    )  # fmt: skip


def _difference(one: Difference) -> DifferenceOut:
    return DifferenceOut(
        what=one.what, ours=one.ours, xendit=one.xendit, amount=Centavos(one.amount), transactionID=one.payment_id,
        xenditID=one.xendit_id, repair=one.repair, repaired=one.repaired,
    )  # fmt: skip


@post("/replay", status_code=200, summary="Run stored events again", guards=finance, opt=answers(GatewayUnavailable))
async def replay_events(data: JSONBody[ReplayIn], state: State, db: OwnTx, me: Me, progress: InProgress) -> ReplayOut:
    """Nothing happens when all of them were applied; the answer names those that still had an effect."""
    since = instant("since", data.since)
    found = await replay.replay(
        db, state.services.xendit, since=since, by=me, reason=data.reason or "Events run again", progress=progress
    )
    effects = [ReplayedOut(eventID=one.event_id, outcome=one.outcome) for one in found if one.had_effect]
    waiting = sum(one.outcome == "UNCONFIRMED" for one in found)
    return ReplayOut(since=since, events=len(found), effects=effects, unconfirmed=waiting)


@get("/events", summary="What Xendit told us", guards=finance)
async def events(
    reads: Reading, limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None,
    only: Annotated[Literal["open"] | None, QueryParameter(description="`open`: not applied yet.")] = None,
) -> Page[EventOut]:  # fmt: skip
    """Newest first."""
    statement = OPEN_EVENTS if only else EVENTS
    rows = await reads.all(statement, before=_before(cursor), limit=limit + 1)
    return page.page(rows, limit, _shown_event, lambda row: (row.id,))


def _shown_event(row: XenditEvent) -> EventOut:
    return EventOut(
        eventID=row.id, event=row.event or row.xendit_status or "UNKNOWN", xenditID=row.xendit_id, reference=row.reference,
        outcome=row.outcome, receivedAt=row.received_at, appliedAt=row.applied_at,
    )  # fmt: skip


@get("/invoices", summary="Invoices that we asked for", guards=finance)
async def invoices(
    reads: Reading, limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None, status: Status = None
) -> Page[XenditInvoiceOut]:
    """Newest first, as our books have them."""
    rows = await reads.all(INVOICES, status=status, before=_before(cursor), limit=limit + 1)
    return page.page(rows, limit, _shown_invoice, lambda row: (row.id,))


def _shown_invoice(row: Asked) -> XenditInvoiceOut:
    return XenditInvoiceOut(
        transactionID=row.id, invoiceID=row.xendit_id, reference=row.reference or "", status=row.status,
        amount=Centavos(row.amount), failureReason=row.failure_reason, createdAt=row.created_at,
    )  # fmt: skip


@get("/payouts", summary="Payouts that we asked for", guards=finance)
async def payouts(
    reads: Reading, limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None, status: Status = None
) -> Page[XenditPayoutOut]:
    """Newest first, as our books have them; account numbers show their last four digits."""
    rows = await reads.all(PAYOUTS, status=status, before=_before(cursor), limit=limit + 1)
    return page.page(rows, limit, _shown_payout, lambda row: (row.id,))


def _shown_payout(row: Sent) -> XenditPayoutOut:
    return XenditPayoutOut(
        transactionID=row.id, payoutID=row.xendit_id, reference=f"withdrawal-{row.id}", status=row.status,
        xenditStatus=row.payout_status, amount=Centavos(row.amount), channelCode=row.channel_code,
        accountNumber=f"•••• {row.account_last4}", failureReason=row.failure_reason, createdAt=row.created_at,
    )  # fmt: skip


def _before(cursor: str | None) -> int:
    place = page.decode(cursor, int)
    return int(place[0]) if place else page.BIGGEST


router = Router(
    path="/api/admin/xendit", route_handlers=[reconcile_now, replay_events, events, invoices, payouts], tags=["admin"]
)
