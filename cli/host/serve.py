"""`iayos serve`: the API, in this process or in several on one socket."""

import asyncio
import os
from socket import socket

import structlog

from cli.host import meters, reach
from cli.host.settings import begin_log, settings
from cli.host.sockets import listening, url_of
from cli.host.supervise import Child, Supervisor, first, told_to_stop

log = structlog.get_logger(__name__)


def serve(*, host: str, port: int, workers: int) -> int:
    """Serve until told to stop; the exit code."""
    wanted = settings()
    reach.check(wanted)
    begin_log(wanted)
    with listening(port, host=host) as sock:
        log.info("serving", url=url_of(sock), processes=workers)
        if workers == 1:
            from cli.host import api  # the whole service, which the parent of several does not need

            return api.serve(wanted, sock)
        with meters.shared() as env:
            asyncio.run(several(sock, workers, env))
    return 0


async def several(sock: socket, workers: int, env: dict[str, str]) -> None:
    """Keep so many processes serving on the socket."""
    async with told_to_stop() as (stop, now):
        supervisor = Supervisor()
        stopping = asyncio.create_task(stop.wait())
        try:
            for number in range(1, workers + 1):
                command = ["cli.host.api", str(sock.fileno())]
                child = Child(f"api-{number}", command, env=os.environ | env, log=None, fds=[sock.fileno()])
                await supervisor.add(child)
            await first(stopping, supervisor.failure)
            if not stop.is_set():
                supervisor.failure.result()
        finally:
            stopping.cancel()
            sock.close()  # the children close theirs: from here on nobody waits for an answer that will not come
            await supervisor.stop(now=now)
