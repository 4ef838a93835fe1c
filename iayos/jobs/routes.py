"""Jobs and applications over HTTP."""

from typing import Annotated, Final

from litestar import Router, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import structs

from iayos.agencies.actions import EmployeeBusy, NotEmployed
from iayos.core.errors import Invalid
from iayos.core.page import BIGGEST, DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.principal import AGENCY, CLIENT, WORKER
from iayos.core.wire import Clearable, Place, QueryPesos
from iayos.jobs import actions, agency, applications, browse, invites, photo_routes, queries
from iayos.jobs.explain import explain
from iayos.jobs.invited import OwnInvite
from iayos.jobs.schemas import (
    ApplicationIn,
    ApplicationOut,
    AssignmentIn,
    CategoryOut,
    ExplainOut,
    InviteRejectionIn,
    JobChanges,
    JobIn,
    JobOut,
    RejectionIn,
    Role,
    Sort,
)
from iayos.jobs.states import JobStatus, Urgency
from iayos.media.actions import address_of
from iayos.profiles.queries import all_categories
from iayos.web.auth import Me, acting_as, signed_in
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading

NO_REASON: Final = RejectionIn()
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
as_client = acting_as(CLIENT)
as_worker = acting_as(WORKER)
as_agency = acting_as(AGENCY)


@get("/categories", summary="The trades")
async def categories(reads: Reading) -> Page[CategoryOut]:
    """All of them, on one page; no sign-in needed."""
    found = await all_categories(reads)
    return Page(items=[CategoryOut(categoryID=one.id, name=one.name) for one in found], nextCursor=None)


@post(
    "/create", status_code=201, guards=[as_client], summary="Post a job", opt=answers(OwnInvite, actions.PaymentOverdue)
)
async def create(tx: InTx, me: Me, data: JSONBody[JobIn]) -> JobOut:
    """A listing is shown to all and told to the workers nearby; an invitation goes to one worker or agency."""
    return await queries.show(tx, await actions.create(tx, data, by=me), me.account_id)


