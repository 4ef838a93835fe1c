"""Verbs of invitations to a worker: accept, reject, and what comes of silence. An agency's are in `agency`."""

from iayos.accounts.queries import account_of
from iayos.core import clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict, NotFound
from iayos.core.moves import move
from iayos.core.principal import Principal
from iayos.jobs.actions import accepted
from iayos.jobs.applications import WITHOUT_KYC, KYCRequired, WorkerSuspended
from iayos.jobs.clocks import CLOCKS, due_at
from iayos.jobs.models import Job
from iayos.jobs.queries import held_accounts, lock_job
from iayos.jobs.states import InviteStatus
from iayos.notifications.actions import notify, notify_each
from iayos.notifications.events import INVITATION_ACCEPTED, INVITATION_LAPSED, INVITATION_REJECTED
from iayos.settings import Settings

UNANSWERED = "The invitation was not answered in time."


class InviteNotPending(Conflict):
    code, message = "INVITE_NOT_PENDING", "This invitation is answered already, or over."


class InviteLapsed(Conflict):
    code, message = "INVITE_LAPSED", "The time to answer this invitation is over."


async def accept(tx: Tx, job_id: int, *, settings: Settings, by: Principal) -> Job:
    """The invited worker takes the job at its budget; the client is told, and a conversation opens."""
    me = (await held_accounts(tx, [by.account_id]))[by.account_id]  # before the job, as a suspension takes them
    job = await _invite_to_worker(tx, job_id, by)
    require_acceptable(job, settings)
    if me.suspended_at is not None:
        raise WorkerSuspended("Your account cannot take jobs at the moment.", workerID=me.id)
    if job.budget > WITHOUT_KYC and not by.kyc_verified:
        raise KYCRequired(jobID=job.id)
    job, conversation_id = await accepted(
        tx, job, "accept_invite", price=job.budget, by=by, invite_status=InviteStatus.ACCEPTED.value
    )
    await tell_accepted(tx, job, conversation_id, name=me.name)
    return job


async def reject(tx: Tx, job_id: int, *, reason: str, by: Principal) -> Job:
    """The invited worker turns the job down; it is cancelled, and the client told why."""
    return await turn_down(tx, await _invite_to_worker(tx, job_id, by), reason=reason, by=by)


async def turn_down(tx: Tx, job: Job, *, reason: str, by: Principal) -> Job:
    """Whoever is invited says no. `job` is locked by the caller, and theirs to answer."""
    require_pending(job)
    job = await move(
        tx, job, "reject_invite", by=by,
        invite_status=InviteStatus.REJECTED.value, cancelled_at=clock.now(), cancel_reason=reason,
    )  # fmt: skip
    invited = await account_of(tx, by.account_id)
    facts = {"invited_name": invited.name, "job_title": job.title, "reason": reason}
    await notify(tx, job.client_id, INVITATION_REJECTED, data={"jobID": job.id}, **facts)
    return job


async def lapse(tx: Tx, job: Job) -> Job:
    """The time to answer is over: both sides are told. `job` is locked by the caller, and its clock has run out."""
    job = await move(tx, job, "lapse_invite", by=None, cancelled_at=clock.now(), cancel_reason=UNANSWERED)
    await notify_each(tx, job.participants, INVITATION_LAPSED, data={"jobID": job.id}, job_title=job.title)
    return job


def require_pending(job: Job) -> None:
    """An invitation is answered once."""
    if not job.awaits_answer:
        raise InviteNotPending(jobID=job.id, status=job.status, inviteStatus=job.invite_status)


def require_acceptable(job: Job, settings: Settings) -> None:
    """It is accepted once, and in time, also where the runner is late."""
    require_pending(job)
    due = due_at(CLOCKS["invite"], job, settings)
    if due is not None and clock.now() >= due:
        raise InviteLapsed(jobID=job.id, expiredAt=due)


async def tell_accepted(tx: Tx, job: Job, conversation_id: int, *, name: str) -> None:
    """The client learns that whoever was invited comes."""
    told = {"jobID": job.id, "conversationID": conversation_id}
    await notify(tx, job.client_id, INVITATION_ACCEPTED, data=told, invited_name=name, job_title=job.title)


async def _invite_to_worker(tx: Tx, job_id: int, by: Principal) -> Job:
    job = await lock_job(tx, job_id)
    if job is None or not job.invites_worker or job.assigned_worker_id != by.account_id:
        raise NotFound(jobID=job_id)
    return job
