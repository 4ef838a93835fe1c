"""How answers look: a table on a terminal, tab-separated rows when piped, JSON when asked. Everything else is on stderr.

Rich is imported when there is a terminal to draw on, and not before: `iayos --help` and pipes stay quick.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from cli.faults import Fault

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding

ACCENT: Final = "cyan"
WIDEST: Final = 100
HALF_A_YEAR: Final = 182
SECOND: Final = (
    "Nothing has moved yet: above ₱50,000 another member of staff has to say the same. Your decision is kept."
)
DRY: Final = "Nothing was changed: this was a dry run."
WOULD_WAIT: Final = "Above ₱50,000 another member of staff would have to say the same."
_AGES: Final = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (30 * 86_400, 86_400, "d"))


class Column(NamedTuple):
    """A column: its heading, and what its cells are."""

    name: str
    kind: Literal["text", "name", "number", "money", "time", "age", "day"] = "text"
    narrow: bool = True
    """Has it a place on 80 columns? What has none is there for programs, and where a person asks for `--json`."""


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, as_json: bool, raw: Any, footer: str = ""
) -> None:
    """Rows in whichever form is wanted; `raw` is what the API said."""
    if as_json:
        document(raw)
    elif terminal():
        _draw(columns, rows, footer)
    else:
        for row in rows:
            print("\t".join(_plain(cell, column.kind) for cell, column in zip(row, columns, strict=True)))  # noqa: T201


def facts(found: Sequence[tuple[Column, Any]], *, as_json: bool, raw: Any) -> None:
    """One thing, fact by fact; those that are not known are left out on a terminal."""
    if as_json:
        document(raw)
    elif terminal():
        _draw_facts([(column, value) for column, value in found if value is not None])
    else:
        for column, value in found:
            print(f"{column.name}\t{_plain(value, column.kind)}")  # noqa: T201


def document(raw: Any) -> None:
    """One JSON document."""
    import msgspec

    encoder = msgspec.json.Encoder(decimal_format="number")
    text = msgspec.json.format(encoder.encode(raw), indent=2).decode()
    sys.stdout.write("".join(one if _may_stand(one) else _escaped(one) for one in text) + "\n")


def lines(*marked_up: str) -> None:
    """Lines in rich's markup; what stands after `[right]` goes to the right edge."""
    out = console()
    width = min(out.width, WIDEST)
    for line in marked_up:
        left, _, right = line.partition("[right]")
        gap = width - 2 - len(_bare(left)) - len(_bare(right)) if right else 0
        out.print(
            f"  {left}{' ' * max(1, gap) if right else ''}[dim]{right}[/]" if right else f"  {left}", soft_wrap=True
        )


def width_of(marked_up: str) -> int:
    """How many columns a line takes."""
    return len(_bare(marked_up))


def wrapped(pieces: Sequence[str]) -> Iterator[str]:
    """Pieces in markup, so many on each line as it holds."""
    width = min(console().width, WIDEST)
    line = ""
    for piece in pieces:
        longer = f"{line}   {piece}" if line else piece
        if line and len(_bare(longer)) + 2 > width:
            yield line
            longer = piece
        line = longer
    if line:
        yield line


def note(sentence: str) -> None:
    """A message for a person, beside the answer."""
    console(stderr=True).print(_cleaned(sentence), soft_wrap=True, markup=False)


def fault(what: Fault) -> None:
    """An error, and what to try next."""
    err = console(stderr=True)
    err.print("[red]Error:[/]", end=" ")
    err.print(_cleaned(what.message), markup=False, soft_wrap=True)
    if what.hint:
        err.print(f"Try:   {_cleaned(what.hint)}", markup=False, soft_wrap=True)


@contextmanager
def waiting(for_what: str) -> Iterator[None]:
    """A sign of life on the terminal while something takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(f"  {for_what}", spinner="dots", spinner_style=ACCENT):
        yield


def console(*, stderr: bool = False) -> "Console":
    """Rich's console on stdout or stderr; it heeds NO_COLOR and pipes by itself."""
    from rich.console import Console
    from rich.theme import Theme

    return Console(stderr=stderr, highlight=False, emoji=False, theme=Theme({"accent": ACCENT}))


