"""Stored events, run again (SPEC 8, `xendit replay`): no effect when all of them were applied."""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from iayos.core import clock
from iayos.core.audit import note
from iayos.core.db import Database, Statement, columns
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.core.progress import Progress, counted
from iayos.payments import webhook
from iayos.payments.gateway import Xendit
from iayos.payments.models import XenditEvent, XenditEventTable
from iayos.payments.settle import Unconfirmed

SETTLED: Final = frozenset({"NOT_AN_INVOICE", "UNKNOWN_INVOICE", "UNKNOWN_PAYOUT", "OTHER_CURRENCY"})
"""Closed for good, and staff was told: nothing that could be applied."""
IDLE: Final = SETTLED | {"NO_EFFECT", "PENDING", "DIFFERS", "PAID_AFTER_FAILURE"}
SINCE = Statement(
    select(*columns(XenditEvent))
    .where(XenditEventTable.received_at >= bindparam("since", type_=Instant))
    .order_by(XenditEventTable.id),
    into=XenditEvent,
)


class Replayed(msgspec.Struct, frozen=True):
    """What came of one event this time."""

    event_id: int
    outcome: str

    @property
    def had_effect(self) -> bool:
        """Was there still something to apply?"""
        return self.outcome not in IDLE and self.outcome != "UNCONFIRMED"


async def replay(
    db: Database, xendit: Xendit, *, since: datetime, by: Principal, reason: str, progress: Progress
) -> list[Replayed]:
    """Every event since then, oldest first, judged by Xendit as it is now and applied under the same references."""
    events = await db.reads.all(SINCE, since=since)
    progress.begin(f"Running {counted(len(events), 'stored event')} again", len(events))
    found = [
        await _again(db, xendit, event, by, reason)
        for event in progress.through(events)
        if event.outcome not in SETTLED
    ]
    return [*found, *(Replayed(one.id, one.outcome) for one in events if one.outcome in SETTLED)]


async def _again(db: Database, xendit: Xendit, event: XenditEvent, by: Principal, reason: str) -> Replayed:
    try:
        verdict = await webhook.judge(xendit, event)
    except Unconfirmed:
        return Replayed(event.id, "UNCONFIRMED")
    async with db.transaction() as tx:
        again = Replayed(event.id, await webhook.act(tx, verdict))
        if event.outcome is None:
            await tx.update(XenditEventTable, event.id, applied_at=clock.now(), outcome=again.outcome)
        if again.had_effect:
            await note(
                tx, by, "payments:replay", subject=f"xendit_event:{event.id}", reason=reason,
                after={"outcome": again.outcome},
            )  # fmt: skip
    return again
