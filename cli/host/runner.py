"""The runner as a process: `python -m cli.host.runner`."""

import asyncio
import os
import sys

import uvloop

from cli.host.supervise import told_to_stop
from iayos import runner
from iayos.core import logs
from iayos.settings import Settings, from_env


def say_ready() -> None:
    """Tell the parent, if there is one that listens."""
    if pipe := os.environ.pop("IAYOS_READY_FD", None):
        os.write(int(pipe), b"\n")


async def main(settings: Settings) -> None:
    """Run until told to stop."""
    async with told_to_stop() as (stop, _):
        await runner.run(settings, stop=stop, ready=say_ready)


def work(settings: Settings) -> int:
    """The same, on uvloop; the exit code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main(settings))
    return 0


if __name__ == "__main__":
    logs.configure()
    sys.exit(work(from_env()))
