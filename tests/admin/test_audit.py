"""The audit log: chained a moment later, and whoever rewrites it is found out (SPEC 8)."""

import asyncio
from typing import Any

import httpx
import pytest

from iayos.core import audit
from iayos.core.db import Database
from tests import make
from tests.make import As, as_

VERIFY = "/api/admin/audit/verify"


async def written(db: Database, count: int = 3) -> None:
    """So many lines, sealed."""
    async with db.transaction() as tx:
        for number in range(1, count + 1):
            await audit.note(
                tx, None, "jobs:cancel", subject=f"job:{number}", reason=f"Reason {number}",
                before={"status": "ACTIVE", "held": 500_25}, after={"status": "CANCELLED", "held": 0},
            )  # fmt: skip
    await audit.seal(db)


async def admin(http: httpx.AsyncClient, db: Database, role: str = "ADMIN") -> As:
    return as_(http, await make.account(db, None, role=role))


async def tampered(db: Database, *statements: str) -> None:
    """As somebody who owns the database could."""
    async with db.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)


async def test_a_line_is_told_and_sealed(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    await written(db, 1)
    (line,) = (await maria.get("/api/admin/audit")).json()["items"]
    assert (line["action"], line["subject"], line["actorID"], line["position"]) == ("jobs:cancel", "job:1", None, 1)
    assert line["before"] == {"status": "ACTIVE", "held": 500_25}
    found = (await maria.get(VERIFY)).json()
    assert (found["ok"], found["entries"], found["sealed"], found["unsealed"]) == (True, 1, 1, 0)
    assert found["head"] == {"position": 1, "hash": line["hash"]}


async def test_lines_wait_for_their_seal_without_being_a_fault(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    assert (await maria.get(VERIFY)).json() == {
        "ok": True, "entries": 0, "sealed": 0, "unsealed": 0, "head": None, "fault": None,
    }  # fmt: skip
    await written(db, 2)
    async with db.transaction() as tx:
        await audit.note(tx, None, "jobs:cancel", subject="job:9", reason="Later")
    found = (await maria.get(VERIFY)).json()
    assert (found["ok"], found["entries"], found["sealed"], found["unsealed"]) == (True, 3, 2, 1)
    assert await audit.seal(db) == 1
    assert await audit.seal(db) == 0


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit_log SET action = 'users:suspend' WHERE subject = 'job:2'", "at position 2 is not as it was sealed"),
        ("UPDATE audit_log SET actor_id = 7 WHERE subject = 'job:1'", "at position 1 is not as it was sealed"),
        ("UPDATE audit_log SET at = at + interval '1 microsecond' WHERE subject = 'job:3'", "at position 3 is not"),
        ("UPDATE audit_log SET after = '{\"held\": 1}' WHERE subject = 'job:2'", "at position 2 is not"),
        ("UPDATE audit_log SET before = NULL WHERE subject = 'job:2'", "at position 2 is not"),
        ("UPDATE audit_log SET request_id = 'x' WHERE subject = 'job:2'", "at position 2 is not"),
        ("UPDATE audit_log SET reason = 'Another' WHERE subject = 'job:2'", "was changed"),
        ("UPDATE audit_log SET reason = 'Another', reason_salt = NULL WHERE subject = 'job:2'", "cannot be proven"),
        ("UPDATE audit_seals SET hash = sha256('x') WHERE id = 3", "at position 3 is not"),
        ("DELETE FROM audit_seals WHERE id = 2", "not in the chain"),
        ("DELETE FROM audit_log WHERE subject = 'job:3'", "entries that are gone"),
        ("DELETE FROM audit_log WHERE subject = 'job:2'", "link 2 is missing"),
    ],
)  # fmt: skip
async def test_whoever_rewrites_it_is_found_out(
    http: httpx.AsyncClient, db: Database, statement: str, says: str
) -> None:
    maria = await admin(http, db)
    await written(db)
    await tampered(db, statement)
    found = (await maria.get(VERIFY)).json()
    assert not found["ok"]
    assert says in found["fault"]


async def test_an_end_that_was_cut_off_is_missed_by_who_kept_its_head(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    await written(db)
    head = (await maria.get(VERIFY)).json()["head"]
    kept = f"{head['position']}:{head['hash']}"
    assert (await maria.get(f"{VERIFY}?head={kept}")).json()["ok"]
    await tampered(db, "DELETE FROM audit_seals WHERE id = 3", "DELETE FROM audit_log WHERE subject = 'job:3'")
    assert (await maria.get(VERIFY)).json()["ok"]  # by itself it cannot tell
    assert "position 3 is not the one" in (await maria.get(f"{VERIFY}?head={kept}")).json()["fault"]
    for nonsense in ("3", "3:zz", "0:" + head["hash"], f"{2**70}:{head['hash']}", ":"):
        refused = await maria.get(f"{VERIFY}?head={nonsense}")
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "head")


async def test_words_that_are_erased_leave_the_chain_whole(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    await written(db)
    await db.pool.execute("UPDATE audit_log SET reason = 'Erased', reason_salt = NULL WHERE subject = 'job:2'")
    assert (await maria.get(VERIFY)).json()["ok"]


async def test_lines_that_commit_out_of_order_and_sealers_at_once(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    async with db.transaction() as slow:
        await audit.note(slow, None, "jobs:cancel", subject="job:1", reason="First, and committed last")
        await written(db, 700)
        await asyncio.gather(*(audit.seal(db) for _ in range(4)))
    await asyncio.gather(*(audit.seal(db) for _ in range(4)))
    found = (await maria.get(VERIFY)).json()
    assert (found["ok"], found["entries"], found["sealed"], found["fault"]) == (True, 701, 701, None)
    assert await db.pool.fetchval("SELECT audit_id FROM audit_seals WHERE id = 701") == await db.pool.fetchval(
        "SELECT min(id) FROM audit_log"
    )


async def test_the_log_is_searched_and_paged_by_admins_alone(http: httpx.AsyncClient, db: Database) -> None:
    maria = await admin(http, db)
    await written(db, 5)

    async def subjects(**params: Any) -> list[str]:
        answer = await maria.get("/api/admin/audit", params=params)
        assert answer.status_code == 200, answer.text
        return [one["subject"] for one in answer.json()["items"]]

    assert await subjects(subject="job:4") == ["job:4"]
    assert await subjects(action="jobs:", limit=2) == ["job:5", "job:4"]
    assert await subjects(action="payments:") == []
    assert await subjects(actor=1) == []
    assert await subjects(since="2999-01-01T00:00:00Z") == []
    first = (await maria.get("/api/admin/audit", params={"limit": 3})).json()
    assert await subjects(limit=3, cursor=first["nextCursor"]) == ["job:2", "job:1"]
    assert (await maria.get("/api/admin/audit", params={"since": "2026-11-23T08:00:00"})).status_code == 400
    for role in ("FINANCE", "SUPPORT", "KYC_REVIEWER"):
        other = await admin(http, db, role)
        assert (await other.get("/api/admin/audit")).status_code == 403
        assert (await other.get(VERIFY)).status_code == 403
    assert (await as_(http, await make.account(db, "CLIENT")).get(VERIFY)).status_code == 404
