"""What can go wrong in the CLI, with the exit codes that scripts rely on (SPEC 8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FAILED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
NOT_ALLOWED: Final = 4
CONFLICT: Final = 5


class Fault(Exception):
    """A command that cannot go on: a sentence, the exit code, and what to try next."""

    def __init__(self, message: str, *, code: int = FAILED, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


@contextmanager
def advising(hint: str) -> Iterator[None]:
    """Where the server refuses because of how things stand, the next step is to look at them."""
    try:
        yield
    except Fault as fault:
        if fault.code == CONFLICT and not fault.hint:
            fault.hint = hint
        raise
