"""Verbs of invitations to an agency: it accepts with an employee who is free, rejects, or sends somebody else."""

from iayos.accounts.models import Account
from iayos.accounts.queries import account_of
from iayos.agencies.actions import assign
from iayos.chat.participants import replace_participant
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Forbidden, NotFound
from iayos.core.moves import move
from iayos.core.principal import Principal
from iayos.jobs import invites
from iayos.jobs.actions import AlreadyMarkedComplete, accepted, refuse_disputed
from iayos.jobs.applications import WorkerSuspended
from iayos.jobs.models import Job
from iayos.jobs.queries import held_accounts, lock_job
from iayos.jobs.states import InviteStatus, JobStatus
from iayos.notifications.actions import notify
from iayos.notifications.events import EMPLOYEE_REPLACED, JOB_ASSIGNED, JOB_UNASSIGNED
from iayos.settings import Settings


class AgencyKYCRequired(Forbidden):
    code, message = (
        "KYC_REQUIRED",
        "An agency needs a verified identity to accept jobs. Please submit your documents first.",
    )


class EmployeeIsClient(Forbidden):
    code, message = "OWN_JOB", "This employee is the client of the job. Please send somebody else."


class NotInProgress(Conflict):
    code, message = "JOB_NOT_IN_PROGRESS", "Only on a job in progress can another employee be sent."


async def accept(tx: Tx, job_id: int, worker_id: int, *, settings: Settings, by: Principal) -> Job:
    """The invited agency takes the job at its budget and sends this employee; both the client and the employee are told."""
    people = await held_accounts(tx, [by.account_id, worker_id])  # before the job, as a suspension takes them
    job = await _invite_to_agency(tx, job_id, by)
    invites.require_acceptable(job, settings)
    if not by.kyc_verified:
        raise AgencyKYCRequired(jobID=job.id)
    _refuse_unfit(job, people.get(worker_id), people[by.account_id])
    await assign(tx, by.account_id, worker_id, job.id)
    job, conversation_id = await accepted(
        tx, job, "accept_invite", price=job.budget, by=by,
        invite_status=InviteStatus.ACCEPTED.value, assigned_worker_id=worker_id,
    )  # fmt: skip
    agency = people[by.account_id]
    await invites.tell_accepted(tx, job, conversation_id, name=agency.name)
    told = {"jobID": job.id, "conversationID": conversation_id}
    await notify(tx, worker_id, JOB_ASSIGNED, data=told, agency_name=agency.name, job_title=job.title)
    return job


async def reject(tx: Tx, job_id: int, *, reason: str, by: Principal) -> Job:
    """The invited agency turns the job down; it is cancelled, and the client told why."""
    return await invites.turn_down(tx, await _invite_to_agency(tx, job_id, by), reason=reason, by=by)


async def reassign(tx: Tx, job_id: int, worker_id: int, *, by: Principal) -> Job:
    """The agency sends another employee who is free; the one before is free again, and leaves the conversation."""
    people = await held_accounts(tx, [by.account_id, worker_id])
    job = await _invite_to_agency(tx, job_id, by)
    before = job.assigned_worker_id
    if job.status != JobStatus.IN_PROGRESS or before is None:
        raise NotInProgress(jobID=job.id, status=job.status)
    if job.worker_marked_complete:
        raise AlreadyMarkedComplete(jobID=job.id)
    refuse_disputed(job)
    _refuse_unfit(job, people.get(worker_id), people[by.account_id])
    await assign(tx, by.account_id, worker_id, job.id, instead_of=before)
    job = await move(tx, job, "reassign", by=by, assigned_worker_id=worker_id)
    await replace_participant(tx, job.id, leaves=before, joins=worker_id)
    await _tell_reassigned(tx, job, before=before, agency=people[by.account_id])
    return job


async def _tell_reassigned(tx: Tx, job: Job, *, before: int, agency: Account) -> None:
    if job.assigned_worker_id is None:
        raise AssertionError(f"job {job.id} was reassigned to nobody")
    told = {"jobID": job.id}
    facts = {"agency_name": agency.name, "job_title": job.title}
    worker = await account_of(tx, job.assigned_worker_id)
    await notify(tx, before, JOB_UNASSIGNED, data=told, **facts)
    await notify(tx, worker.id, JOB_ASSIGNED, data=told, **facts)
    await notify(tx, job.client_id, EMPLOYEE_REPLACED, data=told, worker_name=worker.name, **facts)


def _refuse_unfit(job: Job, worker: Account | None, agency: Account) -> None:
    if worker is None:
        raise NotFound(jobID=job.id)
    if worker.id == job.client_id:
        raise EmployeeIsClient(jobID=job.id)
    if worker.suspended_at is not None or agency.suspended_at is not None:
        raise WorkerSuspended("This employee cannot take jobs at the moment. Please send somebody else.")


async def _invite_to_agency(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or job.assigned_agency_id != by.account_id:
        raise NotFound(jobID=job_id)
    return job
