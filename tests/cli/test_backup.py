"""`iayos db backup` and `restore`: everything comes back to the centavo, or nothing changes."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import msgspec
import pytest

from cli.host.programs import connection_of, program
from iayos.admin.audit import verify as verify_chain
from iayos.app import create_app
from iayos.core import audit
from iayos.core.db import Database
from iayos.ledger.actions import post
from iayos.ledger.root import ledger_root
from iayos.settings import Settings
from tests import make
from tests.cli.conftest import Iayos
from tests.conftest import TEMPLATE, free_port, serving
from tests.make import Someone


@pytest.fixture
async def other(postgres: str) -> AsyncIterator[str]:
    """An empty database."""
    admin = await asyncpg.connect(postgres.replace(f"/{TEMPLATE}?", "/postgres?"))
    name = f"restored_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}")
    yield postgres.replace(f"/{TEMPLATE}?", f"/{name}?")
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


class Saved(NamedTuple):
    """A backup, and what is in it."""

    file: Path
    manifest: dict[str, Any]
    client: Someone
    job_id: int


@pytest.fixture
async def saved(http: httpx.AsyncClient, db: Database, iayos: Iayos, settings: Settings, tmp_path: Path) -> Saved:
    """A client with ₱2,000 has paid ₱525 for a job, and all of it is in a backup."""
    client, worker = await make.account(db, "CLIENT", first_name="Añá 東"), await make.account(db, "WORKER")
    async with db.transaction() as tx:
        await post(tx, f"filled:{client.account_id}", ("xendit", f"wallet:{client.account_id}", 2000_00))
    job = await make.job(db, client=client, worker=worker)
    paid = await make.as_(http, client).post(
        "/api/payments/create-escrow", {"jobID": job.id, "paymentMethod": "WALLET"}
    )
    assert paid.status_code == 201, paid.text
    async with db.transaction() as tx:
        await audit.note(tx, None, "jobs:cancel", subject=f"job:{job.id}", reason="Before the backup")
    await audit.seal(db)
    file = tmp_path / "today.dump"
    said = await iayos("db", "backup", str(file), "--json", IAYOS_DATABASE_URL=settings.database_url)
    assert said.code == 0, said.err
    return Saved(file, json.loads(said.out), client, job.id)


async def test_a_restored_database_has_the_same_ledger_and_goes_on(
    saved: Saved, db: Database, iayos: Iayos, other: str, settings: Settings
) -> None:
    root = await ledger_root(db.reads)
    assert saved.manifest["ledger_root"] == root
    assert saved.manifest["rows"] == {"accounts": 2, "jobs": 1, "payments": 1, "journals": 2, "postings": 3}
    said = await iayos("db", "restore", str(saved.file), IAYOS_DATABASE_URL=other)
    assert said.code == 0, said.err
    assert root in said.out
    head = (await verify_chain(db.reads)).head
    assert head is not None

    again = msgspec.structs.replace(settings, database_url=other)
    app = create_app(again)
    async with (
        serving(app, free_port()) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as there,
    ):
        assert await ledger_root(app.state.db.reads) == root
        await audit.seal(app.state.db)
        chain = await verify_chain(app.state.db.reads)
        assert (chain.ok, chain.head) == (True, head)
        client = make.as_(there, saved.client)
        me = (await client.get("/api/accounts/me")).json()
        assert (me["firstName"], me["email"]) == ("Añá 東", saved.client.email)
        assert (await client.get(f"/api/jobs/{saved.job_id}")).json()["escrowPaid"] is True
        assert (await client.get("/api/accounts/wallet")).json()["balance"] == 1475
        made = await client.post(
            "/api/jobs/create",
            {"title": "Paint", "description": "A wall.", "categoryID": 1, "budget": 500, "location": "Here", "jobType": "LISTING"},
        )  # fmt: skip
        assert made.json()["jobID"] > saved.job_id
        assert await app.state.db.pool.fetchval("SELECT count(*) FROM outbox") > 0
        with pytest.raises(asyncpg.RestrictViolationError):  # what guards the books came along
            await app.state.db.pool.execute("DELETE FROM postings")


async def test_a_backup_is_for_its_owner_alone_and_any_pg_restore_reads_it(saved: Saved, other: str) -> None:
    for path in (saved.file, saved.file.with_name("today.dump.json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in saved.file.parent.glob("*today*")) == ["today.dump", "today.dump.json"]
    pg_restore = program("pg_restore", saved.manifest["pg_dump"])
    listed = subprocess.run([pg_restore, "--list", str(saved.file)], capture_output=True, text=True, check=True)
    assert "TABLE DATA public postings" in listed.stdout
    assert connection_of("postgresql://me:p%40ss@host:5/iayos?sslmode=require") == (
        ["--dbname=postgresql://me@host:5/iayos?sslmode=require"], connection_of("postgresql://h/x")[1] | {"PGPASSWORD": "p@ss"},
    )  # fmt: skip


async def tables_of(url: str) -> int:
    connection = await asyncpg.connect(url)
    found: int = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return found


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garble(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def vouched(file: Path) -> None:
    """Half a dump, with a manifest that says that this is how it is."""
    cut(file)
    beside = file.with_name(f"{file.name}.json")
    beside.write_text(
        json.dumps(json.loads(beside.read_text()) | {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()})
    )


def other_books(file: Path) -> None:
    beside = file.with_name(f"{file.name}.json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"ledger_root": "0" * 64}))


def from_the_future(file: Path) -> None:
    beside = file.with_name(f"{file.name}.json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"migration": "9999"}))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut, "is damaged"),
        (garble, "is damaged"),
        (vouched, "could not be restored; nothing was changed"),
        (other_books, "the ledger is not the one of the manifest"),
        (from_the_future, "a newer iAyos"),
        (lambda file: file.with_name("today.dump.json").unlink(), "there is no"),
        (lambda file: file.with_name("today.dump.json").write_text("{"), "damaged or not a manifest"),
        (lambda file: file.unlink(), "cannot be read"),
    ],
)
async def test_a_backup_that_is_not_whole_changes_nothing(
    saved: Saved, iayos: Iayos, other: str, harm: Any, words: str
) -> None:
    harm(saved.file)
    said = await iayos("db", "restore", str(saved.file), IAYOS_DATABASE_URL=other)
    assert said.code in {1, 2}
    assert words in said.err
    assert "Traceback" not in said.err
    assert await tables_of(other) == 0


async def test_what_is_there_is_replaced_only_when_told(saved: Saved, iayos: Iayos, other: str) -> None:
    assert (await iayos("db", "restore", str(saved.file), IAYOS_DATABASE_URL=other)).code == 0
    connection = await asyncpg.connect(other)
    await connection.execute("UPDATE accounts SET first_name = 'Changed'")
    refused = await iayos("db", "restore", str(saved.file), "--replace", "--yes", IAYOS_DATABASE_URL=other)
    assert (refused.code, "in use: 1 other connection" in refused.err) == (5, True)
    await connection.close()

    refused = await iayos("db", "restore", str(saved.file), "--yes", IAYOS_DATABASE_URL=other)
    assert (refused.code, "not empty" in refused.err) == (5, True)
    unsure = await iayos("db", "restore", str(saved.file), "--replace", IAYOS_DATABASE_URL=other)
    assert (unsure.code, "--yes" in unsure.err) == (2, True)
    wrong = saved.file.with_name("wrong.dump")
    for name in ("", ".json"):
        shutil.copy(f"{saved.file}{name}", f"{wrong}{name}")
    other_books(wrong)
    failed = await iayos("db", "restore", str(wrong), "--replace", "--yes", IAYOS_DATABASE_URL=other)
    assert failed.code == 1
    connection = await asyncpg.connect(other)
    assert await connection.fetchval("SELECT min(first_name) FROM accounts") == "Changed"
    await connection.close()

    said = await iayos("db", "restore", str(saved.file), "--replace", "--yes", IAYOS_DATABASE_URL=other)
    assert said.code == 0, said.err
    connection = await asyncpg.connect(other)
    assert await connection.fetchval("SELECT count(*) FROM accounts WHERE first_name = 'Changed'") == 0
    await connection.close()


async def test_refusals_of_a_backup(saved: Saved, iayos: Iayos, other: str, tmp_path: Path) -> None:
    again = await iayos("db", "backup", str(saved.file), IAYOS_DATABASE_URL=other)
    assert (again.code, "there already" in again.err) == (5, True)
    empty = await iayos("db", "backup", str(tmp_path / "empty.dump"), IAYOS_DATABASE_URL=other)
    assert (empty.code, "empty" in empty.err) == (1, True)
    nowhere = await iayos("db", "backup", str(tmp_path / "no" / "x.dump"), IAYOS_DATABASE_URL=other)
    assert nowhere.code == 1
    assert not list(tmp_path.glob("*empty*"))


async def test_status_names_what_is_pending(saved: Saved, iayos: Iayos, other: str) -> None:
    behind = await iayos("db", "status", "--json", IAYOS_DATABASE_URL=other)
    assert behind.code == 5
    assert json.loads(behind.out)["pending"][0] == "0001"
    await iayos("db", "restore", str(saved.file), IAYOS_DATABASE_URL=other)
    assert json.loads((await iayos("db", "status", "--json", IAYOS_DATABASE_URL=other)).out)["pending"] == []
    connection = await asyncpg.connect(other)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    newer = await iayos("db", "status", IAYOS_DATABASE_URL=other)
    assert (newer.code, "newer iAyos" in newer.err) == (5, True)


async def test_a_backup_writes_over_nothing(saved: Saved, iayos: Iayos, settings: Settings, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "tables.json").write_text("kept")
    (tmp_path / ".linked.unfinished").symlink_to(precious)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name, code in (("tables", 5), ("linked", 5), ("dangling", 5), ("new", 0)):
        said = await iayos("db", "backup", str(tmp_path / name), IAYOS_DATABASE_URL=settings.database_url)
        assert said.code == code, (name, said.err)
    assert precious.read_text() == (tmp_path / "tables.json").read_text() == "kept"
    assert not (tmp_path / "tables").exists()


async def test_a_manifest_of_a_later_form_is_not_guessed_at(saved: Saved, iayos: Iayos, other: str) -> None:
    manifest = saved.file.with_name(f"{saved.file.name}.json")
    manifest.write_text(json.dumps(saved.manifest | {"format": 2}))
    said = await iayos("db", "restore", str(saved.file), IAYOS_DATABASE_URL=other)
    assert (said.code, "newer iAyos" in said.err) == (1, True), said.err
