"""`iayos db backup` and `iayos db restore`: PostgreSQL's own dump, with a manifest beside it that says what must come back.

The dump is pg_dump's custom format of the schema `public`, so that any pg_restore reads it. The manifest holds its SHA-256, the
migration, and the ledger's root, all of one snapshot. A restore is one transaction, which ends by comparing that root: either
everything is there, to the centavo, or nothing has changed.
"""

import asyncio
import hashlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from cli import ask, show
from cli.faults import CONFLICT, USAGE, Fault
from cli.host import progress
from cli.host.database import database, newest_version, versions
from cli.host.programs import connection_of, major, program
from cli.host.reach import connected
from iayos.core.db import Database
from iayos.ledger.root import ROOT_SQL
from iayos.payments.verify import verify

if TYPE_CHECKING:
    import asyncpg

CHUNK: Final = 1 << 20
FORMAT: Final = 1
COUNTED: Final = ("accounts", "jobs", "payments", "journals", "postings")
# What may be lost: the broker, whose work the outbox hands out again, and windows of rate limits.
LEFT_OUT: Final = ("--exclude-table-data=saq_*", "--no-unlogged-table-data")
LEAVING_S: Final = 2.0
OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND usename = current_user AND backend_type = 'client backend'
"""
BEFORE: Final = b"""
SET client_min_messages = warning;
SET lock_timeout = '10s';
BEGIN;
DROP SCHEMA IF EXISTS public CASCADE;
"""
NEW_IN_17: Final = b"SET transaction_timeout = 0;\n"
"""What pg_restore 17 and later write at the top; an older server does not know it."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: int = FORMAT
    made_at: datetime
    iayos: str
    postgresql: str
    pg_dump: str
    """Its version: pg_restore must not be older."""
    migration: str
    ledger_root: str
    rows: dict[str, int]
    size: int
    sha256: str


def backup(file: Path | None, data_dir: Path, *, as_json: bool) -> None:
    """Write the database to a file, with its manifest beside it."""
    target = file or Path(f"iayos-{datetime.now(UTC):%Y%m%d-%H%M%S}.dump")
    for path in (target, manifest_of(target), unfinished_of(target)):
        if os.path.lexists(path):
            raise Fault(f"{path} is there already.", code=CONFLICT, hint="another name, or remove it")
    try:
        with database(data_dir) as url:
            made = asyncio.run(written(url, target))
    except OSError as error:
        raise Fault(f"{target} cannot be written: {(error.strerror or str(error)).lower()}.") from None
    told(made, as_json=as_json, file=target)


async def written(url: str, target: Path) -> Manifest:
    """Dump one snapshot; what its ledger comes to is read in the same snapshot."""
    unfinished = unfinished_of(target)
    async with connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        facts = await facts_of(connection)
        found = program("pg_dump", facts["postgresql"])
        with private(unfinished) as file:
            size, digest = await asyncio.to_thread(dump, found, url, snapshot, file)
    try:
        made = Manifest(
            made_at=datetime.now(UTC),
            iayos=show.version(),
            pg_dump=str(major(found)),
            size=size,
            sha256=digest,
            **facts,
        )
        with private(manifest_of(target)) as file:
            file.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return made


async def facts_of(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, Any]:
    """What the manifest says of the database."""
    if await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NULL"):
        raise Fault("this database is empty: there is nothing to back up.", hint="iayos db migrate")
    counts = ", ".join(f"(SELECT count(*) FROM public.{name})" for name in COUNTED)  # noqa: S608 - our own names
    return {
        "postgresql": await connection.fetchval("SHOW server_version"),
        "migration": await connection.fetchval("SELECT version_num FROM public.alembic_version"),
        "ledger_root": await connection.fetchval(ROOT_SQL),
        "rows": dict(zip(COUNTED, await connection.fetchrow(f"SELECT {counts}") or (), strict=True)),
    }


