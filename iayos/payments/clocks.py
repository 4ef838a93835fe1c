"""The runner's hand on a job's clocks (jobs/clocks.py): what falls due is done, once, and before it the client is reminded."""

from datetime import timedelta
from typing import Any, Final

from iayos.core import clock as time
from iayos.core.db import Database, Tx
from iayos.core.money import fee_on, halves
from iayos.core.moves import move
from iayos.core.outbox import Again
from iayos.jobs import actions as jobs
from iayos.jobs import invites
from iayos.jobs.clocks import CLOCKS, Clock, due_at, started
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.ledger import chart
from iayos.notifications import events
from iayos.notifications.actions import notify, notify_each
from iayos.payments import cancel, settle
from iayos.payments.posting import post_and_collect
from iayos.settings import Settings

NOT_PAID: Final = "The escrow was not paid in time"


async def watch(db: Database, settings: Settings, *, job_id: int, clock: str) -> None:
    """Look at one clock of a job: act when it is due, remind on the days before, and come back until it runs no more."""
    async with db.transaction() as tx:
        job = await lock_job(tx, job_id)
        if job is None:
            return
        wait = await _tick(tx, job, CLOCKS[clock], settings)
    if wait is not None:
        raise Again(wait)


async def _tick(tx: Tx, job: Job, clock: Clock, settings: Settings) -> timedelta | None:
    """Do what is due; how long until the next thing is, or None when nothing more will be."""
    since, due = started(clock, job), due_at(clock, job, settings)
    if since is None or due is None:
        return None
    moment = time.now()
    reminders = [since + timedelta(days=day) for day in settings.reminders] if clock.reminds else []
    for number in range(sum(one <= moment and one < due for one in reminders)):
        await _remind(tx, job, clock, number)
    if due <= moment:
        await ACTIONS[clock.move](tx, job)
        return None
    return min(at for at in (*reminders, due) if at > moment) - moment


async def _remind(tx: Tx, job: Job, clock: Clock, number: int) -> None:
    """Once for each reminder of each run of the clock, however often the runner looks."""
    since = started(clock, job)
    event = events.APPROVAL_REMINDER if clock.name == "silence" else events.PAYMENT_REMINDER
    key = f"remind:{job.id}:{clock.name}:{since}:{number}"
    await notify(tx, job.client_id, event, data={"jobID": job.id}, once_key=key, job_title=job.title)


async def _cancel_unpaid(tx: Tx, job: Job) -> None:
    await cancel.end_attempts(tx, await jobs.cancel(tx, job, by=None, reason=NOT_PAID), by=None)


async def _approve(tx: Tx, job: Job) -> None:
    job = await jobs.approve_by_silence(tx, job)
    await notify(tx, job.client_id, events.APPROVED_BY_SILENCE, data={"jobID": job.id}, job_title=job.title)


async def _release_half(tx: Tx, job: Job) -> None:
    """The second half is not paid in time: what is held goes to the payee, the rest stays owed (SPEC 3, ruling g)."""
    first, rest = halves(settle.price_of(job))
    job = await move(tx, job, "release_half", by=None, half_released=True)
    payee = settle.payee_of(job)
    await post_and_collect(tx, f"release-half:{job.id}", (chart.escrow(job.id), chart.wallet(payee), first))
    await settle.earned(tx, job, first, jobs=0)
    told: dict[str, Any] = {"data": {"jobID": job.id}, "job_title": job.title}
    await notify(tx, payee, events.HALF_RELEASED, amount=first, **told)
    await notify(tx, job.client_id, events.PAYMENT_OVERDUE, amount=rest + fee_on(rest), **told)


async def _lapse_cancel(tx: Tx, job: Job) -> None:
    job = await move(tx, job, "lapse_cancel", by=None, cancel_asked_by=None, cancel_asked_at=None)
    await notify_each(tx, job.participants, events.CANCEL_LAPSED, data={"jobID": job.id}, job_title=job.title)


ACTIONS: Final = {
    "lapse_invite": invites.lapse,
    "lapse_unpaid": _cancel_unpaid,
    "approve_by_silence": _approve,
    "release_half": _release_half,
    "lapse_cancel": _lapse_cancel,
}
