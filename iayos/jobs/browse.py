"""Finding jobs: open listings by text, trade, price and place; and one's own."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Double,
    Select,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
)

from iayos.core.db import Reads, Statement, columns
from iayos.core.errors import Invalid
from iayos.core.page import Page, decode, page
from iayos.core.principal import Principal
from iayos.core.wire import Place
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import BESIDE, NO_DISTANCE, Seen, job_out
from iayos.jobs.schemas import JobOut, Role, Sort
from iayos.jobs.states import JobStatus, Urgency
from iayos.profiles.geo import KM_PER_DEGREE, NOWHERE_KM, distance_km


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for among the open listings. Budgets are centavos."""

    q: str | None = None
    category_id: int | None = None
    min_budget: int | None = None
    max_budget: int | None = None
    urgency: Urgency | None = None
    near: Place | None = None
    radius_km: float | None = None
    sort: Sort = Sort.NEWEST

    def arguments(self) -> dict[str, Any]:
        """What the statement needs; its names are the shape of the search."""
        given: dict[str, Any] = {
            "q": self.q or None, "category_id": self.category_id, "min_budget": self.min_budget,
            "max_budget": self.max_budget, "urgency": self.urgency and self.urgency.value,
        }  # fmt: skip
        if self.near is not None:
            given |= {"latitude": self.near.latitude, "longitude": self.near.longitude}
            if self.radius_km is not None:
                band = self.radius_km / KM_PER_DEGREE
                given |= {
                    "radius_km": self.radius_km,
                    "south": self.near.latitude - band,
                    "north": self.near.latitude + band,
                }
        return {name: value for name, value in given.items() if value is not None}


class Order(NamedTuple):
    """How a list is sorted: the types of its cursor's values, and the row's own."""

    kinds: tuple[type, ...]
    names: tuple[str, ...]


ORDERS: Final = {
    Sort.NEWEST: Order((int,), ("after_id",)),
    Sort.BUDGET: Order((int, int), ("after_budget", "after_id")),
    Sort.NEAREST: Order((float, int), ("after_km", "after_id")),
}
# Written out, for the planner must see it to use the indexes on open listings.
_open = text("jobs.status = 'ACTIVE' AND jobs.job_type = 'LISTING'")
_query = func.websearch_to_tsquery(literal_column("'simple'::regconfig"), bindparam("q", type_=Text))
_distance = distance_km(
    JobTable.latitude, JobTable.longitude, bindparam("latitude", type_=Double), bindparam("longitude", type_=Double)
)
_km = func.coalesce(_distance, literal(NOWHERE_KM, Double))
_limit = bindparam("limit", type_=BigInteger)
_after_id = bindparam("after_id", type_=BigInteger)
_after_budget = bindparam("after_budget", type_=BigInteger)
_after_km = bindparam("after_km", type_=Double)
CONDITIONS: Final[dict[str, Any]] = {
    "q": JobTable.search.op("@@")(_query),
    "category_id": JobTable.category_id == bindparam("category_id", type_=BigInteger),
    "min_budget": JobTable.budget >= bindparam("min_budget", type_=BigInteger),
    "max_budget": JobTable.budget <= bindparam("max_budget", type_=BigInteger),
    "urgency": JobTable.urgency == bindparam("urgency", type_=Text),
    "south": JobTable.latitude >= bindparam("south", type_=Double),
    "north": JobTable.latitude <= bindparam("north", type_=Double),
    "radius_km": _distance <= bindparam("radius_km", type_=Double),
    "after_budget": tuple_(JobTable.budget, JobTable.id) < tuple_(_after_budget, _after_id),
    "after_km": tuple_(_km, JobTable.id) > tuple_(_after_km, _after_id),
}


@lru_cache(maxsize=1024)
def _listings(shape: frozenset[str], sort: Sort) -> Statement[Seen]:
    """The statement for one shape of filters."""
    distance = _distance if "latitude" in shape else NO_DISTANCE
    found = select(*columns(Job), distance, *BESIDE).where(
        _open, *(CONDITIONS[name] for name in sorted(shape & CONDITIONS.keys()))
    )
    if sort is Sort.NEAREST:
        ordered = found.order_by(_km, JobTable.id)
    elif sort is Sort.BUDGET:
        ordered = found.order_by(JobTable.budget.desc(), JobTable.id.desc())
    else:
        ordered = _newest(found, after="after_id" in shape)
    return Statement(ordered.limit(_limit), into=Seen)


def _newest(found: Select[Any], *, after: bool) -> Select[Any]:
    return (found.where(JobTable.id < _after_id) if after else found).order_by(JobTable.id.desc())


async def listings(reads: Reads, search: Search, *, viewer: Principal, limit: int, cursor: str | None) -> Page[JobOut]:
    """A page of the open listings that fit."""
    if search.near is None and (search.sort is Sort.NEAREST or search.radius_km is not None):
        raise Invalid.of("near", "Say from where: latitude,longitude")
    order = ORDERS[search.sort]
    place = decode(cursor, *order.kinds)
    given = search.arguments() | (dict(zip(order.names, place, strict=True)) if place else {})
    rows = await reads.all(_listings(frozenset(given), search.sort), limit=limit + 1, viewer=viewer.account_id, **given)
    return page(rows, limit, lambda row: job_out(row, viewer.account_id), lambda row: _place(row, search.sort))


def _place(row: Seen, sort: Sort) -> tuple[Any, ...]:
    if sort is Sort.NEAREST:
        return (NOWHERE_KM if row.distance is None else row.distance, row.id)
    return (row.budget, row.id) if sort is Sort.BUDGET else (row.id,)


@lru_cache(maxsize=8)
def _mine(role: Role, *, of_status: bool, after: bool) -> Statement[Seen]:
    mine = {
        Role.CLIENT: JobTable.client_id,
        Role.WORKER: JobTable.assigned_worker_id,
        Role.AGENCY: JobTable.assigned_agency_id,
    }
    found = select(*columns(Job), NO_DISTANCE, *BESIDE).where(mine[role] == bindparam("account_id", type_=BigInteger))
    if of_status:
        found = found.where(JobTable.status == bindparam("status", type_=Text))
    return Statement(_newest(found, after=after).limit(_limit), into=Seen)


async def my_jobs(
    reads: Reads, *, viewer: Principal, role: Role | None, status: JobStatus | None, limit: int, cursor: str | None
) -> Page[JobOut]:
    """A page of the caller's own jobs in one role, newest first; without a role, in the one that they act in."""
    role = role or Role(viewer.profile_type or Role.CLIENT)
    place = decode(cursor, int)
    given: dict[str, Any] = {"after_id": place[0]} if place else {}
    if status is not None:
        given["status"] = status.value
    statement = _mine(role, of_status=status is not None, after=place is not None)
    rows = await reads.all(statement, account_id=viewer.account_id, viewer=viewer.account_id, limit=limit + 1, **given)
    return page(rows, limit, lambda row: job_out(row, viewer.account_id), lambda row: _place(row, Sort.NEWEST))
