"""The one seam for time.

Every rule asks `now()`. In production that is the machine's clock. Development and tests may lay an offset over it that
several processes share through an eight-byte file, so that a week passes everywhere at once (SANDBOX, "clock").
"""

import mmap
import struct
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

MANILA: Final = ZoneInfo("Asia/Manila")
_OFFSET = struct.Struct("<d")


class _Offset:
    """Seconds ahead of the machine's clock: held in this process, or in a file that others map too."""

    def __init__(self) -> None:
        self.cell: bytearray | mmap.mmap = bytearray(_OFFSET.size)

    def read(self) -> float:
        seconds: float = _OFFSET.unpack_from(self.cell)[0]
        return seconds

    def write(self, seconds: float) -> None:
        _OFFSET.pack_into(self.cell, 0, seconds)


_offset = _Offset()


def share(path: Path) -> None:
    """Lay this process's clock over the offset in `path`; whoever shares the same file sees every move at once."""
    if not path.exists() or path.stat().st_size < _OFFSET.size:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_OFFSET.pack(0.0))
    with path.open("r+b") as file:
        _offset.cell = mmap.mmap(file.fileno(), _OFFSET.size)


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC) + timedelta(seconds=_offset.read())


def today() -> date:
    """The present business day, in Manila."""
    return now().astimezone(MANILA).date()


def advance(seconds: float) -> datetime:
    """Move the shared clock forward and return the new instant; time never runs backwards."""
    if seconds < 0:
        raise ValueError("the clock only moves forward")
    _offset.write(_offset.read() + seconds)
    return now()


def reset() -> datetime:
    """Back to the machine's own time."""
    _offset.write(0.0)
    return now()
