"""Files in requests: multipart forms, and how large they may be."""

from typing import Annotated, Final, TypeVar

from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from iayos.core.errors import UnsupportedMediaType
from iayos.web.auth import Connection

T = TypeVar("T")
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
