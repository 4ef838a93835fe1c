"""The life of a job: posted, edited, done, approved, cancelled; and what payments tells it."""

from typing import Any, Final

from msgspec import UNSET, structs

from iayos.accounts.queries import account_of
from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Invalid, NotFound
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import COUNT_LIVE, JOB, PENDING_FOR_UPDATE, lock_job
from iayos.jobs.schemas import CompletionIn, JobChanges, JobIn
from iayos.jobs.states import JobStatus, JobType
from iayos.notifications.actions import notify, notify_each
from iayos.notifications.events import (
    APPLICATION_REJECTED,
    JOB_APPROVED_BY_CLIENT,
    JOB_CANCELLED,
    JOB_COMPLETED_BY_WORKER,
)
from iayos.profiles.queries import category_of

COLUMNS: Final = {
    "title": "title", "description": "description", "categoryID": "category_id", "budget": "budget",
    "location": "location", "latitude": "latitude", "longitude": "longitude", "urgency": "urgency",
    "preferredStartDate": "preferred_start_date",
}  # fmt: skip


class InvitesNotOpenYet(Conflict):
    code, message = "INVITES_NOT_OPEN_YET", "Invitations cannot be sent yet. Post a listing instead."


class NotEditable(Conflict):
    code, message = "JOB_NOT_EDITABLE", "Only a job that is still open can be changed."


class HasApplications(Conflict):
    code, message = "JOB_HAS_APPLICATIONS", "Workers have applied already, so this job can no longer be changed."


class EscrowUnpaid(Conflict):
    code, message = "ESCROW_UNPAID", "The client has not paid the escrow yet."


class AlreadyMarkedComplete(Conflict):
    code, message = "ALREADY_MARKED_COMPLETE", "This job is marked complete already and waits for the client."


class NotMarkedComplete(Conflict):
    code, message = "JOB_NOT_MARKED_COMPLETE", "The worker has not marked this job complete yet."


class AlreadyCompleted(Conflict):
    code, message = "JOB_ALREADY_COMPLETED", "This job is completed already."


class AlreadyCancelled(Conflict):
    code, message = "JOB_ALREADY_CANCELLED", "This job was cancelled."


class EscrowHeld(Conflict):
    code, message = "ESCROW_HELD", "The escrow of this job is paid, so it can no longer be cancelled by one side alone."


async def create(tx: Tx, data: JobIn, *, by: Principal) -> Job:
    """The client posts a job; nearby workers are told once it is committed."""
    if data.jobType is JobType.INVITE:
        raise InvitesNotOpenYet
    _refuse_invitees(data)
    values = await _checked(tx, data)
    job: Job = await tx.insert(
        Job, client_id=by.account_id, job_type=data.jobType.value, status=JobStatus.ACTIVE.value, **values
    )
    await later(tx, "jobs.tell_nearby", job_id=job.id)
    return job


async def edit(tx: Tx, job_id: int, data: JobChanges, *, by: Principal) -> Job:
    """The client changes a job to which nobody has applied."""
    job = await job_of_client(tx, job_id, by)
    if job.status != JobStatus.ACTIVE:
        raise NotEditable(status=job.status)
    if await tx.value(COUNT_LIVE, job_id=job.id):
        raise HasApplications(jobID=job.id)
    changes = await _checked(tx, data)
    if changes:
        await tx.update(JobTable, job.id, **changes)
    return await tx.one(JOB, job_id=job.id)


async def complete(tx: Tx, job_id: int, data: CompletionIn, *, by: Principal) -> Job:
    """The assigned worker says that the work is done; the client is asked to look."""
    job = await lock_job(tx, job_id)
    if job is None or by.account_id != job.assigned_worker_id:
        raise NotFound(jobID=job_id)
    if data.photos:
        raise Invalid.of("photos", "Unknown media id")
    _refuse_ended(job)
    if not job.escrow_paid:
        raise EscrowUnpaid(jobID=job.id)
    if job.worker_marked_complete:
        raise AlreadyMarkedComplete(jobID=job.id)
    job = await move(
        tx, job, "mark_complete", by=by,
        worker_marked_complete=True, marked_complete_at=clock.now(), completion_notes=data.notes or None,
    )  # fmt: skip
    worker = await account_of(tx, by.account_id)
    await notify(
        tx, job.client_id, JOB_COMPLETED_BY_WORKER, data={"jobID": job.id}, worker_name=worker.name, job_title=job.title
    )
    return job


