"""Files of strangers: none of the bad ones is kept, none of the good ones refused, and nothing remains of what they carried."""

import random
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from iayos.media.darkroom import BadFile, Darkroom
from iayos.media.frames import Developed
from iayos.media.states import Reason
from tests.media.pictures import FORMATS, PLANTED, decoded, encoded, exif, picture, scene

Bad = tuple[str, bytes, set[Reason]]
CORRUPT, TRUNCATED, UNKNOWN, HIDDEN = Reason.CORRUPT, Reason.TRUNCATED, Reason.UNKNOWN_TYPE, Reason.HIDDEN_CONTENT
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>fetch('/api/accounts/me')</script></html>"
EXE = b"MZ\x90\x00" + bytes(56) + b"\x80\x00\x00\x00" + b"This program cannot be run in DOS mode." + bytes(100)
ELF = b"\x7fELF\x02\x01\x01" + bytes(200)
PHP = b"<?php system($_GET['c']); ?>"


@pytest.fixture(scope="module")
async def darkroom() -> AsyncIterator[Darkroom]:
    room = Darkroom()
    yield room
    await room.close()


def archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as found:
        found.writestr("run.sh", "rm -rf /")
    return file.getvalue()


def document(change: Callable[[PdfWriter], Any] = lambda _: None, pages: int = 1, **about: str) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    writer.add_metadata({f"/{name}": value for name, value in about.items()})
    change(writer)
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    found = bytearray(picture("JPEG"))
    at = found.index(b"\xff\xc0")
    found[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(found)


def heic_of(width: int, height: int) -> bytes:
    found = bytearray(picture("HEIF"))
    for match in re.finditer(b"ispe", bytes(found)):
        found[match.start() + 8 : match.start() + 16] = struct.pack(">II", width, height)
    return bytes(found)


def webp_of(width: int, height: int) -> bytes:
    head = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + head + picture("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def truncated() -> Iterator[Bad]:
    for kind in FORMATS:
        whole = picture(kind, 96, 64)
        for part in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
            yield f"{kind} cut at {part}", whole[: int(len(whole) * part)], {TRUNCATED, CORRUPT, UNKNOWN}
    for part in (0.3, 0.6, 0.9):
        whole = document()
        yield f"PDF cut at {part}", whole[: int(len(whole) * part)], {TRUNCATED}


def lying() -> Iterator[Bad]:
    for kind in ("GIF", "BMP", "TIFF", "ICO", "TGA", "PPM", "PCX", "JPEG2000", "AVIF", "DDS", "SGI"):
        yield kind, encoded(scene(), kind), {UNKNOWN}
    for name, content in {
        "html": HTML, "svg": SVG, "exe": EXE, "elf": ELF, "zip": archive(), "php": PHP, "text": b"just words",
        "gzip": b"\x1f\x8b" + bytes(50), "mp4": b"\x00\x00\x00\x18ftypisom" + bytes(60), "json": b'{"a": 1}',
        "js": b"alert(1)", "shell": b"#!/bin/sh\nrm -rf /\n", "wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
        "font": b"OTTO" + bytes(90), "ps": b"%!PS-Adobe-3.0\nshowpage", "random": random.Random(1).randbytes(3000),
        "spaces": b"   ", "jpeg mark alone": b"\xff\xd8", "riff": b"RIFF", "ftyp": b"\x00\x00\x00\x18ftyp",
    }.items():  # fmt: skip
        yield name, content, {UNKNOWN}
    yield "empty", b"", {Reason.EMPTY}
    yield "zeros", bytes(1000), {Reason.EMPTY}
    yield "11 MB", picture() + bytes(10_500_000), {Reason.TOO_LARGE}


def heads_alone() -> Iterator[Bad]:
    heads = {
        "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF\x20\x00\x00\x00WEBPVP8 ",
        "HEIF": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    }  # fmt: skip
    for (kind, head), (name, rest) in product(
        heads.items(), {"html": HTML, "exe": EXE, "zeros": bytes(300), "zip": archive()}.items()
    ):
        yield f"{kind} head before {name}", head + rest, {CORRUPT, TRUNCATED, HIDDEN, Reason.TOO_MANY_PIXELS}


def polyglots() -> Iterator[Bad]:
    tails = {"zip": archive(), "html": HTML, "svg": SVG, "exe": EXE, "elf": ELF, "php": PHP, "pdf": document(), "shell": b"#!/bin/sh\nrm -rf /\n"}  # fmt: skip
    for kind, (name, tail) in product(FORMATS, tails.items()):
        yield f"{kind} and {name}", picture(kind) + tail, {HIDDEN, CORRUPT, TRUNCATED}
    yield "php in a comment", encoded(scene(), "JPEG", comment=PHP), {HIDDEN}
    yield "html in exif", picture("JPEG", exif=exif().replace(b"Planted Artist", b"<script>a  ")), {HIDDEN}
    yield "pdf in a comment", encoded(scene(), "JPEG", comment=b"%PDF-1.4 "), {HIDDEN}
    yield "zip in a comment", encoded(scene(), "JPEG", comment=archive()), {HIDDEN}
    yield "pdf and zip", document() + archive(), {HIDDEN, TRUNCATED}
    yield "pdf and html", document() + HTML, {HIDDEN}


def floods() -> Iterator[Bad]:
    many = {Reason.TOO_MANY_PIXELS, CORRUPT, Reason.TOO_COMPLEX}
    for make in (png_of, jpeg_of, webp_of, heic_of):
        for width, height in ((50_001, 1000), (65_535, 65_535), (7_072, 7_072)):
            if make is not webp_of or width <= 16_384:
                yield f"{make.__name__} {width}x{height}", make(width, height), many
    yield "a billion pixels", png_of(2**31 - 1, 2**31 - 1, bytes(100)), many
    yield "no pixels", png_of(0, 10), {CORRUPT}
    yield "jpeg without width", jpeg_of(0, 10), {CORRUPT}
    yield "fewer rows than said", png_of(100, 100, bytes(301)), {TRUNCATED}
    yield "text that unpacks to 100 MB", png_of(8, 8, bytes(25 * 8))[:-12] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8))) + chunk(b"IEND", b""), {CORRUPT}  # fmt: skip


