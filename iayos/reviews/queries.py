"""Reading reviews."""

import msgspec
from sqlalchemy import BigInteger, bindparam, or_, select

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Statement, columns
from iayos.core.page import BIGGEST, DEFAULT_LIMIT, Page, decode, page
from iayos.core.principal import CLIENT, Principal
from iayos.jobs.queries import job_of_participant
from iayos.profiles import browse
from iayos.profiles.queries import PUBLIC_NAME
from iayos.reviews.models import Review, ReviewTable
from iayos.reviews.schemas import AgencyCardOut, PublishedOut, WorkerCardOut


class Published(Review, frozen=True):
    """A review that everyone may read."""

    reviewer_name: str


VISIBLE = Statement(
    select(*columns(Review))
    .where(
        ReviewTable.job_id == bindparam("job_id", type_=BigInteger),
        or_(ReviewTable.published_at.is_not(None), ReviewTable.reviewer_id == bindparam("viewer_id", type_=BigInteger)),
    )
    .order_by(ReviewTable.id),
    into=Review,
)

PUBLISHED = Statement(
    select(*columns(Review), PUBLIC_NAME)
    .join(AccountTable, AccountTable.id == ReviewTable.reviewer_id)
    .where(
        ReviewTable.reviewee_id == bindparam("reviewee_id", type_=BigInteger),
        ReviewTable.reviewer_type == CLIENT,
        ReviewTable.published_at.is_not(None),
        ReviewTable.id < bindparam("before", type_=BigInteger),
    )
    .order_by(ReviewTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Published,
)


async def reviews_of_job(reads: Reads, job_id: int, *, by: Principal) -> list[Review]:
    """What a participant may see: what is published, and one's own."""
    await job_of_participant(reads, job_id, by)
    return await reads.all(VISIBLE, job_id=job_id, viewer_id=by.account_id)


async def published_of(reads: Reads, reviewee_id: int, *, limit: int, cursor: str | None) -> Page[PublishedOut]:
    """A page of what clients said of this worker or agency, newest first."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    rows = await reads.all(PUBLISHED, reviewee_id=reviewee_id, before=before, limit=limit + 1)
    return page(rows, limit, PublishedOut.of, lambda row: (row.id,))


async def worker_card(reads: Reads, account_id: int) -> WorkerCardOut:
    """A worker as anyone signed in sees them, with the newest reviews."""
    worker = await browse.worker(reads, account_id)
    reviews = await published_of(reads, account_id, limit=DEFAULT_LIMIT, cursor=None)
    return WorkerCardOut(**msgspec.structs.asdict(worker), reviews=reviews.items)


async def reviews_of_worker(reads: Reads, account_id: int, *, limit: int, cursor: str | None) -> Page[PublishedOut]:
    """The same reviews by pages; 404 where there is no such worker."""
    await browse.worker(reads, account_id)
    return await published_of(reads, account_id, limit=limit, cursor=cursor)


async def agency_card(reads: Reads, account_id: int) -> AgencyCardOut:
    """An agency as anyone signed in sees it, with the newest reviews."""
    agency = await browse.agency(reads, account_id)
    reviews = await published_of(reads, account_id, limit=DEFAULT_LIMIT, cursor=None)
    return AgencyCardOut(**msgspec.structs.asdict(agency), reviews=reviews.items)


async def reviews_of_agency(reads: Reads, account_id: int, *, limit: int, cursor: str | None) -> Page[PublishedOut]:
    """The same reviews by pages; 404 where there is no such agency."""
    await browse.agency(reads, account_id)
    return await published_of(reads, account_id, limit=limit, cursor=cursor)
