"""What can go wrong, as one family of exceptions.

An `AppError` carries all that the wire shape of SPEC 1 needs: a status, a code in UPPER_SNAKE, a sentence for a person and
details. Slices derive their own named errors from the general children here.
"""

import os
import traceback
from typing import Any, ClassVar

import iayos


class AppError(Exception):
    """An answer that is not 2xx. Subclasses set the class attributes; `details` are whatever helps the caller go on."""

    status: ClassVar[int] = 500
    code: str = "INTERNAL_ERROR"
    message: str = "Something went wrong on our side. Nothing was lost; please try again."

    def __init__(self, message: str | None = None, /, *, retry_after: int | None = None, **details: Any) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message
        self.retry_after = retry_after
        self.details = details


class Invalid(AppError):
    """400: the request cannot be understood as it is."""

    status = 400
    code, message = "VALIDATION_ERROR", "Please check the marked fields."

    @classmethod
    def of(cls, field: str, reason: str) -> "Invalid":
        """One faulty field, in the shape that every validation error has."""
        return cls.of_fields([(field, reason)])

    @classmethod
    def of_fields(cls, faults: list[tuple[str, str]]) -> "Invalid":
        """All faulty fields, the first one repeated at the top (SPEC 1, Errors)."""
        field, reason = faults[0]
        sentence = f"{field}: {reason}" if len(faults) == 1 else f"{field}: {reason} (and {len(faults) - 1} more)"
        return cls(sentence, field=field, reason=reason, fields=[{"field": f, "reason": r} for f, r in faults])


class AuthRequired(AppError):
    """401: nobody is signed in, or the sign-in has ended."""

    status = 401
    code, message = "AUTH_REQUIRED", "Please sign in."


class AuthFailed(AppError):
    """401: the credentials are wrong."""

    status = 401
    code, message = "AUTH_FAILED", "Invalid credentials"


class Forbidden(AppError):
    """403: signed in, but not allowed."""

    status = 403
    code, message = "FORBIDDEN", "You are not allowed to do that."


class NotFound(AppError):
    """404: absent, or somebody else's; the two look the same."""

    status = 404
    code, message = "NOT_FOUND", "There is no such thing, or it is not yours."


class Conflict(AppError):
    """409: the right request at the wrong moment."""

    status = 409
    code, message = "CONFLICT", "That is not possible at the moment."


class TooLarge(AppError):
    """413: more bytes than the route takes."""

    status = 413
    code, message = "TOO_LARGE", "The request is too large."


class UnsupportedMediaType(AppError):
    """415: the body is not of a kind that the route reads."""

    status = 415
    code, message = "UNSUPPORTED_MEDIA_TYPE", "Please send JSON with Content-Type: application/json."


class RateLimited(AppError):
    """429: too often; `Retry-After` says when to come back."""

    status = 429
    code, message = "RATE_LIMITED", "That was too often. Please wait a little and try again."


class GatewayUnavailable(AppError):
    """503: a third party does not answer. What was begun is kept, and asking again continues it."""

    status = 503
    code, message = (
        "GATEWAY_UNAVAILABLE",
        "A service that we depend on does not answer. Nothing was lost; please try again.",
    )

    def __init__(self, message: str | None = None, /, *, retry_after: int | None = None, **details: Any) -> None:
        super().__init__(message, retry_after=retry_after or 5, **details)
        self.asked_s = retry_after or 0
        """For how long the third party itself asked to be left alone, in seconds."""


class Plain(Exception):
    """Its words are ours, or a third party's name for a reason: no personal data, so they may stand in logs."""


def told(error: BaseException) -> str:
    """An exception in one line for logs and the outbox: its kind, and of the rest only what holds no values.

    Messages of others do hold them: PostgreSQL repeats the row that it refuses, httpx the address with its query.
    """
    kind = type(error).__name__
    if isinstance(error, Plain):
        return f"{kind}: {error}"
    if isinstance(error, AppError):
        return f"{kind}: {error.message}" if error.message == type(error).message else f"{kind}: {error.code}"
    if isinstance(error, OSError) and error.errno:
        return f"{kind}: {os.strerror(error.errno)}"
    if isinstance(error, AttributeError | NameError | ImportError):
        kind = f"{kind}: {error.name}"  # a word of some program
    named = (getattr(error, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name"))
    return " ".join((kind, *map(str, filter(None, named)), *_place(error)))


def _place(error: BaseException) -> list[str]:
    """Where in our own code it came from, so that equal failures read the same and others do not."""
    home = os.path.dirname(iayos.__file__)  # noqa: PTH120 - a prefix of the names in a traceback, which are strings
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(home)]
    return [f"in {ours[-1].name}, {os.path.relpath(ours[-1].filename, os.path.dirname(home))}"] if ours else []  # noqa: PTH120
