"""Finding workers and agencies: by words, trade, place and rating."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Double,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    tuple_,
)

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Row, Statement
from iayos.core.errors import Invalid, NotFound
from iayos.core.money import Centavos
from iayos.core.page import Page, decode, page
from iayos.core.principal import AGENCY, WORKER
from iayos.core.wire import Place, PublicFile
from iayos.profiles.geo import KM_PER_DEGREE, NOWHERE_KM, distance_km
from iayos.profiles.models import CategoryTable, ProfileTable, SpecializationTable
from iayos.profiles.queries import PUBLIC_NAME, average
from iayos.profiles.schemas import AgencyOut, TradeOut, WorkerOut, WorkerSort


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for among the workers, or the agencies."""

    q: str | None = None
    category_id: int | None = None
    min_rating: float | None = None
    near: Place | None = None
    radius_km: float | None = None
    sort: WorkerSort = WorkerSort.RATING

    def arguments(self) -> dict[str, Any]:
        """What the statement needs; its names are the shape of the search."""
        given: dict[str, Any] = {"q": self.q or None, "category_id": self.category_id, "min_rating": self.min_rating}
        if self.near is not None:
            given |= {"latitude": self.near.latitude, "longitude": self.near.longitude, "radius_km": self.radius_km}
            if self.radius_km is not None:
                band = self.radius_km / KM_PER_DEGREE
                given |= {"south": self.near.latitude - band, "north": self.near.latitude + band}
        return {name: value for name, value in given.items() if value is not None}


class Found(Row, frozen=True):
    """A worker or an agency as a search found them."""

    account_id: int
    name: str
    avatar_path: str | None
    rating_sum: int
    rating_count: int
    average: float
    bio: str | None
    description: str | None
    hourly_rate: int | None
    is_available: bool
    jobs_completed: int
    city: str | None
    province: str | None
    kyc_verified: bool
    distance: float | None

    def shown(self, trades: list[TradeOut]) -> WorkerOut:
        """On the wire."""
        return WorkerOut(
            accountID=self.account_id, name=self.name, avatarURL=PublicFile.at(self.avatar_path),
            rating=average(self.rating_sum, self.rating_count), reviewsCount=self.rating_count, bio=self.bio,
            description=self.description, hourly_rate=None if self.hourly_rate is None else Centavos(self.hourly_rate),
            isAvailable=self.is_available, specializations=trades, jobsCompleted=self.jobs_completed, city=self.city,
            province=self.province, distanceKm=None if self.distance is None else round(self.distance, 1),
        )  # fmt: skip

    def shown_as_agency(self) -> AgencyOut:
        """On the wire."""
        return AgencyOut(
            accountID=self.account_id, name=self.name, avatarURL=PublicFile.at(self.avatar_path),
            rating=average(self.rating_sum, self.rating_count), reviewsCount=self.rating_count, bio=self.bio,
            description=self.description, jobsCompleted=self.jobs_completed, KYCVerified=self.kyc_verified,
            city=self.city, province=self.province,
            distanceKm=None if self.distance is None else round(self.distance, 1),
        )  # fmt: skip


class TradeOf(Row, frozen=True):
    """A trade that a worker offers."""

    account_id: int
    category_id: int
    name: str


class Order(NamedTuple):
    """How a list is sorted: the types of its cursor's values, and the names under which the statement takes them."""

    kinds: tuple[type, ...]
    names: tuple[str, ...]


ORDERS: Final = {
    WorkerSort.RATING: Order((float, int, int), ("after_average", "after_count", "after_id")),
    WorkerSort.NEAREST: Order((float, int), ("after_km", "after_id")),
    WorkerSort.NEWEST: Order((int,), ("after_id",)),
}
_id = ProfileTable.account_id
_words = func.to_tsvector(
    literal_column("'simple'::regconfig"),
    func.concat_ws(" ", PUBLIC_NAME, ProfileTable.bio, ProfileTable.description),
)
_query = func.websearch_to_tsquery(literal_column("'simple'::regconfig"), bindparam("q", type_=Text))
_distance = distance_km(
    AccountTable.latitude,
    AccountTable.longitude,
    bindparam("latitude", type_=Double),
    bindparam("longitude", type_=Double),
)
_km = func.coalesce(_distance, literal(NOWHERE_KM, Double))
_best = (ProfileTable.average, ProfileTable.rating_count, _id)
_after_id = bindparam("after_id", type_=BigInteger)
_after_best = tuple_(bindparam("after_average", type_=Double), bindparam("after_count", type_=BigInteger), _after_id)
CONDITIONS: Final[dict[str, Any]] = {
    "q": _words.op("@@")(_query),
    "category_id": exists().where(
        SpecializationTable.account_id == _id,
        SpecializationTable.category_id == bindparam("category_id", type_=BigInteger),
    ),
    "min_rating": ProfileTable.average >= bindparam("min_rating", type_=Double),
    "south": AccountTable.latitude >= bindparam("south", type_=Double),
    "north": AccountTable.latitude <= bindparam("north", type_=Double),
    "radius_km": _distance <= bindparam("radius_km", type_=Double),
    "account_id": _id == bindparam("account_id", type_=BigInteger),
    "after_average": tuple_(*_best) < _after_best,
    "after_km": tuple_(_km, _id) > tuple_(bindparam("after_km", type_=Double), _after_id),
}
# The kind of profile is written out, for the planner must see it to use the index on the best of each kind.
_listed = {
    kind: and_(
        text(f"profiles.profile_type = '{kind}'"),
        literal(kind) == func.any(AccountTable.profile_types),
        AccountTable.email_verified_at.is_not(None),
        AccountTable.suspended_at.is_(None),
    )
    for kind in (WORKER, AGENCY)
}
TRADES = Statement(
    select(SpecializationTable.account_id, CategoryTable.id, CategoryTable.name)
    .join(CategoryTable, CategoryTable.id == SpecializationTable.category_id)
    .where(SpecializationTable.account_id == func.any(bindparam("account_ids", type_=ARRAY(BigInteger))))
    .order_by(CategoryTable.id),
    into=TradeOf,
)


