"""SAQ's own page for staff, what its buttons do here, and that a task which is given up stops (SPEC 8)."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from iayos.app import create_app
from iayos.core import outbox
from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.conftest import free_port, serving
from tests.make import As, as_

SAQ = "/admin/queues/saq"
RUNNER = Path(__file__).parents[1] / "cli" / "a_runner.py"
Seen = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def at_work(settings: Settings, tmp_path: Path) -> AsyncIterator[Seen]:
    """A runner on the service's own database; wait until it has written something down."""
    notes = tmp_path / "notes"
    words = [sys.executable, str(RUNNER), settings.database_url, str(notes), *filter(None, [settings.redis_url])]

    async def seen(what: str) -> None:
        deadline = time.monotonic() + 15
        while not (notes.exists() and what in notes.read_text()):
            assert time.monotonic() < deadline, notes.read_text() if notes.exists() else "nothing"
            await asyncio.sleep(0.02)

    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            await seen("ready")
            yield seen
        finally:
            process.terminate()
            process.wait()


async def staff(http: httpx.AsyncClient, db: Database, role: str = "SUPPORT") -> As:
    return as_(http, await make.account(db, None, role=role))


async def begun(db: Database, seen: Seen) -> int:
    """A task that runs for a minute."""
    async with db.transaction() as tx:
        await outbox.later(tx, "slow", name="a", seconds=60)
    await seen("a begun")
    row_id: int = await db.pool.fetchval("SELECT id FROM outbox WHERE task = 'slow'")
    return row_id


