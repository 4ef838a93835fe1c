"""What the service and the child that opens uploads say to each other, over two pipes."""

import struct
from typing import Final

import msgspec

from iayos.media.states import Reason

REQUEST: Final = struct.Struct(">IH?")
"""Before each upload: its length, the longer side in pixels that is wanted, may it be a PDF?"""
ANSWER: Final = struct.Struct(">I?")
"""Before each answer: its length, and whether the child has grown and is to be replaced."""


class Developed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What is kept of an upload."""

    content_type: str
    content: bytes
    thumbnail: bytes | None
    """JPEG; a PDF has none."""
    width: int
    height: int
    look: int | None
    """64 bits that hardly change when the picture is scaled or saved again (dHash), signed; a PDF has none."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Why it is not kept."""

    reason: Reason
    detail: str
