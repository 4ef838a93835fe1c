"""A member of staff ends a job: the platform cancels, so the client gets back what is held and every fee that was paid for it."""

from typing import NamedTuple

from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict
from iayos.core.moves import move
from iayos.core.principal import Principal
from iayos.jobs import actions as jobs
from iayos.jobs.models import Job
from iayos.ledger import chart
from iayos.ledger.queries import balance
from iayos.notifications import events
from iayos.notifications.actions import notify_each
from iayos.payments import cancel, queries
from iayos.payments.posting import post_and_collect

BY_STAFF = "Cancelled by our staff"
"""What the two sides read; staff's own words are for the audit log."""


class WorkApproved(Conflict):
    """The work is done and approved, and its first half is still held."""

    code = "JOB_WORK_APPROVED"
    message = (
        "The client has approved this work, so its money is not given back by cancelling. It goes to the payee by itself, or "
        "one of the two sides opens a dispute and staff rules on it."
    )


class Back(NamedTuple):
    """What goes back to the client, in centavos: out of the escrow, and out of our fees."""

    base: int
    fee: int


async def goes_back(tx: Tx, job: Job) -> Back:
    """What ending this job would give back; raises where it cannot be ended. `job` is locked by the caller."""
    jobs.refuse_disputed(job)
    if job.may_release_half:
        raise WorkApproved(jobID=job.id)
    jobs.refuse_ended(job)
    if not job.escrow_paid:
        return Back(0, 0)
    return Back(await balance(tx, chart.escrow(job.id)), await tx.value(queries.FEES_PAID, job_id=job.id))


async def end(tx: Tx, job: Job, back: Back, *, by: Principal) -> Job:
    """End it: who applied and both sides are told, live invoices end, `back` goes to the client's wallet."""
    moment = clock.now()
    await jobs.reject_pending(tx, job, by=by)
    if job.escrow_paid:
        job = await move(tx, job, "staff_refund", by=by, cancelled_at=moment, settled_at=moment, cancel_reason=BY_STAFF)
        await _give_back(tx, job, back)
    else:
        job = await move(tx, job, "staff_cancel", by=by, cancelled_at=moment, cancel_reason=BY_STAFF)
    await cancel.end_attempts(tx, job, by=by)
    await notify_each(tx, job.participants, events.JOB_CANCELLED, data={"jobID": job.id}, job_title=job.title)
    return job


async def _give_back(tx: Tx, job: Job, back: Back) -> None:
    home, reference = chart.wallet(job.client_id), f"refund:{job.id}"
    await post_and_collect(tx, reference, (chart.escrow(job.id), home, back.base), (chart.FEES, home, back.fee))
    await cancel.refund(tx, job, reference, base=back.base, fee=back.fee)
