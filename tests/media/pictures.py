"""Pictures for tests, small and made here."""

from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image
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