@get("/", guards=[signed_in], summary="Open listings", opt=answers(Invalid))
async def browse_jobs(  # noqa: PLR0913 - one parameter for each filter
    reads: Reading,
    me: Me,
    *,
    q: Annotated[Clearable | None, QueryParameter(description='Words, "a phrase", or -without.')] = None,
    categoryID: Annotated[int | None, QueryParameter(ge=1, le=BIGGEST)] = None,
    minBudget: Annotated[QueryPesos | None, QueryParameter(description="Pesos.")] = None,
    maxBudget: Annotated[QueryPesos | None, QueryParameter(description="Pesos.")] = None,
    urgency: FromQuery[Urgency | None] = None,
    near: Annotated[Place | None, QueryParameter(description="latitude,longitude; shows distances.")] = None,
    radiusKm: Annotated[float | None, QueryParameter(gt=0, le=20_100)] = None,
    sort: FromQuery[Sort] = Sort.NEWEST,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[JobOut]:
    """By words, trade, price, urgency and distance; the newest, the best paid or the nearest first."""
    search = browse.Search(
        q=q, category_id=categoryID, min_budget=minBudget, max_budget=maxBudget, urgency=urgency,
        near=near, radius_km=radiusKm, sort=sort,
    )  # fmt: skip
    return await browse.listings(reads, search, viewer=me, limit=limit, cursor=cursor)


@get("/my-jobs", guards=[signed_in], summary="My jobs, newest first")
async def my_jobs(
    reads: Reading,
    me: Me,
    role: FromQuery[Role | None] = None,
    status: FromQuery[JobStatus | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[JobOut]:
    """As client, worker or agency; without `role`, as the profile that I act in."""
    return await browse.my_jobs(reads, viewer=me, role=role, status=status, limit=limit, cursor=cursor)


@get("/my-applications", guards=[signed_in], summary="My applications, newest first")
async def my_applications(
    reads: Reading, me: Me, limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None
) -> Page[ApplicationOut]:
    """Whatever became of them."""
    return await queries.page_of_worker(reads, me.account_id, limit=limit, cursor=cursor)


@get("/{job_id:int}", guards=[signed_in], summary="A job")
async def show(reads: Reading, me: Me, state: State, job_id: FromPath[int]) -> JobOut:
    """For those who take part, and for everyone while it is an open listing; the cash proof's address is signed for the viewer."""
    job = await queries.job_seen_by(reads, job_id, me)
    proof = await address_of(reads, state.services.files, job.cash_proof_media_id)
    return structs.replace(await queries.show(reads, job, me.account_id), cashPaymentProofUrl=proof)


@get("/{job_id:int}/explain", guards=[signed_in], summary="Where a job stands, and whose turn it is")
async def explain_job(reads: Reading, me: Me, state: State, job_id: FromPath[int]) -> ExplainOut:
    """For those who take part."""
    return explain(await queries.job_of_participant(reads, job_id, me), state.settings)


@patch(
    "/{job_id:int}", guards=[as_client], summary="Change a job",
    opt=answers(actions.NotEditable, actions.HasApplications),
)  # fmt: skip
async def edit(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[JobChanges]) -> JobOut:
    """While it is open and nobody has applied; what is left out stays."""
    return await queries.show(tx, await actions.edit(tx, job_id, data, by=me), me.account_id)


@post(
    "/{job_id:int}/apply", status_code=201, guards=[as_worker], summary="Apply to a listing",
    opt=answers(applications.NotOpen, applications.OwnJob, applications.AlreadyApplied, applications.KYCRequired),
)  # fmt: skip
async def apply(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[ApplicationIn]) -> ApplicationOut:
    """Once a job, with a message and a price."""
    return await queries.show_application(tx, await applications.apply(tx, job_id, data, by=me))


@get("/{job_id:int}/applications", guards=[signed_in], summary="The applications for my job, newest first")
async def applications_of_job(
    reads: Reading, me: Me, job_id: FromPath[int], limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None
) -> Page[ApplicationOut]:
    """For its client."""
    job = await queries.own_job(reads, job_id, me)
    return await queries.page_of_job(reads, job.id, limit=limit, cursor=cursor)


@post(
    "/applications/{application_id:int}/withdraw", status_code=200, guards=[as_worker],
    summary="Withdraw my application", opt=answers(applications.NotPending),
)  # fmt: skip
async def withdraw(tx: InTx, me: Me, application_id: FromPath[int]) -> ApplicationOut:
    """Until the client has decided."""
    return await queries.show_application(tx, await applications.withdraw(tx, application_id, by=me))


@post(
    "/applications/{application_id:int}/accept", status_code=200, guards=[as_client], summary="Accept an application",
    opt=answers(
        applications.NotOpen, applications.NotPending, applications.WorkerSuspended, actions.PaymentOverdue
    ),
)  # fmt: skip
async def accept(tx: InTx, me: Me, application_id: FromPath[int]) -> JobOut:
    """The worker is assigned at the proposed price, all others are turned down, and a conversation opens."""
    return await queries.show(tx, await applications.accept(tx, application_id, by=me), me.account_id)


@post(
    "/applications/{application_id:int}/reject", status_code=200, guards=[as_client], summary="Reject an application",
    opt=answers(applications.NotPending),
)  # fmt: skip
async def reject(
    tx: InTx, me: Me, application_id: FromPath[int], data: JSONBody[RejectionIn] = NO_REASON
) -> ApplicationOut:
    """With or without a reason."""
    return await queries.show_application(tx, await applications.reject(tx, application_id, reason=data.reason, by=me))


@post(
    "/{job_id:int}/accept-invite", status_code=200, guards=[as_worker], summary="Accept an invitation",
    opt=answers(
        invites.InviteNotPending, invites.InviteLapsed, applications.KYCRequired, applications.WorkerSuspended
    ),
)  # fmt: skip
async def accept_invite(tx: InTx, me: Me, state: State, job_id: FromPath[int]) -> JobOut:
    """The invited worker takes the job at its budget, and a conversation opens."""
    return await queries.show(tx, await invites.accept(tx, job_id, settings=state.settings, by=me), me.account_id)


@post(
    "/{job_id:int}/reject-invite", status_code=200, guards=[as_worker], summary="Reject an invitation",
    opt=answers(invites.InviteNotPending),
)  # fmt: skip
async def reject_invite(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[InviteRejectionIn]) -> JobOut:
    """The job is cancelled, and the client reads why."""
    return await queries.show(tx, await invites.reject(tx, job_id, reason=data.reason, by=me), me.account_id)


@post(
    "/{job_id:int}/approve-completion", status_code=200, guards=[as_client], summary="Approve the work",
    opt=answers(actions.NotMarkedComplete, actions.AlreadyCompleted, actions.AlreadyCancelled, actions.DisputeOpen),
)  # fmt: skip
async def approve_completion(tx: InTx, me: Me, job_id: FromPath[int]) -> JobOut:
    """The job is completed, and the second half falls due."""
    return await queries.show(tx, await actions.approve_completion(tx, job_id, by=me), me.account_id)


@get("/jobs", guards=[as_agency], summary="My agency's jobs, newest first")
async def agency_jobs(
    reads: Reading, me: Me, status: FromQuery[JobStatus | None] = None, limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[JobOut]:  # fmt: skip
    """Invitations that wait for an answer are those that are `ACTIVE`."""
    return await browse.my_jobs(reads, viewer=me, role=Role.AGENCY, status=status, limit=limit, cursor=cursor)


@post(
    "/jobs/{job_id:int}/accept", status_code=200, guards=[as_agency], summary="Accept an invitation to my agency",
    opt=answers(
        invites.InviteNotPending, invites.InviteLapsed, agency.AgencyKYCRequired, agency.EmployeeIsClient,
        applications.WorkerSuspended, NotEmployed, EmployeeBusy,
    ),
)  # fmt: skip
async def agency_accept(tx: InTx, me: Me, state: State, job_id: FromPath[int], data: JSONBody[AssignmentIn]) -> JobOut:
    """At its budget, with an employee who is free."""
    job = await agency.accept(tx, job_id, data.assignedWorkerID, settings=state.settings, by=me)
    return await queries.show(tx, job, me.account_id)


@post(
    "/jobs/{job_id:int}/reject", status_code=200, guards=[as_agency], summary="Reject an invitation to my agency",
    opt=answers(invites.InviteNotPending),
)  # fmt: skip
async def agency_reject(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[InviteRejectionIn]) -> JobOut:
    """The job is cancelled, and the client reads why."""
    return await queries.show(tx, await agency.reject(tx, job_id, reason=data.reason, by=me), me.account_id)


@post(
    "/jobs/{job_id:int}/reassign", status_code=200, guards=[as_agency], summary="Send another employee",
    opt=answers(
        agency.NotInProgress, agency.EmployeeIsClient, actions.AlreadyMarkedComplete, actions.DisputeOpen,
        applications.WorkerSuspended, NotEmployed, EmployeeBusy,
    ),
)  # fmt: skip
async def agency_reassign(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[AssignmentIn]) -> JobOut:
    """Until the work is marked complete; the employee before is free again."""
    return await queries.show(tx, await agency.reassign(tx, job_id, data.assignedWorkerID, by=me), me.account_id)


of_agencies = Router(
    "/api/agency", route_handlers=[agency_jobs, agency_accept, agency_reject, agency_reassign], tags=["agencies"]
)
of_jobs = Router(
    "/api/jobs",
    route_handlers=[
        categories, create, browse_jobs, my_jobs, my_applications, show, explain_job, edit, apply, applications_of_job,
        withdraw, accept, reject, accept_invite, reject_invite, photo_routes.complete, photo_routes.add_photos,
        approve_completion,
    ],
    tags=["jobs"],
)  # fmt: skip
router = Router("/", route_handlers=[of_jobs, of_agencies])
