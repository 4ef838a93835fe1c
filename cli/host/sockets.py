"""Listening sockets, opened by the parent and handed down, so that a child that dies does not lose the port."""

import socket
import time
from typing import Final

from cli.faults import Fault

BACKLOG: Final = 2048
PATIENCE_S: Final = 1.0
"""A killed predecessor may need a moment to let go of its port."""


def listening(port: int, *, host: str = "127.0.0.1", option: str = "--port") -> socket.socket:
    """A socket that listens on this port, or on any free one for 0."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise Fault(
                f"port {port} on {host} cannot be had: {(error.strerror or str(error)).lower()}.",
                hint=f"stop what holds it, or take another: {option} N (0 takes a free one)",
            ) from None
        sock.listen(BACKLOG)
        sock.set_inheritable(True)
        return sock


def port_of(sock: socket.socket) -> int:
    """Its port."""
    return int(sock.getsockname()[1])


def url_of(sock: socket.socket) -> str:
    """Where it is."""
    host = str(sock.getsockname()[0])
    return f"http://[{host}]:{port_of(sock)}" if ":" in host else f"http://{host}:{port_of(sock)}"
