"""Verbs of applications: a worker applies and withdraws, the client accepts one or rejects."""

from typing import Final

from iayos.accounts.queries import account_of
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Forbidden, NotFound
from iayos.core.moves import move
from iayos.core.principal import Principal
from iayos.jobs.actions import accepted, refuse_overdue, reject_pending
from iayos.jobs.models import Application, Job
from iayos.jobs.queries import (
    APPLICATION,
    APPLICATION_FOR_UPDATE,
    APPLICATION_OF,
    STANDING_OF_APPLICANT,
    hold_caller,
    lock_job,
)
from iayos.jobs.schemas import ApplicationIn
from iayos.jobs.states import ApplicationStatus, JobStatus, JobType
from iayos.notifications.actions import notify
from iayos.notifications.events import (
    APPLICATION_ACCEPTED,
    APPLICATION_RECEIVED,
    APPLICATION_REJECTED,
    APPLICATION_WITHDRAWN,
)

WITHOUT_KYC: Final = 10_000_00
"""Work above this price, in centavos, is for verified workers only (SPEC 5)."""


class NotOpen(Conflict):
    code, message = "JOB_NOT_OPEN", "This job is no longer open to applications."


class OwnJob(Forbidden):
    code, message = "OWN_JOB", "Nobody applies to a job of their own."


class AlreadyApplied(Conflict):
    code, message = "ALREADY_APPLIED", "You have applied to this job already."


class KYCRequired(Forbidden):
    code, message = "KYC_REQUIRED", "Work over ₱10,000 needs a verified identity. Please submit your documents first."


class NotPending(Conflict):
    code, message = "APPLICATION_NOT_PENDING", "This application is decided already."


class WorkerSuspended(Conflict):
    code, message = "WORKER_SUSPENDED", "This worker cannot take jobs at the moment. Please choose another application."


async def apply(tx: Tx, job_id: int, data: ApplicationIn, *, by: Principal) -> Application:
    """A worker offers to do the job at a price; the client is told."""
    await hold_caller(tx, by)
    job = await _listing(tx, job_id)
    if job.client_id == by.account_id:
        raise OwnJob(jobID=job.id)
    if await tx.one_or_none(APPLICATION_OF, job_id=job.id, worker_id=by.account_id):
        raise AlreadyApplied(jobID=job.id)
    if not job.is_open:
        raise NotOpen(jobID=job.id, status=job.status)
    if max(job.budget, data.proposedBudget) > WITHOUT_KYC and not by.kyc_verified:
        raise KYCRequired(jobID=job.id)
    application: Application = await tx.insert(
        Application, job_id=job.id, worker_id=by.account_id, proposal_message=data.proposalMessage,
        proposed_budget=data.proposedBudget, status=ApplicationStatus.PENDING.value,
    )  # fmt: skip
    worker = await account_of(tx, by.account_id)
    told = {"jobID": job.id, "applicationID": application.id}
    facts = {"worker_name": worker.name, "job_title": job.title}
    await notify(tx, job.client_id, APPLICATION_RECEIVED, data=told, **facts)
    return application


async def withdraw(tx: Tx, application_id: int, *, by: Principal) -> Application:
    """The worker takes the offer back; the client is told."""
    job, application = await _locked(tx, application_id)
    if application.worker_id != by.account_id:
        raise NotFound(applicationID=application_id)
    _require_pending(application)
    return await take_back(tx, job, application, by=by)


async def take_back(tx: Tx, job: Job, application: Application, *, by: Principal) -> Application:
    """The offer is gone, by its worker or by staff who suspends the account; the client is told. Both rows are locked."""
    application = await move(tx, application, "withdraw", by=by)
    worker = await account_of(tx, application.worker_id)
    told = {"jobID": job.id, "applicationID": application.id}
    facts = {"worker_name": worker.name, "job_title": job.title}
    await notify(tx, job.client_id, APPLICATION_WITHDRAWN, data=told, **facts)
    return application


async def reject(tx: Tx, application_id: int, *, reason: str | None, by: Principal) -> Application:
    """The client turns one application down; its worker is told."""
    job, application = await _locked_for_client(tx, application_id, by)
    _require_pending(application)
    application = await move(tx, application, "reject", by=by, reject_reason=reason or None)
    told = {"jobID": job.id, "applicationID": application.id}
    await notify(tx, application.worker_id, APPLICATION_REJECTED, data=told, job_title=job.title)
    return application


async def accept(tx: Tx, application_id: int, *, by: Principal) -> Job:
    """The client takes one worker at the proposed price; the others are told, and a conversation opens."""
    # Shared to the end and before the job, as a suspension takes them: it comes wholly before this or wholly after.
    suspended_at = await tx.value(STANDING_OF_APPLICANT, application_id=application_id)
    job, application = await _locked_for_client(tx, application_id, by)
    if job.status != JobStatus.ACTIVE:
        raise NotOpen(jobID=job.id, status=job.status)
    _require_pending(application)
    if suspended_at is not None:
        raise WorkerSuspended(workerID=application.worker_id)
    await refuse_overdue(tx, job.client_id)
    await move(tx, application, "accept", by=by)
    await reject_pending(tx, job, by=by)
    job, conversation_id = await accepted(
        tx, job, "accept_application", price=application.proposed_budget, by=by,
        assigned_worker_id=application.worker_id,
    )  # fmt: skip
    told = {"jobID": job.id, "applicationID": application.id, "conversationID": conversation_id}
    await notify(tx, application.worker_id, APPLICATION_ACCEPTED, data=told, job_title=job.title)
    return job


async def _listing(tx: Tx, job_id: int) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or job.job_type != JobType.LISTING:
        raise NotFound(jobID=job_id)
    return job


async def _locked(tx: Tx, application_id: int) -> tuple[Job, Application]:
    """The application and its job, locked: first the job, so that two verbs never wait for each other crosswise."""
    seen = await tx.one_or_none(APPLICATION, application_id=application_id)
    job = await lock_job(tx, seen.job_id) if seen else None
    if job is None:
        raise NotFound(applicationID=application_id)
    return job, await tx.one(APPLICATION_FOR_UPDATE, application_id=application_id)


async def _locked_for_client(tx: Tx, application_id: int, by: Principal) -> tuple[Job, Application]:
    job, application = await _locked(tx, application_id)
    if job.client_id != by.account_id:
        raise NotFound(applicationID=application_id)
    return job, application


def _require_pending(application: Application) -> None:
    if application.status != ApplicationStatus.PENDING:
        raise NotPending(applicationID=application.id, status=application.status)
