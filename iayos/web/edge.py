"""The outermost layer: request ids, the second prefix, security headers, one log line and one count a request."""

import re
import time
from typing import Any, Final

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from iayos.core import metrics, tokens

MOBILE: Final = "/api/mobile/"
MOBILE_ONLY: Final = "/api/mobile/auth/"
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
TOO_BIG: Final = re.compile(r"/-?0*[1-9]\d{18,}(?=/|$)")
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
PAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'"
NOWHERE: Final = "(none)"
log = structlog.get_logger("iayos.access")


class Edge:
    """An ASGI app around the whole service."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = SECURITY | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prepare the scope, pass it on, and finish the answer's headers."""
        request_id = scope["request_id"] = _request_id(scope)  # type: ignore[typeddict-unknown-key]
        scope["path"] = _path(scope["path"])
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["type"] == ScopeType.HTTP:
            await self._http(scope, receive, send, request_id)
        else:
            await self._socket(scope, receive, send)

    async def _http(self, scope: Any, receive: Receive, send: Send, request_id: str) -> None:
        begun = time.perf_counter()

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish(MutableScopeHeaders.from_message(message), scope["path"], request_id)
                seconds = time.perf_counter() - begun
                metrics.answered(scope["method"], scope.get("path_template") or NOWHERE, message["status"], seconds)
                log.info(
                    "request", method=scope["method"], path=_told(scope), status=message["status"],
                    ms=round(seconds * 1000, 1),
                )  # fmt: skip
            await send(message)

        await self.app(scope, receive, finish)

    async def _socket(self, scope: Any, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            log.info("socket ended", path=_told(scope), seconds=round(time.perf_counter() - begun, 1))

    def _finish(self, headers: MutableScopeHeaders, path: str, request_id: str) -> None:
        headers["X-Request-ID"] = request_id
        if headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")


def _path(path: str) -> str:
    """The route's own path: the mobile prefix is another name for the same route, and an id beyond 64 bits is none."""
    if path.startswith(MOBILE) and not path.startswith(MOBILE_ONLY):
        path = "/api/" + path.removeprefix(MOBILE)
    return TOO_BIG.sub("/0", path)


def _told(scope: Any) -> str:
    """The address as it may stand in a log: the route's own words and the ids in it, never a text that somebody chose."""
    path: str = scope.get("path_template") or NOWHERE
    for name, value in (scope.get("path_params") or {}).items():
        if isinstance(value, int):
            path = path.replace(f"{{{name}}}", str(value))
    return path


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) else tokens.secret(12)
