"""One's own identity check over HTTP."""

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.core.errors import GatewayUnavailable
from iayos.core.explain import ExplainOut
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.kyc import actions, queries
from iayos.kyc.explain import explain
from iayos.kyc.schemas import KYCFileOut, KYCOut, SubmissionIn
from iayos.kyc.states import DocumentType
from iayos.media.actions import links
from iayos.media.darkroom import BadFile
from iayos.web.auth import Me, signed_in, verified
from iayos.web.docs import answers
from iayos.web.tx import OwnTx, Reading
from iayos.web.upload import ONE_FILE, Form, content_of, multipart


class DocumentForm(msgspec.Struct, frozen=True, kw_only=True):
    """A document and what it is."""

    documentType: DocumentType
    file: UploadFile


@post(
    "/submit", status_code=201, guards=[verified], summary="Open a check of my identity",
    opt=answers(actions.AlreadyOpen, actions.AlreadyVerified, actions.RoundsUsed),
)  # fmt: skip
async def submit(data: JSONBody[SubmissionIn], db: OwnTx, state: State, me: Me) -> KYCOut:
    """One at a time."""
    async with db.transaction() as tx:
        kyc = await actions.submit(tx, data, by=me)
    return (await queries.show(state.services.files, [kyc]))[0]


@post(
    "/{kyc_id:int}/upload-file", status_code=201, guards=[verified, multipart], request_max_body_size=ONE_FILE,
    summary="Upload a document",
    opt=answers(BadFile, GatewayUnavailable, actions.Decided, actions.RoundsUsed, actions.DocumentAccepted),
)  # fmt: skip
async def upload_file(kyc_id: FromPath[int], data: Form[DocumentForm], state: State, me: Me) -> KYCFileOut:
    """In place of the one before; JPEG, PNG, WebP or HEIC, and PDF for permits and registrations."""
    content = await content_of(data.file)
    added, media = await actions.upload(state.services.files, kyc_id, data.documentType, content, by=me)
    found = await links(state.services.files, [media])
    return queries.file_out(added, media, found.get(media.id))


@post(
    "/{kyc_id:int}/finalize", status_code=200, guards=[verified], summary="Hand my documents in",
    opt=answers(actions.Incomplete, actions.Decided, actions.AlreadyFinalized, actions.RoundsUsed),
)  # fmt: skip
async def finalize(kyc_id: FromPath[int], db: OwnTx, state: State, me: Me) -> KYCOut:
    """Staff decides within three business days."""
    async with db.transaction() as tx:
        kyc = await actions.finalize(tx, kyc_id, by=me)
    # no addresses here: what is handed in stays so, also when storage cannot sign one
    return (await queries.show(state.services.files, [kyc], signed=False))[0]


@get("/", guards=[signed_in], summary="My identity checks, newest first", opt=answers(GatewayUnavailable))
async def list_mine(
    state: State,
    me: Me,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[KYCOut]:
    """Their documents' addresses work for five minutes."""
    return await queries.mine(state.services.files, me, limit=limit, cursor=cursor)


@get("/{kyc_id:int}", guards=[signed_in], summary="One of my identity checks", opt=answers(GatewayUnavailable))
async def show(kyc_id: FromPath[int], reads: Reading, state: State, me: Me) -> KYCOut:
    """Its documents' addresses work for five minutes."""
    return (await queries.show(state.services.files, [await queries.own(reads, kyc_id, me)]))[0]


@get("/{kyc_id:int}/explain", guards=[signed_in], summary="Where my identity check stands, and whose turn it is")
async def explain_mine(kyc_id: FromPath[int], reads: Reading, me: Me) -> ExplainOut:
    """For its owner."""
    return explain(await queries.own(reads, kyc_id, me))


router = Router("/api/kyc", route_handlers=[submit, upload_file, finalize, list_mine, show, explain_mine], tags=["kyc"])
