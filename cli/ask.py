"""Asking the person at the terminal; never without one."""

import sys

import typer

from cli.faults import USAGE, Fault


def password(*, from_stdin: bool, confirm: bool = False) -> str:
    """The password, from standard input or typed unseen."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise Fault("there is no password on standard input.", code=USAGE)
        return given
    if not sys.stdin.isatty():
        raise Fault("there is no terminal to ask for the password.", code=USAGE, hint="--password-stdin")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


def sure(question: str, *, yes: bool) -> None:
    """Go on only if the person says so, or has said so beforehand."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Fault("there is no terminal to ask whether you are sure.", code=USAGE, hint="the same with --yes")
    # click would leave a blank on stdout, which is for the answer alone
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Fault("nothing was done.")
