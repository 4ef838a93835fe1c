"""`iayos serve`: the API, in this process or in several on one socket."""

import asyncio
import os
import sys
from socket import socket

from cli.host import api
from cli.host.settings import settings
from cli.host.sockets import listening, port_of
from cli.host.supervise import Child, Supervisor, first, told_to_stop
from iayos.core import logs


def serve(*, host: str, port: int, workers: int) -> int:
    """Serve until told to stop; the exit code."""
    wanted = settings()
    logs.configure()
    with listening(port, host=host) as sock:
        shown = f"[{host}]" if ":" in host else host
        sys.stderr.write(
            f"iAyos API on http://{shown}:{port_of(sock)}, {workers} process{'es' if workers > 1 else ''}\n"
        )
        if workers == 1:
            return api.serve(wanted, sock)
        asyncio.run(several(sock, workers))
    return 0


async def several(sock: socket, workers: int) -> None:
    """Keep so many processes serving on the socket."""
    async with told_to_stop() as (stop, now):
        supervisor = Supervisor()
        stopping = asyncio.create_task(stop.wait())
        try:
            for number in range(1, workers + 1):
                command = ["cli.host.api", str(sock.fileno())]
                await supervisor.add(Child(f"api-{number}", command, env=os.environ, log=None, fds=[sock.fileno()]))
            await first(stopping, supervisor.failure)
            if not stop.is_set():
                supervisor.failure.result()
        finally:
            stopping.cancel()
            await supervisor.stop(now=now)
