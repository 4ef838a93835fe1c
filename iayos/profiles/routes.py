"""A worker's own profile, and the search for workers, over HTTP."""

from typing import Annotated

from litestar import Router, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from iayos.core.errors import Invalid
from iayos.core.page import BIGGEST, DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import Clearable, Place
from iayos.profiles import actions, browse, queries
from iayos.profiles import file_routes as files
from iayos.profiles.schemas import AgencyOut, ProfileOut, ProfileUpdate, Specializations, WorkerOut, WorkerSort
from iayos.web.auth import Me, WrongProfile, signed_in
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading


@get("/", summary="My worker profile", opt=answers(WrongProfile))
async def my_profile(reads: Reading, me: Me) -> ProfileOut:
    """With how complete it is."""
    return await queries.show_profile(reads, await queries.worker_profile(reads, me))


@post("/update", status_code=200, summary="Change my worker profile", opt=answers(WrongProfile))
async def update_profile(tx: InTx, me: Me, data: JSONBody[ProfileUpdate]) -> ProfileOut:
    """What is left out stays."""
    return await queries.show_profile(tx, await actions.update_profile(tx, data, by=me))


@post("/specializations", status_code=200, summary="Set the trades that I offer", opt=answers(WrongProfile))
async def replace_specializations(tx: InTx, me: Me, data: JSONBody[Specializations]) -> ProfileOut:
    """The set replaces the one before."""
    return await queries.show_profile(tx, await actions.replace_specializations(tx, data.categoryIDs, by=me))


@get("/", summary="Find workers", opt=answers(Invalid))
async def find_workers(  # noqa: PLR0913 - one parameter for each filter
    reads: Reading,
    *,
    q: Annotated[Clearable | None, QueryParameter(description="Words of the name or of what the worker says.")] = None,
    categoryID: Annotated[int | None, QueryParameter(ge=1, le=BIGGEST)] = None,
    minRating: Annotated[float | None, QueryParameter(ge=1, le=5)] = None,
    near: Annotated[Place | None, QueryParameter(description="latitude,longitude; shows distances.")] = None,
    radiusKm: Annotated[float | None, QueryParameter(gt=0, le=20_100)] = None,
    sort: FromQuery[WorkerSort] = WorkerSort.RATING,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[WorkerOut]:
    """By trade, words, distance and rating; the best rated, the nearest or the newest first."""
    search = browse.Search(q=q, category_id=categoryID, min_rating=minRating, near=near, radius_km=radiusKm, sort=sort)
    return await browse.workers(reads, search, limit=limit, cursor=cursor)


@get("/", summary="Find agencies", opt=answers(Invalid))
async def find_agencies(
    reads: Reading,
    *,
    q: Annotated[Clearable | None, QueryParameter(description="Words of the name or of what it says.")] = None,
    minRating: Annotated[float | None, QueryParameter(ge=1, le=5)] = None,
    near: Annotated[Place | None, QueryParameter(description="latitude,longitude; shows distances.")] = None,
    radiusKm: Annotated[float | None, QueryParameter(gt=0, le=20_100)] = None,
    sort: FromQuery[WorkerSort] = WorkerSort.RATING,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[AgencyOut]:
    """By words, distance and rating; the best rated, the nearest or the newest first."""
    search = browse.Search(q=q, min_rating=minRating, near=near, radius_km=radiusKm, sort=sort)
    return await browse.agencies(reads, search, limit=limit, cursor=cursor)


own = Router("/api/profile", route_handlers=[my_profile, update_profile, replace_specializations, *files.handlers])
workers = Router("/api/workers", route_handlers=[find_workers, files.portfolio_of])
agencies = Router("/api/agencies", route_handlers=[find_agencies])
router = Router("/", route_handlers=[own, workers, agencies], guards=[signed_in], tags=["profiles"])
