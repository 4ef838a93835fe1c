"""Both sides of a settled job review each other, blind: nobody sees the other's words before writing their own."""

from datetime import timedelta

from sqlalchemy import BigInteger, Integer, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from iayos.agencies import actions as agencies
from iayos.core import clock
from iayos.core.db import Statement, Tx, columns
from iayos.core.errors import Conflict, Forbidden, NotFound
from iayos.core.models import Instant
from iayos.core.outbox import later
from iayos.core.principal import AGENCY, CLIENT, WORKER, Principal
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.notifications.actions import notify
from iayos.notifications.events import REVIEW_RECEIVED
from iayos.profiles.actions import count_rating
from iayos.profiles.queries import cards
from iayos.reviews.models import Review, ReviewTable
from iayos.reviews.schemas import ReviewIn


class JobNotSettled(Conflict):
    """The job is not paid in full yet, or was called off."""

    code, message = "JOB_NOT_SETTLED", "You can review this job once it is done and paid."


class ReviewWindowClosed(Conflict):
    """Too late."""

    code, message = "REVIEW_WINDOW_CLOSED", "The time to review this job is over."


class AlreadyReviewed(Conflict):
    """Once a side."""

    code, message = "ALREADY_REVIEWED", "You have reviewed this job already."


class AgencyReviews(Forbidden):
    """An employee took part, but the agency is the side that was hired."""

    code, message = "AGENCY_REVIEWS", "The agency reviews this job."


_of_job = ReviewTable.job_id == bindparam("job_id", type_=BigInteger)
_written = insert(ReviewTable).values(
    job_id=bindparam("job_id", type_=BigInteger), reviewer_id=bindparam("reviewer_id", type_=BigInteger),
    reviewee_id=bindparam("reviewee_id", type_=BigInteger), reviewer_type=bindparam("reviewer_type", type_=Text),
    rating=bindparam("rating", type_=Integer), comment=bindparam("comment", type_=Text),
    created_at=bindparam("created_at", type_=Instant),
)  # fmt: skip
WRITE = Statement(
    _written.on_conflict_do_nothing(index_elements=["job_id", "reviewer_id"]).returning(*columns(Review)), into=Review
)
COUNT = Statement(select(func.count()).select_from(ReviewTable).where(_of_job))
PUBLISH = Statement(
    update(ReviewTable)
    .where(_of_job, ReviewTable.published_at.is_(None))
    .values(published_at=bindparam("at", type_=Instant))
    .returning(*columns(Review)),
    into=Review,
)
SIDES = 2


async def review(tx: Tx, job_id: int, data: ReviewIn, *, days: int, by: Principal) -> Review:
    """One side's word, hidden until the other side's is in or `days` after settlement have passed."""
    job = await _job_of_side(tx, job_id, by)
    if job.settled_at is None:
        raise JobNotSettled(jobID=job_id)
    closes_at = job.settled_at + timedelta(days=days)
    if clock.now() >= closes_at:
        raise ReviewWindowClosed(jobID=job_id, closedAt=closes_at)
    written = await _write(tx, job, data, by=by)
    if await tx.value(COUNT, job_id=job_id) < SIDES:
        await later(tx, "reviews.publish", at=closes_at, job_id=job_id)
        return written
    return next(one for one in await publish(tx, job) if one.id == written.id)


async def publish(tx: Tx, job: Job) -> list[Review]:
    """What is hidden of this job becomes visible, counts to the averages and is told; done again, it does nothing."""
    published = await tx.all(PUBLISH, job_id=job.id, at=clock.now())
    people = await cards(tx, [(one.reviewer_id, one.reviewer_type) for one in published])
    for one in sorted(published, key=lambda one: one.reviewee_id):  # always in this order, so that nobody deadlocks
        await _count(tx, job, one)
        await notify(
            tx, one.reviewee_id, REVIEW_RECEIVED, data={"jobID": job.id, "reviewID": one.id}, once_key=f"review:{one.id}",
            reviewer_name=people[one.reviewer_id, one.reviewer_type].name, rating=one.rating,
        )  # fmt: skip
    return published


async def _count(tx: Tx, job: Job, one: Review) -> None:
    """To the average of whoever was reviewed; what is said of an agency also to the employee who did the job."""
    reviewed = _payee_type(job) if one.reviewer_type == CLIENT else CLIENT
    await count_rating(tx, one.reviewee_id, reviewed, one.rating)
    if reviewed == AGENCY and job.assigned_worker_id is not None:
        await agencies.count_rating(tx, one.reviewee_id, job.assigned_worker_id, one.rating)


async def _job_of_side(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound(jobID=job_id)
    if by.account_id not in {job.client_id, job.payee_id}:
        raise AgencyReviews(jobID=job_id)
    return job


async def _write(tx: Tx, job: Job, data: ReviewIn, *, by: Principal) -> Review:
    is_client = by.account_id == job.client_id
    written = await tx.one_or_none(
        WRITE, job_id=job.id, reviewer_id=by.account_id, reviewee_id=job.payee_id if is_client else job.client_id,
        reviewer_type=CLIENT if is_client else _payee_type(job), rating=data.rating, comment=data.comment,
        created_at=clock.now(),
    )  # fmt: skip
    if written is None:
        raise AlreadyReviewed(jobID=job.id)
    return written


def _payee_type(job: Job) -> str:
    return AGENCY if job.assigned_agency_id else WORKER
