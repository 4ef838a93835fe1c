"""Documents and photos as they come from storage: fetched by their signed address, told apart, opened."""

import re
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.faults import Fault

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST: Final = 16 * 1024 * 1024
TIMEOUT_S: Final = 20
PIXELS: Final = (2400, 2400)
FORMATS: Final = ("JPEG", "PNG", "WEBP")
_PAGE: Final = re.compile(rb"/Type\s*/Page\b")


class Paper(NamedTuple):
    """A document: its picture, or, of a PDF, none."""

    picture: "Image | None"
    about: str
    """Its size and kind, in words."""


def fetched(address: str | None) -> Paper:
    """What lies at a signed address."""
    if not address:
        raise Fault("storage does not have it, or does not answer.", hint="again in a moment")
    return opened(_content(address))


def opened(content: bytes) -> Paper:
    """A picture, or a PDF that is not drawn: what a stranger made should be read by a browser, which is built for that."""
    size = f"{len(content) / 1024:,.0f} KB"
    if content.startswith(b"%PDF"):
        pages = len(_PAGE.findall(content))
        return Paper(None, f"PDF, {pages} page{'' if pages == 1 else 's'}, {size}")
    picture = _picture(content)
    return Paper(picture, f"{picture.width}×{picture.height}, {picture.format or 'picture'}, {size}")


def _picture(content: bytes) -> "Image":
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            found = Image.open(BytesIO(content), formats=FORMATS)
            kind = found.format
            found.draft("RGB", PIXELS)
            shown = found.convert("RGB")
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise Fault("it is no picture that can be drawn here.", hint="open it in a browser") from None
    shown.format = kind
    return shown


def _content(address: str) -> bytes:
    import httpx

    content = bytearray()
    try:
        with httpx.stream("GET", address, timeout=TIMEOUT_S, headers={"User-Agent": "iayos-cli"}) as answer:
            if not answer.is_success:
                raise Fault(f"storage answered {answer.status_code}.", hint="its address may have run out; ask again")
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise Fault("it is larger than any document can be.", hint="open it in a browser")
    except httpx.HTTPError as error:
        raise Fault(f"storage cannot be reached: {error}.", hint="again in a moment") from None
    return bytes(content)
