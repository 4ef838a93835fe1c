"""The directory in which the processes of one service add up what they count (`iayos.core.metrics`)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared() -> Iterator[dict[str, str]]:
    """What to add to the environment of processes that count together."""
    with TemporaryDirectory(prefix="iayos-metrics-", ignore_cleanup_errors=True) as directory:
        yield {SHARED: directory}


def forget(env: Mapping[str, str], pid: int) -> None:
    """A process has ended: what it had open is closed; what it counted still counts."""
    if directory := env.get(SHARED):
        for file in Path(directory).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)
