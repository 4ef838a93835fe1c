"""Reading jobs and applications, and showing them: a page of any length takes the same few queries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Double, bindparam, false, func, literal_column, null, select
from sqlalchemy import cast as sql_cast

from iayos.accounts.models import Account, AccountTable
from iayos.chat.models import ConversationTable
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import AuthRequired, NotFound
from iayos.core.money import Centavos, halves
from iayos.core.page import BIGGEST, Page, decode, page
from iayos.core.principal import AGENCY, CLIENT, WORKER, Principal
from iayos.core.wire import PublicFile
from iayos.jobs.models import Application, ApplicationTable, Job, JobPhotoTable, JobTable
from iayos.jobs.schemas import ApplicationOut, JobOut, JobPhotoOut
from iayos.jobs.states import ApplicationStatus, InviteStatus, JobStatus, JobType, PhotoKind, Urgency
from iayos.media.models import MediaTable
from iayos.profiles.models import CategoryTable
from iayos.profiles.queries import Card, card, cards
from iayos.profiles.schemas import PartyOut

_one_job = select(*columns(Job)).where(JobTable.id == bindparam("job_id", type_=BigInteger))
JOB = Statement(_one_job, into=Job)
JOB_FOR_UPDATE = Statement(_one_job.with_for_update(), into=Job)

_one_application = select(*columns(Application)).where(
    ApplicationTable.id == bindparam("application_id", type_=BigInteger)
)
APPLICATION = Statement(_one_application, into=Application)
APPLICATION_FOR_UPDATE = Statement(_one_application.with_for_update(), into=Application)

_of_job = ApplicationTable.job_id == bindparam("job_id", type_=BigInteger)
_by_worker = ApplicationTable.worker_id == bindparam("worker_id", type_=BigInteger)
APPLICATION_OF = Statement(select(*columns(Application)).where(_of_job, _by_worker), into=Application)
PENDING_FOR_UPDATE = Statement(
    select(*columns(Application))
    .where(_of_job, ApplicationTable.status == ApplicationStatus.PENDING)
    .order_by(ApplicationTable.id)
    .with_for_update(),
    into=Application,
)

STANDING_OF_APPLICANT = Statement(
    select(AccountTable.suspended_at)
    .join(ApplicationTable, ApplicationTable.worker_id == AccountTable.id)
    .where(ApplicationTable.id == bindparam("application_id", type_=BigInteger))
    .with_for_update(read=True, of=AccountTable)
)
HELD_ACCOUNTS = Statement(
    select(*columns(Account))
    .where(AccountTable.id == func.any(bindparam("account_ids", type_=ARRAY(BigInteger))))
    .order_by(AccountTable.id)
    .with_for_update(read=True),
    into=Account,
)


class Seen(Job, frozen=True):
    """A job with all that its object shows beside its own columns; records as PostgreSQL made them."""

    distance: float | None
    """Kilometres from the place that was asked about, unrounded."""
    category: str
    applications_count: int
    conversation_id: int | None
    client: tuple[Any, ...]
    worker: tuple[Any, ...] | None
    agency: tuple[Any, ...] | None
    mine: tuple[Any, ...] | None
    """The viewer's application, and his card at its end."""
    photos: list[tuple[Any, ...]]


class JobPhoto(msgspec.Struct, frozen=True):
    """A picture of a job, with where it lies; the bucket is public."""

    media_id: int
    bucket: str
    path: str
    thumb_path: str | None
    kind: str
    uploaded_by: int
    created_at: datetime

    def shown(self) -> JobPhotoOut:
        """On the wire."""
        thumbnail = self.thumb_path and PublicFile(f"{self.bucket}/{self.thumb_path}")
        return JobPhotoOut(
            mediaID=self.media_id, url=PublicFile(f"{self.bucket}/{self.path}"), thumbnailURL=thumbnail, kind=PhotoKind(self.kind),
            uploadedBy=self.uploaded_by, createdAt=self.created_at,
        )  # fmt: skip


class JobTitle(Row, frozen=True):
    """What a job is called."""

    table = JobTable
    id: int
    title: str


