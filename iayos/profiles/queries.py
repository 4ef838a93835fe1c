"""Reading profiles and trades."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    SQLColumnExpression,
    Text,
    and_,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
)

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.money import Centavos
from iayos.core.principal import WORKER, Principal
from iayos.core.wire import PublicFile
from iayos.profiles.geo import distance_km, is_in_place
from iayos.profiles.models import (
    Category,
    CategoryTable,
    CertificationTable,
    PortfolioTable,
    Profile,
    ProfileTable,
    SpecializationTable,
)  # fmt: skip
from iayos.profiles.schemas import PartyOut, ProfileOut, TradeOut
from iayos.web.auth import WrongProfile

COMPLETION: Final = (0, 14, 28, 43, 57, 71, 85, 100)


class Card(Row, frozen=True):
    """What others see of someone in one of their profiles."""

    account_id: int
    profile_type: str
    name: str
    avatar_path: str | None
    rating_sum: int
    rating_count: int

    def shown(self) -> PartyOut:
        """On the wire."""
        return PartyOut(
            accountID=self.account_id, name=self.name, avatarURL=PublicFile.at(self.avatar_path),
            rating=average(self.rating_sum, self.rating_count), reviewsCount=self.rating_count,
        )  # fmt: skip


def card(account_id: SQLColumnExpression[Any], kind: str) -> ColumnElement[Any]:
    """The card of an account as one value within another slice's statement: what fills a `Card`, or NULL."""
    profile = and_(ProfileTable.account_id == AccountTable.id, ProfileTable.profile_type == literal_column(f"'{kind}'"))
    return (
        select(
            func.row(
                AccountTable.id, literal_column(f"'{kind}'::text"), PUBLIC_NAME, ProfileTable.avatar_path,
                func.coalesce(ProfileTable.rating_sum, literal_column("0")),
                func.coalesce(ProfileTable.rating_count, literal_column("0")),
            )
        )
        .select_from(AccountTable)
        .outerjoin(ProfileTable, profile)
        .where(AccountTable.id == account_id)
        .correlate_except(AccountTable, ProfileTable)
        .scalar_subquery()
    )  # fmt: skip


PUBLIC_NAME = func.coalesce(
    AccountTable.business_name, AccountTable.first_name + literal_column("' '") + AccountTable.last_name
)
_wanted = (
    func.unnest(bindparam("account_ids", type_=ARRAY(BigInteger)), bindparam("profile_types", type_=ARRAY(Text)))
    .table_valued(column("account_id", BigInteger), column("profile_type", Text), name="wanted")
    .render_derived()
)
CARDS = Statement(
    select(
        _wanted.c.account_id, _wanted.c.profile_type, PUBLIC_NAME, ProfileTable.avatar_path,
        func.coalesce(ProfileTable.rating_sum, 0), func.coalesce(ProfileTable.rating_count, 0),
    )
    .select_from(_wanted)
    .join(AccountTable, AccountTable.id == _wanted.c.account_id)
    .outerjoin(
        ProfileTable,
        and_(ProfileTable.account_id == _wanted.c.account_id, ProfileTable.profile_type == _wanted.c.profile_type),
    ),
    into=Card,
)  # fmt: skip
_latitude, _longitude = bindparam("latitude", type_=Double), bindparam("longitude", type_=Double)
_reaches = (
    distance_km(AccountTable.latitude, AccountTable.longitude, _latitude, _longitude) <= ProfileTable.service_radius_km
)
NEARBY_WORKERS = Statement(
    select(SpecializationTable.account_id)
    .join(AccountTable, AccountTable.id == SpecializationTable.account_id)
    .join(ProfileTable, and_(ProfileTable.account_id == AccountTable.id, ProfileTable.profile_type == WORKER))
    .where(
        SpecializationTable.category_id == bindparam("category_id", type_=BigInteger),
        SpecializationTable.account_id != bindparam("client_id", type_=BigInteger),
        SpecializationTable.account_id > bindparam("after", type_=BigInteger),
        ProfileTable.is_available,
        literal(WORKER) == func.any(AccountTable.profile_types),
        AccountTable.email_verified_at.is_not(None),
        AccountTable.suspended_at.is_(None),
        # NULL distance: one side has no coordinates, and then the town decides
        func.coalesce(_reaches, is_in_place(AccountTable.city, bindparam("location", type_=Text))),
    )
    .order_by(SpecializationTable.account_id)
    .limit(bindparam("limit", type_=BigInteger))
)
_profile = select(*columns(Profile)).where(
    ProfileTable.account_id == bindparam("account_id", type_=BigInteger),
    ProfileTable.profile_type == bindparam("profile_type", type_=Text),
)
PROFILE = Statement(_profile, into=Profile)
PROFILE_FOR_UPDATE = Statement(_profile.with_for_update(), into=Profile)
SPECIALIZATIONS = Statement(
    select(*columns(Category))
    .join(SpecializationTable, SpecializationTable.category_id == CategoryTable.id)
    .where(SpecializationTable.account_id == bindparam("account_id", type_=BigInteger))
    .order_by(CategoryTable.id),
    into=Category,
)
_whose = bindparam("account_id", type_=BigInteger)
COUNTS = Statement(
    select(
        *(
            select(func.count()).select_from(table).where(table.account_id == _whose).scalar_subquery()
            for table in (SpecializationTable, CertificationTable, PortfolioTable)
        )
    )
)
CATEGORY = Statement(
    select(*columns(Category)).where(CategoryTable.id == bindparam("category_id", type_=BigInteger)), into=Category
)
CATEGORIES = Statement(select(*columns(Category)).order_by(CategoryTable.id), into=Category)


