"""One process of the API: `python -m cli.host.api FD` serves on a socket that its parent opened."""

import signal
import socket
import sys
from typing import Any, Final

import uvicorn

from cli.host.child import say_ready
from iayos.app import create_app
from iayos.core import logs
from iayos.settings import Settings, from_env

LOOPBACK: Final = ["127.0.0.1", "::1"]
FRAME_LIMIT: Final = 1_000_000
"""Bytes of a WebSocket frame, as of a request's body; what chat itself takes is far less."""
GRACE_S: Final = 20
"""How long requests in flight may take to finish when told to stop: one call to Xendit takes ten seconds at most."""
KEEP_ALIVE_S: Final = 65
"""Longer than what proxies keep, and than the 5 seconds between two polls of a phone."""


def config(app: Any, **options: Any) -> uvicorn.Config:
    """How iAyos is served; a proxy's headers are believed from this machine alone."""
    return uvicorn.Config(
        app, ws="websockets-sansio", ws_per_message_deflate=False, ws_max_size=FRAME_LIMIT, lifespan="on", log_config=None, access_log=False, server_header=False,
        proxy_headers=True, forwarded_allow_ips=LOOPBACK, timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S, **options,
    )  # fmt: skip


class Server(uvicorn.Server):
    """A server that tells its parent when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open everything, then listen."""
        await super().startup(sockets)
        if self.started:
            say_ready()


def serve(settings: Settings, sock: socket.socket) -> int:
    """Serve until told to stop; the exit code."""
    # uvicorn raises the signal again when it has stopped; by then all is done, and the end is a clean one
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: None)
    server = Server(config(create_app(settings)))
    server.run(sockets=[sock])
    return 0 if server.started else 1


if __name__ == "__main__":
    logs.configure_process()
    sys.exit(serve(from_env(), socket.socket(fileno=int(sys.argv[1]))))