_ids = func.any(bindparam("job_ids", type_=ARRAY(BigInteger)))
_live = ApplicationTable.status != literal_column(f"'{ApplicationStatus.WITHDRAWN}'")
COUNT_LIVE = Statement(select(func.count()).where(_of_job, _live))
_photo = func.row(
    JobPhotoTable.media_id, MediaTable.bucket, MediaTable.path, MediaTable.thumb_path, JobPhotoTable.kind, JobPhotoTable.uploaded_by,
    JobPhotoTable.created_at,
)  # fmt: skip
# One value each, so that a list of jobs stays one statement, and PostgreSQL looks them up for the page's jobs alone.
BESIDE: Final[tuple[ColumnElement[Any], ...]] = (
    select(CategoryTable.name).where(CategoryTable.id == JobTable.category_id).scalar_subquery(),
    select(func.count()).where(ApplicationTable.job_id == JobTable.id, _live).scalar_subquery(),
    select(ConversationTable.id).where(ConversationTable.job_id == JobTable.id).scalar_subquery(),
    card(JobTable.client_id, CLIENT),
    card(JobTable.assigned_worker_id, WORKER),
    card(JobTable.assigned_agency_id, AGENCY),
    select(func.row(*columns(Application), card(ApplicationTable.worker_id, WORKER)))
    .where(ApplicationTable.job_id == JobTable.id, ApplicationTable.worker_id == bindparam("viewer", type_=BigInteger))
    .scalar_subquery(),
    func.array(
        select(_photo)
        .join(MediaTable, MediaTable.id == JobPhotoTable.media_id)
        .where(JobPhotoTable.job_id == JobTable.id)
        .order_by(JobPhotoTable.id)
        .scalar_subquery()
    ),
)
NO_DISTANCE: Final = sql_cast(null(), Double)
SEEN = Statement(select(*columns(Job), NO_DISTANCE, *BESIDE).where(JobTable.id == _ids), into=Seen)
TITLES = Statement(select(*columns(JobTitle)).where(JobTable.id == _ids), into=JobTitle)