def spoiled() -> Iterator[Bad]:
    png = bytearray(picture("PNG"))
    png[png.index(b"IDAT") + 10] ^= 0xFF
    yield "png with a wrong checksum", bytes(png), {CORRUPT}
    yield "png without data", png_of(8, 8).replace(b"IDAT", b"idat"), {CORRUPT}
    yield "jpeg without tables", re.sub(rb"\xff\xdb\x00C.{65}", b"", picture("JPEG"), flags=re.DOTALL), {CORRUPT}
    yield (
        "jpeg with a false length",
        picture("JPEG").replace(b"\xff\xdb\x00C", b"\xff\xdb\xff\xff", 1),
        {CORRUPT, TRUNCATED},
    )
    yield "webp of noise", b"RIFF" + struct.pack("<I", 64) + b"WEBPVP8 " + struct.pack("<I", 52) + bytes(range(52)), {CORRUPT, Reason.TOO_MANY_PIXELS}  # fmt: skip
    frames = [scene(seed=seed) for seed in (1, 2)]
    yield "a film", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100), {Reason.ANIMATED}


def documents() -> Iterator[Bad]:
    yield "pdf with a script", document(scripted), {Reason.ACTIVE_CONTENT}
    yield "pdf with a file", document(lambda pdf: pdf.add_attachment("a.exe", EXE)), {Reason.ACTIVE_CONTENT}
    yield "pdf with a password", document(lambda pdf: pdf.encrypt("a", algorithm="RC4-128")), {Reason.ENCRYPTED}
    yield "pdf that starts a program", document(launching), {Reason.ACTIVE_CONTENT}
    yield "pdf of 51 pages", document(pages=51), {Reason.TOO_COMPLEX}
    yield "pdf of no page", document(pages=0), {Reason.TOO_COMPLEX}
    yield "pdf after something else", b"\x00\x00" + document(), {UNKNOWN}
    yield "pdf of noise", b"%PDF-1.7\n" + random.Random(2).randbytes(500) + b"startxref\n9\n%%EOF", {CORRUPT}


def launching(pdf: PdfWriter) -> None:
    run = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")})
    pdf.root_object[NameObject("/OpenAction")] = run


def scripted(pdf: PdfWriter) -> None:
    run = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    pdf.root_object[NameObject("/OpenAction")] = DictionaryObject(run)


def bad() -> list[Bad]:
    sources = (truncated, lying, heads_alone, polyglots, floods, spoiled, documents)
    return [one for source in sources for one in source()]


async def test_none_of_the_bad_files_is_kept(darkroom: Darkroom) -> None:
    files = bad()
    assert len(files) >= 100
    wrong = []
    for name, content, reasons in files:
        try:
            await darkroom.develop(content, longest=1200, pdf=True)
            wrong.append(f"{name}: accepted")
        except BadFile as refused:
            if refused.details["reason"] not in reasons:
                wrong.append(f"{name}: {refused.details['reason']}")
    assert wrong == []


