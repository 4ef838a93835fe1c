"""`?dryRun=true` (SPEC 8): the real path, and nothing of it stays."""

from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.flows.test_flow_4 import choose_cash, upload
from tests.kyc.conftest import Bench as KYCBench
from tests.kyc.conftest import Drain
from tests.media.pictures import picture
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

DRY = "?dryRun=true"


async def everything(db: Database) -> dict[str, str]:
    """A hash of each table."""
    tables = [row[0] for row in await db.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {
        table: await db.pool.fetchval(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t")
        for table in tables
    }  # fmt: skip


async def proof(bench: Bench) -> tuple[Deal, str]:
    deal = await bench.approved()
    await choose_cash(deal)
    payment = (await upload(deal.client, deal)).json()["transactionID"]
    return deal, f"/api/admin/payments/{payment}/verify-cash"


async def test_a_dry_run_answers_as_the_real_one_and_leaves_no_trace(bench: Bench, db: Database) -> None:
    deal, path = await proof(bench)
    staff = make.as_(bench.http, await make.account(db, role="FINANCE"))
    before = await everything(db)
    verdict: dict[str, Any] = {"approved": True, "notes": "Signed by both"}
    dry = await staff.post(path + DRY, verdict)
    assert (dry.status_code, dry.headers["Dry-Run"], dry.json()["status"]) == (200, "true", "COMPLETED")
    assert await everything(db) == before
    real = await staff.post(path, verdict)
    same = ("status", "amount", "fee", "awaitingSecond", "transactionID")
    assert {name: dry.json()[name] for name in same} == {name: real.json()[name] for name in same}
    assert "Dry-Run" not in real.headers
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    again = await staff.post(path + DRY, verdict)
    assert (again.status_code, again.json()["code"]) == (409, "CASH_ALREADY_DECIDED")


async def test_a_dry_run_is_not_what_a_key_remembers(bench: Bench, db: Database) -> None:
    _, path = await proof(bench)
    staff = make.as_(bench.http, await make.account(db, role="FINANCE"))
    verdict, key = {"approved": False, "notes": "Blurred"}, {"headers": {"Idempotency-Key": "once"}}
    assert (await staff.post(path + DRY, verdict, **key)).status_code == 200
    real = await staff.post(path, verdict, **key)
    assert (real.json()["status"], "Idempotent-Replayed" in real.headers) == ("FAILED", False)


async def test_verbs_with_transactions_of_their_own_are_undone_too(bench: Bench, db: Database) -> None:
    deal = await bench.deal()
    await bench.fill(deal.client_id, 2000_00)
    await bench.ask(deal, "WALLET")
    opened = await deal.client.post(
        f"/api/jobs/{deal.job.id}/dispute", {"reason": "Not done", "description": "It still drips.", "evidence": []}
    )
    staff = make.as_(bench.http, await make.account(db, role="SUPPORT"))
    before = await everything(db)
    path = f"/api/admin/disputes/{opened.json()['disputeID']}/rule"
    ruling = {"toPayee": 100, "reason": "A fifth of it"}
    dry = await staff.post(path + DRY, ruling)
    assert (dry.status_code, dry.json()["status"], dry.json()["ruling"]["toPayee"]) == (200, "RULED", 100)
    assert await everything(db) == before
    assert (await staff.post(path, ruling)).json()["status"] == "RULED"


async def test_reviews_of_people_and_papers_show_what_would_be(
    http: httpx.AsyncClient, db: Database, drain: Drain, sandbox: Sandbox
) -> None:
    checks = KYCBench(http, db, sandbox, drain)
    who, case = await checks.case()
    await who.request("POST", "/api/profile/certifications", data={"name": "NC II"}, files={"file": picture()})
    certificate = await db.pool.fetchval("SELECT id FROM worker_certifications")
    reviewer = await checks.reviewer()
    await reviewer.get(f"/api/admin/kyc/{case}?purpose=first")
    before = await everything(db)
    dry = await reviewer.post(f"/api/admin/kyc/{case}/review{DRY}", {"approved": True, "notes": "All match"})
    assert (dry.status_code, dry.json()["status"]) == (200, "APPROVED"), dry.text
    assert {one["status"] for one in dry.json()["files"]} == {"APPROVED"}  # of files too: read in the same transaction
    good = await reviewer.post(f"/api/admin/certifications/{certificate}/verify{DRY}", {"approved": True})
    assert (good.status_code, good.json()["is_verified"]) == (200, True)
    assert await everything(db) == before


async def test_who_may_not_and_what_cannot(bench: Bench, db: Database) -> None:
    deal, path = await proof(bench)
    verdict = {"approved": True, "notes": "Signed by both"}
    assert (await deal.client.post(path + DRY, verdict)).status_code == 404
    assert (await bench.http.post(path + DRY, json=verdict)).status_code == 401
    staff = make.as_(bench.http, await make.account(db, role="FINANCE"))
    unclear = await staff.post(path + "?dryRun=yes", verdict)
    assert (unclear.status_code, unclear.json()["details"]["field"]) == (400, "dryRun")
    before = await everything(db)
    refused = await deal.client.post(f"/api/jobs/{deal.job.id}/review{DRY}", {"rating": 5, "comment": "Good"})
    assert (refused.status_code, refused.json()["details"]["reason"]) == (400, "This cannot be run dry")
    assert await everything(db) == before
    assert (await staff.post(path + "?dryRun=false", verdict)).json()["status"] == "COMPLETED"
    assert await everything(db) != before


@pytest.mark.parametrize("query", ["dryRun=true", "dryrun=true", "dry_run=true", "dry-run=true", "DRYRUN=1"])
async def test_nobody_changes_anything_by_a_slip(http: httpx.AsyncClient, db: Database, query: str) -> None:
    person = {
        "email": "dry@example.com", "password": make.PASSWORD, "profileType": "CLIENT", "firstName": "Ana",
        "lastName": "Reyes",
    }  # fmt: skip
    refused = await http.post(f"/api/accounts/register?{query}", json=person)
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_ERROR")
    assert await db.pool.fetchval("SELECT count(*) FROM accounts") == 0


async def test_who_is_not_signed_in_is_asked_to(http: httpx.AsyncClient) -> None:
    asked = await http.post(f"/api/admin/users/1/suspend{DRY}", json={"reason": "Fraud"})
    assert (asked.status_code, asked.json()["code"]) == (401, "AUTH_REQUIRED")
