"""What a file is, by its bytes alone, before anything decodes it: its kind, its pixels, where it ends and what follows.

Neither name nor header of the upload is asked. Nothing here allocates more than the file itself.
"""

import re
import zipfile
from collections.abc import Callable
from enum import StrEnum
from io import BytesIO
from typing import Final, NamedTuple

from iayos.media.states import MOST_PIXELS, Reason


class Bad(Exception):
    """A file that is refused; `detail` is for the log."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Kind(StrEnum):
    """A format that is read."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIC = "HEIC"
    PDF = "PDF"


class Container(NamedTuple):
    """What a file's own headers say. `end` is where the format is over; HEIC keeps its size for the decoder."""

    kind: Kind
    width: int
    height: int
    end: int


HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
SCRIPTS: Final = re.compile(rb"<(?:script|html|svg|iframe|body|!doctype)[\s>]|<\?php", re.IGNORECASE)
"""What makes a browser or a server take a picture for something else, wherever it stands."""
PICTURE_TAILS: Final = (b"\xff\xd8", b"SEFH", b"QDIO")
"""Phones add further pictures (MPF, gain maps) and notes of their own after the first."""
NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
COEFFICIENT_BYTES: Final = 200_000_000
"""A progressive JPEG keeps the coefficients of the whole picture while it is read, two bytes each."""
SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})


def inspect(content: bytes) -> Container:
    """The container, or `Bad`."""
    if not content.strip(b"\x00"):
        raise Bad(Reason.EMPTY)
    walk = _walker(content)
    if walk is None:
        raise Bad(Reason.UNKNOWN_TYPE)
    try:
        found = walk(content)
    except IndexError:
        raise Bad(Reason.TRUNCATED) from None
    if found.width * found.height > MOST_PIXELS:
        raise Bad(Reason.TOO_MANY_PIXELS)
    if found.kind is not Kind.PDF:
        _refuse_tail(content[found.end :])
    if SCRIPTS.search(content) or zipfile.is_zipfile(BytesIO(content)):
        raise Bad(Reason.HIDDEN_CONTENT)
    if found.kind is not Kind.PDF and b"%PDF-" in content[:1024]:
        raise Bad(Reason.HIDDEN_CONTENT)
    return found


def _walker(content: bytes) -> Callable[[bytes], Container] | None:
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp
    if content[4:8] == b"ftyp":
        size = int.from_bytes(content[:4])
        brands = {content[at : at + 4] for at in (8, *range(16, min(size, 256), 4))}
        return _heic if brands & HEIC_BRANDS else None
    if content.startswith(b"%PDF-"):
        return _pdf
    return None


def _refuse_tail(tail: bytes) -> None:
    """What follows a picture may be another picture or a short film, as phones make them; never something that runs."""
    rest = tail.lstrip(b"\x00\r\n\t ")
    if not rest or rest.startswith(PICTURE_TAILS) or rest.endswith(b"SEFT") or tail[4:8] == b"ftyp":
        return
    known = (b"PK", b"MZ", b"\x7fELF", b"%PDF", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"#!", b"<", b"\xca\xfe\xba\xbe", b"\xd0\xcf\x11\xe0")  # fmt: skip
    if rest.startswith(known) or b"PK\x03\x04" in rest or rest[:64].isascii():
        raise Bad(Reason.HIDDEN_CONTENT)


def _jpeg(content: bytes) -> Container:
    width = height = 0
    at = 2
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:  # noqa: PLR2004 - fill bytes
            at += 1
        if content[at] != 0xFF:  # noqa: PLR2004 - every segment starts so
            raise Bad(Reason.CORRUPT, "no marker")
        marker = content[at + 1]
        if marker == 0xD9:  # noqa: PLR2004 - the end of the picture
            break
        at += 2
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # noqa: PLR2004 - markers without a segment
            continue
        length = int.from_bytes(content[at : at + 2])
        if marker in SOF:
            height, width = int.from_bytes(content[at + 3 : at + 5]), int.from_bytes(content[at + 5 : at + 7])
            _check_coefficients(content[at : at + length], marker, width * height)
        at += max(length, 2)
        if marker == 0xDA:  # noqa: PLR2004 - a scan; its data has no length
            found = NEXT_MARKER.search(content, at)
            if found is None:
                raise Bad(Reason.TRUNCATED)
            at = found.start()
    if not width or not height:
        raise Bad(Reason.CORRUPT, "no size")
    return Container(Kind.JPEG, width, height, at + 2)


def _check_coefficients(frame: bytes, marker: int, pixels: int) -> None:
    if marker not in PROGRESSIVE:
        return
    factors = [(frame[at] >> 4, frame[at] & 15) for at in range(9, len(frame), 3)]
    most = max((h for h, _ in factors), default=1) * max((v for _, v in factors), default=1) or 1
    if sum(pixels * h * v // most for h, v in factors) * 2 > COEFFICIENT_BYTES:
        raise Bad(Reason.TOO_COMPLEX, "progressive")


def _png(content: bytes) -> Container:
    if content[12:16] != b"IHDR":
        raise Bad(Reason.CORRUPT, "no IHDR")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    at, data = 8, False
    while True:
        length, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        at += length + 12
        if len(name) < 4 or at > len(content):  # noqa: PLR2004 - a name has four letters
            raise Bad(Reason.TRUNCATED)
        data = data or name == b"IDAT"
        if name == b"IEND":
            break
    if not data:
        raise Bad(Reason.CORRUPT, "no IDAT")
    return Container(Kind.PNG, width, height, at)


def _webp(content: bytes) -> Container:
    end = int.from_bytes(content[4:8], "little") + 8
    if end > len(content):
        raise Bad(Reason.TRUNCATED)
    chunk, body = content[12:16], content[20:30]
    if len(body) < 10:  # noqa: PLR2004 - the shortest header
        raise Bad(Reason.TRUNCATED)
    if chunk == b"VP8X":
        if body[0] & 2:
            raise Bad(Reason.ANIMATED)
        return Container(
            Kind.WEBP, int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1, end
        )
    if chunk == b"VP8 ":
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return Container(Kind.WEBP, width, height, end)
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return Container(Kind.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, end)
    raise Bad(Reason.CORRUPT, "no picture")


def _heic(content: bytes) -> Container:
    at, names = 0, set()
    while at + 8 <= len(content):
        size, name = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16])
        if size == 0:
            size = len(content) - at
        if size < 8 or not name.isalnum():  # noqa: PLR2004 - the header itself
            break
        if at + size > len(content):
            raise Bad(Reason.TRUNCATED)
        names.add(name)
        at += size
    if not names >= {b"ftyp", b"meta"}:
        raise Bad(Reason.TRUNCATED)
    return Container(Kind.HEIC, 0, 0, at)


def _pdf(content: bytes) -> Container:
    if not re.match(rb"%PDF-[12]\.\d[\s%]", content):
        raise Bad(Reason.CORRUPT, "header")
    ending = content[-1100:]
    if b"startxref" not in ending or b"%%EOF" not in ending:
        raise Bad(Reason.TRUNCATED)
    if ending.rpartition(b"%%EOF")[2].strip(b"\x00\r\n\t "):
        raise Bad(Reason.HIDDEN_CONTENT)
    return Container(Kind.PDF, 0, 0, len(content))
