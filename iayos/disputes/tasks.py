"""A dispute's own clock: 48 hours to talk, seven days for offers, then staff (SPEC 3, ruling e)."""

from iayos.core import clock
from iayos.core.db import Database, Tx
from iayos.core.moves import move
from iayos.core.outbox import Again
from iayos.disputes import actions, queries
from iayos.disputes.models import Dispute
from iayos.disputes.states import Phase
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.notifications import events
from iayos.notifications.actions import notify_each
from iayos.settings import Settings


async def watch(db: Database, settings: Settings, *, dispute_id: int) -> None:
    """Go on to the next phase when its time has come, and come back for the one after."""
    async with db.transaction() as tx:
        dispute = await tx.one(queries.DISPUTE, dispute_id=dispute_id)
        job = await lock_job(tx, dispute.job_id)
        dispute = await queries.lock_dispute(tx, dispute_id)
        ends = queries.deadline(dispute, settings)
        while job is not None and ends is not None and ends <= clock.now():
            dispute = await _next_phase(tx, job, dispute)
            ends = queries.deadline(dispute, settings)
    if ends is not None:
        raise Again(ends - clock.now())


async def _next_phase(tx: Tx, job: Job, dispute: Dispute) -> Dispute:
    if dispute.talking:
        data = {"jobID": job.id, "disputeID": dispute.id}
        dispute = await move(tx, dispute, "begin_offers", by=None, phase=Phase.OFFERS.value)
        await notify_each(tx, job.participants, events.DISPUTE_OFFERS_OPEN, data=data, job_title=job.title)
        return dispute
    return await actions.hand_to_staff(tx, job, dispute, by=None)