async def until(look: Callable[[], Awaitable[Any]], *, within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not await look():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def running(db: Database) -> Any:
    """Does a runner hold the task?"""
    return await db.pool.fetchval(
        "SELECT true FROM pg_locks, outbox WHERE locktype = 'advisory' AND task = 'slow' AND objid::bigint = outbox.id"
    )


async def told_of_and_stopped(sam: As, db: Database, seen: Seen) -> None:
    """SAQ's page shows what runs; given up there, it stops, and never runs again."""
    row_id = await begun(db, seen)
    (info,) = (await sam.get(f"{SAQ}/api/queues")).json()["queues"]
    assert (info["name"], info["active"] > 0, len(info["workers"])) == ("iayos", True, 1)
    jobs = (await sam.get(f"{SAQ}/api/queues/iayos")).json()["queue"]["jobs"]
    (job,) = [one for one in jobs if one["function"] == "slow"]  # the runner's sweeps may write tasks of their own
    assert (job["key"], job["status"], job["function"]) == (f"outbox:{row_id}", "active", "slow")
    one = f"{SAQ}/api/queues/iayos/jobs/{job['key']}"
    assert (await sam.get(one)).json()["job"]["kwargs"] == f"{{'row_id': {row_id}}}"
    refused = await sam.post(f"{one}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "ONLY_CARRIED")
    assert await running(db)
    (line,) = (await sam.get("/api/admin/queue/tasks?state=running&task=slow")).json()["items"]
    assert line["taskID"] == row_id
    assert (await sam.post(f"{one}/abort")).status_code == 400  # why is not said
    assert (await sam.post(f"{one}/abort", {"reason": "It hangs"})).status_code == 200

    async def stopped() -> bool:
        return not await running(db)

    await until(stopped)
    kept = await db.pool.fetchrow("SELECT done_at, failed_at, aborted_at FROM outbox WHERE id = $1", row_id)
    assert kept is not None
    assert (kept["done_at"], kept["failed_at"]) == (None, None)
    assert kept["aborted_at"] is not None
    assert (await sam.get(one)).status_code == 404
    again = await sam.post(f"{one}/abort", {"reason": "Again"})
    assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_ABORT")


async def test_in_the_database_what_runs_is_seen_and_stopped(
    http: httpx.AsyncClient, db: Database, settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as seen:
        await told_of_and_stopped(await staff(http, db), db, seen)
        (line,) = await db.pool.fetch("SELECT action, reason, before FROM audit_log")
        assert (line["action"], line["reason"], [*line["before"].values()]) == ("queue:abort", "It hangs", ["running"])


async def test_on_redis_what_runs_is_seen_and_stopped(
    http: httpx.AsyncClient, db: Database, settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    there = msgspec.structs.replace(settings, redis_url=redis_url, public_url=f"http://127.0.0.1:{port}")
    async with (
        serving(create_app(there), port) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as one,
        at_work(there, tmp_path) as seen,
    ):
        await told_of_and_stopped(await staff(one, db), db, seen)


async def test_a_redis_that_is_away_is_said(http: httpx.AsyncClient, db: Database, settings: Settings) -> None:
    port = free_port()
    there = msgspec.structs.replace(
        settings, redis_url=f"redis://127.0.0.1:{free_port()}/0", public_url=f"http://127.0.0.1:{port}"
    )
    async with serving(create_app(there), port) as url, httpx.AsyncClient(base_url=url, trust_env=False) as one:
        sam = await staff(one, db)
        answer = await sam.get(f"{SAQ}/api/queues")
        assert (answer.status_code, answer.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
        assert (await sam.get("/admin/queues")).status_code == 200  # ours needs no broker


async def test_its_files_come_from_here_and_its_page_runs_nothing_else(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    for path in ("", "/queues/iayos", "/queues/iayos/jobs/outbox:1"):
        shell = await sam.get(f"{SAQ}{path}")
        assert shell.status_code == 200
        assert "script-src 'self'" in shell.headers["Content-Security-Policy"]
        assert "://" not in shell.text
    for name in ("root.js", "snabbdom.js", "app.js", "pico.min.css"):
        file = await sam.get(f"{SAQ}/static/{name}")
        assert (file.status_code, file.text.isprintable() or "\n" in file.text) == (200, True)
    assert (await sam.get(f"{SAQ}/static/..%2fcommon.py")).status_code == 404
    assert (await sam.get(f"{SAQ}/static/nothing.js")).status_code == 404


@pytest.mark.parametrize("path", ["/admin/queues", SAQ, f"{SAQ}/queues/iayos"])
async def test_pages_send_a_stranger_to_the_door_and_show_others_nothing(
    http: httpx.AsyncClient, db: Database, path: str
) -> None:
    stranger = await http.get(path)
    assert (stranger.status_code, stranger.headers["Location"]) == (303, f"/admin/sign-in?next={path}")
    assert (await as_(http, await make.account(db, "CLIENT")).get(path)).status_code == 404
    assert (await (await staff(http, db, "KYC_REVIEWER")).get(path)).status_code == 403
    assert (await (await staff(http, db, "ADMIN")).get(path)).status_code == 200


async def test_another_sites_page_presses_no_button(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    foreign = {"Origin": "https://evil.example"}
    form = {"task": "payments.check", "error": "", "most": "all", "reason": "x"}
    for answer in (
        await sam.post("/admin/queues/retry", data=form, headers=foreign),
        await sam.post("/admin/sign-out", headers=foreign),
        await sam.post(f"{SAQ}/api/queues/iayos/jobs/outbox:1/abort", {"reason": "x"}, headers=foreign),
        await http.post("/admin/sign-in", data={"email": "a@example.com", "password": "x"}, headers=foreign),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "FOREIGN_ORIGIN")


async def test_signing_in_leads_only_to_these_pages(http: httpx.AsyncClient, db: Database) -> None:
    sam = await make.account(db, None, role="SUPPORT")
    right = {"email": sam.email, "password": make.PASSWORD}
    for wanted, place in (
        ("/admin/queues/saq/queues/iayos", "/admin/queues/saq/queues/iayos"), ("https://evil.example", "/admin/queues"),
        ("//evil.example/admin", "/admin/queues"), ("/admin/../x", "/admin/queues"), ("", "/admin/queues"),
        ("/admin/\\evil.example", "/admin/queues"), ("javascript:alert(1)", "/admin/queues"),
    ):  # fmt: skip
        answer = await http.post("/admin/sign-in", data=right | {"next": wanted})
        assert (answer.status_code, answer.headers["Location"]) == (303, place)
        cookie = answer.headers["Set-Cookie"]
        assert "session_id=" in cookie
        assert "HttpOnly" in cookie
        http.cookies.clear()
    wrong = await http.post("/admin/sign-in", data=right | {"password": "no", "next": "/admin/queues"})
    assert (wrong.status_code, "Set-Cookie" in wrong.headers) == (401, False)
    assert "The email or the password is wrong." in wrong.text
    assert (await http.post("/admin/sign-in", data={})).status_code in {400, 401}
    hostile = await http.get("/admin/sign-in", params={"next": "'><script>"})
    assert "<script>" not in hostile.text


async def test_signing_out_ends_the_session(http: httpx.AsyncClient, db: Database) -> None:
    sam = await staff(http, db)
    gone = await sam.post("/admin/sign-out")
    assert (gone.status_code, gone.headers["Location"]) == (303, "/admin/sign-in")
    assert (await sam.get("/api/accounts/me")).status_code == 401
    assert (await http.get("/admin")).headers["Location"] == "/admin/queues"
