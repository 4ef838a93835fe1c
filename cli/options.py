"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJSON = Annotated[bool, typer.Option("--json", help="One JSON document, as the API says it.")]
ProfileName = Annotated[
    str | None, typer.Option("--profile", metavar="P", help="Which sign-in to use, when there are several.")
]
DataDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where everything is kept.  [default: IAYOS_DATA_DIR, else .iayos]")
]
PasswordFromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
