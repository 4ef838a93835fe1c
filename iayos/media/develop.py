"""The child process that opens files of strangers: one at a time, with little memory and nothing to steal.

A picture is decoded, made small while it is decoded where its format can, turned upright, brought to sRGB, flattened, and
written anew, so that nothing of the upload is left but what one sees. A PDF is read through and written anew.
"""

import math
import os
import resource
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import msgspec
from PIL import Image, ImageCms

from iayos.media import webp
from iayos.media.frames import ANSWER, REQUEST, Developed, Refused
from iayos.media.inspect import Bad, Container, Kind, inspect
from iayos.media.states import JPEG, MOST_PIXELS, PDF, THUMBNAIL_PX, Reason

MEMORY: Final = 290_000_000
"""Bytes of data that this process may hold, beside its code; what needs more is refused."""
WORN_KB: Final = 150_000
"""After a picture that took more, a fresh process has the whole of its memory in one piece again."""
STRIP_PX: Final = 64
"""How many rows of the small picture are made at once."""
ORIENTATION: Final = 0x0112
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def develop(content: bytes, *, longest: int, pdf: bool) -> Developed | Refused:
    """The file as it will be kept, or why not. Decoders fail in every way there is; each is a refusal here."""
    try:
        found = inspect(content)
        if found.kind is Kind.PDF:
            return _document(content) if pdf else Refused(reason=Reason.PDF_NOT_ALLOWED, detail="")
        return _picture(content, found, longest)
    except Bad as bad:
        return Refused(reason=bad.reason, detail=bad.detail)
    except (MemoryError, RecursionError) as fault:
        return Refused(reason=Reason.TOO_COMPLEX, detail=type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - told to the parent, which logs its name
        return Refused(reason=Reason.CORRUPT, detail=type(fault).__name__)


def _picture(content: bytes, found: Container, longest: int) -> Developed:
    small, turn, profile = READERS[found.kind](content, found, longest)
    image = _in_srgb(_flat(small), profile)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    if turn in TURNS:
        image = image.transpose(TURNS[turn])
    image.info.clear()
    thumbnail = image.copy()
    thumbnail.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return Developed(
        content_type=JPEG, content=_written(image, 85), thumbnail=_written(thumbnail, 80), width=image.width,
        height=image.height, look=_look(image),
    )  # fmt: skip


def _written(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def _look(image: Image.Image) -> int:
    rows = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = [rows[y * 9 + x] > rows[y * 9 + x + 1] for y in range(8) for x in range(8)]
    return int.from_bytes(sum(bit << at for at, bit in enumerate(bits)).to_bytes(8), signed=True)


Read = tuple[Image.Image, int, bytes | None]


def _read_jpeg(content: bytes, _: Container, longest: int) -> Read:
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        turn, profile = image.getexif().get(ORIENTATION, 1), image.info.get("icc_profile")
        image.draft(None, (longest, longest))
        image.load()
        return image.copy(), turn, profile if image.mode == "RGB" else None


def _read_png(content: bytes, found: Container, longest: int) -> Read:
    _check_rows(content, found)
    with Image.open(BytesIO(content), formats=["PNG"]) as image:
        image.load()
        turn, profile = image.getexif().get(ORIENTATION, 1), image.info.get("icc_profile")
        transparency = image.info.get("transparency")

        def strip(box: tuple[int, int, int, int]) -> Image.Image:
            part = image.crop(box)
            if transparency is not None:
                part.info["transparency"] = transparency
            return part

        return _shrunk(image.size, longest, strip), turn, profile if image.mode in {"RGB", "RGBA"} else None


PASSES: Final = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""Adam7: first column and step, first row and step of each pass."""
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def _check_rows(content: bytes, found: Container) -> None:
    """Every row that the header announces is there; Pillow would leave what is missing black."""
    depth, colour, interlaced = content[24], content[25], content[28]
    bits = depth * CHANNELS.get(colour, 0)
    passes = PASSES if interlaced else ((0, 1, 0, 1),)
    due = 0
    for left, across, top, down in passes:
        columns = max(0, -(-(found.width - left) // across))
        due += (1 + -(-columns * bits // 8)) * max(0, -(-(found.height - top) // down)) if columns else 0
    inflate, at = zlib.decompressobj(), 8
    while due > 0 and at < found.end:
        length = int.from_bytes(content[at : at + 4])
        rest = content[at + 8 : at + 8 + length] if content[at + 4 : at + 8] == b"IDAT" else b""
        while rest and due > 0:
            due -= len(inflate.decompress(rest, 1_000_000))
            rest = inflate.unconsumed_tail
        at += length + 12
    if due > len(inflate.flush()):
        raise Bad(Reason.TRUNCATED, "rows")


def _read_webp(content: bytes, found: Container, longest: int) -> Read:
    turn, profile = 1, None
    if b"EXIF" in content:
        exif = Image.Exif()
        exif.load(_chunk(content, b"EXIF"))
        turn = exif.get(ORIENTATION, 1)
    if b"ICCP" in content[:64]:
        profile = _chunk(content, b"ICCP")
    scale = min(1.0, longest / max(found.width, found.height))
    size = (max(1, round(found.width * scale)), max(1, round(found.height * scale)))
    return webp.decode(content, size), turn, profile


def _chunk(content: bytes, wanted: bytes) -> bytes:
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if content[at : at + 4] == wanted:
            return content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return b""


def _read_heic(content: bytes, _: Container, longest: int) -> Read:
    import pillow_heif  # noqa: PLC0415 - only when one comes

    pillow_heif.options.DECODE_THREADS = 1
    heif = pillow_heif.open_heif(BytesIO(content), convert_hdr_to_8bit=True, bgr_mode=False)
    (width, height), stride, mode = heif.size, heif.stride, heif.mode
    if width * height > MOST_PIXELS:
        raise Bad(Reason.TOO_MANY_PIXELS)
    pixels = memoryview(heif.data)
    stride = heif.stride

    def strip(box: tuple[int, int, int, int]) -> Image.Image:
        left, top, right, bottom = box
        rows = pixels[top * stride : bottom * stride]
        return Image.frombytes(mode, (right - left, bottom - top), rows, "raw", mode, stride, 1)

    # the decoder itself has turned the picture
    return _shrunk((width, height), longest, strip), 1, heif.info.get("icc_profile")


READERS: Final[dict[Kind, Callable[[bytes, Container, int], Read]]] = {
    Kind.JPEG: _read_jpeg, Kind.PNG: _read_png, Kind.WEBP: _read_webp, Kind.HEIC: _read_heic,
}  # fmt: skip


def _shrunk(
    size: tuple[int, int], longest: int, strip: Callable[[tuple[int, int, int, int]], Image.Image]
) -> Image.Image:
    """The picture, flat and no longer than wanted, made strip by strip so that it is never there twice."""
    width, height = size
    scale = max(size) / longest
    if scale < 2:  # noqa: PLR2004 - small enough to be there twice, and averaging would show
        return _flat(strip((0, 0, width, height)))
    small = Image.new("RGB", (max(1, round(width / scale)), max(1, round(height / scale))))
    rows = height / small.height
    for top in range(0, small.height, STRIP_PX):
        bottom = min(top + STRIP_PX, small.height)
        first, last = int(top * rows), min(height, math.ceil(bottom * rows))
        part = _flat(strip((0, first, width, last)))
        box = (0, top * rows - first, width, min(bottom * rows - first, part.height))
        small.paste(part.resize((small.width, bottom - top), Image.Resampling.BOX, box), (0, top))
    return small


def _flat(image: Image.Image) -> Image.Image:
    """RGB; what is transparent shows white."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    return image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Wide-gamut phones would look pale without their profile, which goes with the other metadata."""
    if not profile:
        return image
    with suppress(ImageCms.PyCMSError, OSError):  # a profile that says nothing: the colours stay as they are
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        turned = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        return turned or image
    return image


def _document(content: bytes) -> Developed:
    from iayos.media.pdf import rewritten  # noqa: PLC0415 - only when one comes

    return Developed(content_type=PDF, content=rewritten(content), thumbnail=None, width=0, height=0, look=None)


def peak_kb() -> int:
    """The most memory that this process ever had; `getrusage` would count its parent's."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # another system than Linux
        return 0
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """Answer requests from standard input until it ends."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.MAX_IMAGE_PIXELS = None  # counted before, from the header
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a decoder prints is no answer
    requests: Any = sys.stdin.buffer
    while head := requests.read(REQUEST.size):
        size, longest, pdf = REQUEST.unpack(head)
        content = requests.read(size)
        answer = msgspec.msgpack.encode(develop(content, longest=longest, pdf=pdf))
        del content
        worn = peak_kb() > WORN_KB
        answers.write(ANSWER.pack(len(answer), worn) + answer)
        answers.flush()


if __name__ == "__main__":
    main()
