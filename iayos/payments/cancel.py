"""Cancelling a job: the part that concerns money. Until the escrow is paid it is free (SPEC 3)."""

from iayos.core.db import Tx
from iayos.core.errors import NotFound
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs import actions as jobs
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.payments import queries


async def cancel(tx: Tx, job_id: int, *, by: Principal, reason: str) -> Job:
    """The job ends before money is held; a live invoice is ended too, and money that still comes goes to the payer's wallet."""
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound
    job = await jobs.cancel(tx, job, by=by, reason=reason)
    for live in await tx.all(queries.LIVE_OF_JOB, job_id=job.id):
        await move(tx, live, "supersede", by=by, failure_reason="JOB_CANCELLED")
        if live.invoice_id:
            await later(tx, "payments.end_invoice", invoice_id=live.invoice_id)
    return job
