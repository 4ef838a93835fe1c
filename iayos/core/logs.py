"""Logs: one JSON object a line on stderr, with the request's id, without personal data, without the values of variables."""

import logging
import sys

import structlog

QUIET = ("httpx", "httpcore", "saq", "alembic", "psycopg.pool", "uvicorn.access", "asyncio")


def configure(*, pretty: bool = False, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging for this process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=level, stream=sys.stderr, force=True,
        format='{"level":"%(levelname)s","logger":"%(name)s","timestamp":"%(asctime)s","event":"%(message)s"}',
    )  # fmt: skip
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
