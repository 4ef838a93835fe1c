"""The runner as a process: `python -m cli.host.runner`. With a port it shows its health and its metrics there."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import socket

import uvicorn
import uvloop

from cli.host.api import config
from cli.host.child import say_ready
from cli.host.supervise import told_to_stop
from iayos import runner
from iayos.core import logs
from iayos.settings import Settings, from_env
from iayos.web.metrics import create_meter


class Meter(uvicorn.Server):
    """A small server beside the runner, which heeds signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


@asynccontextmanager
async def shown(settings: Settings, sock: socket | None) -> AsyncIterator[None]:
    """`/health` and `/metrics` on this socket while the block runs."""
    if sock is None:
        yield
        return
    server = Meter(config(create_meter(settings)))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def main(settings: Settings, sock: socket | None) -> None:
    """Run until told to stop."""
    async with told_to_stop() as (stop, _), shown(settings, sock):
        await runner.run(settings, stop=stop, ready=say_ready)


def work(settings: Settings, sock: socket | None = None) -> int:
    """The same, on uvloop; the exit code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main(settings, sock))
    return 0


if __name__ == "__main__":
    logs.configure_process()
    sys.exit(work(from_env()))
