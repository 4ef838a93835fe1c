"""Pictures for tests, small and made here."""

import random
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw
from PIL.Image import Resampling

pillow_heif.register_heif_opener()
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
GPS = 0x8825
PLANTED = b"Planted"
"""Stands in every piece of metadata that a test writes."""


def scene(width: int = 48, height: int = 32, mode: str = "RGB", seed: int = 1) -> Image.Image:
    """A picture with a red corner at the top left, and something to see elsewhere."""
    image = Image.linear_gradient("L").rotate(seed * 37).resize((width, height), Resampling.BICUBIC).convert("RGB")
    image.paste((255, 0, 0), (0, 0, width // 3, height // 3))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture in one of the formats."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int = 1) -> bytes:
    """EXIF as a phone writes it: who, with what, where, and which way is up."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = "Planted Phones"
    found[0x013B] = "Planted Artist"
    found.get_ifd(GPS)[29] = "2026:11:22"
    found.get_ifd(GPS)[2] = (6.0, 55.0, 17.0)
    return found.tobytes()


def picture(kind: str = "JPEG", width: int = 48, height: int = 32, **options: Any) -> bytes:
    """A small picture in one of the formats."""
    return encoded(scene(width, height), kind, **options)


def decoded(content: bytes) -> Image.Image:
    """What a viewer sees."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def photo(seed: int, *, scale: float = 1.0, quality: int = 90, crop: float = 0.0) -> bytes:
    """A picture with shapes of its own, as a camera would make it; smaller, saved anew or cropped a little."""
    chance = random.Random(seed)
    image = Image.new("RGB", (640, 480), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(24):
        left, top = chance.randrange(600), chance.randrange(440)
        pen.rectangle(
            (left, top, left + chance.randrange(40, 300), top + chance.randrange(40, 200)), fill=chance.randrange(2**24)
        )
    if crop:
        image = image.crop((int(640 * crop), int(480 * crop), int(640 * (1 - crop)), int(480 * (1 - crop))))
    image = image.resize((int(image.width * scale), int(image.height * scale)))
    return encoded(image, "JPEG", quality=quality)
