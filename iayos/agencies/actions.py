"""Verbs of agencies: they ask workers to join, send them to jobs and part with them; workers answer and leave."""

from typing import Final

from sqlalchemy import BigInteger, Integer, bindparam, update

from iayos.accounts.models import Account
from iayos.accounts.queries import account_of, lock_account, lock_self
from iayos.agencies.models import Employee, EmployeeTable
from iayos.agencies.queries import EMPLOYED, OF_PAIR, WORKER_OF_EMAIL, employee_of, employment_of, lock_employees
from iayos.agencies.schemas import EmployeeChanges, EmployeeIn
from iayos.agencies.states import EmployeeStatus
from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import Conflict, NotFound
from iayos.core.models import Instant
from iayos.core.moves import move
from iayos.core.principal import WORKER, Principal
from iayos.notifications.actions import notify
from iayos.notifications.events import (
    EMPLOYEE_ACCEPTED,
    EMPLOYEE_DECLINED,
    EMPLOYEE_INVITED,
    EMPLOYEE_LEFT,
    EMPLOYEE_UNAVAILABLE,
    EMPLOYMENT_ENDED,
    Event,
)

ENDED: Final = frozenset({EmployeeStatus.DECLINED, EmployeeStatus.INACTIVE})

_one = update(EmployeeTable).where(
    EmployeeTable.agency_id == bindparam("of_agency", type_=BigInteger),
    EmployeeTable.worker_id == bindparam("of_worker", type_=BigInteger),
)
_stamp = bindparam("moment", type_=Instant)
COUNT_JOB = Statement(
    _one.values(
        total_jobs_completed=EmployeeTable.total_jobs_completed + bindparam("jobs", type_=Integer),
        total_earnings=EmployeeTable.total_earnings + bindparam("amount", type_=BigInteger),
        updated_at=_stamp,
    )
)
COUNT_RATING = Statement(
    _one.values(
        rating_sum=EmployeeTable.rating_sum + bindparam("rating_given", type_=Integer),
        rating_count=EmployeeTable.rating_count + 1,
        updated_at=_stamp,
    )
)


class WorkerNotFound(NotFound):
    code = "WORKER_NOT_FOUND"
    message = "No worker has an account with this email. Ask them to register as a worker first."


class AlreadyInvited(Conflict):
    code, message = "ALREADY_INVITED", "This worker is invited already and has yet to answer."


class AlreadyEmployed(Conflict):
    code, message = "ALREADY_EMPLOYED", "A worker is employed by one agency at a time."


class EmploymentEnded(Conflict):
    code, message = "EMPLOYMENT_ENDED", "This invitation or employment is over."


class NotInvited(Conflict):
    code, message = "NOT_INVITED", "This invitation is answered already, or was withdrawn."


class NotEmployed(Conflict):
    code, message = "NOT_EMPLOYED", "This worker does not work for the agency at present."


class EmployeeBusy(Conflict):
    code, message = "EMPLOYEE_BUSY", "This employee is at another job of the agency."


async def invite(tx: Tx, data: EmployeeIn, *, by: Principal) -> Employee:
    """The agency asks a worker to join; one who declined or left may be asked again."""
    worker = await _worker(tx, data.email)
    await lock_account(tx, worker.id)
    known = await tx.one_or_none(OF_PAIR, agency_id=by.account_id, worker_id=worker.id)
    given = {"role": data.role or None, "invited_at": clock.now(), "joined_at": None}
    if known is None:
        status = EmployeeStatus.INVITED.value
        employee: Employee = await tx.insert(
            Employee, agency_id=by.account_id, worker_id=worker.id, status=status, **given
        )
    else:
        _refuse_standing(known)
        employee = await move(tx, known, "invite_again", by=by, **given)
    agency = await account_of(tx, by.account_id)
    told = {"employeeID": employee.id}
    await notify(tx, worker.id, EMPLOYEE_INVITED, data=told, agency_name=agency.name)
    return employee


async def accept(tx: Tx, employee_id: int, *, by: Principal) -> Employee:
    """The worker joins the agency; of two agencies at once one wins."""
    await lock_self(tx, by)
    employee = await _invitation(tx, employee_id, by)
    employer = await tx.one_or_none(EMPLOYED, worker_id=by.account_id)
    if employer is not None:
        raise AlreadyEmployed(employeeID=employer.id)
    employee = await move(tx, employee, "accept", by=by, joined_at=clock.now())
    await _tell_agency(tx, employee, EMPLOYEE_ACCEPTED)
    return employee


async def decline(tx: Tx, employee_id: int, *, by: Principal) -> Employee:
    """The worker says no."""
    employee = await move(tx, await _invitation(tx, employee_id, by), "decline", by=by)
    await _tell_agency(tx, employee, EMPLOYEE_DECLINED)
    return employee


async def leave(tx: Tx, employee_id: int, *, by: Principal) -> Employee:
    """The worker leaves the agency; not in the middle of a job."""
    employee = await employment_of(tx, employee_id, by)
    if employee.status != EmployeeStatus.ACTIVE:
        raise NotEmployed(employeeID=employee.id, status=employee.status)
    _refuse_busy(employee)
    employee = await move(tx, employee, "leave", by=by)
    await _tell_agency(tx, employee, EMPLOYEE_LEFT)
    return employee


