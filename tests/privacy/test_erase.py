"""Erasure: refused while money is there; afterwards neither the database nor the storage holds a trace."""

from typing import Any

import asyncpg
import pytest

from iayos.ledger.actions import post
from tests import make
from tests.make import PASSWORD, As, as_
from tests.media.pictures import picture
from tests.payments.conftest import Bench, Deal
from tests.privacy.conftest import Life, exported, planted, sent, upload

ERASE = "/api/accounts/erase"
OF_ANA = (
    "anastasha", "plantana", "09175550001", "7.91234", "123.56789", "planted title", "planted description", "planted street",
    "09176660001", "exponentpushtoken[plantedclient]", "planted anast",
)  # fmt: skip
OF_BEN = (
    "benedikto", "plantben", "09175550002", "8.91234", "124.56789", "09176660002", "planted certificate", "planted bened",
    "exponentpushtoken[plantedworker]",
)  # fmt: skip


async def erase(me: As, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
    answer = await me.post(ERASE, {"password": password})
    return answer.status_code, answer.json()


async def reasons(me: As) -> set[str]:
    """Why the account may not go yet."""
    status, body = await erase(me)
    assert (status, body["code"]) == (409, "ERASURE_REFUSED"), body
    return {one["reason"] for one in body["details"]["reasons"]}


async def dump(db: Any) -> dict[str, str]:
    """Every row of every table as text, bytes too."""
    tables = await db.pool.fetch(
        "SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        one["name"]: "\n".join(row[0] for row in await db.pool.fetch(f"SELECT t::text FROM {one['name']} AS t")).lower()
        for one in tables
    }


async def traces(bench: Bench, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where a planted word still stands, as text or as bytes; and every file that storage still has."""
    found = await dump(bench.db)
    return [
        (name, word) for name, text in found.items() for word in words if word in text or word.encode().hex() in text
    ]


async def stored(bench: Bench) -> int:
    return len((await bench.sandbox.get("/_sandbox/supabase/objects")).json())


async def test_no_trace_remains_of_two_lives(bench: Bench) -> None:
    life = Life(bench)
    await life.tell()
    ana, ben = life.ana, life.ben
    assert await reasons(ana) == await reasons(ben) == {"WALLET_BALANCE"}
    await life.paid_out(ana, "09176660001", 1500, heard=4)
    await life.paid_out(ben, "09176660002", 1000, heard=5)
    assert len(await traces(bench, OF_ANA + OF_BEN)) > len(OF_ANA + OF_BEN)
    before = await stored(bench)

    assert await erase(ana) == (200, {"erased": True})
    await bench.drain()
    assert await traces(bench, OF_ANA) == []
    assert 0 < await stored(bench) < before
    assert (await ben.get("/api/accounts/me")).json()["firstName"] == "Benedikto"
    assert (await bench.db.pool.fetchval("SELECT count(*) FROM media WHERE owner_id = $1", ben.someone.account_id)) == 7

    assert await erase(ben) == (200, {"erased": True})
    await bench.drain()
    assert await traces(bench, (*OF_ANA, *OF_BEN, "planted", "0666000")) == []
    assert await stored(bench) == 0
    for me in (ana, ben):
        assert (await me.get("/api/accounts/me")).status_code == 401
        for email in (me.someone.email, f"erased-{me.someone.account_id}@invalid.invalid"):
            for password in (PASSWORD, "!"):
                answer = await bench.http.post("/api/accounts/login", json={"email": email, "password": password})
                assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_FAILED")
    amounts = await bench.db.pool.fetchval("SELECT sum(amount) FROM payments")
    assert amounts == (525 + 525 + 1500 + 1500 + 1000) * 100


async def test_who_is_gone_may_register_again_as_somebody_new(bench: Bench) -> None:
    someone = await make.account(bench.db, "CLIENT")
    assert (await erase(as_(bench.http, someone)))[0] == 200
    body = {
        "email": someone.email,
        "password": PASSWORD,
        "profileType": "CLIENT",
        "firstName": "Ana",
        "lastName": "Reyes",
    }
    again = await sent(await bench.http.post("/api/accounts/register", json=body), 201)
    assert again["accountID"] != someone.account_id


async def test_a_wrong_password_erases_nothing(bench: Bench) -> None:
    me = as_(bench.http, await make.account(bench.db, "CLIENT"))
    status, body = await erase(me, "another-Passphrase-8")
    assert (status, body["code"]) == (401, "AUTH_FAILED")
    assert (await me.get("/api/accounts/me")).json()["email"] == me.someone.email
    assert (await bench.http.post(ERASE, json={"password": PASSWORD})).status_code == 401


async def test_staff_do_not_erase_themselves(bench: Bench) -> None:
    status, body = await erase(await bench.staff("SUPPORT"))
    assert (status, body["code"]) == (409, "STAFF_ACCOUNT")


async def hold(bench: Bench, deal: Deal) -> None:
    """The first half lies in escrow."""
    async with bench.db.transaction() as tx:
        await post(tx, "made", ("xendit", f"escrow:{deal.job.id}", 500_25))


async def test_escrow_and_work_in_progress_hold_both_sides(bench: Bench) -> None:
    deal = await bench.deal(escrow_paid=True)
    await hold(bench, deal)
    assert await reasons(deal.client) == await reasons(deal.worker) == {"ESCROW_HELD", "JOB_IN_PROGRESS"}
    details = (await erase(deal.client))[1]["details"]["reasons"]
    assert {"reason": "ESCROW_HELD", "jobIDs": [deal.job.id], "amount": 500.25} in details


async def test_an_open_dispute_holds_both_sides(bench: Bench) -> None:
    deal = await bench.deal(escrow_paid=True, dispute_open=True)
    await hold(bench, deal)
    assert "DISPUTE_OPEN" in await reasons(deal.client) & await reasons(deal.worker)


async def test_a_second_half_that_is_due_holds_both_sides(bench: Bench) -> None:
    deal = await bench.approved()
    assert await reasons(deal.client) == await reasons(deal.worker) == {"ESCROW_HELD", "FINAL_PAYMENT_DUE"}


async def test_a_second_half_that_is_overdue_holds_both_sides(bench: Bench) -> None:
    deal = await bench.deal(
        status="COMPLETED",
        escrow_paid=True,
        worker_marked_complete=True,
        client_marked_complete=True,
        half_released=True,
    )
    assert await reasons(deal.client) == await reasons(deal.worker) == {"PAYMENT_OVERDUE"}


async def test_money_on_its_way_holds(bench: Bench) -> None:
    me = as_(bench.http, await make.account(bench.db, "WORKER", kyc_verified=True))
    await bench.fill(me.someone.account_id, 500_00)
    where = {"channelCode": "PH_GCASH", "accountNumber": "09171234567", "accountName": "Ben Santos", "amount": 500}
    await sent(await me.post("/api/accounts/wallet/withdraw", where), 201)
    assert await reasons(me) == {"WITHDRAWAL_PENDING"}
    await sent(await me.post("/api/accounts/wallet/deposit", {"amount": 500}), 201)
    assert await reasons(me) == {"WITHDRAWAL_PENDING", "PAYMENT_PENDING"}


async def test_fees_on_cash_are_owed_first(bench: Bench) -> None:
    me = as_(bench.http, await make.account(bench.db, "WORKER"))
    async with bench.db.transaction() as tx:
        await post(tx, "made", (f"cash-fees-due:{me.someone.account_id}", "fees", 50_00))
    assert await reasons(me) == {"CASH_FEES_DUE"}


async def test_what_is_open_is_closed_and_the_others_are_told(bench: Bench) -> None:
    db, http = bench.db, bench.http
    client, worker, other = (
        await make.account(db, "CLIENT"),
        await make.account(db, "WORKER"),
        await make.account(db, "WORKER"),
    )
    agency = await make.account(db, "AGENCY", business_name="Ayos Builders")
    listing = await make.job(db, client=client)
    await make.application(db, listing.id, other)
    elsewhere = await make.job(db, client=await make.account(db, "CLIENT"))
    await make.application(db, elsewhere.id, worker)
    invite: dict[str, Any] = {"job_type": "INVITE", "invite_status": "PENDING", "assigned_worker_id": worker.account_id}
    asked = await make.job(db, client=await make.account(db, "CLIENT"), **invite)
    employed = {"email": worker.email}
    await sent(await as_(http, agency).post("/api/agency/employees", employed), 201)

    assert (await erase(as_(http, client)))[0] == (await erase(as_(http, worker)))[0] == 200
    statuses = await db.pool.fetch("SELECT id, status, title FROM jobs ORDER BY id")
    assert [(row["id"], row["status"]) for row in statuses] == [
        (listing.id, "CANCELLED"), (elsewhere.id, "ACTIVE"), (asked.id, "CANCELLED"),
    ]  # fmt: skip
    applications = await db.pool.fetch("SELECT status FROM applications ORDER BY id")
    assert [row[0] for row in applications] == ["REJECTED", "WITHDRAWN"]
    assert await db.pool.fetchval("SELECT status FROM agency_employees") == "DECLINED"
    (told,) = (await as_(http, other).get("/api/notifications")).json()["items"]
    assert (told["type"], "Fix leaking faucet" in told["body"]) == ("APPLICATION_REJECTED", False)
    assert "EMPLOYEE_DECLINED" in await bench.notices(as_(http, agency))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_log SET reason = 'another'", "UPDATE audit_log SET actor_id = NULL",
        "UPDATE audit_log SET reason = 'Erased', action = 'nothing'", "DELETE FROM audit_log",
        "UPDATE kyc_logs SET decision = 'REJECTED', notes = NULL", "DELETE FROM kyc_logs", "UPDATE kyc_views SET version = 7",
    ],
)  # fmt: skip
async def test_logs_lose_words_and_nothing_else(bench: Bench, change: str) -> None:
    life = Life(bench)
    await life.begin()
    await life.papers(life.ana, "CLIENT", "Fine.")
    with pytest.raises(asyncpg.RestrictViolationError):
        await bench.db.pool.execute(change)


async def test_an_agency_goes_with_its_employments_and_its_open_case(bench: Bench) -> None:
    db, http = bench.db, bench.http
    agency = as_(http, await make.account(db, "AGENCY", business_name="Planted Builders"))
    worker = await make.account(db, "WORKER")
    employee = (
        await sent(await agency.post("/api/agency/employees", {"email": worker.email, "role": "Planted role"}))
    )["employeeID"]
    await sent(await as_(http, worker).post(f"/api/agency/invitations/{employee}/accept"))
    asked = await make.job(
        db, client=await make.account(db, "CLIENT"), job_type="INVITE", invite_status="PENDING",
        assigned_agency_id=agency.someone.account_id,
    )  # fmt: skip
    case = (await sent(await agency.post("/api/kyc/submit", {"kycType": "AGENCY", "userType": "AGENCY"})))["kycID"]
    for document in ("BUSINESS_PERMIT", "REGISTRATION", "OWNER_ID", "PROFILE_PHOTO"):
        await upload(agency, f"/api/kyc/{case}/upload-file", "file", picture(), documentType=document)
    await sent(await agency.post(f"/api/kyc/{case}/finalize"))
    staff = await bench.staff()
    assert len((await staff.get("/api/admin/kyc")).json()["items"]) == 1

    assert await erase(agency) == (200, {"erased": True})
    await bench.drain()
    assert await traces(bench, ("planted",)) == []
    assert await stored(bench) == 0
    assert await db.pool.fetchval("SELECT status FROM agency_employees") == "INACTIVE"
    assert await db.pool.fetchval("SELECT status FROM jobs WHERE id = $1", asked.id) == "CANCELLED"
    assert (await staff.get("/api/admin/kyc")).json()["items"] == []
    told = (await as_(http, worker).get("/api/notifications")).json()["items"]
    assert [(one["type"], "Erased User" in one["body"]) for one in told] == [("EMPLOYMENT_ENDED", True)]


async def test_accounts_beside_it_stay_as_they_are(bench: Bench) -> None:
    life = Life(bench)
    await life.begin()
    bystander = as_(bench.http, await make.account(bench.db, "WORKER", **planted("Carlitos", 3)))
    await life.papers(bystander, "WORKER", "Planted note about Carlitos")
    before = await exported(bystander)
    await life.papers(life.ana, "CLIENT", "Fine.")
    assert (await erase(life.ana))[0] == 200
    await bench.drain()
    after = await exported(bystander)
    assert after[0] | {"exportedAt": ""} == before[0] | {"exportedAt": ""}
    assert after[1] == before[1]