def decided(found: dict[str, Any], *, dry_run: bool) -> None:
    """What is to be known of a decision of staff, beside the answer."""
    waits = found.get("awaitingSecond")
    if dry_run:
        note(f"{DRY} {WOULD_WAIT}" if waits else DRY)
    elif waits:
        note(SECOND)


def terminal() -> bool:
    """Does somebody look at stdout?"""
    return sys.stdout.isatty()


def version() -> str:
    """Ours."""
    import importlib.metadata

    return importlib.metadata.version("iayos")


def clean(text: str) -> str:
    """One line with nothing in it that a terminal obeys: what people call themselves may hold escape sequences, or turn text round."""
    return "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text)


def pesos(amount: Any) -> str:
    """₱1,234.50."""
    exact = Decimal(str(amount))
    return f"{'-' if exact < 0 else ''}₱{abs(exact):,.2f}"


def counted(number: int, noun: str) -> str:
    """1 case, 2 cases."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ago(moment: str) -> str:
    """How long ago, or until, an RFC 3339 instant is."""
    amount = age(moment)
    if amount is None:
        return moment[:10]
    return f"{amount} ago" if datetime.fromisoformat(moment) <= datetime.now(UTC) else f"in {amount}"


def age(moment: str) -> str | None:
    """How far away an RFC 3339 instant is; None beyond a month."""
    seconds = abs((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    return next((f"{seconds / unit:.0f} {name}" for below, unit, name in _AGES if seconds < below), None)


def day(moment: str) -> str:
    """The day of an RFC 3339 instant, where the reader is."""
    then = datetime.fromisoformat(moment).astimezone().date()
    days = (then - datetime.now().astimezone().date()).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(
        days, f"{then:%d %b}" if abs(days) < HALF_A_YEAR else then.isoformat()
    )


def _plain(cell: Any, kind: str) -> str:
    if cell is None:
        return ""
    if kind == "money":
        return f"{Decimal(str(cell)):.2f}"
    return " ".join(clean(str(cell)).split())


def _fancy(cell: Any, kind: str) -> str:
    if cell is None or cell == "":
        return "-"
    if kind == "money":
        return pesos(cell)
    if kind == "age":
        return age(cell) or cell[:10]
    worded = {"time": ago, "day": day}.get(kind)
    return worded(cell) if worded else " ".join(clean(str(cell)).split())


def _cleaned(text: str) -> str:
    return "\n".join(clean(line) for line in text.splitlines())


def forgiving() -> None:
    """What stdout and stderr cannot say in their encoding is a question mark there, and ends no command; nor does a closed one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the process ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _may_stand(one: str) -> bool:
    """In JSON as it is."""
    if not one.isprintable():
        return one == "\n"
    try:
        one.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _escaped(one: str) -> str:
    """As JSON may write any character."""
    units = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def grid(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> "Padding":
    """Rows as a table on a terminal."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        drawn.add_column(
            column.name,
            justify="right" if column.kind in {"money", "number"} else "left",
            no_wrap=column.kind != "text",
            overflow="fold" if column.kind == "text" else "ellipsis",  # an id that is cut off is none
        )
    for row in rows:
        drawn.add_row(*(Text(_fancy(cell, column.kind)) for cell, column in zip(row, columns, strict=True)))
    return Padding(drawn, (0, 0, 0, 2))


def _draw(columns: Sequence[Column], rows: Sequence[Sequence[Any]], footer: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    shown = [place for place, column in enumerate(columns) if column.narrow]
    out.print(grid([columns[place] for place in shown], [[row[place] for place in shown] for row in rows]))
    if footer:
        out.print(Padding(Text(footer, style="dim"), (0, 0, 0, 2)))


def _draw_facts(found: Sequence[tuple[Column, Any]]) -> None:
    from rich.text import Text

    out = console()
    widest = max(len(column.name) for column, _ in found)
    for column, value in found:
        out.print(
            Text.assemble("  ", (f"{column.name:<{widest}}", "dim"), "  ", _fancy(value, column.kind)), soft_wrap=True
        )


def _bare(marked_up: str) -> str:
    from rich.text import Text

    return Text.from_markup(marked_up).plain
