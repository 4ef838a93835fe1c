"""One shape for every answer that is not 2xx, whatever raised it (SPEC 1, Errors)."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.types import ExceptionHandlersMap

from iayos.core import errors
from iayos.core.errors import AppError, GatewayUnavailable, Invalid
from iayos.web.request import body_kind, missing

log = structlog.get_logger(__name__)


class ErrorBody(msgspec.Struct, frozen=True):
    """What every error looks like. `details` always carries `requestID`."""

    error: str
    code: str
    details: dict[str, Any]


class UnknownAddress(errors.NotFound):
    """No route has this path."""

    message = "There is nothing at this address."


class MethodNotAllowed(AppError):
    """The path exists, the method does not."""

    status = 405
    code, message = "METHOD_NOT_ALLOWED", "This address does not take that method."


BY_STATUS: Final[dict[int, type[AppError]]] = {
    401: errors.AuthRequired, 403: errors.Forbidden, 404: UnknownAddress, 405: MethodNotAllowed,
    413: errors.TooLarge, 415: errors.UnsupportedMediaType, 429: errors.RateLimited,
}  # fmt: skip

NO_DATABASE: Final = (OSError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError,
                      asyncpg.DeadlockDetectedError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)  # fmt: skip


def render(
    request: Request[Any, Any, Any], error: AppError, headers: Mapping[str, str] | None = None
) -> Response[ErrorBody]:
    """`error` as an answer."""
    details = {**error.details, "requestID": request.scope.get("request_id", "")}
    extra = dict(headers or {})
    if error.retry_after is not None:
        extra["Retry-After"] = str(error.retry_after)
    body = ErrorBody(error=error.message, code=error.code, details=details)
    return Response(body, status_code=error.status, media_type="application/json", headers=extra)


def app_error(request: Request[Any, Any, Any], error: AppError) -> Response[ErrorBody]:
    """An error of ours."""
    return render(request, error)


def bad_values(request: Request[Any, Any, Any], error: ValidationException) -> Response[ErrorBody]:
    """Parameters that do not fit, or a body that is missing."""
    found = []
    for fault in error.extra if isinstance(error.extra, list) else []:
        name = str(fault.get("key", "body"))
        if name == "data":
            found += missing(body_kind(request))
        else:
            found.append((name, str(fault.get("message", "Not valid"))))
    return render(request, Invalid.of_fields(found or [("request", "Not valid")]))


def framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[ErrorBody]:
    """What Litestar raises itself: unknown paths, wrong methods, bodies that are too large or not readable."""
    if isinstance(error.__cause__, AppError):
        return render(request, error.__cause__)
    kind = BY_STATUS.get(error.status_code)
    if kind is not None:
        return render(request, kind(), error.headers)
    if error.status_code < 500:  # noqa: PLR2004 - the family of 4xx
        return render(request, Invalid.of("body", "This request cannot be read"))
    return crash(request, error)


def crash(request: Request[Any, Any, Any], error: Exception) -> Response[ErrorBody]:
    """Anything else: logged with its trace, told to nobody outside."""
    if isinstance(error, NO_DATABASE):
        log.error("database not available", error=type(error).__name__)
        return render(
            request, GatewayUnavailable("The service is briefly unavailable. Nothing was lost; please try again.")
        )
    log.error("request crashed", exc_info=error)
    return render(request, AppError())


HANDLERS: Final[ExceptionHandlersMap] = {
    AppError: app_error,
    ValidationException: bad_values,
    SerializationException: lambda request, _: render(request, Invalid.of("body", "Expected valid JSON")),
    HTTPException: framework_error,
    Exception: crash,
}
