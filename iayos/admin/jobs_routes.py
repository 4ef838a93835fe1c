"""Jobs as staff sees them, over HTTP."""

from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.admin import jobs as verbs
from iayos.admin.jobs_schemas import AdminJobOut, JobStoryOut, StaffCancelIn, StaffCancelOut
from iayos.core import page
from iayos.core.page import Page
from iayos.core.wire import Clearable
from iayos.jobs import actions as jobs
from iayos.jobs.states import JobStatus
from iayos.payments.staff_cancel import WorkApproved
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import InTx, Reading


@get("/", summary="Jobs, for staff")
async def list_jobs(
    reads: Reading,
    q: Annotated[Clearable | None, QueryParameter(description="Words of title, description or place.")] = None,
    status: FromQuery[JobStatus | None] = None,
    account_id: Annotated[
        int | None, QueryParameter(name="accountID", ge=1, le=page.BIGGEST, description="Whoever takes part.")
    ] = None,
    held: Annotated[bool, QueryParameter(description="Only those whose escrow holds money.")] = False,  # noqa: FBT002
    limit: Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)] = page.DEFAULT_LIMIT,
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Page[AdminJobOut]:
    """Newest first."""
    wanted = verbs.Search(q=q, status=status, account_id=account_id, held=held)
    return await verbs.search(reads, wanted, limit=limit, cursor=cursor)


@get("/{job_id:int}", summary="A job with all that happened to it and its money")
async def show_job(reads: Reading, state: State, job_id: FromPath[int]) -> JobStoryOut:
    """Payments, the entries of its escrow, every move with who made it, and what happens next."""
    return await verbs.story(reads, job_id, state.settings)


@post(
    "/{job_id:int}/cancel", status_code=200, summary="End a job",
    opt=answers(jobs.OwnJob, verbs.DisputeToRule, WorkApproved, jobs.AlreadyCompleted, jobs.AlreadyCancelled) | DRY_RUN,
)  # fmt: skip
async def cancel_job(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[StaffCancelIn]) -> StaffCancelOut:
    """What is held goes back to the client, with the fees; above ₱50,000 another member of staff repeats the call.

    A disputed job is ended by a ruling; approved work is not cancelled.
    """
    return await verbs.cancel(tx, job_id, reason=data.reason, by=me)


router = Router(
    "/api/admin/jobs",
    route_handlers=[list_jobs, show_job, cancel_job],
    guards=[staff("SUPPORT", "FINANCE")],
    tags=["admin"],
)