async def approve_completion(tx: Tx, job_id: int, *, by: Principal) -> Job:
    """The client accepts the work; the second half falls due."""
    job = await job_of_client(tx, job_id, by)
    _refuse_ended(job)
    if not job.worker_marked_complete:
        raise NotMarkedComplete(jobID=job.id)
    job = await move(tx, job, "approve_completion", by=by, client_marked_complete=True, approved_at=clock.now())
    client = await account_of(tx, by.account_id)
    facts = {"client_name": client.name, "job_title": job.title}
    await notify_each(tx, job.participants - {by.account_id}, JOB_APPROVED_BY_CLIENT, data={"jobID": job.id}, **facts)
    return job


async def cancel(tx: Tx, job: Job, *, by: Principal | None, reason: str) -> Job:
    """Either side ends a job for which nothing is held; whoever applied is told, and so are both sides.

    `job` is locked by the caller; `by` None is the runner.
    """
    if by is not None and by.account_id not in job.participants:
        raise NotFound(jobID=job.id)
    _refuse_ended(job)
    if job.escrow_paid:
        raise EscrowHeld(jobID=job.id)
    await reject_pending(tx, job, by=by)
    job = await move(tx, job, "cancel", by=by, cancelled_at=clock.now(), cancel_reason=reason)
    await notify_each(tx, job.participants, JOB_CANCELLED, data={"jobID": job.id}, job_title=job.title)
    return job


async def escrow_was_paid(tx: Tx, job: Job) -> Job:
    """Payments has posted the first half: work may begin. `job` is locked by the caller."""
    return await move(tx, job, "pay_escrow", by=None, escrow_paid=True)


async def final_was_paid(tx: Tx, job: Job) -> Job:
    """Payments has posted the second half: the job is settled. `job` is locked by the caller."""
    return await move(tx, job, "pay_final", by=None, remaining_paid=True, settled_at=clock.now())


async def reject_pending(tx: Tx, job: Job, *, by: Principal | None) -> None:
    """Every application that still waits is rejected, and its worker told."""
    waiting = await tx.all(PENDING_FOR_UPDATE, job_id=job.id)
    for application in waiting:
        await move(tx, application, "reject", by=by)
    if waiting:
        whom = [application.worker_id for application in waiting]
        await notify_each(tx, whom, APPLICATION_REJECTED, data={"jobID": job.id}, job_title=job.title)


async def job_of_client(tx: Tx, job_id: int, by: Principal) -> Job:
    """The client's own job, locked."""
    job = await lock_job(tx, job_id)
    if job is None or job.client_id != by.account_id:
        raise NotFound(jobID=job_id)
    return job


def _refuse_ended(job: Job) -> None:
    if job.status == JobStatus.COMPLETED:
        raise AlreadyCompleted(jobID=job.id)
    if job.status == JobStatus.CANCELLED:
        raise AlreadyCancelled(jobID=job.id)


def _refuse_invitees(data: JobIn) -> None:
    named = [field for field in ("assignedWorkerID", "assignedAgencyFK") if getattr(data, field) is not None]
    if named:
        raise Invalid.of_fields([(field, "Only an invitation names one") for field in named])


async def _checked(tx: Tx, data: JobIn | JobChanges) -> dict[str, Any]:
    """The columns that the caller gave, once trade and coordinates are known to make sense."""
    given = {field: value for field, value in structs.asdict(data).items() if value is not UNSET}
    if _kind(given, "latitude") is not _kind(given, "longitude"):
        raise Invalid.of_fields([(side, "Latitude and longitude come together") for side in ("latitude", "longitude")])
    if "categoryID" in given and await category_of(tx, given["categoryID"]) is None:
        raise Invalid.of("categoryID", "There is no such trade")
    return {COLUMNS[field]: value for field, value in given.items() if field in COLUMNS}


def _kind(given: dict[str, Any], field: str) -> object:
    """Left out, cleared or set: the two coordinates must agree in this."""
    value = given.get(field, UNSET)
    return value if value in {None, UNSET} else float