@lru_cache(maxsize=512)
def _found(kind: str, shape: frozenset[str], sort: WorkerSort) -> Statement[Found]:
    """The statement for one kind of profile and one shape of filters."""
    found = (
        select(
            _id, PUBLIC_NAME, ProfileTable.avatar_path, ProfileTable.rating_sum, ProfileTable.rating_count,
            ProfileTable.average, ProfileTable.bio, ProfileTable.description, ProfileTable.hourly_rate,
            ProfileTable.is_available, ProfileTable.jobs_completed, AccountTable.city, AccountTable.province,
            AccountTable.kyc_verified, _distance if "latitude" in shape else cast(null(), Double),
        )
        .join(AccountTable, AccountTable.id == _id)
        .where(_listed[kind], *(CONDITIONS[name] for name in sorted(shape & CONDITIONS.keys())))
        .limit(bindparam("limit", type_=BigInteger))
    )  # fmt: skip
    if sort is WorkerSort.RATING:
        return Statement(found.order_by(*(key.desc() for key in _best)), into=Found)
    if sort is WorkerSort.NEAREST:
        return Statement(found.order_by(_km, _id), into=Found)
    newest = found.where(_id < _after_id) if "after_id" in shape else found
    return Statement(newest.order_by(_id.desc()), into=Found)


async def workers(reads: Reads, search: Search, *, limit: int, cursor: str | None) -> Page[WorkerOut]:
    """A page of the workers that fit."""
    rows = await _page_of(reads, WORKER, search, limit=limit, cursor=cursor)
    trades = await _trades(reads, rows[:limit])
    return page(rows, limit, lambda row: row.shown(trades[row.account_id]), lambda row: _place(row, search.sort))


async def agencies(reads: Reads, search: Search, *, limit: int, cursor: str | None) -> Page[AgencyOut]:
    """A page of the agencies that fit."""
    rows = await _page_of(reads, AGENCY, search, limit=limit, cursor=cursor)
    return page(rows, limit, Found.shown_as_agency, lambda row: _place(row, search.sort))


async def _page_of(reads: Reads, kind: str, search: Search, *, limit: int, cursor: str | None) -> list[Found]:
    if search.near is None and (search.sort is WorkerSort.NEAREST or search.radius_km is not None):
        raise Invalid.of("near", "Say from where: latitude,longitude")
    order = ORDERS[search.sort]
    place = decode(cursor, *order.kinds)
    given = search.arguments() | (dict(zip(order.names, place, strict=True)) if place else {})
    return await reads.all(_found(kind, frozenset(given), search.sort), limit=limit + 1, **given)


async def worker(reads: Reads, account_id: int) -> WorkerOut:
    """One worker, as anyone signed in sees them."""
    found = await _one(reads, WORKER, account_id)
    return found.shown((await _trades(reads, [found]))[account_id])


async def agency(reads: Reads, account_id: int) -> AgencyOut:
    """One agency, as anyone signed in sees it."""
    return (await _one(reads, AGENCY, account_id)).shown_as_agency()


async def _one(reads: Reads, kind: str, account_id: int) -> Found:
    found = await reads.one_or_none(
        _found(kind, frozenset({"account_id"}), WorkerSort.NEWEST), account_id=account_id, limit=1
    )
    if found is None:
        raise NotFound(accountID=account_id)
    return found


async def _trades(reads: Reads, rows: Sequence[Found]) -> dict[int, list[TradeOut]]:
    found: dict[int, list[TradeOut]] = {row.account_id: [] for row in rows}
    for trade in await reads.all(TRADES, account_ids=list(found)):
        found[trade.account_id].append(TradeOut(categoryID=trade.category_id, name=trade.name))
    return found


def _place(row: Found, sort: WorkerSort) -> tuple[Any, ...]:
    if sort is WorkerSort.RATING:
        return (row.average, row.rating_count, row.account_id)
    if sort is WorkerSort.NEAREST:
        return (NOWHERE_KM if row.distance is None else row.distance, row.account_id)
    return (row.account_id,)
