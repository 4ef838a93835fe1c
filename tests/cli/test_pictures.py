"""The same picture in each protocol, decoded again by means of its own; and which one a terminal is given."""

import base64
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from cli import terminal
from cli.faults import Fault
from cli.pictures import Means, Way, drawn, fitted
from tests.cli.terminal import LEFT, Sit
from tests.cli.terminal import sit as sit  # noqa: PLC0414 - a fixture
from tests.cli.test_kyc import SignIn
from tests.cli.test_review import case_of
from tests.kyc.conftest import Bench
from tests.kyc.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.media.pictures import photo

KITTY = re.compile(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\")
ITERM2 = re.compile(r"\x1b\]1337;File=([^:]*):([^\x07]*)\x07")
SIXEL = re.compile(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', re.DOTALL)
BLOCK = re.compile(r"(?:\x1b\[([\d;]+)m)?▀")
FOOT = b"\x1bP>|foot(1.16)\x1b\\\x1b[6;20;10t\x1b[?62;4;22c"


def the_picture() -> Image.Image:
    return Image.open(BytesIO(photo(3))).convert("RGB")


def of_kitty(text: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode("".join(data for _, data in KITTY.findall(text))))).convert("RGB")


def of_iterm2(text: str) -> Image.Image:
    ((_, data),) = ITERM2.findall(text)
    return Image.open(BytesIO(base64.b64decode(data))).convert("RGB")


def of_sixel(text: str) -> Image.Image:
    """As a DEC VT340 would paint it."""
    found = SIXEL.search(text)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    shown, colours = Image.new("RGB", (width, height), "magenta"), {}
    x = y = 0
    colour: tuple[int, ...] = ()
    for number, red, green, blue, count, six, ends in re.findall(
        r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|(?:!(\d+))?([?-~])|([$-])", found[3]
    ):
        if red:
            colours[number] = tuple(round(int(part) * 255 / 100) for part in (red, green, blue))
        elif number:
            colour = colours[number]
        elif ends:
            x, y = 0, y + 6 * (ends == "-")
        for _ in range(int(count or 1) if six else 0):
            for bit in range(6):
                if (ord(six) - 63) >> bit & 1:
                    shown.putpixel((x, y + bit), colour)
            x += 1
    return shown


def of_blocks(lines: list[str], *, millions: bool) -> Image.Image:
    shown = Image.new("RGB", (len(BLOCK.findall(lines[0])), len(lines) * 2))
    for row, line in enumerate(lines):
        colours = {"38": (0, 0, 0), "48": (0, 0, 0)}
        for column, codes in enumerate(BLOCK.findall(line)):
            for kind, found in re.findall(r"(38|48);(2;\d+;\d+;\d+|5;\d+)", codes):
                parts = [int(part) for part in found.split(";")[1:]]
                colours[kind] = (parts[0], parts[1], parts[2]) if millions else terminal_colour(parts[0])
            shown.putpixel((column, row * 2), colours["38"])
            shown.putpixel((column, row * 2 + 1), colours["48"])
    return shown


def terminal_colour(number: int) -> tuple[int, int, int]:
    """As xterm documents its 256 colours."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    levels = [
        0 if level == 0 else 55 + 40 * level
        for level in ((number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6)
    ]
    return levels[0], levels[1], levels[2]


def difference(one: Image.Image, other: Image.Image) -> float:
    """On average, of 255; coarsely, as the eye does."""
    small = (16, 12)
    return sum(ImageStat.Stat(ImageChops.difference(one.resize(small), other.resize(small))).mean) / 3


def shown_in(way: Way, *, millions: bool = False) -> Image.Image:
    lines = drawn(the_picture(), Means(way, millions=millions), 80, 20)
    assert len(lines) == 20
    if way == "blocks":
        return of_blocks(lines, millions=millions)
    return {"kitty": of_kitty, "iterm2": of_iterm2, "sixel": of_sixel}[way]("".join(lines))


@pytest.mark.parametrize(
    ("way", "millions", "bound"),
    [("kitty", False, 3), ("iterm2", False, 3), ("sixel", False, 5), ("blocks", True, 4), ("blocks", False, 8)],
)
def test_a_picture_survives_each_protocol(way: Way, millions: bool, bound: float) -> None:
    shown = shown_in(way, millions=millions)
    assert difference(shown, the_picture()) < bound
    assert difference(shown, Image.open(BytesIO(photo(4))).convert("RGB")) > 20  # the measure tells pictures apart


def test_without_colour_dots_are_dense_where_it_is_bright() -> None:
    picture = Image.new("L", (160, 80), 0)
    picture.paste(255, (80, 0, 160, 80))
    lines = drawn(picture.convert("RGB"), Means("dots"), 40, 10)
    assert set(lines) == {"⠀" * 20 + "⣿" * 20}


@pytest.mark.parametrize(
    ("size", "room", "found"),
    [
        ((1600, 1010), (80, 19), (60, 19)),
        ((1010, 1600), (80, 19), (24, 19)),
        ((4000, 10), (80, 19), (80, 1)),
        ((1, 4000), (80, 19), (1, 19)),
    ],
)
def test_a_picture_fits_and_keeps_its_shape(
    size: tuple[int, int], room: tuple[int, int], found: tuple[int, int]
) -> None:
    assert fitted(size, room, (1, 2)) == found


def test_a_graphic_is_never_larger_than_its_room() -> None:
    for width, height in ((1600, 1010), (300, 900), (7, 7), (3000, 1)):
        picture = Image.new("RGB", (width, height))
        kitty, sixel = ("".join(drawn(picture, Means(way, cell=(9, 19)), 80, 19)) for way in ("kitty", "sixel"))
        placed = re.search(r"c=(\d+),r=(\d+)", kitty)
        painted = SIXEL.search(sixel)
        assert placed and int(placed[1]) <= 80 and int(placed[2]) <= 19  # noqa: PT018
        assert painted and int(painted[1]) <= 80 * 9 and int(painted[2]) <= 19 * 19  # noqa: PT018


@pytest.mark.parametrize(
    ("env", "way"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),  # as SSH passes it on
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm2"),
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "dots"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "kitty"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/tmux"}, "blocks"),
        ({"TERM": "xterm-kitty", "IAYOS_PICTURES": "none"}, "none"),
        ({"TERM": "xterm", "IAYOS_PICTURES": "sixel"}, "sixel"),
    ],
)
def test_what_the_environment_tells(env: Mapping[str, str], way: Way) -> None:
    assert terminal.means(env, None).way == way


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("\x1b[?62;4;22c", "sixel"),
        ("\x1b[?64;1;2c", None),
        ("\x1b[?64;14c", None),
        ("\x1bP>|kitty(0.36)\x1b\\\x1b[?62;c", "kitty"),
        ("\x1bP>|WezTerm 2024\x1b\\\x1b[?65;4;6;18;22c", "iterm2"),
        ("\x1bP>|tmux 3.4\x1b\\\x1b[?1;2;4c", "sixel"),
        ("", None),
    ],
)
def test_what_a_terminal_answers(said: str, way: Way | None) -> None:
    assert terminal.answered(said) == way


def test_a_way_that_does_not_exist_is_a_mistake_in_using_it() -> None:
    with pytest.raises(Fault) as found:
        terminal.means({"IAYOS_PICTURES": "paper"}, None)
    assert (found.value.code, "sixel" in found.value.hint) == (2, True)


@pytest.mark.parametrize(
    ("env", "answers", "mark"),
    [
        ({"TERM": "xterm-kitty"}, b"\x1b[?62;c", KITTY),
        ({"LC_TERMINAL": "iTerm2"}, b"\x1b[?62;4c", ITERM2),
        ({}, FOOT, SIXEL),
        ({"COLORTERM": "truecolor"}, b"\x1b[?62;c", re.compile(r"\x1b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m▀")),
        ({}, b"", re.compile(r"\x1b\[38;5;\d+;48;5;\d+m▀")),  # it never answers
        ({"NO_COLOR": "1"}, b"\x1b[?62;c", re.compile(r"[⠁-⣿]{20}")),
        ({"IAYOS_PICTURES": "none"}, b"\x1b[?62;c", re.compile(r"draws no pictures\. \[w\] opens it, or look at")),
    ],
    ids=["kitty", "iterm2", "sixel", "truecolor", "256", "no colour", "none"],
)  # fmt: skip
async def test_a_review_in_each_protocol_fits_on_80_by_24(
    bench: Bench, sit: Sit, signed_in: SignIn, env: dict[str, str], answers: bytes, mark: "re.Pattern[str]"
) -> None:
    await signed_in()
    await case_of(bench)
    person = sit("kyc", "next", answers=answers, **env)
    await person.until("[q] leave")
    raw = person.raw.decode()
    assert mark.search(raw)
    colour = re.compile(r"\x1b\[[\d;]*(?:3[0-7]|38|48|4[0-7])[;m]")
    assert bool(colour.search(raw)) is ("NO_COLOR" not in env)
    assert not person.drawn.history.top  # nothing was scrolled away
    assert person.lines()[0].startswith("Case ")
    assert person.lines()[23].endswith("[q] leave")
    if mark is SIXEL:
        painted: Any = SIXEL.search(raw)
        assert (int(painted[1]), int(painted[2])) == (530, 396)  # characters of 10 by 20, as it answered; whole sixes
    person.press("q")
    assert await person.ended() == 0
    assert ("\x1b_Ga=d,d=A,q=2\x1b\\" in person.raw.decode().rpartition(LEFT)[0]) is (mark is KITTY)
