"""Pictures in a terminal: by its own graphics where it has some, else in characters. Pure: a picture in, lines to be written out.

A graphic is one line and the rest empty, so that whoever writes lines one below the other draws either kind.
"""

import base64
import re
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

Way = Literal["kitty", "iterm2", "sixel", "blocks", "dots", "none"]
CHUNK: Final = 4096
SIXEL_COLOURS: Final = 128
BAND: Final = 6
RETINA: Final = 2
"""iTerm2 tells its size in points; its screens have up to twice as many pixels."""
_DOTS: Final = ((0, 0x01), (1, 0x08), (2, 0x02), (3, 0x10), (4, 0x04), (5, 0x20), (6, 0x40), (7, 0x80))
_CUBE: Final = (0, 95, 135, 175, 215, 255)
_PALETTE: Final = tuple((r, g, b) for r in _CUBE for g in _CUBE for b in _CUBE) + tuple(
    (grey, grey, grey) for grey in range(8, 239, 10)
)
"""The colours 16 to 255 of a terminal that has 256."""
_RUN: Final = re.compile(rb"(.)\1{3,}")


class Means(NamedTuple):
    """How this terminal is drawn on."""

    way: Way
    millions: bool = False
    """Of colours; else it has 256."""
    cell: tuple[int, int] = (8, 16)
    """Pixels of a character, across and down."""


def drawn(picture: "Image", means: Means, columns: int, rows: int) -> list[str]:
    """The picture as large as fits, in lines."""
    size = fitted(picture.size, (columns, rows), means.cell if means.way in {"kitty", "iterm2", "sixel"} else (1, 2))
    if means.way == "blocks":
        return _blocks(picture, *size, millions=means.millions)
    if means.way == "dots":
        return _dots(picture, *size)
    pixels = (size[0] * means.cell[0], size[1] * means.cell[1])
    graphic = {"kitty": _kitty, "iterm2": _iterm2, "sixel": _sixel}[means.way](picture, pixels, size)
    return [graphic] + [""] * (size[1] - 1)


def fitted(size: tuple[int, int], room: tuple[int, int], cell: tuple[int, int]) -> tuple[int, int]:
    """How many characters across and down a picture takes, undistorted, of the room there is."""
    scale = min(room[0] * cell[0] / size[0], room[1] * cell[1] / size[1])
    return max(1, round(size[0] * scale / cell[0])), max(1, round(size[1] * scale / cell[1]))


def _kitty(picture: "Image", pixels: tuple[int, int], size: tuple[int, int]) -> str:
    """https://sw.kovidgoyal.net/kitty/graphics-protocol: a PNG in chunks; the cursor stays, the terminal does not answer."""
    file = BytesIO()
    picture.resize(pixels).save(file, "PNG", compress_level=9)
    data = base64.b64encode(file.getvalue()).decode()
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    head = f"a=T,f=100,C=1,q=2,c={size[0]},r={size[1]},"
    return "".join(
        f"\x1b_G{head if at == 0 else 'q=2,'}m={int(at < len(chunks) - 1)};{chunk}\x1b\\"
        for at, chunk in enumerate(chunks)
    )


def _iterm2(picture: "Image", pixels: tuple[int, int], size: tuple[int, int]) -> str:
    """https://iterm2.com/documentation-images.html, which WezTerm and mintty speak, too."""
    shown = picture.copy()
    shown.thumbnail((pixels[0] * RETINA, pixels[1] * RETINA))
    file = BytesIO()
    shown.save(file, "JPEG", quality=85)
    place = f"inline=1;size={file.tell()};width={size[0]};height={size[1]};preserveAspectRatio=1;doNotMoveCursor=1"
    return f"\x1b]1337;File={place}:{base64.b64encode(file.getvalue()).decode()}\x07"


def _sixel(picture: "Image", pixels: tuple[int, int], size: tuple[int, int]) -> str:  # noqa: ARG001 - pixels say all
    """DEC's bands of six rows, colour by colour; never a pixel lower than the room, which would scroll."""
    width, height = pixels[0], max(BAND, pixels[1] // BAND * BAND)
    shown = picture.resize((width, height)).quantize(SIXEL_COLOURS)
    data, palette = shown.tobytes(), shown.getpalette() or []
    bands = [_band(data[at : at + width * BAND], width) for at in range(0, width * height, width * BAND)]
    colours = "".join(
        f"#{number};2;" + ";".join(str(round(part * 100 / 255)) for part in palette[number * 3 : number * 3 + 3])
        for number in sorted(set(data))
    )
    return f'\x1bP0;1;0q"1;1;{width};{height}{colours}{"-".join(bands)}\x1b\\'


def _band(data: bytes, width: int) -> str:
    """Each colour's pixels as bits of one character a column, long runs counted."""
    rows = [data[at : at + width] for at in range(0, len(data), width)]
    painted = []
    for colour in sorted(set(data)):
        bits = 0
        for at, row in enumerate(rows):
            one = bytearray(256)
            one[colour] = 1 << at
            bits |= int.from_bytes(row.translate(one))
        six = bytes(bit + 63 for bit in bits.to_bytes(width)).rstrip(b"?")
        painted.append(f"#{colour}" + _RUN.sub(_counted, six).decode())
    return "$".join(painted)


def _counted(run: "re.Match[bytes]") -> bytes:
    return b"!%d%c" % (len(run[0]), run[1][0])


def _blocks(picture: "Image", columns: int, rows: int, *, millions: bool) -> list[str]:
    """Two pixels a character: the upper in its own colour, the lower in that of its ground."""
    shown = picture.resize((columns, rows * 2))
    pixels = _codes(shown) if millions else _numbers(shown)
    lines = []
    for at in range(0, rows * 2 * columns, 2 * columns):
        pairs = zip(pixels[at : at + columns], pixels[at + columns : at + 2 * columns], strict=True)
        line, before = "", ("", "")
        for upper, lower in pairs:
            changed = [
                f"{kind};{colour}"
                for kind, colour, old in (("38", upper, before[0]), ("48", lower, before[1]))
                if colour != old
            ]
            line += (f"\x1b[{';'.join(changed)}m" if changed else "") + "▀"
            before = (upper, lower)
        lines.append(f"{line}\x1b[0m")
    return lines


def _codes(picture: "Image") -> list[str]:
    raw = picture.tobytes()
    return [f"2;{raw[at]};{raw[at + 1]};{raw[at + 2]}" for at in range(0, len(raw), 3)]


def _numbers(picture: "Image") -> list[str]:
    """The nearest of 256 colours; spreading the error over so few pixels would be noise."""
    from PIL import Image

    colours = Image.new("P", (1, 1))
    colours.putpalette([part for colour in _PALETTE for part in colour])
    return [f"5;{number + 16}" for number in picture.quantize(palette=colours, dither=Image.Dither.NONE).tobytes()]


def _dots(picture: "Image", columns: int, rows: int) -> list[str]:
    """Without colour: Braille, eight dots a character, as many as the picture is bright there."""
    from PIL import ImageOps

    width = columns * 2
    dots = ImageOps.autocontrast(picture.resize((width, rows * 4)).convert("L")).convert("1").convert("L").tobytes()
    return [
        "".join(
            chr(0x2800 + sum(bit for at, bit in _DOTS if dots[(row + at // 2) * width + column + at % 2]))
            for column in range(0, width, 2)
        )
        for row in range(0, rows * 4, 4)
    ]
