"""Reviews of a job over HTTP."""

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from iayos.reviews import actions, queries
from iayos.reviews.actions import AgencyReviews, AlreadyReviewed, JobNotSettled, ReviewWindowClosed
from iayos.reviews.schemas import ReviewIn, ReviewOut, ReviewsOut
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


router = Router("/api/jobs", route_handlers=[review_job, reviews_of_job], tags=["reviews"])