def average(rating_sum: int, rating_count: int) -> float | None:
    """The average rating with two decimals; None before the first."""
    return round(rating_sum / rating_count, 2) if rating_count else None


def completion(
    *, bio: str | None, description: str | None, hourly_rate: int | None, avatar: str | None, specializations: int,
    certifications: int, portfolio: int,
) -> int:  # fmt: skip
    """How complete a worker's profile is, in percent: by the number of criteria met."""
    criteria = (bio, description, hourly_rate, avatar, specializations, certifications, portfolio)
    return COMPLETION[sum(map(bool, criteria))]


async def show_profile(reads: Reads, profile: Profile) -> ProfileOut:
    """A worker's profile as its owner sees it."""
    card = (await cards(reads, [(profile.account_id, profile.profile_type)]))[profile.account_id, profile.profile_type]
    trades = await reads.all(SPECIALIZATIONS, account_id=profile.account_id)
    return ProfileOut(
        **msgspec.structs.asdict(card), bio=profile.bio, description=profile.description,
        hourly_rate=None if profile.hourly_rate is None else Centavos(profile.hourly_rate),
        isAvailable=profile.is_available, serviceRadiusKm=profile.service_radius_km,
        specializations=[TradeOut(categoryID=trade.id, name=trade.name) for trade in trades],
        totalEarningGross=Centavos(profile.total_earning_gross), jobsCompleted=profile.jobs_completed,
        profile_completion_percentage=await completion_of(reads, profile),
    )  # fmt: skip


async def completion_of(reads: Reads, profile: Profile) -> int:
    """How complete this worker's profile is now."""
    trades, certifications, portfolio = await reads.one(COUNTS, account_id=profile.account_id)
    return completion(
        bio=profile.bio, description=profile.description, hourly_rate=profile.hourly_rate, avatar=profile.avatar_path,
        specializations=trades, certifications=certifications, portfolio=portfolio,
    )  # fmt: skip


async def worker_profile(reads: Reads, by: Principal, *, lock: bool = False) -> Profile:
    """The caller's own worker profile; another kind of profile is told to switch."""
    if by.profile_type != WORKER:
        raise WrongProfile(needs=[WORKER])
    statement = PROFILE_FOR_UPDATE if lock else PROFILE
    return await reads.one(statement, account_id=by.account_id, profile_type=WORKER)


async def cards(reads: Reads, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], PartyOut]:
    """The card of each (account, profile type) that is asked for, in one query."""
    if not wanted:
        return {}
    distinct = list(set(wanted))
    found = await reads.all(
        CARDS, account_ids=[account_id for account_id, _ in distinct], profile_types=[kind for _, kind in distinct]
    )
    return {(card.account_id, card.profile_type): card.shown() for card in found}


async def category_of(reads: Reads, category_id: int) -> Category | None:
    """The trade with this id."""
    return await reads.one_or_none(CATEGORY, category_id=category_id)


async def all_categories(reads: Reads) -> list[Category]:
    """All trades, in the order in which they were seeded."""
    return await reads.all(CATEGORIES)


async def nearby_workers(
    reads: Reads, *, category_id: int, client_id: int, latitude: float | None, longitude: float | None, location: str,
    after: int = 0, limit: int = 1000,
) -> list[int]:  # fmt: skip
    """Workers whom a new listing may interest, by account id, those after `after` (SPEC 3, ruling c).

    Of the trade, available, and the place within their radius; without coordinates on either side, of the same town.
    """
    records = await reads.all(
        NEARBY_WORKERS, category_id=category_id, client_id=client_id, latitude=latitude, longitude=longitude,
        location=location, after=after, limit=limit,
    )  # fmt: skip
    return [account_id for (account_id,) in records]
