"""What changes a profile."""

from sqlalchemy import BigInteger, Integer, Text, bindparam, update

from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.models import Instant
from iayos.profiles.models import ProfileTable

_one = update(ProfileTable).where(
    ProfileTable.account_id == bindparam("of_account", type_=BigInteger),
    ProfileTable.profile_type == bindparam("of_type", type_=Text),
)
_stamp = bindparam("moment", type_=Instant)
COUNT_EARNING = Statement(
    _one.values(
        total_earning_gross=ProfileTable.total_earning_gross + bindparam("amount", type_=BigInteger),
        jobs_completed=ProfileTable.jobs_completed + 1,
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


async def count_earning(tx: Tx, account_id: int, profile_type: str, amount: int) -> None:
    """A job is settled: its price (centavos) counts to the gross earnings, and the job to those completed."""
    found = await tx.run(COUNT_EARNING, of_account=account_id, of_type=profile_type, amount=amount, moment=clock.now())
    if not found:
        raise LookupError(f"account {account_id} has no {profile_type} profile")


async def count_rating(tx: Tx, account_id: int, profile_type: str, rating: int) -> None:
    """A review of 1 to 5 stars is published: it counts to the average."""
    found = await tx.run(
        COUNT_RATING, of_account=account_id, of_type=profile_type, rating_given=rating, moment=clock.now()
    )
    if not found:
        raise LookupError(f"account {account_id} has no {profile_type} profile")
