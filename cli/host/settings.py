"""The settings and the log of a host command."""

import sys

from cli.faults import USAGE, Fault
from iayos.core import logs
from iayos.settings import MissingSetting, Settings, from_env


def settings() -> Settings:
    """From the environment, with a database named in it."""
    try:
        found = from_env()
    except MissingSetting as missing:
        raise Fault(str(missing), code=USAGE) from None
    if not found.database_url:
        raise Fault(
            "IAYOS_DATABASE_URL is not set.",
            code=USAGE,
            hint="iayos up, which brings a database of its own, or name one",
        )
    return found


def begin_log(wanted: Settings) -> None:
    """One JSON object a line; on a developer's terminal, lines for people."""
    logs.configure_process(pretty=wanted.env == "development" and sys.stderr.isatty())
