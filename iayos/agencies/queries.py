"""Reading agencies' employees."""

from collections.abc import Collection

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, select

from iayos.accounts.models import Account, AccountTable
from iayos.agencies.models import Employee, EmployeeTable
from iayos.agencies.schemas import EmployeeOut, EmploymentOut
from iayos.agencies.states import EmployeeStatus
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import NotFound
from iayos.core.page import BIGGEST, Page, decode, page
from iayos.core.principal import Principal


class Named(Employee, frozen=True):
    """An employee with the worker's name and email."""

    name: str
    email: str


class Offered(Employee, frozen=True):
    """An employment with the agency's name."""

    agency_name: str


class Performance(Row, frozen=True):
    """Sums over the employees of an agency."""

    employees: int
    assigned: int
    jobs: int
    earnings: int
    rating_sum: int
    rating_count: int


_of_agency = EmployeeTable.agency_id == bindparam("agency_id", type_=BigInteger)
_of_worker = EmployeeTable.worker_id == bindparam("worker_id", type_=BigInteger)
_one = EmployeeTable.id == bindparam("employee_id", type_=BigInteger)
_ids = func.any(bindparam("worker_ids", type_=ARRAY(BigInteger)))
_rows = select(*columns(Employee))
OF_ID = Statement(_rows.where(_one).with_for_update(), into=Employee)
OF_PAIR = Statement(_rows.where(_of_agency, _of_worker).with_for_update(), into=Employee)
OF_PAIRS = Statement(
    _rows.where(_of_agency, EmployeeTable.worker_id == _ids).order_by(EmployeeTable.id).with_for_update(), into=Employee
)
EMPLOYED = Statement(
    _rows.where(_of_worker, EmployeeTable.status == EmployeeStatus.ACTIVE, EmployeeTable.agency_id.is_not(None)),
    into=Employee,
)
ASSIGNED_TO = Statement(
    select(EmployeeTable.worker_id).where(EmployeeTable.assigned_job_id == bindparam("job_id", type_=BigInteger))
)

_name = AccountTable.first_name + " " + AccountTable.last_name
_named = select(*columns(Employee), _name, AccountTable.email).join(
    AccountTable, AccountTable.id == EmployeeTable.worker_id
)
_offered = select(
    *columns(Employee), func.coalesce(AccountTable.business_name, _name)
).join(AccountTable, AccountTable.id == EmployeeTable.agency_id)  # fmt: skip
_newest = (EmployeeTable.id < bindparam("before", type_=BigInteger),)
_limit = bindparam("limit", type_=BigInteger)
NAMED = Statement(_named.where(_one), into=Named)
EMPLOYEES = Statement(_named.where(_of_agency, *_newest).order_by(EmployeeTable.id.desc()).limit(_limit), into=Named)
EMPLOYEES_IN_STATE = Statement(
    _named.where(_of_agency, *_newest, EmployeeTable.status == bindparam("status", type_=Text))
    .order_by(EmployeeTable.id.desc())
    .limit(_limit),
    into=Named,
)
OFFERED = Statement(_offered.where(_one), into=Offered)
OPEN_TO_WORKER = Statement(
    _offered.where(_of_worker, *_newest, EmployeeTable.status == func.any(bindparam("statuses", type_=ARRAY(Text))))
    .order_by(EmployeeTable.id.desc())
    .limit(_limit),
    into=Offered,
)
WORKER_OF_EMAIL = Statement(
    select(*columns(Account)).where(AccountTable.email == func.lower(bindparam("email", type_=Text))), into=Account
)
PERFORMANCE = Statement(
    select(
        func.count().filter(EmployeeTable.status == EmployeeStatus.ACTIVE),
        func.count(EmployeeTable.assigned_job_id),
        *(
            func.coalesce(func.sum(column), 0).cast(BigInteger)
            for column in (
                EmployeeTable.total_jobs_completed, EmployeeTable.total_earnings,
                EmployeeTable.rating_sum, EmployeeTable.rating_count,
            )
        ),
    ).where(_of_agency),
    into=Performance,
)  # fmt: skip
STANDING: tuple[str, ...] = (EmployeeStatus.INVITED, EmployeeStatus.ACTIVE)
"""What a worker sees: invitations to answer, and who employs them."""


async def employee_of(tx: Tx, employee_id: int, by: Principal) -> Employee:
    """The agency's own employee, locked."""
    found = await tx.one_or_none(OF_ID, employee_id=employee_id)
    if found is None or found.agency_id != by.account_id:
        raise NotFound(employeeID=employee_id)
    return found


async def employment_of(tx: Tx, employee_id: int, by: Principal) -> Employee:
    """The worker's own invitation or employment, locked."""
    found = await tx.one_or_none(OF_ID, employee_id=employee_id)
    if found is None or found.worker_id != by.account_id:
        raise NotFound(employeeID=employee_id)
    return found


async def lock_employees(tx: Tx, agency_id: int, worker_ids: Collection[int]) -> dict[int, Employee]:
    """These workers as employees of this agency, by account, locked always in the same order."""
    found = await tx.all(OF_PAIRS, agency_id=agency_id, worker_ids=list(worker_ids))
    return {employee.worker_id: employee for employee in found}


async def show_employee(reads: Reads, employee_id: int) -> EmployeeOut:
    """As the agency sees it."""
    return EmployeeOut.of(await reads.one(NAMED, employee_id=employee_id))


async def show_employment(reads: Reads, employee_id: int) -> EmploymentOut:
    """As the worker sees it."""
    return EmploymentOut.of(await reads.one(OFFERED, employee_id=employee_id))


async def employees(
    reads: Reads, by: Principal, *, status: EmployeeStatus | None, limit: int, cursor: str | None
) -> Page[EmployeeOut]:
    """A page of the agency's employees, the newest first."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    given = {"agency_id": by.account_id, "before": before, "limit": limit + 1}
    if status is None:
        rows = await reads.all(EMPLOYEES, **given)
    else:
        rows = await reads.all(EMPLOYEES_IN_STATE, status=status.value, **given)
    return page(rows, limit, EmployeeOut.of, lambda row: (row.id,))


async def employments(reads: Reads, by: Principal, *, limit: int, cursor: str | None) -> Page[EmploymentOut]:
    """A page of the agencies that invite the worker or employ them, the newest first."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    rows = await reads.all(
        OPEN_TO_WORKER, worker_id=by.account_id, before=before, limit=limit + 1, statuses=list(STANDING)
    )
    return page(rows, limit, EmploymentOut.of, lambda row: (row.id,))
