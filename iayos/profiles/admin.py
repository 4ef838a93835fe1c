"""Workers' certificates as staff sees them."""

from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.core.errors import GatewayUnavailable
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import Title
from iayos.profiles import verify
from iayos.profiles.schemas import AdminCertificationOut, CertificationDecision
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import InTx, Reading

TO_REVIEW = Title("REVIEW")


@get("/", summary="Certificates that nobody has looked at, the oldest first")
async def list_waiting(
    reads: Reading,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[AdminCertificationOut]:
    """Without their files."""
    return await verify.waiting(reads, limit=limit, cursor=cursor)


@get("/{certification_id:int}", summary="A certificate with its file", opt=answers(GatewayUnavailable))
async def look(
    certification_id: FromPath[int],
    state: State,
    me: Me,
    purpose: Annotated[Title, QueryParameter(description="Why it is looked at; kept on record.")] = TO_REVIEW,
) -> AdminCertificationOut:
    """Every look is on record with its purpose; the address works for five minutes."""
    return await verify.look(state.services.files, certification_id, purpose=purpose, by=me)


@post(
    "/{certification_id:int}/verify", status_code=200, summary="Say whether a certificate is good",
    opt=answers(verify.AlreadyVerified, verify.OwnCertificate) | DRY_RUN,
)  # fmt: skip
async def decide(
    certification_id: FromPath[int], data: JSONBody[CertificationDecision], tx: InTx, me: Me
) -> AdminCertificationOut:
    """Once; a refusal says why in its notes."""
    return await verify.decide(tx, certification_id, data, by=me)


router = Router(
    "/api/admin/certifications",
    route_handlers=[list_waiting, look, decide],
    guards=[staff("KYC_REVIEWER")],
    tags=["admin"],
)
