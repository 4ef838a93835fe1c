"""Drawing PDFs: one A4 page after another with a head, a foot and whatever is laid on it. Blocking; call it in a thread.

Reportlab draws (BSD, pure Python); the two fonts beside this file are a Latin cut of DejaVu Sans that has the peso sign.
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

SANS, BOLD = "iAyosSans", "iAyosSansBold"
FONTS: Final = {SANS: "Sans.ttf", BOLD: "SansBold.ttf"}
WIDTH, HEIGHT = 595.28, 841.89
"""A4, in points."""
LEFT, RIGHT, TOP, BOTTOM = 48.0, WIDTH - 48.0, HEIGHT - 48.0, 64.0
INK, SOFT, FAINT, ACCENT, BAND = "#1c2730", "#5b6873", "#d9e0e4", "#0b6b63", "#f2f6f6"


class Column(NamedTuple):
    """A column of a table: its title, its left edge and its width in points, and whether numbers stand in it."""

    title: str
    left: float
    width: float
    number: bool = False


@cache
def _fonts() -> None:
    """Make the fonts known to reportlab, once a process."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - a slow import, needed by few requests
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - as above

    for name, file in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(Path(__file__).with_name("fonts") / file)))


class Paper:
    """A document in the making. `y` is how far down the present page it has come."""

    def __init__(self, title: str, subtitle: str) -> None:
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - as above

        _fonts()
        self._out = io.BytesIO()
        self._canvas: Any = Canvas(self._out, pagesize=(WIDTH, HEIGHT), pageCompression=1, lang="en")
        self._canvas.setTitle(f"iAyos {title} {subtitle}")
        self._canvas.setAuthor("iAyos")
        self._title, self._subtitle = title, subtitle
        self._pages: list[dict[str, Any]] = []
        self.y = 0.0
        self._head()

    def page(self, title: str | None = None, subtitle: str | None = None) -> None:
        """A new page, under a new head if one is given."""
        self._title, self._subtitle = title or self._title, subtitle or self._subtitle
        self._keep()
        self._head()

    def bytes(self) -> bytes:
        """The finished document, its pages numbered."""
        self._keep()
        for number, kept in enumerate(self._pages, 1):
            self._canvas.__dict__.update(kept)
            self._foot(f"Page {number} of {len(self._pages)}")
            self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()

    def text(
        self, x: float, words: str, *, size: float = 9, font: str = SANS, colour: str = INK, right: bool = False
    ) -> None:
        """Words at `x`, on the present line; at its right end when `right`."""
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(colour)
        (self._canvas.drawRightString if right else self._canvas.drawString)(x, self.y, words)

    def line(self, colour: str = FAINT, width: float = 0.6) -> None:
        """A rule across the page."""
        self._canvas.setStrokeColor(colour)
        self._canvas.setLineWidth(width)
        self._canvas.line(LEFT, self.y, RIGHT, self.y)

    def box(self, height: float, colour: str = BAND, *, radius: float = 6) -> None:
        """A band from the present line downwards; what is written next lies on it."""
        self._canvas.setFillColor(colour)
        self._canvas.roundRect(LEFT, self.y - height, RIGHT - LEFT, height, radius, stroke=0, fill=1)

    def wrapped(self, words: str, width: float, *, size: float = 9, font: str = SANS) -> list[str]:
        """The words in lines of that width; a word that is too long is broken."""
        from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - as above

        lines = [""]
        for word in words.split():
            joined = f"{lines[-1]} {word}".strip()
            if stringWidth(joined, font, size) <= width:
                lines[-1] = joined
                continue
            for char in [" ", *word] if lines[-1] else word:
                if char == " " or stringWidth(lines[-1] + char, font, size) > width:
                    lines.append("")
                lines[-1] += char.strip()
        return lines

    def paragraph(self, words: str, *, size: float = 9, colour: str = SOFT, leading: float = 13) -> None:
        """A text across the page."""
        for line in self.wrapped(words, RIGHT - LEFT, size=size):
            self.text(LEFT, line, size=size, colour=colour)
            self.y -= leading

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values, one under the other."""
        for name, value in rows:
            self.text(LEFT, name, colour=SOFT)
            for line in self.wrapped(value, RIGHT - LEFT - 130):
                self.text(LEFT + 130, line)
                self.y -= 14
            self.y -= 2

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, total: bool = False) -> None:
        """Rows under their titles, over as many pages as it takes; the last one is a total."""
        self._titles(columns)
        for number, row in enumerate(rows):
            cells = [self.wrapped(cell, column.width - 8, size=8) for column, cell in zip(columns, row, strict=True)]
            height = 7.0 + 11.0 * max(map(len, cells))
            if self.y - height < BOTTOM:
                self.page()
                self._titles(columns)
            font = BOLD if total and number == len(rows) - 1 else SANS
            self._row(columns, cells, height, font=font, shaded=number % 2 == 1)

    def _titles(self, columns: Sequence[Column]) -> None:
        self.box(20, ACCENT, radius=3)
        self.y -= 13.5
        for column in columns:
            edge = column.left + (column.width - 6 if column.number else 6)
            self.text(edge, column.title, size=8, font=BOLD, colour="#ffffff", right=column.number)
        self.y -= 6.5

    def _row(
        self, columns: Sequence[Column], cells: Sequence[list[str]], height: float, *, font: str, shaded: bool
    ) -> None:
        if shaded:
            self.box(height, BAND, radius=0)
        top = self.y
        for column, lines in zip(columns, cells, strict=True):
            self.y = top - 12
            for line in lines:
                edge = column.left + (column.width - 6 if column.number else 6)
                self.text(edge, line, size=8, font=font, right=column.number)
                self.y -= 11
        self.y = top - height

    def _head(self) -> None:
        self.y = TOP - 14
        self.text(LEFT, "iAyos", size=20, font=BOLD, colour=ACCENT)
        self.text(RIGHT, self._title, size=13, font=BOLD, right=True)
        self.y -= 15
        self.text(RIGHT, self._subtitle, colour=SOFT, right=True)
        self.y -= 12
        self.line(ACCENT, 1.2)
        self.y -= 24

    def _foot(self, number: str) -> None:
        self.y = BOTTOM - 18
        self.line()
        self.y -= 12
        self.text(
            LEFT,
            "Amounts in Philippine pesos. Times in Manila. Made by computer, valid without a signature.",
            size=7,
            colour=SOFT,
        )
        self.text(RIGHT, number, size=7, colour=SOFT, right=True)

    def _keep(self) -> None:
        """Set the page aside until it is known how many there are."""
        self._pages.append(dict(self._canvas.__dict__))
        self._canvas._startPage()  # noqa: SLF001 - reportlab's own recipe for page counts
