"""Reviews over HTTP: of a job for those who take part, and what is published on a worker's card."""

from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.reviews import actions, queries
from iayos.reviews.actions import AgencyReviews, AlreadyReviewed, JobNotSettled, ReviewWindowClosed
from iayos.reviews.schemas import AgencyCardOut, PublishedOut, ReviewIn, ReviewOut, ReviewsOut, WorkerCardOut
from iayos.web.auth import Me, signed_in, verified
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading


@post(
    "/{job_id:int}/review",
    status_code=201,
    guards=[verified],
    summary="Review the other side of a settled job",
    opt=answers(JobNotSettled, ReviewWindowClosed, AlreadyReviewed, AgencyReviews),
)
async def review_job(tx: InTx, me: Me, state: State, job_id: FromPath[int], data: JSONBody[ReviewIn]) -> ReviewOut:
    """Hidden until both sides have written, or 14 days after settlement."""
    return ReviewOut.of(await actions.review(tx, job_id, data, days=state.settings.review_days, by=me))


@get("/{job_id:int}/reviews", guards=[signed_in], summary="The reviews of a job that I may see")
async def reviews_of_job(reads: Reading, me: Me, job_id: FromPath[int]) -> ReviewsOut:
    """The published ones, and mine."""
    found = await queries.reviews_of_job(reads, job_id, by=me)
    return ReviewsOut(items=[ReviewOut.of(one) for one in found])


@get("/{account_id:int}", summary="A worker's card")
async def worker_card(reads: Reading, account_id: FromPath[int]) -> WorkerCardOut:
    """Trades, rating, and what clients said."""
    return await queries.worker_card(reads, account_id)


@get("/{account_id:int}/reviews", summary="What clients said of a worker, newest first")
async def reviews_of_worker(
    reads: Reading,
    account_id: FromPath[int],
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[PublishedOut]:
    """Published reviews alone."""
    return await queries.reviews_of_worker(reads, account_id, limit=limit, cursor=cursor)


@get("/{account_id:int}", summary="An agency's card")
async def agency_card(reads: Reading, account_id: FromPath[int]) -> AgencyCardOut:
    """Rating, jobs done, and what clients said."""
    return await queries.agency_card(reads, account_id)


@get("/{account_id:int}/reviews", summary="What clients said of an agency, newest first")
async def reviews_of_agency(
    reads: Reading,
    account_id: FromPath[int],
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[PublishedOut]:
    """Published reviews alone."""
    return await queries.reviews_of_agency(reads, account_id, limit=limit, cursor=cursor)


of_jobs = Router("/api/jobs", route_handlers=[review_job, reviews_of_job])
of_workers = Router("/api/workers", route_handlers=[worker_card, reviews_of_worker], guards=[signed_in])
of_agencies = Router("/api/agencies", route_handlers=[agency_card, reviews_of_agency], guards=[signed_in])
router = Router("/", route_handlers=[of_jobs, of_workers, of_agencies], tags=["reviews"])
