"""Reading reviews."""

from sqlalchemy import BigInteger, bindparam, or_, select

from iayos.core.db import Reads, Statement, columns
from iayos.core.principal import Principal
from iayos.jobs.queries import job_of_participant
from iayos.reviews.models import Review, ReviewTable

VISIBLE = Statement(
    select(*columns(Review))
    .where(
        ReviewTable.job_id == bindparam("job_id", type_=BigInteger),
        or_(ReviewTable.published_at.is_not(None), ReviewTable.reviewer_id == bindparam("viewer_id", type_=BigInteger)),
    )
    .order_by(ReviewTable.id),
    into=Review,
)


async def reviews_of_job(reads: Reads, job_id: int, *, by: Principal) -> list[Review]:
    """What a participant may see: what is published, and one's own."""
    await job_of_participant(reads, job_id, by)
    return await reads.all(VISIBLE, job_id=job_id, viewer_id=by.account_id)
