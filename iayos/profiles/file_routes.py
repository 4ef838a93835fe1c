"""A profile's files over HTTP."""

from datetime import date
from typing import Annotated, Final

import msgspec
from litestar import delete, get, post
from litestar.datastructures import State, UploadFile
from litestar.params import FromPath, FromQuery, QueryParameter

from iayos.core.errors import GatewayUnavailable
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import Title
from iayos.media.darkroom import BadFile
from iayos.profiles import files
from iayos.profiles.files import About, TooManyFiles
from iayos.profiles.queries import completion_of, worker_profile
from iayos.profiles.schemas import (
    AddedPicturesOut,
    AvatarOut,
    CompletionOut,
    MyCertificationOut,
    MyCertificationsOut,
    MyPictureOut,
    MyPicturesOut,
    PictureOut,
)  # fmt: skip
from iayos.web.auth import Me, WrongProfile
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading
from iayos.web.upload import ONE_FILE, SEVERAL_FILES, Form, content_of, multipart

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = FromQuery[str | None]
UPLOADING = (BadFile, GatewayUnavailable, WrongProfile)


class AvatarForm(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of a profile."""

    photo: UploadFile


class CertificationForm(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate: a picture or a PDF."""

    name: Title
    file: UploadFile
    issuedBy: Title | None = None
    issuedOn: date | None = None
    expiresOn: date | None = None


class PortfolioForm(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures of earlier work."""

    photos: list[UploadFile]


@post(
    "/avatar", status_code=200, guards=[multipart], request_max_body_size=ONE_FILE, summary="Set my profile's picture",
    opt=answers(*UPLOADING),
)  # fmt: skip
async def set_avatar(data: Form[AvatarForm], state: State, reads: Reading, me: Me) -> AvatarOut:
    """JPEG, PNG, WebP or HEIC; the picture before goes."""
    profile = await files.set_avatar(state.services.files, await content_of(data.photo), by=me)
    return await files.show_avatar(reads, profile)


@get("/avatar", summary="My profile's picture", opt=answers(WrongProfile))
async def avatar(reads: Reading, me: Me) -> AvatarOut:
    """Of the profile that I act in."""
    return await files.avatar_of(reads, me)


@delete("/avatar", status_code=200, summary="Remove my profile's picture", opt=answers(WrongProfile))
async def delete_avatar(tx: InTx, me: Me) -> AvatarOut:
    """Its file goes too."""
    return await files.show_avatar(tx, await files.delete_avatar(tx, by=me))


@post(
    "/certifications", status_code=201, guards=[multipart], request_max_body_size=ONE_FILE, summary="Add a certificate",
    opt=answers(*UPLOADING, TooManyFiles),
)  # fmt: skip
async def add_certification(data: Form[CertificationForm], state: State, reads: Reading, me: Me) -> MyCertificationOut:
    """A picture or a PDF; not verified until staff have seen it."""
    about = About(name=data.name, issued_by=data.issuedBy, issued_on=data.issuedOn, expires_on=data.expiresOn)
    added = await files.add_certification(state.services.files, await content_of(data.file), about, by=me)
    (shown,) = await files.show_certifications(state.services.files, [added])
    return MyCertificationOut(**msgspec.structs.asdict(shown), profile_completion_percentage=await _done(reads, me))


@get("/certifications", summary="My certificates, newest first", opt=answers(WrongProfile, GatewayUnavailable))
async def certifications(
    reads: Reading, state: State, me: Me, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> MyCertificationsOut:
    """Their addresses work for five minutes."""
    done = await _done(reads, me)
    found = await files.certifications(state.services.files, me.account_id, limit=limit, cursor=cursor)
    return MyCertificationsOut(items=found.items, nextCursor=found.nextCursor, profile_completion_percentage=done)


@get(
    "/certifications/{certification_id:int}", summary="One of my certificates",
    opt=answers(WrongProfile, GatewayUnavailable),
)  # fmt: skip
async def certification(certification_id: FromPath[int], reads: Reading, state: State, me: Me) -> MyCertificationOut:
    """Its address works for five minutes."""
    found = await files.certification_of(reads, certification_id, me)
    (shown,) = await files.show_certifications(state.services.files, [found])
    return MyCertificationOut(**msgspec.structs.asdict(shown), profile_completion_percentage=await _done(reads, me))


@delete(
    "/certifications/{certification_id:int}", status_code=200, summary="Delete a certificate", opt=answers(WrongProfile)
)
async def delete_certification(certification_id: FromPath[int], tx: InTx, me: Me) -> CompletionOut:
    """Its file goes too."""
    profile = await files.delete_certification(tx, certification_id, by=me)
    return CompletionOut(profile_completion_percentage=await completion_of(tx, profile))


@post(
    "/portfolio", status_code=201, guards=[multipart], request_max_body_size=SEVERAL_FILES,
    summary="Add pictures of earlier work", opt=answers(*UPLOADING, TooManyFiles),
)  # fmt: skip
async def add_pictures(data: Form[PortfolioForm], state: State, reads: Reading, me: Me) -> AddedPicturesOut:
    """Up to 20 at once, 55 MB in all; all are kept, or none when one is bad."""
    uploads = [await content_of(photo) for photo in data.photos]
    added = await files.add_pictures(state.services.files, uploads, by=me)
    return AddedPicturesOut(
        portfolioIDs=[one.id for one in added], items=await files.show_pictures(reads, added),
        profile_completion_percentage=await _done(reads, me),
    )  # fmt: skip


@get("/portfolio", summary="My pictures of earlier work, newest first", opt=answers(WrongProfile))
async def portfolio(reads: Reading, me: Me, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> MyPicturesOut:
    """As everybody sees them."""
    done = await _done(reads, me)
    found = await files.pictures(reads, me.account_id, limit=limit, cursor=cursor)
    return MyPicturesOut(items=found.items, nextCursor=found.nextCursor, profile_completion_percentage=done)


@get("/portfolio/{portfolio_id:int}", summary="One of my pictures", opt=answers(WrongProfile))
async def picture(portfolio_id: FromPath[int], reads: Reading, me: Me) -> MyPictureOut:
    """As everybody sees it."""
    (shown,) = await files.show_pictures(reads, [await files.picture_of(reads, portfolio_id, me)])
    return MyPictureOut(**msgspec.structs.asdict(shown), profile_completion_percentage=await _done(reads, me))


@delete("/portfolio/{portfolio_id:int}", status_code=200, summary="Delete a picture", opt=answers(WrongProfile))
async def delete_picture(portfolio_id: FromPath[int], tx: InTx, me: Me) -> CompletionOut:
    """Its file goes too."""
    profile = await files.delete_picture(tx, portfolio_id, by=me)
    return CompletionOut(profile_completion_percentage=await completion_of(tx, profile))


@get("/{account_id:int}/portfolio", summary="A worker's pictures of earlier work, newest first")
async def portfolio_of(
    account_id: FromPath[int], reads: Reading, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PictureOut]:
    """For anyone signed in."""
    return await files.pictures(reads, account_id, limit=limit, cursor=cursor)


async def _done(reads: Reading, me: Me) -> int:
    return await completion_of(reads, await worker_profile(reads, me))


handlers: Final = [
    set_avatar, avatar, delete_avatar, add_certification, certifications, certification, delete_certification,
    add_pictures, portfolio, picture, delete_picture,
]  # fmt: skip
