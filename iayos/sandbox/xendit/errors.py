"""How Xendit refuses."""

import base64
import binascii

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from iayos.sandbox.answers import Refusal
from iayos.sandbox.config import SandboxConfig


def xendit_error(status: int, code: str, message: str, *, errors: list[dict[str, str]] | None = None) -> Refusal:
    """`{error_code, message}`, and where in the body the fault lies."""
    body: dict[str, object] = {"error_code": code, "message": message}
    if errors:
        body["errors"] = errors
    return Refusal(status, body)


def invalid(path: str, message: str) -> Refusal:
    """A field that does not pass."""
    return xendit_error(
        400,
        "API_VALIDATION_ERROR",
        "There was an error with the format submitted to the server.",
        errors=[{"path": path, "message": message}],
    )


def require_key(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Basic auth: the key is the user name, and there is no password."""
    config: SandboxConfig = connection.app.state.sandbox.config
    scheme, _space, code = connection.headers.get("authorization", "").partition(" ")
    try:
        user = base64.b64decode(code, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        user = ""
    if scheme.lower() != "basic" or user != config.xendit_api_key:
        raise xendit_error(401, "INVALID_API_KEY", "API key is not authorized for this API service.")