async def change(tx: Tx, employee_id: int, data: EmployeeChanges, *, by: Principal) -> Employee:
    """The agency says what an employee does there."""
    employee = await employee_of(tx, employee_id, by)
    await tx.update(EmployeeTable, employee.id, role=data.role or None)
    return employee


async def deactivate(tx: Tx, employee_id: int, *, by: Principal) -> Employee:
    """The agency parts with an employee, or takes its invitation back; not in the middle of a job."""
    employee = await employee_of(tx, employee_id, by)
    if employee.status in ENDED:
        raise EmploymentEnded(employeeID=employee.id, status=employee.status)
    _refuse_busy(employee)
    employee = await move(tx, employee, "deactivate", by=by)
    await _tell_ended(tx, employee)
    return employee


async def suspend(tx: Tx, employee: Employee, *, by: Principal) -> Employee:
    """Staff suspends the worker, who is free of the agency at once, in the middle of a job too; the agency is told.

    The job goes on, since the deal is the agency's: it may send somebody else. `employee` is locked by the caller.
    """
    at = {"jobID": employee.assigned_job_id} if employee.assigned_job_id else {}
    employee = await move(tx, employee, "suspend", by=by, assigned_job_id=None)
    worker = await account_of(tx, employee.worker_id)
    told = {"employeeID": employee.id} | at
    await notify(tx, employee.agency_id, EMPLOYEE_UNAVAILABLE, data=told, worker_name=worker.name)
    return employee


async def suspend_invitation(tx: Tx, employee: Employee, *, by: Principal) -> Employee:
    """Staff suspends the agency that asked this worker to join. `employee` is locked by the caller."""
    employee = await move(tx, employee, "suspend", by=by)
    await _tell_ended(tx, employee)
    return employee


async def assign(tx: Tx, agency_id: int, worker_id: int, job_id: int, *, instead_of: int | None = None) -> None:
    """The agency sends an employee who is free to its job, in the stead of another or as the first.

    The job is locked by the caller. That the employee is free again when the job ends is the database's care.
    """
    wanted = {worker_id, instead_of} - {None}
    found = await lock_employees(tx, agency_id, [one for one in wanted if one is not None])
    employee, before = found.get(worker_id), found.get(instead_of or 0)
    if employee is None:
        raise NotFound(assignedWorkerID=worker_id)
    if employee.status != EmployeeStatus.ACTIVE:
        raise NotEmployed(assignedWorkerID=worker_id, status=employee.status)
    _refuse_busy(employee)
    if before is not None:
        await tx.update(EmployeeTable, before.id, assigned_job_id=None)
    await tx.update(EmployeeTable, employee.id, assigned_job_id=job_id)


async def count_job(tx: Tx, agency_id: int, worker_id: int, amount: int, *, jobs: int = 1) -> None:
    """Money for an agency's job is earned: its price (centavos) and the job count to the employee who did it."""
    await tx.run(COUNT_JOB, of_agency=agency_id, of_worker=worker_id, amount=amount, jobs=jobs, moment=clock.now())


async def count_rating(tx: Tx, agency_id: int, worker_id: int, rating: int) -> None:
    """A client's review of the agency (1 to 5 stars) counts to the performance of the employee who did the job."""
    await tx.run(COUNT_RATING, of_agency=agency_id, of_worker=worker_id, rating_given=rating, moment=clock.now())


async def _worker(tx: Tx, email: str) -> Account:
    worker = await tx.one_or_none(WORKER_OF_EMAIL, email=email)
    if worker is None or WORKER not in worker.profile_types or worker.suspended_at is not None:
        raise WorkerNotFound
    return worker


def _refuse_standing(employee: Employee) -> None:
    if employee.status == EmployeeStatus.INVITED:
        raise AlreadyInvited(employeeID=employee.id)
    if employee.status == EmployeeStatus.ACTIVE:
        raise AlreadyEmployed(employeeID=employee.id)


def _refuse_busy(employee: Employee) -> None:
    if employee.is_currently_assigned:
        raise EmployeeBusy(employeeID=employee.id, jobID=employee.assigned_job_id)


async def _invitation(tx: Tx, employee_id: int, by: Principal) -> Employee:
    employee = await employment_of(tx, employee_id, by)
    if employee.status != EmployeeStatus.INVITED:
        raise NotInvited(employeeID=employee.id, status=employee.status)
    return employee


async def _tell_agency(tx: Tx, employee: Employee, event: Event) -> None:
    worker = await account_of(tx, employee.worker_id)
    await notify(tx, employee.agency_id, event, data={"employeeID": employee.id}, worker_name=worker.name)


async def _tell_ended(tx: Tx, employee: Employee) -> None:
    agency = await account_of(tx, employee.agency_id)
    told = {"employeeID": employee.id}
    await notify(tx, employee.worker_id, EMPLOYMENT_ENDED, data=told, agency_name=agency.name)
