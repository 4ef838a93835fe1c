"""What changes a profile."""

from collections.abc import Collection

from msgspec import UNSET
from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, delete, func, not_, select, update
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import Invalid
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.profiles.models import CategoryTable, Profile, ProfileTable, SpecializationTable
from iayos.profiles.queries import worker_profile
from iayos.profiles.schemas import ProfileUpdate

_one = update(ProfileTable).where(
    ProfileTable.account_id == bindparam("of_account", type_=BigInteger),
    ProfileTable.profile_type == bindparam("of_type", type_=Text),
)
_stamp = bindparam("moment", type_=Instant)
COUNT_EARNING = Statement(
    _one.values(
        total_earning_gross=ProfileTable.total_earning_gross + bindparam("amount", type_=BigInteger),
        jobs_completed=ProfileTable.jobs_completed + bindparam("jobs", type_=Integer),
        updated_at=_stamp,
    )
)
COUNT_RATING = Statement(
    _one.values(
        rating_sum=ProfileTable.rating_sum + bindparam("rating_given", type_=Integer),
        rating_count=ProfileTable.rating_count + 1,
        updated_at=_stamp,
    )
)

_of_worker = bindparam("account_id", type_=BigInteger)
_ids = func.any(bindparam("category_ids", type_=ARRAY(BigInteger)))
KNOWN_TRADES = Statement(select(func.count()).select_from(CategoryTable).where(CategoryTable.id == _ids))
DROP_TRADES = Statement(
    delete(SpecializationTable).where(
        SpecializationTable.account_id == _of_worker, not_(SpecializationTable.category_id == _ids)
    )
)
ADD_TRADES = Statement(
    insert(SpecializationTable)
    .from_select(
        ["account_id", "category_id"],
        select(_of_worker, CategoryTable.id).where(CategoryTable.id == _ids),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)


async def update_profile(tx: Tx, change: ProfileUpdate, *, by: Principal) -> Profile:
    """What is given replaces what was; an empty text clears it."""
    profile = await worker_profile(tx, by, lock=True)
    given = {
        "bio": change.bio or None if change.bio is not UNSET else UNSET,
        "description": change.description or None if change.description is not UNSET else UNSET,
        "hourly_rate": change.hourly_rate,
        "is_available": change.isAvailable,
        "service_radius_km": change.serviceRadiusKm,
    }
    changed = {name: value for name, value in given.items() if value is not UNSET}
    if changed:
        await tx.update(ProfileTable, profile.id, **changed)
    return await worker_profile(tx, by)


async def replace_specializations(tx: Tx, category_ids: Collection[int], *, by: Principal) -> Profile:
    """These trades are all that the worker offers now; of two at once one wins whole."""
    profile = await worker_profile(tx, by, lock=True)
    wanted = sorted(set(category_ids))
    if await tx.value(KNOWN_TRADES, category_ids=wanted) != len(wanted):
        raise Invalid.of("categoryIDs", "Expected ids of trades, as GET /api/jobs/categories lists them")
    await tx.run(DROP_TRADES, account_id=by.account_id, category_ids=wanted)
    await tx.run(ADD_TRADES, account_id=by.account_id, category_ids=wanted)
    return profile


async def count_earning(tx: Tx, account_id: int, profile_type: str, amount: int, *, jobs: int = 1) -> None:
    """Money for a job came: it (centavos) counts to the gross earnings, and `jobs` to those completed."""
    found = await tx.run(
        COUNT_EARNING, of_account=account_id, of_type=profile_type, amount=amount, jobs=jobs, moment=clock.now()
    )
    if not found:
        raise LookupError(f"account {account_id} has no {profile_type} profile")


async def count_rating(tx: Tx, account_id: int, profile_type: str, rating: int) -> None:
    """A review of 1 to 5 stars is published: it counts to the average."""
    found = await tx.run(
        COUNT_RATING, of_account=account_id, of_type=profile_type, rating_given=rating, moment=clock.now()
    )
    if not found:
        raise LookupError(f"account {account_id} has no {profile_type} profile")
