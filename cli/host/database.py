"""The database of the host commands: the one that `IAYOS_DATABASE_URL` names, else the embedded one in the data directory."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import iayos
from cli import show
from cli.faults import CONFLICT, USAGE, Fault
from cli.host.reach import connected


class Server:
    """A hold on the embedded server of a directory."""

    def __init__(self, directory: Path) -> None:
        from iayos.core.embedded import Cluster, Embedded, EmbeddedError

        try:
            self._hold = Embedded.start(directory)
        except EmbeddedError as error:
            raise Fault(str(error)) from None
        self._cluster = Cluster(directory)
        self.url = self._hold.url

    def lives(self) -> bool:
        """Does it run?"""
        status, _ = self._cluster.status()
        return status is not None

    def stop(self) -> None:
        """Let go; the last one to do so stops it."""
        self._hold.stop()


@contextmanager
def embedded(directory: Path) -> Iterator[str]:
    """The URL of the embedded server in this directory."""
    server = Server(directory)
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def database(data_dir: Path) -> Iterator[str]:
    """The URL of the database that is meant."""
    if url := os.environ.get("IAYOS_DATABASE_URL"):
        yield url
        return
    with embedded(data_dir / "data") as url:
        yield url


@contextmanager
def named_or_fresh() -> Iterator[str]:
    """The database that `IAYOS_DATABASE_URL` names, as it is; else a new one with all migrations, gone afterwards."""
    from iayos.core import migrate as migrations

    if url := os.environ.get("IAYOS_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="iayos-") as directory, embedded(Path(directory)) as fresh:
        migrations.upgrade(fresh)
        yield fresh


def newest_version() -> str:
    """The migration that no other one follows, read from the files alone: `iayos up` asks at each start."""
    return versions()[-1]


def versions() -> list[str]:
    """Every migration, in order."""
    folder = Path(iayos.__file__).resolve().parent.parent / "migrations" / "versions"
    pairs = (
        re.findall(r'^(?:down_)?revision = (?:"([^"]+)"|None)', path.read_text(), re.MULTILINE)
        for path in folder.glob("*.py")
    )
    after = {before: made for made, before in pairs}
    found = [after[""]]
    while found[-1] in after:
        found.append(after[found[-1]])
    return found


async def version_of(url: str) -> str | None:
    """The migration that a database has reached; None for an empty one."""
    async with connected(url) as connection:
        if await connection.fetchval("SELECT to_regclass('alembic_version') IS NULL"):
            return None
        version: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return version


async def is_prepared(url: str, emails: Sequence[str]) -> bool:
    """Has this database every migration, and these accounts?"""
    if await version_of(url) != newest_version():
        return False
    async with connected(url) as connection:
        found = await connection.fetchval("SELECT count(*) FROM accounts WHERE email = ANY ($1)", list(emails))
        return bool(found == len(emails))


def postgres_version() -> str:
    """The version of the embedded server."""
    import subprocess

    from iayos.core.embedded import binaries

    said = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return said.stdout.split()[-1]


def migrate(data_dir: Path) -> None:
    """Bring the database to the newest migration."""
    from iayos.core import migrate as migrations
    from iayos.settings import MissingSetting

    with database(data_dir) as url:
        before = asyncio.run(version_of(url))
        try:
            migrations.upgrade(url)
        except MissingSetting as missing:
            raise Fault(str(missing), code=USAGE) from None
        after = asyncio.run(version_of(url))
    sys.stderr.write(
        f"database: already at {after}\n" if before == after else f"database: {before or 'empty'} → {after}\n"
    )


def status(data_dir: Path, *, as_json: bool) -> None:
    """Say how far the database is; a conflict when migrations are waiting."""
    with database(data_dir) as url:
        version = asyncio.run(version_of(url))
    known = versions()
    newest = known[-1]
    if version is not None and version not in known:
        raise Fault(f"this database was migrated by a newer iAyos ({version}; this one knows {newest}).", code=CONFLICT)
    pending = known[known.index(version) + 1 :] if version else known
    facts = {"version": version, "newest": newest, "current": not pending, "pending": pending}
    show.table(
        [show.Column("VERSION"), show.Column("NEWEST"), show.Column("STATE"), show.Column("PENDING")],
        [[version or "-", newest, "behind" if pending else "current", " ".join(pending)]], as_json=as_json, raw=facts,
    )  # fmt: skip
    if pending:
        raise Fault("migrations are waiting.", code=CONFLICT, hint="iayos db migrate")


def check() -> None:
    """Compare the models with what the migrations make."""
    from alembic.util.exc import AutogenerateDiffsDetected

    from iayos.core import migrate as migrations

    with named_or_fresh() as url:
        try:
            with redirect_stdout(sys.stderr):  # Alembic says there what it found
                migrations.check(url)
        except AutogenerateDiffsDetected as error:
            raise Fault(f"the models and the migrations differ: {error}", hint="write a migration") from None
    sys.stderr.write("models and migrations agree\n")
