"""Logs: one JSON object a line on stderr, with the request's id, without personal data, without the values of variables.

That holds for everything that a process says: our own lines, those of libraries through the standard library's logging,
warnings of Python, and the last words of a process that crashes. A trace names places and kinds of exceptions; what an
exception says is left out unless its words are ours (`core.errors.told`).
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

from iayos.core.errors import told

QUIET: Final = ("httpx", "httpcore", "saq", "alembic", "psycopg.pool", "uvicorn.access", "asyncio")
log = structlog.get_logger(__name__)


def configure(*, pretty: bool = False, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging; `pretty` is for a developer's terminal and tells all."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if pretty
        else [traced, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    others = logging.StreamHandler(sys.stderr)
    others.addFilter(fit_for_the_log)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, first_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=level, handlers=[others], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_process(*, pretty: bool = False, level: str = "INFO") -> None:
    """The same for a whole process of ours: its warnings and its last words are lines of the log, too."""
    configure(pretty=pretty, level=level)
    logging.captureWarnings(capture=True)
    if not pretty:
        sys.excepthook = lambda kind, error, at: last_words(error.with_traceback(at), kind)
        threading.excepthook = lambda end: last_words(end.exc_value, end.exc_type)


def last_words(error: BaseException | None, kind: type[BaseException]) -> None:
    """What nobody caught."""
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("crashed", exc_info=error or kind())


def traced(_: Any, __: str, event: EventDict) -> EventDict:
    """Processor: the exception as a trace without values."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(trace(error))
    return event


def trace(error: BaseException) -> Iterator[str]:
    """Places and kinds, the oldest cause first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from trace(before)
        yield "which led to:"
    yield from (f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__))
    yield told(error)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from trace(part)


def first_line(_: Any, __: str, event: EventDict) -> EventDict:
    """Processor: of what a library says, the first line; asyncio and others repeat exceptions and objects below it."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def fit_for_the_log(record: logging.LogRecord) -> bool:
    """Not what uvicorn says of each WebSocket: the caller's address and whatever stood in the query."""
    return '"WebSocket %s"' not in str(record.msg) and record.msg not in {"connection open", "connection closed"}
