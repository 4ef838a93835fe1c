"""Options that many commands share."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import config
from cli.faults import USAGE, Fault

AsJSON = Annotated[bool, typer.Option("--json", help="One JSON document, as the API says it.")]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="P", autocompletion=config.names, help="Which sign-in to use, when there are several."
    ),
]
DataDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is kept.  [default: IAYOS_DATA_DIR, else .iayos]")
]
PasswordFromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept on the audit log.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Let the server run it and undo it; see what would come of it.")
]
Watch = Annotated[bool, typer.Option("--watch", help="Look again every few seconds, until Ctrl-C.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
CENTAVO: Final = Decimal("0.01")
_UNITS: Final = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> str:
    """An instant as the API takes it: 30min, 24h, 7d or 2w back, or a date with or without a time."""
    span = re.fullmatch(r"(\d{1,4}) ?(min|h|d|w)", text.strip())
    if span:
        return (datetime.now(UTC) - timedelta(**{_UNITS[span[2]]: int(span[1])})).isoformat()
    try:
        return datetime.fromisoformat(text.strip()).astimezone().isoformat()
    except (ValueError, OverflowError):
        raise Fault(f"{text!r} is no time.", code=USAGE, hint="--since 24h, or --since 2026-11-22") from None


def amount(text: str) -> float:
    """Pesos as a person writes them: 1,000.50 or ₱1,000.50."""
    try:
        exact = Decimal(text.strip().removeprefix("₱").replace(",", ""))
        whole = exact == exact.quantize(CENTAVO)
    except InvalidOperation:
        whole = False
    if not whole:
        raise Fault(f"{text!r} is no amount of pesos.", code=USAGE, hint="for example 1000.50")
    return float(exact)
