"""The life of a job: posted, edited, done, approved, cancelled; and what payments tells it."""

from collections.abc import Collection
from typing import Any, Final

from msgspec import UNSET, structs

from iayos.accounts.queries import account_of
from iayos.chat.actions import open_conversation
from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Forbidden, Invalid, NotFound
from iayos.core.money import fee_on, halves
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs import photos
from iayos.jobs.clocks import wind
from iayos.jobs.invited import invited
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import COUNT_LIVE, JOB, OVERDUE, PENDING_FOR_UPDATE, lock_job
from iayos.jobs.schemas import CompletionIn, JobChanges, JobIn
from iayos.jobs.states import InviteStatus, JobStatus, PhotoKind
from iayos.notifications.actions import notify, notify_each
from iayos.notifications.events import (
    APPLICATION_REJECTED,
    FINAL_PAYMENT_DUE,
    INVITATION_CHANGED,
    INVITATION_RECEIVED,
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


class AnswerInvite(Conflict):
    code, message = "INVITE_UNANSWERED", "This is an invitation to you: accept it or reject it."


class DisputeOpen(Conflict):
    code, message = "DISPUTE_OPEN", "A dispute about this job is open; it must be settled first."


class OwnJob(Conflict):
    """A member of staff is a side of the job."""

    code, message = "JOB_OWN", "Nobody decides about himself: this is for another member of staff."


class PaymentOverdue(Forbidden):
    code, message = "PAYMENT_OVERDUE", "A second half is overdue. Pay it first; then you can post and hire again."


class EscrowHeld(Conflict):
    code, message = "ESCROW_HELD", "The escrow of this job is paid, so it can no longer be cancelled by one side alone."


async def create(tx: Tx, data: JobIn, *, by: Principal) -> Job:
    """The client posts a listing, of which nearby workers are told, or invites one worker or agency."""
    await refuse_overdue(tx, by.account_id)
    whom = await invited(tx, data, by=by)
    values = await _checked(tx, data)
    if whom:
        values |= whom | {"invite_status": InviteStatus.PENDING.value}
    job: Job = await tx.insert(
        Job, client_id=by.account_id, job_type=data.jobType.value, status=JobStatus.ACTIVE.value, **values
    )
    if job.is_listing:
        await later(tx, "jobs.tell_nearby", job_id=job.id)
    else:
        await _invite(tx, job)
    return job


async def _invite(tx: Tx, job: Job) -> None:
    """The invited are told, and the time to answer runs."""
    client = await account_of(tx, job.client_id)
    await notify_each(
        tx, job.participants - {job.client_id}, INVITATION_RECEIVED, data={"jobID": job.id},
        client_name=client.name, job_title=job.title, budget=job.budget,
    )  # fmt: skip
    await wind(tx, job, "invite")


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
        await notify_each(
            tx, job.participants - {by.account_id}, INVITATION_CHANGED, data={"jobID": job.id}, job_title=job.title
        )
    return await tx.one(JOB, job_id=job.id)


async def accepted(tx: Tx, job: Job, name: str, *, price: int, by: Principal, **changes: Any) -> tuple[Job, int]:
    """However somebody came to be hired, by the move `name`: the job begins at this price, and its conversation opens.

    The job as it is now, and the conversation's id.
    """
    job = await move(tx, job, name, by=by, agreed_price=price, accepted_at=clock.now(), **changes)
    await wind(tx, job, "escrow")
    return job, await open_conversation(tx, job.id, job.participants)


async def complete(tx: Tx, job_id: int, data: CompletionIn, kept: Collection[int] = (), *, by: Principal) -> Job:
    """The assigned worker, or the agency, says that the work is done; the client is asked to look.

    `kept` are the ids of pictures that came with the request itself.
    """
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants - {job.client_id}:
        raise NotFound(jobID=job_id)
    refuse_ended(job)
    if not job.escrow_paid:
        raise EscrowUnpaid(jobID=job.id)
    if job.worker_marked_complete:
        raise AlreadyMarkedComplete(jobID=job.id)
    refuse_disputed(job)
    job = await move(
        tx, job, "mark_complete", by=by,
        worker_marked_complete=True, marked_complete_at=clock.now(), completion_notes=data.notes or None,
    )  # fmt: skip
    await photos.add(tx, job, [*(data.photos or ()), *kept], kind=PhotoKind.AFTER, by=by)
    await wind(tx, job, "silence")
    worker = await account_of(tx, by.account_id)
    await notify(
        tx, job.client_id, JOB_COMPLETED_BY_WORKER, data={"jobID": job.id}, worker_name=worker.name, job_title=job.title
    )
    return job


async def approve_completion(tx: Tx, job_id: int, *, by: Principal) -> Job:
    """The client accepts the work; the second half falls due."""
    job = await job_of_client(tx, job_id, by)
    refuse_ended(job)
    if not job.worker_marked_complete:
        raise NotMarkedComplete(jobID=job.id)
    refuse_disputed(job)
    return await _approved(tx, job, "approve_completion", by=by)


async def approve_by_silence(tx: Tx, job: Job) -> Job:
    """The client had time to look and said nothing, which is approval (SPEC 3, ruling e). `job` is locked by the caller."""
    return await _approved(tx, job, "approve_by_silence", by=None)


async def _approved(tx: Tx, job: Job, name: str, *, by: Principal | None) -> Job:
    job = await move(
        tx, job, name, by=by, client_marked_complete=True, approved_at=clock.now(), cancel_asked_by=None,
        cancel_asked_at=None,
    )  # fmt: skip
    client = await account_of(tx, job.client_id)
    facts = {"client_name": client.name, "job_title": job.title}
    await notify_each(tx, job.participants - {job.client_id}, JOB_APPROVED_BY_CLIENT, data={"jobID": job.id}, **facts)
    _, rest = halves(job.agreed_price or 0)
    due: dict[str, Any] = {"amount": rest + fee_on(rest), "job_title": job.title}
    await notify(tx, job.client_id, FINAL_PAYMENT_DUE, data={"jobID": job.id}, **due)
    await wind(tx, job, "overdue")
    return job


async def cancel(tx: Tx, job: Job, *, by: Principal | None, reason: str) -> Job:
    """Either side ends a job for which nothing is held; whoever applied is told, and so are both sides.

    `job` is locked by the caller; `by` None is the runner.
    """
    if by is not None and by.account_id not in job.participants:
        raise NotFound(jobID=job.id)
    refuse_ended(job)
    if by is not None and job.awaits_answer and by.account_id != job.client_id:
        raise AnswerInvite(jobID=job.id)
    if job.escrow_paid:
        raise EscrowHeld(jobID=job.id)
    await reject_pending(tx, job, by=by)
    name = "cancel" if by else "lapse_unpaid"
    job = await move(tx, job, name, by=by, cancelled_at=clock.now(), cancel_reason=reason)
    await notify_each(tx, job.participants, JOB_CANCELLED, data={"jobID": job.id}, job_title=job.title)
    return job


async def escrow_was_paid(tx: Tx, job: Job) -> Job:
    """Payments has posted the first half: work may begin. `job` is locked by the caller."""
    return await move(tx, job, "pay_escrow", by=None, escrow_paid=True)


async def final_was_paid(tx: Tx, job: Job, *, cash_approved: bool = False) -> Job:
    """Payments has posted the second half: the job is settled. `job` is locked by the caller."""
    settled = {"remaining_paid": True, "settled_at": clock.now(), "cash_approved": cash_approved}
    return await move(tx, job, "pay_final", by=None, **settled)


async def final_joined_dispute(tx: Tx, job: Job) -> Job:
    """The second half came while a dispute is open: it joins what is divided. `job` is locked by the caller."""
    return await move(tx, job, "join_dispute", by=None, remaining_paid=True)


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


async def refuse_overdue(tx: Tx, client_id: int) -> None:
    """Who let a second half go unpaid neither posts nor hires until it is paid (SPEC 3, ruling g)."""
    job_id = await tx.value(OVERDUE, client_id=client_id)
    if job_id is not None:
        raise PaymentOverdue(jobID=job_id)


def refuse_disputed(job: Job) -> None:
    """A dispute stops everything else."""
    if job.dispute_open:
        raise DisputeOpen(jobID=job.id)


def refuse_own(job: Job, by: Principal) -> None:
    """Staff decides about others' jobs."""
    if by.account_id in job.participants:
        raise OwnJob(jobID=job.id)


def refuse_ended(job: Job) -> None:
    """A job that is over stays as it is."""
    if job.status == JobStatus.COMPLETED:
        raise AlreadyCompleted(jobID=job.id)
    if job.status == JobStatus.CANCELLED:
        raise AlreadyCancelled(jobID=job.id)


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
