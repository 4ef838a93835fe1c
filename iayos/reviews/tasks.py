"""What happens to reviews by itself."""

from iayos.core.db import Database
from iayos.jobs.queries import lock_job
from iayos.reviews.actions import publish


async def publish_due(db: Database, *, job_id: int) -> None:
    """The time to review is over: what was written is published, also where one side kept silent."""
    async with db.transaction() as tx:
        job = await lock_job(tx, job_id)
        if job is not None:
            await publish(tx, job)
