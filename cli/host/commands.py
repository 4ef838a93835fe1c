"""The commands of the host: they run the service instead of speaking to it. Each imports it only when it is called."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.options import AsJSON, DataDir, PasswordFromStdin, Yes

db = typer.Typer(help="The database: migrations and their state.", no_args_is_help=True)
admin = typer.Typer(help="Staff accounts, made on this host.", no_args_is_help=True)


def up(
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The API's port; 0 takes a free one.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="The sandbox's port; 0 takes a free one.")] = 8090,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processes of the API.")] = 1,
    sandbox_clock: Annotated[
        bool, typer.Option("--sandbox-clock", help="Let the sandbox move everybody's clock forward.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON when everything answers, and nothing else.")
    ] = False,
    no_demo_data: Annotated[
        bool, typer.Option("--no-demo-data", help="Start empty, but for the trades and one admin.")
    ] = False,
) -> None:
    """Run all of iAyos here: database, API, runner and sandbox, with demo accounts."""
    import asyncio

    from cli.host.up import Wishes, up

    wishes = Wishes(
        data_dir=place(data_dir), port=port, sandbox_port=sandbox_port, workers=workers, sandbox_clock=sandbox_clock,
        as_json=as_json, demo_data=not no_demo_data,
    )  # fmt: skip
    asyncio.run(up(wishes))


def demo(
    everything: Annotated[
        bool, typer.Option("--all", help="All stories: invitation, agency, cash, identity, wallet, profile; a minute.")
    ] = False,
) -> None:
    """Tell one job from registration to both reviews.

    On a fresh iAyos of its own, offline, in under 30 seconds.
    """
    from cli.demo.story import tell

    tell(everything=everything)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Processes.")] = 1,
) -> None:
    """Run the API on the database that IAYOS_DATABASE_URL names."""
    from cli.host.serve import serve

    raise typer.Exit(serve(host=host, port=port, workers=workers))


def runner(
    host: Annotated[str, typer.Option(help="The address to show them on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, envvar="IAYOS_RUNNER_PORT", help="Show /health and /metrics on this port."),
    ] = None,
) -> None:
    """Run background tasks, on as many hosts as wanted.

    They are those of the database that IAYOS_DATABASE_URL names.
    """
    from cli.host.work import work

    raise typer.Exit(work(host=host, port=port))


@db.command(epilog="Example: iayos db migrate")
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the newest migration: the one of IAYOS_DATABASE_URL, else the embedded one."""
    from cli.host import database

    database.migrate(place(data_dir))


@db.command(epilog="Example: iayos db status")
def status(data_dir: DataDir = None, as_json: AsJSON = False) -> None:
    """Say which migration the database has reached; exit code 5 when some are waiting."""
    from cli.host import database

    database.status(place(data_dir), as_json=as_json)


@db.command(epilog="Example: iayos db backup /var/backups/iayos/today.dump")
def backup(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to.  [default: iayos-DATE-TIME.dump here]")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJSON = False,
) -> None:
    """Write the whole database to a file, beside running traffic; FILE.json says what must come back."""
    from cli.host import backup

    backup.backup(file, place(data_dir), as_json=as_json)


@db.command(epilog="Example: iayos db restore /var/backups/iayos/today.dump")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, with FILE.json beside it.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the database holds something; that is lost.")
    ] = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    as_json: AsJSON = False,
) -> None:
    """Bring a backup back, whole or not at all, and prove that the ledger is the one that was saved."""
    from cli.host import backup

    backup.restore(file, place(data_dir), replace=replace, yes=yes, as_json=as_json)


@db.command(epilog="Example: iayos db check")
def check() -> None:
    """Compare the models with what the migrations make."""
    from cli.host import database

    database.check()


@db.command("rotate-key", epilog="Example: IAYOS_ENCRYPTION_KEYS=NEW,OLD iayos db rotate-key")
def rotate_key(data_dir: DataDir = None, as_json: AsJSON = False) -> None:
    """Seal everything anew under the first of IAYOS_ENCRYPTION_KEYS, and say whether the others can go.

    Beside running traffic, in batches; stopped midway, the next run goes on.
    """
    from cli.host import keys

    keys.rotate(place(data_dir), as_json=as_json)


@admin.command("new-key", epilog="Example: export IAYOS_ENCRYPTION_KEYS=$(iayos admin new-key)")
def new_key() -> None:
    """Make a key for IAYOS_ENCRYPTION_KEYS."""
    from iayos.core import cipher

    typer.echo(cipher.new_key())


@admin.command(epilog="Example: iayos admin create --email maria@example.ph --role FINANCE --first-name Maria")
def create(
    email: Annotated[str, typer.Option(metavar="E", help="With which the member of staff signs in.")],
    role: Annotated[Literal["ADMIN", "KYC_REVIEWER", "FINANCE", "SUPPORT"], typer.Option(help="What they may do.")],
    first_name: Annotated[str, typer.Option(metavar="NAME", help="Their first name.")] = "Staff",
    last_name: Annotated[str, typer.Option(metavar="NAME", help="Their last name.")] = "Member",
    password_stdin: PasswordFromStdin = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account for a member of staff."""
    from cli import ask
    from cli.host import staff

    password = ask.password(from_stdin=password_stdin, confirm=True)
    staff.create(place(data_dir), email=email, password=password, role=role, first_name=first_name, last_name=last_name)


def place(data_dir: Path | None) -> Path:
    """The data directory that is meant."""
    return (data_dir or Path(os.environ.get("IAYOS_DATA_DIR", ".iayos"))).absolute()
