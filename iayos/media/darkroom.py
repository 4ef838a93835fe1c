"""The one door to the child process that opens uploads: off the event loop, one file at a time, ended when it takes too long."""

import asyncio
import os
import sys
from asyncio import subprocess
from typing import Any, Final

import msgspec
import structlog

from iayos.core.errors import GatewayUnavailable, Invalid
from iayos.media.frames import ANSWER, REQUEST, Developed, Refused
from iayos.media.states import LARGEST, SENTENCES, Reason

SAID: Final[msgspec.msgpack.Decoder[Developed | Refused]] = msgspec.msgpack.Decoder(Developed | Refused)
LONGEST_S: Final = 30.0
WAITING: Final = 30
"""How many uploads may wait for their turn; each holds its bytes."""
KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""All that the child sees of the environment: no secret is in it."""
log = structlog.get_logger(__name__)


class BadFile(Invalid):
    """A file that is not kept; `details.reason` says why."""

    code, message = "BAD_FILE", "This file cannot be used."

    @classmethod
    def because(cls, reason: Reason, field: str) -> "BadFile":
        """The refusal of one field's file."""
        sentence = SENTENCES[reason]
        return cls(sentence, reason=reason.value, field=field, fields=[{"field": field, "reason": sentence}])


class Darkroom:
    """Starts its child when the first file comes and again after each that was ended; the child ends with this process."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._child: subprocess.Process | None = None
        self._waiting = 0

    async def develop(self, content: bytes, *, longest: int, pdf: bool, field: str = "file") -> Developed:
        """The file as it is to be kept; `BadFile` when it is not."""
        if len(content) > LARGEST:
            raise BadFile.because(Reason.TOO_LARGE, field)
        if self._waiting >= WAITING:
            raise GatewayUnavailable("Many pictures are being looked at right now. Please try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                answer = await self._asked(content, longest=longest, pdf=pdf)
        finally:
            self._waiting -= 1
        if isinstance(answer, Refused):
            log.info("file refused", reason=answer.reason, detail=answer.detail, size=len(content))
            raise BadFile.because(answer.reason, field)
        return answer

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            await child.communicate()

    async def _asked(self, content: bytes, *, longest: int, pdf: bool) -> Developed | Refused:
        child = await self._running()
        try:
            async with asyncio.timeout(LONGEST_S):
                _in(child).write(REQUEST.pack(len(content), longest, pdf) + content)
                await _in(child).drain()
                size, worn = ANSWER.unpack(await _out(child).readexactly(ANSWER.size))
                answer = SAID.decode(await _out(child).readexactly(size))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as fault:
            await self.close()
            return Refused(reason=Reason.TOO_COMPLEX, detail=type(fault).__name__)
        except BaseException:  # cancelled midway: what the child says next would answer the next file
            await self.close()
            raise
        if worn:
            await self.close()
        return answer

    async def _running(self) -> subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            await self.close()
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "iayos.media.develop", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True, env={name: os.environ[name] for name in KEPT if name in os.environ},
            )  # fmt: skip
        return self._child


def _in(child: subprocess.Process) -> Any:
    return child.stdin


def _out(child: subprocess.Process) -> Any:
    return child.stdout
