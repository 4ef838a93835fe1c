"""Identity checks as staff sees them."""

from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec.structs import replace

from iayos.core.errors import GatewayUnavailable
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import Title
from iayos.kyc import queries, review
from iayos.kyc.schemas import KYCCaseOut, ReviewIn
from iayos.kyc.states import KYCStatus
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import OwnTx

TO_REVIEW = Title("REVIEW")
REVIEWING = (review.NotHandedIn, review.AlreadyDecided, review.HeldByAnother, review.OwnCase)


@get("/", summary="Identity checks that wait, the most urgent first")
async def list_cases(
    state: State,
    me: Me,
    status: FromQuery[KYCStatus | None] = None,
    free: Annotated[bool, QueryParameter(description="Only those that nobody else holds.")] = False,  # noqa: FBT002
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[KYCCaseOut]:
    """Without their documents; by `status` those that were decided."""
    search = queries.Search(status=status, free=free)
    return await queries.queue(state.services.files, search, me, limit=limit, cursor=cursor)


@get("/{kyc_id:int}", summary="An identity check with its documents", opt=answers(GatewayUnavailable))
async def look(
    kyc_id: FromPath[int],
    state: State,
    me: Me,
    purpose: Annotated[
        Title, QueryParameter(description="Why the documents are looked at; kept on record.")
    ] = TO_REVIEW,
) -> KYCCaseOut:
    """Every look is on record with its purpose; the addresses work for five minutes."""
    return await review.look(state.services.files, kyc_id, purpose=purpose, by=me)


@post("/{kyc_id:int}/claim", status_code=200, summary="Claim an identity check for 15 minutes", opt=answers(*REVIEWING))
async def claim(kyc_id: FromPath[int], db: OwnTx, state: State, me: Me) -> KYCCaseOut:
    """Nobody else can decide it meanwhile."""
    async with db.transaction() as tx:
        kyc = await review.claim(tx, kyc_id, by=me)
    return (await queries.show_to_staff(state.services.files, [kyc], signed=False))[0]


@post("/{kyc_id:int}/release", status_code=200, summary="Give a claimed identity check back", opt=answers(*REVIEWING))
async def release(kyc_id: FromPath[int], db: OwnTx, state: State, me: Me) -> KYCCaseOut:
    """Whoever comes next may claim it; one that another holds is left alone."""
    async with db.transaction() as tx:
        kyc = await review.release(tx, kyc_id, by=me)
    return (await queries.show_to_staff(state.services.files, [kyc], signed=False))[0]


@post(
    "/{kyc_id:int}/review", status_code=200, summary="Decide an identity check",
    opt=answers(*REVIEWING, review.Changed) | DRY_RUN,
)  # fmt: skip
async def decide(kyc_id: FromPath[int], data: JSONBody[ReviewIn], db: OwnTx, state: State, me: Me) -> KYCCaseOut:
    """A case that nobody holds is claimed by it; void when a document changed since it was looked at."""
    async with db.transaction() as tx:
        kyc = await review.review(tx, kyc_id, data, by=me)
    return (await queries.show_to_staff(replace(state.services.files, db=db), [kyc], signed=False))[0]


router = Router(
    "/api/admin/kyc",
    route_handlers=[list_cases, look, claim, release, decide],
    guards=[staff("KYC_REVIEWER")],
    tags=["admin"],
)
