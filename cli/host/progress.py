"""A bar on the terminal while bytes move."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli import show


@contextmanager
def moved(what: str, size: int | None = None) -> Iterator[Callable[[int], None]]:
    """Call what this gives with each portion."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("  {task.description}"),
        BarColumn(complete_style=show.ACCENT),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=show.console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=size)
        yield lambda portion: bar.update(task, advance=portion)
