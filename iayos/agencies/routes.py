"""An agency's employees over HTTP, from both sides."""

from typing import Annotated

from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.agencies import actions, queries
from iayos.agencies.schemas import EmployeeChanges, EmployeeIn, EmployeeOut, EmploymentOut, PerformanceOut
from iayos.agencies.states import EmployeeStatus
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.principal import AGENCY, WORKER
from iayos.web.auth import Me, acting_as
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
as_agency = acting_as(AGENCY)
as_worker = acting_as(WORKER)


@post(
    "/employees", status_code=201, guards=[as_agency], summary="Ask a worker to join my agency",
    opt=answers(actions.WorkerNotFound, actions.AlreadyInvited, actions.AlreadyEmployed),
)  # fmt: skip
async def invite(tx: InTx, me: Me, data: JSONBody[EmployeeIn]) -> EmployeeOut:
    """By the email of the worker's account."""
    employee = await actions.invite(tx, data, by=me)
    return await queries.show_employee(tx, employee.id)


@get("/employees", guards=[as_agency], summary="My employees, newest first")
async def employees(
    reads: Reading, me: Me, status: FromQuery[EmployeeStatus | None] = None, limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[EmployeeOut]:  # fmt: skip
    """Those who are invited and those who left included."""
    return await queries.employees(reads, me, status=status, limit=limit, cursor=cursor)


@patch("/employees/{employee_id:int}", guards=[as_agency], summary="Change what an employee does")
async def change(tx: InTx, me: Me, employee_id: FromPath[int], data: JSONBody[EmployeeChanges]) -> EmployeeOut:
    """Their role."""
    employee = await actions.change(tx, employee_id, data, by=me)
    return await queries.show_employee(tx, employee.id)


@post(
    "/employees/{employee_id:int}/deactivate", status_code=200, guards=[as_agency], summary="Part with an employee",
    opt=answers(actions.EmploymentEnded, actions.EmployeeBusy),
)  # fmt: skip
async def deactivate(tx: InTx, me: Me, employee_id: FromPath[int]) -> EmployeeOut:
    """Or take an invitation back; not while they are at a job."""
    employee = await actions.deactivate(tx, employee_id, by=me)
    return await queries.show_employee(tx, employee.id)


@get("/performance", guards=[as_agency], summary="What my employees did")
async def performance(reads: Reading, me: Me) -> PerformanceOut:
    """The sums over all of them; each one's own are in the list of employees."""
    return PerformanceOut.of(await reads.one(queries.PERFORMANCE, agency_id=me.account_id))


@get("/invitations", guards=[as_worker], summary="Agencies that invite or employ me, newest first")
async def invitations(
    reads: Reading, me: Me, limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None
) -> Page[EmploymentOut]:
    """`INVITED` are to be answered; at most one is `ACTIVE`."""
    return await queries.employments(reads, me, limit=limit, cursor=cursor)


@post(
    "/invitations/{employee_id:int}/accept", status_code=200, guards=[as_worker], summary="Join an agency",
    opt=answers(actions.NotInvited, actions.AlreadyEmployed),
)  # fmt: skip
async def accept(tx: InTx, me: Me, employee_id: FromPath[int]) -> EmploymentOut:
    """One at a time."""
    employee = await actions.accept(tx, employee_id, by=me)
    return await queries.show_employment(tx, employee.id)


@post(
    "/invitations/{employee_id:int}/decline", status_code=200, guards=[as_worker], summary="Decline to join an agency",
    opt=answers(actions.NotInvited),
)  # fmt: skip
async def decline(tx: InTx, me: Me, employee_id: FromPath[int]) -> EmploymentOut:
    """It may ask again."""
    employee = await actions.decline(tx, employee_id, by=me)
    return await queries.show_employment(tx, employee.id)


@post(
    "/invitations/{employee_id:int}/leave", status_code=200, guards=[as_worker], summary="Leave my agency",
    opt=answers(actions.NotEmployed, actions.EmployeeBusy),
)  # fmt: skip
async def leave(tx: InTx, me: Me, employee_id: FromPath[int]) -> EmploymentOut:
    """Not while I am at a job of it."""
    employee = await actions.leave(tx, employee_id, by=me)
    return await queries.show_employment(tx, employee.id)


router = Router(
    "/api/agency",
    route_handlers=[invite, employees, change, deactivate, performance, invitations, accept, decline, leave],
    tags=["agencies"],
)
