"""What a suspension ends (SPEC 2): whatever is open is closed, and what holds money goes to staff.

No money moves here, whatever the amounts: each escrow stays as it is until somebody rules on its dispute, and a ruling over
₱50,000 needs its second member of staff then. So a suspension itself needs none.
"""

from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, bindparam, or_, select, union

from iayos.accounts.models import Account
from iayos.agencies import actions as employments
from iayos.agencies.models import Employee, EmployeeTable
from iayos.agencies.states import EmployeeStatus
from iayos.core.db import Statement, Tx, columns
from iayos.core.principal import Principal
from iayos.disputes import actions as disputes
from iayos.disputes.queries import OPEN_OF_JOB
from iayos.jobs import applications
from iayos.jobs.models import Application, ApplicationTable, Job, JobTable
from iayos.jobs.states import ApplicationStatus, JobStatus
from iayos.payments import staff_cancel
from iayos.payments.models import PaymentTable, WithdrawalTable
from iayos.payments.states import PaymentStatus, PaymentType

NOTHING: Final = staff_cancel.Back(0, 0)
"""What goes back where nothing was paid."""

_me = bindparam("me", type_=BigInteger)
_pending = (ApplicationTable.worker_id == _me, ApplicationTable.status == ApplicationStatus.PENDING.value)
_unsettled = (JobTable.status != JobStatus.CANCELLED.value, JobTable.settled_at.is_(None))
_concerned = union(
    *(
        select(JobTable.id).where(side == _me, *_unsettled)
        for side in (JobTable.client_id, JobTable.assigned_worker_id, JobTable.assigned_agency_id)
    ),
    select(ApplicationTable.job_id).where(*_pending),
)
JOBS = Statement(
    select(*columns(Job)).where(JobTable.id.in_(_concerned)).order_by(JobTable.id).with_for_update(), into=Job
)
APPLICATIONS = Statement(
    select(*columns(Application)).where(*_pending).order_by(ApplicationTable.id).with_for_update(), into=Application
)
EMPLOYMENTS = Statement(
    select(*columns(Employee))
    .where(
        or_(
            (EmployeeTable.worker_id == _me) & (EmployeeTable.status == EmployeeStatus.ACTIVE.value),
            or_(EmployeeTable.worker_id == _me, EmployeeTable.agency_id == _me)
            & (EmployeeTable.status == EmployeeStatus.INVITED.value),
        )
    )
    .order_by(EmployeeTable.id)
    .with_for_update(),
    into=Employee,
)
UNSENT = Statement(
    select(PaymentTable.id)
    .join(WithdrawalTable, WithdrawalTable.payment_id == PaymentTable.id)
    .where(
        PaymentTable.payer_id == _me, PaymentTable.type == PaymentType.WITHDRAWAL.value,
        PaymentTable.status == PaymentStatus.PENDING.value, WithdrawalTable.payout_id.is_(None),
    )
    .order_by(PaymentTable.id)
)  # fmt: skip


class Closed(msgspec.Struct):
    """The ids of what a suspension ended, by kind."""

    listings: list[int] = []
    applications: list[int] = []
    invitations: list[int] = []
    employments: list[int] = []
    jobsCancelled: list[int] = []
    disputesOpened: list[int] = []
    disputesHandedOver: list[int] = []
    withdrawalsFrozen: list[int] = []

    def ids(self) -> dict[str, Any]:
        """Those kinds of which there were any."""
        return {name: found for name, found in msgspec.structs.asdict(self).items() if found}


async def close(tx: Tx, account: Account, *, by: Principal) -> Closed:
    """End what is open. The account is locked by the caller, before its jobs: who hires or applies takes it first, too."""
    closed = Closed()
    jobs = {job.id: job for job in await tx.all(JOBS, me=account.id)}
    for job in jobs.values():
        if account.id in {job.client_id, job.payee_id}:
            await _end(tx, job, closed, by=by)
    for application in await tx.all(APPLICATIONS, me=account.id):
        await applications.take_back(tx, jobs[application.job_id], application, by=by)
        closed.applications.append(application.id)
    for employee in await tx.all(EMPLOYMENTS, me=account.id):
        mine = employee.worker_id == account.id
        await (employments.suspend if mine else employments.suspend_invitation)(tx, employee, by=by)
        closed.employments.append(employee.id)
    closed.withdrawalsFrozen += await unsent(tx, account.id)
    return closed


async def unsent(tx: Tx, account_id: int) -> list[int]:
    """Withdrawals that Xendit was not asked for yet: the runner does not ask while the account is suspended."""
    return [payment_id for (payment_id,) in await tx.all(UNSENT, me=account_id)]


async def _end(tx: Tx, job: Job, closed: Closed, *, by: Principal) -> None:
    """A job between the suspended and somebody else. Where an agency's employee is suspended, the deal is the agency's."""
    if job.status == JobStatus.ACTIVE:
        await staff_cancel.end(tx, job, NOTHING, by=by)
        (closed.listings if job.is_listing else closed.invitations).append(job.id)
    elif job.status == JobStatus.IN_PROGRESS and not job.escrow_paid:
        await staff_cancel.end(tx, job, NOTHING, by=by)
        closed.jobsCancelled.append(job.id)
    elif job.holds_money:
        dispute = await disputes.begin_with_staff(tx, job, by=by)
        closed.disputesOpened.append(dispute.id)
    elif job.dispute_open:
        dispute = await tx.one(OPEN_OF_JOB, job_id=job.id)
        if not dispute.with_staff:
            await disputes.hand_to_staff(tx, job, dispute, by=by)
            closed.disputesHandedOver.append(dispute.id)
