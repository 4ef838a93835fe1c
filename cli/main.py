"""`iayos`: staff's terminal, and the commands of the host. What a command needs is imported when it is called."""

import importlib
import os
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import typer
from typer.core import TyperGroup

from cli import show, sign_in, stats
from cli.faults import FAILED, NOT_FOUND, USAGE, Fault
from cli.host import commands as host

STAFF: Final = "Staff"
HOST: Final = "This host"
NOUNS: Final = {
    "kyc": "Identity checks: the queue, the documents, the decision.",
    "certificates": "Workers' certificates that nobody has looked at yet.",
    "cash": "Photos of cash payments, and what staff makes of them.",
    "users": "Accounts: who they are, suspending them, and who is on the staff.",
    "push": "Pushes to the phones of an account.",
    "xendit": "Xendit: invoices, payouts and events, compared with our books.",
    "jobs": "Jobs with their money and history, and the way to end one.",
    "disputes": "Disputes about money that is held, and staff's rulings.",
    "ledger": "The books, and the proof that they are right.",
    "queue": "Background tasks: what waits, runs and fails, and what that holds up.",
    "audit": "What staff did and why, and the proof that nobody rewrote it.",
}
"""The nouns of staff's commands, each a module of that name."""
OURS: Final = frozenset({"cli", "iayos"})
LISTS: Final = {"push": "iayos users list", "ledger": "iayos ledger balances"}
"""Where to look for what was not found, if not in the list of its kind."""


class Sections(TyperGroup):
    """Help in plain text, by section: drawing it with rich would take as long again as all the rest of `iayos --help`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Staff's commands, then the host's."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        for section in (STAFF, HOST):
            rows = [
                (name, command.get_short_help_str(formatter.width))
                for name, command in found
                if command is not None and getattr(command, "rich_help_panel", None) == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


class Noun(TyperGroup):
    """The commands about one noun, imported when one of them is asked for: `iayos --help` needs none."""

    found: MutableMapping[str, Any] | None = None

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """By name."""
        if self.found is None:
            self.found = typer.main.get_group(importlib.import_module(f"cli.{self.name}").app).commands
        return self.found

    @commands.setter
    def commands(self, none_yet: Any) -> None:
        """Typer's own place for them stays empty."""


app = typer.Typer(
    name="iayos",
    cls=Sections,
    help="iAyos, a marketplace for blue-collar work: its staff's terminal, and the service itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def said_version(wanted: bool) -> None:
    """Say the version and end."""
    if wanted:
        print(f"iayos {show.version()}")  # noqa: T201
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=said_version, is_eager=True, help="Say the version and end."
    ),
) -> None:
    """Options of `iayos` itself."""


app.command(rich_help_panel=STAFF, epilog="Example: iayos login --url https://api.example.ph --email maria@example.ph")(
    sign_in.login
)
app.command(rich_help_panel=STAFF, epilog="Example: iayos logout --profile work")(sign_in.logout)
app.command(rich_help_panel=STAFF, epilog="Example: iayos whoami --json")(sign_in.whoami)
for noun, about in NOUNS.items():
    app.add_typer(typer.Typer(cls=Noun, no_args_is_help=True), name=noun, help=about, rich_help_panel=STAFF)
app.command(rich_help_panel=STAFF, epilog="Example: iayos stats --since 7d")(stats.stats)
app.command(rich_help_panel=HOST, epilog="Example: iayos up --port 8000")(host.up)
app.command(rich_help_panel=HOST, epilog="Example: iayos demo --all")(host.demo)
app.command(rich_help_panel=HOST, epilog="Example: iayos serve --workers 4")(host.serve)
app.command(rich_help_panel=HOST, epilog="Example: iayos runner")(host.runner)
app.add_typer(host.db, name="db", rich_help_panel=HOST)
app.add_typer(host.admin, name="admin", rich_help_panel=HOST)


def words() -> list[str]:
    """The arguments. Where the locale is none that knows UTF-8 they are read as UTF-8 all the same: so they are sent."""
    try:
        return [os.fsencode(one).decode() for one in sys.argv[1:]]
    except UnicodeDecodeError:
        raise Fault("what you typed is not UTF-8.", code=USAGE) from None


def run() -> None:
    """The script `iayos`."""
    show.forgiving()
    try:
        app(words())
    except Fault as fault:
        if fault.code == NOT_FOUND and not fault.hint:
            fault.hint = LISTS.get(sys.argv[1], f"iayos {sys.argv[1]} list")
        show.fault(fault)
        sys.exit(fault.code)
    except ModuleNotFoundError as missing:
        if not missing.name or missing.name.partition(".")[0] in OURS:
            raise
        show.fault(Fault(f"this needs {missing.name}, which is not installed.", hint="pip install 'iayos[server]'"))
        sys.exit(FAILED)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    run()