async def test_a_pdf_is_no_picture(darkroom: Darkroom) -> None:
    with pytest.raises(BadFile) as refused:
        await darkroom.develop(document(), longest=1200, pdf=False)
    assert refused.value.details["reason"] == "PDF_NOT_ALLOWED"


def good() -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    """Name, file, and the size at which it must come out."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind, turn in product(FORMATS, range(1, 9)):
        upright = (32, 48) if turn >= 5 else (48, 32)
        yield f"{kind} turned {turn}", picture(kind, exif=exif(turn)), upright
    for kind, (width, height) in product(FORMATS, ((1, 1), (2, 3), (17, 5), (64, 64), (300, 10), (9, 400))):
        yield f"{kind} {width}x{height}", picture(kind, width, height), (width, height)
    for kind, quality in product(("JPEG", "WEBP", "HEIF"), (1, 30, 60, 95)):
        yield f"{kind} quality {quality}", picture(kind, quality=quality), (48, 32)
    for kind, mode in (*product(("PNG",), ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16")), *product(("JPEG",), ("L", "CMYK")),
                       ("WEBP", "RGBA"), ("HEIF", "RGBA"), ("HEIF", "L")):  # fmt: skip
        if (kind, mode) != ("PNG", "PA"):
            yield (
                f"{kind} {mode}",
                encoded(scene(mode=mode) if mode != "I;16" else Image.new("I;16", (48, 32), 40_000), kind),
                (48, 32),
            )
    for kind in FORMATS:
        yield f"{kind} with a profile", picture(kind, icc_profile=srgb), (48, 32)
        yield f"{kind} with everything", picture(kind, exif=exif(), icc_profile=srgb), (48, 32)
        yield f"{kind} large", picture(kind, 2000, 1000), (1200, 600)
    about = PngImagePlugin.PngInfo()
    about.add_text("Author", PLANTED.decode())
    about.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>Planted</x:xmpmeta>")
    yield "PNG with words", picture("PNG", pnginfo=about), (48, 32)
    yield "PNG with one clear colour", encoded(scene(mode="P"), "PNG", transparency=0), (48, 32)
    yield "PNG interlaced or not", picture("PNG", compress_level=0), (48, 32)
    yield "WEBP lossless", picture("WEBP", lossless=True), (48, 32)
    yield "WEBP with XMP", picture("WEBP", xmp=b"<x:xmpmeta>Planted</x:xmpmeta>"), (48, 32)
    ways: dict[str, dict[str, Any]] = {"progressive": {"progressive": True}, "4:4:4": {"subsampling": 0}, "4:2:0": {"subsampling": 2},
                       "comment": {"comment": PLANTED}, "restarts": {"restart_marker_blocks": 2}}  # fmt: skip
    for name, more in ways.items():
        yield f"JPEG {name}", picture("JPEG", **more), (48, 32)
    yield "JPEG and a second one", encoded(scene(), "MPO", save_all=True, append_images=[scene(seed=2)]), (48, 32)
    yield "JPEG with a short film", picture("JPEG") + b"\x00\x00\x00\x18ftypmp42" + bytes(500), (48, 32)
    yield "JPEG padded", picture("JPEG") + bytes(2000), (48, 32)


async def test_none_of_the_good_files_is_refused_and_nothing_of_their_metadata_is_left(darkroom: Darkroom) -> None:
    files = list(good())
    assert len(files) >= 100
    for name, content, size in files:
        made = await darkroom.develop(content, longest=1200, pdf=False)
        image = decoded(made.content)
        assert (image.size, image.format, image.mode) == (size, "JPEG", "RGB"), name
        check_clean(name, made)


def check_clean(name: str, made: Developed) -> None:
    for content in (made.content, made.thumbnail or b""):
        image = decoded(content)
        assert dict(image.getexif()) == {}, name
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}, name
        assert not re.search(rb"Planted|Exif|http:|ICC_PROFILE|xmp", content), name


async def test_the_red_corner_is_where_the_phone_saw_it(darkroom: Darkroom) -> None:
    corner = {1: (2, 2), 2: (-3, 2), 3: (-3, -3), 4: (2, -3), 5: (2, 2), 6: (-3, 2), 7: (-3, -3), 8: (2, -3)}
    for turn, (x, y) in corner.items():
        for kind in ("JPEG", "PNG", "WEBP"):
            made = decoded(
                (await darkroom.develop(picture(kind, 96, 64, exif=exif(turn)), longest=1200, pdf=False)).content
            )
            red, green, _ = made.getpixel((x % made.width, y % made.height))  # type: ignore[misc]
            assert red > 200, (kind, turn)
            assert green < 90, (kind, turn)


async def test_what_is_clear_shows_white_and_16_bits_are_not_clipped(darkroom: Darkroom) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    for kind in ("PNG", "WEBP", "HEIF"):
        made = decoded((await darkroom.develop(encoded(clear, kind), longest=1200, pdf=False)).content)
        assert min(made.getpixel((20, 20))) > 250, kind  # type: ignore[arg-type]
    grey = encoded(Image.new("I;16", (40, 40), 128 * 256), "PNG")
    made = decoded((await darkroom.develop(grey, longest=1200, pdf=False)).content)
    assert made.getpixel((5, 5)) == (128, 128, 128)


async def test_a_document_keeps_its_pages_and_loses_its_author(darkroom: Darkroom) -> None:
    made = await darkroom.develop(document(pages=3, Author="Planted", Title="Planted"), longest=2400, pdf=True)
    assert (made.content_type, made.thumbnail, made.look) == ("application/pdf", None, None)
    assert made.content.startswith(b"%PDF-")
    assert made.content.count(b"/Type /Page\n") == 3
    assert PLANTED not in made.content


async def test_the_same_scene_looks_the_same_in_every_format_and_size(darkroom: Darkroom) -> None:
    files = [picture(kind, 48 * scale, 32 * scale) for kind in FORMATS for scale in (2, 6)]
    looks = [(await darkroom.develop(one, longest=1200, pdf=False)).look or 0 for one in files]
    other = (
        await darkroom.develop(
            encoded(scene(96, 64).transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"), longest=1200, pdf=False
        )
    ).look or 0
    distance = [((look ^ looks[0]) & 2**64 - 1).bit_count() for look in looks]
    assert max(distance) <= 8
    assert ((other ^ looks[0]) & 2**64 - 1).bit_count() > 16


MEASURED = """
import resource, sys
from pathlib import Path
from PIL import Image
from iayos.media import develop
Image.MAX_IMAGE_PIXELS = None
resource.setrlimit(resource.RLIMIT_DATA, (develop.MEMORY, develop.MEMORY))
made = develop.develop(Path(sys.argv[1]).read_bytes(), longest=2400, pdf=False)
print(develop.peak_kb(), getattr(made, "width", 0), getattr(made, "reason", ""))
"""


async def test_the_worst_pictures_stay_under_300_mb(tmp_path: Path) -> None:
    wide = Image.new("RGBA", (7071, 7071), (200, 100, 50, 255))
    plain = wide.convert("RGB")
    files = {
        "png": encoded(wide, "PNG", compress_level=1),
        "jpeg": encoded(plain, "JPEG"),
        "webp": encoded(plain, "WEBP", method=0),
        "lossless": encoded(wide, "WEBP", lossless=True, method=0, quality=0),
        "heic": encoded(plain.resize((3000, 2000)), "HEIF", quality=1),
    }
    for name, content in files.items():
        file = tmp_path / name
        file.write_bytes(content)
        run = subprocess.run([sys.executable, "-c", MEASURED, file], capture_output=True, text=True, check=True)
        kilobytes, width, *_ = run.stdout.split()
        assert width == "2400", f"{name}: {run.stdout}"
        assert int(kilobytes) * 1024 < 300_000_000, f"{name}: {kilobytes} kB"


async def test_a_picture_that_needs_more_memory_than_there_is_is_refused(darkroom: Darkroom) -> None:
    progressive = encoded(Image.new("RGB", (7000, 7000)), "JPEG", progressive=True, subsampling=0)
    with pytest.raises(BadFile) as refused:
        await darkroom.develop(progressive, longest=2400, pdf=False)
    assert refused.value.details["reason"] == "TOO_COMPLEX"
    large = encoded(Image.new("RGB", (7000, 7000)), "PNG", compress_level=1)
    assert (await darkroom.develop(large, longest=2400, pdf=False)).width == 2400
    assert (await darkroom.develop(picture(), longest=2400, pdf=False)).width == 48


async def test_a_child_that_dies_is_replaced(darkroom: Darkroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iayos.media.darkroom.LONGEST_S", 0.0)
    with pytest.raises(BadFile):
        await darkroom.develop(picture(), longest=1200, pdf=False)
    monkeypatch.undo()
    assert (await darkroom.develop(picture(), longest=1200, pdf=False)).content_type == "image/jpeg"


def test_heif_is_what_phones_send() -> None:
    assert pillow_heif.libheif_info()["encoders"]
