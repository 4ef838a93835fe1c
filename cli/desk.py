"""One document on the whole screen, with what is known about it above and the keys below."""

import os
import shutil
import sys
import textwrap
import webbrowser
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.faults import Fault
from cli.papers import Paper, fetched
from cli.pictures import Means, drawn
from cli.show import clean, note

if TYPE_CHECKING:
    from PIL.Image import Image

    from cli.terminal import Screen

Keys = dict[str, str]
ACCENT, DIM, PLAIN = "\x1b[36m", "\x1b[2m", "\x1b[0m"
ZOOMS: Final = (1, 2, 4, 8)
STEP: Final = 0.5
"""Of what is seen, with each arrow key."""
ARROWS: Final = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
LEAST: Final = 3
LONGEST: Final = 2
"""Lines of one fact."""


class Sheet(NamedTuple):
    """What lies on the desk. Lines are text of anybody's: they are cleaned before they are written."""

    title: str
    place: str
    about: Sequence[str]
    picture: "Image | None"
    keys: Keys
    body: Sequence[str] = ()
    """Instead of a picture."""


class View(NamedTuple):
    """What part of a picture is seen: how large, and around which point (of 1)."""

    zoom: int = 1
    x: float = 0.5
    y: float = 0.5

    def moved(self, key: str) -> "View":
        """After `z` or an arrow key."""
        if key == "z":
            return View(ZOOMS[(ZOOMS.index(self.zoom) + 1) % len(ZOOMS)], self.x, self.y)
        across, down = ARROWS[key]
        half = 0.5 / self.zoom
        step = STEP / self.zoom
        x, y = (min(1 - half, max(half, old + by * step)) for old, by in ((self.x, across), (self.y, down)))
        return View(self.zoom, x, y)

    def cut(self, picture: "Image") -> "Image":
        """That part of it."""
        if self.zoom == 1:
            return picture
        width, height = picture.width / self.zoom, picture.height / self.zoom
        left = min(picture.width - width, max(0, self.x * picture.width - width / 2))
        top = min(picture.height - height, max(0, self.y * picture.height - height / 2))
        return picture.crop((int(left), int(top), int(left + width), int(top + height)))


def ask(screen: "Screen", sheet: Sheet) -> str:
    """Which of the sheet's keys is pressed; zooming and a window that changes are seen to here."""
    view = View()
    screen.forget_keys()  # what was typed before this was on the screen is not about it
    draw(screen, sheet, view)
    while True:
        key = screen.key()
        if key in sheet.keys and key != "z":
            return key
        if sheet.picture and (key == "z" or (key in ARROWS and view.zoom > 1)):
            view = view.moved(key)
        elif key != "resize":
            continue
        draw(screen, sheet, view)


def draw(screen: "Screen", sheet: Sheet, view: View | None = None) -> None:
    """The sheet on an empty screen."""
    width, height = screen.size
    about = [
        part for line in sheet.about for part in textwrap.wrap(clean(line), width, max_lines=LONGEST, placeholder="…")
    ]
    keys = list(_keys(sheet.keys, width))
    head = [_headline(sheet, width), *(_cropped(line, width) for line in about)]
    rows = height - len(head) - len(keys)
    body = _body(screen, sheet, view or View(), (width, rows))
    screen.write("\x1b[2J" + "".join(f"\x1b[{at};1H{line}" for at, line in enumerate([*head, *body][:height], start=1)))
    screen.write("".join(f"\x1b[{height - len(keys) + at};1H{line}" for at, line in enumerate(keys, start=1)))


def _body(screen: "Screen", sheet: Sheet, view: View, room: tuple[int, int]) -> list[str]:
    if sheet.picture is None or screen.means.way == "none":
        return ["", *(line if line.startswith("http") else _cropped(f"  {line}", room[0]) for line in sheet.body)]
    if room[1] < LEAST:
        return [_cropped("  (make the window larger to see the picture)", room[0])]
    return drawn(view.cut(sheet.picture), screen.means, *room)


def _headline(sheet: Sheet, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    place = f"  {clean(sheet.place)}"
    left = max(1, width - cell_len(place))
    return f"\x1b[1m{set_cell_size(_cropped(sheet.title, left), left)}{PLAIN}{place}"


def _cropped(line: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    line = clean(line)
    return line if cell_len(line) <= width else f"{set_cell_size(line, width - 1)}…"


def _keys(keys: Keys, width: int) -> Iterator[str]:
    """`[a] good  [b] blurred`, so many on each line as it holds."""
    accent = "" if os.environ.get("NO_COLOR") else ACCENT
    line, length = "", 0
    for key, does in keys.items():
        name = key.title() if len(key) > 1 else key
        longer = len(name) + len(does) + 3
        if length and length + 2 + longer > width:
            yield line
            line, length = "", 0
        line += f"{'  ' if length else ''}{accent}[{name}]{PLAIN} {does}"
        length += longer + (2 if length else 0)
    if line:
        yield line


def open_all(addresses: Iterable[str | None]) -> None:
    """Each in a tab of the browser, where there is one."""
    if not browser():
        note("There is no browser here; the addresses work for five minutes.")
        return
    for address in addresses:
        if address:
            webbrowser.open_new_tab(address)


def browse(screen: "Screen", title: str, address: str | None) -> str:
    """Open a signed address in the browser, or show it where there is none; what became of it, in words."""
    if not address:
        return "Storage does not answer; again in a moment."
    if browser() and webbrowser.open(address):
        return "Opened in the browser; the address works for five minutes."
    body = ("There is no browser here. For five minutes it can be seen at", "", clean(address))
    ask(screen, Sheet(title, "", (), None, {"enter": "back", "q": "back"}, body))
    return ""


def browser() -> bool:
    """Is there one that opens in front of this person? Not at the other end of SSH, unless `BROWSER` says so."""
    if os.environ.get("BROWSER"):
        return True
    if "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ:
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def inline(paper: Paper, means: Means) -> None:
    """A picture among the lines of stdout, low enough for what was said about it to stay in sight."""
    if paper.picture is None or means.way == "none":
        return
    width, height = shutil.get_terminal_size()
    lines = drawn(paper.picture, means, width - 4, max(LEAST, height - 4))
    sys.stdout.write("\n" * len(lines) + f"\x1b[{len(lines)}A")  # makes room, so that nothing scrolls under a graphic
    sys.stdout.write("".join(f"  \x1b7{line}\x1b8\r\n" for line in lines))
    sys.stdout.flush()


def pictures(papers: Iterable[tuple[str, str | None]]) -> None:
    """Each of these addresses as a picture below its name; one that cannot be shown is no reason to hide the others."""
    from cli.terminal import glance

    means = glance()
    for name, address in papers:
        try:
            paper = fetched(address)
        except Fault as fault:
            note(f"{name}: {fault.message} {fault.hint}")
            continue
        sys.stdout.write(f"\n  {clean(name)}  {paper.about}\n")
        inline(paper, means)
