"""Uploading files that are attached to something later."""

from enum import StrEnum

import msgspec
from litestar import Router, post
from litestar.datastructures import State, UploadFile

from iayos.core.errors import GatewayUnavailable
from iayos.media import actions
from iayos.media.darkroom import BadFile
from iayos.media.schemas import MediaOut
from iayos.media.states import Purpose
from iayos.web.auth import Me, verified
from iayos.web.docs import answers
from iayos.web.upload import ONE_FILE, Form, content_of, multipart


class Later(StrEnum):
    """What can be uploaded first and attached later."""

    JOB_PHOTO = "JOB_PHOTO"
    EVIDENCE = "EVIDENCE"
    CHAT = "CHAT"


class MediaForm(msgspec.Struct, frozen=True, kw_only=True):
    """A picture and what it is for."""

    purpose: Later
    file: UploadFile


@post(
    "/", status_code=201, guards=[verified, multipart], summary="Upload a picture", request_max_body_size=ONE_FILE,
    opt=answers(BadFile, GatewayUnavailable),
)  # fmt: skip
async def upload(data: Form[MediaForm], state: State, me: Me) -> MediaOut:
    """JPEG, PNG, WebP or HEIC, at most 10 MB; attach its id within a day."""
    files: actions.Files = state.services.files
    media = await actions.keep(
        files, await content_of(data.file), owner_id=me.account_id, purpose=Purpose(data.purpose.value)
    )
    found = (await actions.links(files, [media]))[media.id]
    return MediaOut(
        mediaID=media.id, purpose=media.purpose, contentType=media.content_type, size=media.size, url=found.url,
        thumbnailURL=found.thumbnail_url, createdAt=media.created_at,
    )  # fmt: skip


router = Router("/api/media", route_handlers=[upload], tags=["media"])
