"""The service at a glance, over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from litestar import Router, get
from litestar.params import QueryParameter

from iayos.admin import stats
from iayos.admin.stats_schemas import StatsOut
from iayos.core import clock
from iayos.web.auth import staff
from iayos.web.request import instant
from iayos.web.tx import Reading

A_DAY: Final = timedelta(days=1)


@get("/", summary="The service at a glance")
async def look(
    reads: Reading,
    since: Annotated[
        datetime | None, QueryParameter(description="New is what came from then on, with a time zone; a day back.")
    ] = None,
) -> StatsOut:
    """People, jobs, money, what waits for staff, and whether background work keeps up."""
    return await stats.look(reads, instant("since", since) if since else clock.now() - A_DAY)


router = Router(
    "/api/admin/stats", route_handlers=[look], guards=[staff("KYC_REVIEWER", "FINANCE", "SUPPORT")], tags=["admin"]
)