_newest = (
    select(*columns(Application))
    .where(ApplicationTable.id < bindparam("before", type_=BigInteger))
    .order_by(ApplicationTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
NEWEST_OF_JOB = Statement(_newest.where(_of_job), into=Application)
NEWEST_OF_WORKER = Statement(_newest.where(_by_worker), into=Application)

OVERDUE = Statement(
    select(JobTable.id)
    .where(
        JobTable.client_id == bindparam("client_id"), JobTable.half_released, JobTable.remaining_paid.is_(false()),
        JobTable.settled_at.is_(None),
    )
    .limit(1)
)  # fmt: skip


async def find_job(reads: Reads, job_id: int) -> Job | None:
    """The job with this id."""
    return await reads.one_or_none(JOB, job_id=job_id)


async def lock_job(tx: Tx, job_id: int) -> Job | None:
    """The job with this id, locked until the transaction ends."""
    return await tx.one_or_none(JOB_FOR_UPDATE, job_id=job_id)


async def held_accounts(tx: Tx, account_ids: Collection[int]) -> dict[int, Account]:
    """These accounts, shared until the transaction ends: a suspension comes wholly before it or wholly after."""
    return {account.id: account for account in await tx.all(HELD_ACCOUNTS, account_ids=list(account_ids))}


async def hold_caller(tx: Tx, by: Principal, *others: int) -> dict[int, Account]:
    """The same of the caller and others, before any job is locked; who was suspended a moment ago is signed in no more."""
    found = await held_accounts(tx, [by.account_id, *others])
    if found[by.account_id].suspended_at is not None:
        raise AuthRequired
    return found


async def job_seen_by(reads: Reads, job_id: int, viewer: Principal) -> Job:
    """The job, if this account takes part in it or it is an open listing."""
    job = await find_job(reads, job_id)
    if job is None or not (job.is_open or viewer.account_id in job.participants):
        raise NotFound(jobID=job_id)
    return job


async def job_of_participant(reads: Reads, job_id: int, by: Principal) -> Job:
    """The job, if this account takes part in it."""
    job = await find_job(reads, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound(jobID=job_id)
    return job


async def own_job(reads: Reads, job_id: int, by: Principal) -> Job:
    """The client's own job, to look at."""
    job = await find_job(reads, job_id)
    if job is None or job.client_id != by.account_id:
        raise NotFound(jobID=job_id)
    return job


async def show(reads: Reads, job: Job, viewer_account_id: int | None) -> JobOut:
    """The job with what this account may see of it; None is staff, who sees all."""
    return (await show_all(reads, [job], viewer_account_id))[0]


async def show_all(reads: Reads, jobs: Sequence[Job], viewer_account_id: int | None) -> list[JobOut]:
    """The same for a page of jobs, in one query whatever its length."""
    if not jobs:
        return []
    found = await reads.all(SEEN, job_ids=[job.id for job in jobs], viewer=viewer_account_id)
    seen = {one.id: one for one in found}
    return [job_out(seen[job.id], viewer_account_id) for job in jobs]


async def show_application(reads: Reads, application: Application) -> ApplicationOut:
    """The application as its worker and the client see it."""
    return (await show_applications(reads, [application]))[0]


async def show_applications(reads: Reads, applications: Collection[Application]) -> list[ApplicationOut]:
    """The same for a page of applications, in two queries."""
    if not applications:
        return []
    jobs = await reads.all(TITLES, job_ids=[one.job_id for one in applications])
    titles = {job.id: job.title for job in jobs}
    people = await cards(reads, {(one.worker_id, WORKER) for one in applications})
    return [_application_out(one, titles[one.job_id], people[one.worker_id, WORKER]) for one in applications]


async def page_of_job(reads: Reads, job_id: int, *, limit: int, cursor: str | None) -> Page[ApplicationOut]:
    """The applications for a job, newest first."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    rows = await reads.all(NEWEST_OF_JOB, job_id=job_id, before=before, limit=limit + 1)
    return await _application_page(reads, rows, limit)


async def page_of_worker(reads: Reads, worker_id: int, *, limit: int, cursor: str | None) -> Page[ApplicationOut]:
    """The applications of a worker, newest first."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    rows = await reads.all(NEWEST_OF_WORKER, worker_id=worker_id, before=before, limit=limit + 1)
    return await _application_page(reads, rows, limit)


async def _application_page(reads: Reads, rows: list[Application], limit: int) -> Page[ApplicationOut]:
    shown = {out.applicationID: out for out in await show_applications(reads, rows[:limit])}
    return page(rows, limit, lambda row: shown[row.id], lambda row: (row.id,))


def job_out(job: Seen, viewer: int | None) -> JobOut:
    """The job with what this account may see of it; None is staff, who sees all."""
    first, second = halves(job.agreed_price) if job.agreed_price is not None else (None, None)
    return JobOut(
        jobID=job.id, title=job.title, description=job.description, categoryID=job.category_id,
        category=job.category, budget=Centavos(job.budget), agreedPrice=_centavos(job.agreed_price),
        location=job.location, latitude=job.latitude, longitude=job.longitude,
        distanceKm=None if job.distance is None else round(job.distance, 2),
        urgency=Urgency(job.urgency), preferredStartDate=job.preferred_start_date, jobType=JobType(job.job_type),
        status=JobStatus(job.status), inviteStatus=InviteStatus(job.invite_status) if job.invite_status else None,
        clientID=job.client_id, client=Card(*job.client).shown(),
        assignedWorkerID=job.assigned_worker_id, worker=Card(*job.worker).shown() if job.worker else None,
        assignedAgencyFK=job.assigned_agency_id, agency=Card(*job.agency).shown() if job.agency else None,
        escrowAmount=_centavos(first), escrowPaid=job.escrow_paid,
        workerMarkedComplete=job.worker_marked_complete, clientMarkedComplete=job.client_marked_complete,
        completionNotes=job.completion_notes, finalPaymentMethod=job.final_payment_method,
        remainingPayment=_centavos(second), remainingPaymentPaid=job.remaining_paid,
        cashPaymentProofUrl=None, cashPaymentApproved=job.cash_approved, settledAt=job.settled_at,
        cancelReason=job.cancel_reason, photos=[JobPhoto(*photo).shown() for photo in job.photos],
        applicationsCount=job.applications_count if viewer in {None, job.client_id} else None,
        myApplication=_mine_out(job),
        conversationID=job.conversation_id if viewer in {None, *job.participants} else None,
        createdAt=job.created_at,
    )  # fmt: skip


def _mine_out(job: Seen) -> ApplicationOut | None:
    if job.mine is None:
        return None
    *application, worker = job.mine
    return _application_out(Application(*application), job.title, Card(*worker).shown())


def _application_out(one: Application, job_title: str, worker: PartyOut) -> ApplicationOut:
    return ApplicationOut(
        applicationID=one.id, jobID=one.job_id, jobTitle=job_title, workerID=one.worker_id,
        worker=worker, proposalMessage=one.proposal_message,
        proposedBudget=Centavos(one.proposed_budget), status=ApplicationStatus(one.status),
        rejectReason=one.reject_reason, createdAt=one.created_at,
    )  # fmt: skip


def _centavos(amount: int | None) -> Centavos | None:
    return None if amount is None else Centavos(amount)
