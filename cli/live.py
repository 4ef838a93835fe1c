"""What moves on a terminal: how far long work is, and a list that is looked at again and again."""

import functools
import inspect
import io
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

from cli import show
from cli.faults import FAILED, USAGE, Fault
from cli.options import Watch

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

EVERY_S: Final = 3
BAR: Final = 20
BESIDE_THE_BAR: Final = 22
"""What a share, the time and the gaps take of a line."""
AGE: Final = re.compile(r"(in )?\d+ (s|min|h|d)( ago)?")
Tell = Callable[[int, int | None, str], None]


@contextmanager
def bar() -> Iterator[Tell]:
    """Where to tell how far long work is: so many done, of so many, and of what. Drawn if somebody looks at stderr."""
    if not sys.stderr.isatty():
        yield lambda _done, _of, _what: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    out = show.console(stderr=True)
    line = BarColumn(BAR, style="dim", complete_style=show.ACCENT, finished_style=show.ACCENT, pulse_style=show.ACCENT)
    what_is_done = TextColumn("  {task.description}", markup=False)
    share = TextColumn("{task.fields[share]:>5}")
    with Progress(what_is_done, line, share, TimeElapsedColumn(), console=out) as drawn:
        task = drawn.add_task("", total=None, share="")

        def tell(done: int, of: int | None, what: str) -> None:
            line.bar_width = max(5, min(BAR, out.width - len(what) - BESIDE_THE_BAR))
            so_far = f"{done:,}" if of is None else f"{done / of if of else 1:.0%}".replace("%", " %")
            drawn.update(
                task, completed=done if of else 1, total=of or (1 if of == 0 else None), description=what, share=so_far
            )

        yield tell
        drawn.update(task, completed=1, total=1, share="100 %")


def watched(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that shows a list the option `--watch`: the same again every few seconds, in place, until Ctrl-C.

    It is for eyes alone. Where nobody looks it is refused, for one JSON document or one set of rows is what a program expects.
    """

    @functools.wraps(command)
    def perhaps_again(*, watch: bool = False, **options: Any) -> None:
        if not watch:
            command(**options)
        elif options.get("as_json") or not show.terminal():
            raise Fault("--watch draws on a terminal.", code=USAGE, hint="without --watch, as often as you like")
        else:
            _again(functools.partial(command, **options))

    signature = inspect.signature(command)
    option = inspect.Parameter("watch", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Watch)
    perhaps_again.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]
    perhaps_again.__annotations__ = command.__annotations__ | {"watch": Watch}
    return perhaps_again


def _again(look: Callable[[], None]) -> None:
    from rich.console import Group
    from rich.live import Live

    out = show.console()
    lines: list[Text] = []
    seen: set[str] = set()
    try:
        with Live(console=out, auto_refresh=False) as live:
            while True:
                trouble = ""
                try:
                    lines, seen = _marked(_seen(look), seen)
                except Fault as fault:
                    if fault.code != FAILED or not lines:
                        raise
                    trouble = fault.message
                live.update(Group(*_fitting(lines, out.height - 2), _status(trouble)), refresh=True)
                time.sleep(EVERY_S)
    except KeyboardInterrupt:
        return


class _Screen(io.StringIO):
    """What a command draws, instead of the terminal."""

    def isatty(self) -> bool:
        """So that it is drawn and not written as rows."""
        return True


def _seen(look: Callable[[], None]) -> list[str]:
    with redirect_stdout(_Screen()) as screen:
        look()
    return screen.getvalue().splitlines()


def _marked(drawn: list[str], seen: set[str]) -> "tuple[list[Text], set[str]]":
    """What was not there the last time stands out; that time passes is no news."""
    from rich.text import Text

    lines = [Text.from_ansi(line) for line in drawn]
    timeless = [" ".join(AGE.sub("", line.plain).split()) for line in lines]
    for line, known in zip(lines, timeless, strict=True):
        if seen and known not in seen:
            line.stylize("bold")
    return lines, set(timeless)


def _fitting(lines: "list[Text]", height: int) -> "list[Text]":
    """As many lines as the terminal has, with the first and the last of them."""
    from rich.text import Text

    if len(lines) <= height:
        return lines
    head = lines[: height - 2]
    return [*head, Text(f"  … {len(lines) - len(head) - 1} more", style="dim"), lines[-1]]


def _status(trouble: str) -> "RenderableType":
    from rich.text import Text

    if trouble:
        return Text(f"  trying again · {trouble}", style="yellow", overflow="ellipsis", no_wrap=True)
    return Text(f"  every {EVERY_S} s · Ctrl-C leaves", style="dim")
