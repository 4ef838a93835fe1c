"""What comes to a job with pictures: as JSON with media ids, or as a form with the files."""

from typing import Any, Final

from litestar import Request, post
from litestar.datastructures import State
from litestar.params import FromPath

from iayos.core.errors import GatewayUnavailable, Invalid, UnsupportedMediaType
from iayos.core.principal import AGENCY, WORKER
from iayos.jobs import actions, photos, queries
from iayos.jobs.schemas import CompletionIn, JobOut, PhotosIn
from iayos.media.darkroom import BadFile
from iayos.web.auth import Me, acting_as, verified
from iayos.web.docs import answers
from iayos.web.tx import OwnTx, Reading
from iayos.web.upload import SEVERAL_FILES, form_or_json

FILES: Final = {"type": "array", "maxItems": photos.MOST_AT_ONCE, "items": {"type": "string", "format": "binary"}}
IDS: Final = {
    "type": "array", "maxItems": photos.MOST_AT_ONCE, "items": {"type": "integer", "minimum": 1},
    "description": "Media ids of POST /api/media, purpose JOB_PHOTO.",
}  # fmt: skip
NOTES: Final = {"type": ["string", "null"], "maxLength": 4000}
KIND: Final = {"type": "string", "enum": ["BEFORE", "AFTER"], "default": "BEFORE"}


def body(ids: dict[str, Any], example: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    """The two ways to send the same, for the document."""
    return {
        "required": False,
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"photos": ids, **more}},
                "example": example,
            },
            "multipart/form-data": {"schema": {"type": "object", "properties": {"photos": FILES, **more}}},
        },
    }


COMPLETION: Final = body(
    {**IDS, "type": ["array", "null"]}, {"notes": "Replaced the washer.", "photos": [1042]}, notes=NOTES
)
PICTURES: Final = body(IDS, {"photos": [1042], "kind": "BEFORE"}, kind=KIND)
SENDING: Final = (BadFile, GatewayUnavailable, Invalid, UnsupportedMediaType, photos.TooManyPhotos)


@post(
    "/{job_id:int}/complete", status_code=200, guards=[acting_as(WORKER, AGENCY)], summary="Mark the work complete",
    request_max_body_size=SEVERAL_FILES,
    opt=answers(
        actions.EscrowUnpaid, actions.AlreadyMarkedComplete, actions.AlreadyCompleted, actions.AlreadyCancelled,
        actions.DisputeOpen, *SENDING, request_body=COMPLETION,
    ),
)  # fmt: skip
async def complete(
    request: Request[Any, Any, State], state: State, db: OwnTx, reads: Reading, me: Me, job_id: FromPath[int]
) -> JobOut:
    """By the assigned worker, or the agency, once the escrow is paid; pictures show the finished work."""
    await queries.job_of_participant(reads, job_id, me)
    data, uploads = await form_or_json(request, CompletionIn)
    kept = await photos.keep_all(state.services.files, uploads, by=me)
    async with db.transaction() as tx:
        job = await actions.complete(tx, job_id, data, kept, by=me)
        return await queries.show(tx, job, me.account_id)


@post(
    "/{job_id:int}/photos", status_code=201, guards=[verified], summary="Add pictures of a job",
    request_max_body_size=SEVERAL_FILES, opt=answers(*SENDING, photos.JobOver, request_body=PICTURES),
)  # fmt: skip
async def add_photos(
    request: Request[Any, Any, State], state: State, db: OwnTx, reads: Reading, me: Me, job_id: FromPath[int]
) -> JobOut:
    """From before or after the work, by those who take part, until the job is over."""
    await queries.job_of_participant(reads, job_id, me)
    data, uploads = await form_or_json(request, PhotosIn)
    kept = await photos.keep_all(state.services.files, uploads, by=me)
    async with db.transaction() as tx:
        job = await photos.add_to(tx, job_id, [*data.photos, *kept], kind=data.kind, by=me)
        return await queries.show(tx, job, me.account_id)