def dump(pg_dump: str, url: str, snapshot: str, file: IO[bytes]) -> tuple[int, str]:
    """Run pg_dump into the file; its size and its SHA-256."""
    words = [
        pg_dump, "--format=custom", "--schema=public", "--no-owner", "--no-privileges", *LEFT_OUT,
        f"--snapshot={snapshot}", "--no-password",
    ]  # fmt: skip
    arguments, env = connection_of(url)
    digest, size = hashlib.sha256(), 0
    with (
        subprocess.Popen([*words, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running,  # noqa: S603
        progress.moved("writing the backup") as more,
    ):
        if running.stdout is None or running.stderr is None:
            raise RuntimeError("pg_dump has no pipes")
        while chunk := running.stdout.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            more(len(chunk))
        said = running.stderr.read().decode(errors="replace").strip()
    if running.returncode:
        raise Fault(f"pg_dump failed: {said.splitlines()[-1] if said else running.returncode}")
    return size, digest.hexdigest()


def restore(file: Path, data_dir: Path, *, replace: bool, yes: bool, as_json: bool) -> None:
    """Bring a backup back, into an empty database unless told to replace what is there."""
    made = checked(file)
    with database(data_dir) as url:
        asyncio.run(refuse_unfit(url, replace=replace))
        if replace:
            ask.sure("Replace everything in this database by the backup? What is there now is lost.", yes=yes)
        brought_back(url, file, made)
        asyncio.run(prove(url))
    told(made, as_json=as_json, file=file)
    if made.migration != newest_version():
        show.note("This backup is older than this iAyos. Next: iayos db migrate")


def checked(file: Path) -> Manifest:
    """The manifest of a backup that is whole and ours."""
    try:
        made = msgspec.json.decode(manifest_of(file).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise Fault(
            f"there is no {manifest_of(file)}: it belongs to the backup and says what must come back."
        ) from None
    except msgspec.DecodeError:
        raise Fault(f"{manifest_of(file)} is damaged or not a manifest of iAyos. Nothing was changed.") from None
    if made.format != FORMAT:
        raise Fault(f"{manifest_of(file)} is of a newer iAyos.", hint="install that one, then restore")
    try:
        with file.open("rb") as content, progress.moved("checking the backup", made.size) as more:
            digest = hashlib.sha256()
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                more(len(chunk))
    except OSError as error:
        raise Fault(f"{file} cannot be read: {(error.strerror or '').lower()}.", code=USAGE) from None
    if digest.hexdigest() != made.sha256:
        raise Fault(f"{file} is damaged: it is not what its manifest describes. Nothing was changed.")
    if made.migration not in versions():
        raise Fault(
            f"{file} was made by a newer iAyos (migration {made.migration}).", hint="install that one, then restore"
        )
    return made


async def refuse_unfit(url: str, *, replace: bool) -> None:
    """A database that holds something, or that somebody uses, is not overwritten in passing."""
    async with connected(url) as connection:
        others = await still_there(connection)
        there = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p', 'v', 'm')"
        )
    if others:
        raise Fault(
            f"this database is in use: {show.counted(others, 'other connection')}.", code=CONFLICT,
            hint="stop iayos serve, runner and up first",
        )  # fmt: skip
    if there and not replace:
        raise Fault(
            f"this database is not empty: it has {there} tables. Nothing was changed.", code=CONFLICT,
            hint="an empty one, or --replace, after `iayos db backup`",
        )  # fmt: skip


async def still_there(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """How many others use this database, when those that are just leaving have left."""
    deadline = time.monotonic() + LEAVING_S
    while (others := await connection.fetchval(OTHERS)) and time.monotonic() < deadline:  # noqa: ASYNC110 - elsewhere
        await asyncio.sleep(0.1)
    return int(others)


def brought_back(url: str, file: Path, made: Manifest) -> None:
    """pg_restore's script, through psql, in one transaction that ends only if the ledger's root is the manifest's."""
    words = [
        program("pg_restore", made.pg_dump),
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--file=-",
        str(file),
    ]
    arguments, env = connection_of(url)
    to = [program("psql", made.pg_dump), "-Xqw", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", *arguments]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with (
        subprocess.Popen(words, **pipes) as reading,  # noqa: S603 - our own words, no shell
        subprocess.Popen(to, env=env, stdin=subprocess.PIPE, **pipes) as writing,  # noqa: S603 - as above
    ):
        whole = poured(reading, writing, last_words(made))
        _, said = writing.communicate()  # without a COMMIT everything is undone
        fault: bytes = reading.communicate()[1] + said
    if not whole or writing.returncode:
        lines = [line for line in fault.decode(errors="replace").splitlines() if line.strip()]
        raise Fault(f"the backup could not be restored; nothing was changed. {lines[0] if lines else ''}".rstrip())


def poured(reading: "subprocess.Popen[bytes]", writing: "subprocess.Popen[bytes]", end: bytes) -> bool:
    """All of the script between words that make room for it and those that end it; False when either side gave up."""
    script, into = reading.stdout, writing.stdin
    if script is None or into is None:
        raise RuntimeError("no pipes")
    with progress.moved("restoring") as more, suppress(BrokenPipeError):
        into.write(BEFORE)
        portion = script.read(CHUNK).replace(NEW_IN_17, b"", 1)
        if b"CREATE SCHEMA public;" not in portion:
            into.write(b"CREATE SCHEMA public;\n")
        while portion:
            into.write(portion)
            more(len(portion))
            portion = script.read(CHUNK)
        if reading.wait() == 0:
            into.write(end)
            into.flush()
            return True
    script.close()  # else it would wait for a reader
    return False


def last_words(made: Manifest) -> bytes:
    """Commit, if the ledger is the one that was saved."""
    return f"""
DO $check$ BEGIN
    IF ({ROOT_SQL}) <> '{made.ledger_root}' THEN RAISE EXCEPTION 'the ledger is not the one of the manifest'; END IF;
END $check$;
COMMIT;
""".encode()


async def prove(url: str) -> None:
    """Every rule of the ledger holds."""
    db = await Database.open(url, size=1)
    try:
        found = await verify(db)
    finally:
        await db.close()
    if not found.ok:
        faults = "; ".join(f"{one.name}: {one.fault}" for one in found.checks if not one.ok)
        raise Fault(f"the backup is restored as it was, but its books are not right: {faults}")


def told(made: Manifest, *, as_json: bool, file: Path) -> None:
    """Say what is in the backup."""
    facts = [
        (show.Column("FILE"), str(file)), (show.Column("MADE", "time"), made.made_at.isoformat()),
        (show.Column("MIGRATION"), made.migration), (show.Column("LEDGER ROOT"), made.ledger_root),
        (show.Column("ROWS"), ", ".join(f"{count:,} {name}" for name, count in made.rows.items())),
        (show.Column("SIZE"), f"{made.size / 1e6:,.1f} MB"), (show.Column("SHA-256"), made.sha256),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw={"file": str(file), **msgspec.to_builtins(made)})


def manifest_of(file: Path) -> Path:
    """The manifest beside a backup."""
    return file.with_name(f"{file.name}.json")


def unfinished_of(file: Path) -> Path:
    """What a backup is called until it is whole."""
    return file.with_name(f".{file.name}.unfinished")


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """A new file for its owner alone, on disk when the block ends; none when it fails. What is there is not written over."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise
