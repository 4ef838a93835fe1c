"""Background work of jobs."""

from typing import Final

from iayos.core.db import Database
from iayos.jobs.models import Job
from iayos.jobs.queries import find_job
from iayos.notifications.actions import notify_each
from iayos.notifications.events import JOB_CREATED
from iayos.profiles.models import Category
from iayos.profiles.queries import category_of, nearby_workers

BATCH: Final = 1000


async def tell_nearby(db: Database, *, job_id: int) -> None:
    """Every worker nearby learns once of a new listing, as long as it is open; run again, it goes on."""
    after = 0
    while (job := await find_job(db.reads, job_id)) is not None and job.is_open:
        category = await category_of(db.reads, job.category_id)
        if category is None:
            raise LookupError(f"job {job_id} has no trade")
        told = await _tell_batch(db, job, category, after=after)
        if told is None:
            return
        after = told


async def _tell_batch(db: Database, job: Job, category: Category, *, after: int) -> int | None:
    """One short transaction; the last worker of the batch, or None when there was nobody left."""
    found = await nearby_workers(
        db.reads, category_id=job.category_id, client_id=job.client_id, latitude=job.latitude, longitude=job.longitude,
        location=job.location, after=after, limit=BATCH,
    )  # fmt: skip
    if not found:
        return None
    async with db.transaction() as tx:
        await notify_each(
            tx, found, JOB_CREATED, data={"jobID": job.id}, once_prefix=f"job-created:{job.id}",
            category=category.name, budget=job.budget,
        )  # fmt: skip
    return found[-1]
