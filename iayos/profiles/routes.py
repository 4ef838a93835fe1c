"""A worker's own profile over HTTP."""

from litestar import Router, get, post
from litestar.params import JSONBody

from iayos.profiles import actions, queries
from iayos.profiles.schemas import ProfileOut, ProfileUpdate, Specializations
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


router = Router(
    "/api/profile",
    route_handlers=[my_profile, update_profile, replace_specializations],
    guards=[signed_in],
    tags=["profiles"],
)
