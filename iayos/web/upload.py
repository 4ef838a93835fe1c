"""Files in requests: multipart forms, and how large they may be."""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from iayos.core.errors import Invalid, UnsupportedMediaType
from iayos.web.auth import Connection
from iayos.web.request import checked, parse, require_json

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
PHOTOS: Final = frozenset({"photos", "photos[]"})
ONE_FILE: Final = 11_000_000
"""Bytes of a request with one file of at most 10 MB."""
SEVERAL_FILES: Final = 55_000_000

Form = Annotated[T, Body(media_type=RequestEncodingType.MULTI_PART)]
"""A handler's `data: Form[SomeStruct]`, some of whose fields are `UploadFile`."""


class NotAForm(UnsupportedMediaType):
    """415: a file comes in a form."""

    message = "Please send a form with Content-Type: multipart/form-data."


def multipart(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: the body is a multipart form."""
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != RequestEncodingType.MULTI_PART:
        raise NotAForm


async def content_of(file: UploadFile) -> bytes:
    """All bytes of an uploaded file; its name and its declared type are nobody's business."""
    try:
        return await file.read()
    finally:
        await file.close()


async def form_or_json(request: Request[Any, Any, Any], kind: type[S]) -> tuple[S, list[bytes]]:
    """What a route takes either as JSON or as a form whose `photos` are files; an empty body is an empty object."""
    name, _ = request.content_type
    if name != RequestEncodingType.MULTI_PART:
        require_json(request)
        return parse(await request.body() or b"{}", kind), []
    form = await request.form()
    files = [part for key, part in form.multi_items() if key in PHOTOS and isinstance(part, UploadFile)]
    texts = {key: part for key, part in form.multi_items() if key not in PHOTOS}
    if any(isinstance(part, UploadFile) for part in texts.values()):
        raise Invalid.of("photos", "Send files under the name photos")
    return checked(texts, kind), [await content_of(file) for file in files]
