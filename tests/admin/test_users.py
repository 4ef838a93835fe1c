"""Accounts as staff sees them: the list, one account, roles, and who may do what."""

import asyncio
from typing import Any

import httpx
import pytest

from iayos.core import clock
from iayos.ledger.actions import post
from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

USERS = "/api/admin/users"
BECAUSE = {"reason": "Two people wrote that nobody came"}


async def emails(me: As, **params: Any) -> list[str]:
    """Whom a search finds."""
    answer = await me.get(USERS, params=params)
    assert answer.status_code == 200, answer.text
    return [one["email"] for one in answer.json()["items"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def audited(bench: Bench, action: str) -> list[dict[str, Any]]:
    """Lines of the audit log."""
    rows = await bench.db.pool.fetch(
        "SELECT actor_id, subject, reason, before, after FROM audit_log WHERE action = $1 ORDER BY id", action
    )
    return [dict(row) for row in rows]


async def test_accounts_are_found_by_what_one_knows_of_them(bench: Bench) -> None:
    support = await bench.staff("SUPPORT")
    ana = await make.account(bench.db, first_name="Ana", last_name="Del Rosario", email="ana.dr@example.com")
    ayos = await make.account(bench.db, "AGENCY", business_name="Ayos_Builders 100%", email="boss@example.com")
    away = await make.account(bench.db, "WORKER", suspended_at=clock.now(), email="away@example.com")
    assert await emails(support, q="DEL ros") == [ana.email]
    assert await emails(support, q="ana.DR@") == [ana.email]
    assert await emails(support, q="a del") == [ana.email]
    assert await emails(support, q="_builders 100%") == [ayos.email]
    assert await emails(support, q="%") == [ayos.email]
    assert await emails(support, q=str(away.account_id)) == [away.email]
    assert await emails(support, q="9" * 19) == await emails(support, q="nobody") == []
    assert await emails(support, role="SUPPORT") == [support.someone.email]
    assert await emails(support, suspended="true") == [away.email]
    assert away.email not in await emails(support, suspended="false")
    assert await emails(support, q="example.com", suspended="true", role="ADMIN") == []
    for wrong in ({"role": "BOSS"}, {"limit": 0}, {"limit": 101}, {"cursor": "nonsense"}, {"q": "x" * 201}, {"q": ""}):
        assert (await support.get(USERS, params=wrong)).status_code == 400, wrong


async def test_pages_follow_each_other(bench: Bench) -> None:
    support = await bench.staff("SUPPORT")
    made = [(await make.account(bench.db)).account_id for _ in range(5)]
    seen: list[int] = []
    cursor = None
    for _ in range(3):
        answer = (await support.get(USERS, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [one["accountID"] for one in answer["items"]]
        cursor = answer["nextCursor"]
    assert seen == [*reversed(made), support.someone.account_id]
    assert cursor is None


async def test_one_account_with_all_that_stands_around_it(bench: Bench) -> None:
    support = await bench.staff("SUPPORT")
    deal = await bench.approved()
    ben = deal.worker
    await bench.fill(deal.worker_id, 750_00)
    await make.job(bench.db, client=ben.someone)
    await ben.post("/api/notifications/push-tokens", {"token": "ExponentPushToken[one]", "deviceType": "ios"})
    case = (await ben.post("/api/kyc/submit", {"kycType": "INDIVIDUAL", "userType": "WORKER"})).json()
    disputed = {"reason": "Not paid", "description": "The second half never came.", "evidence": []}
    assert (await ben.post(f"/api/jobs/{deal.job.id}/dispute", disputed)).status_code == 201

    answer = await support.get(f"{USERS}/{deal.worker_id}")
    assert answer.status_code == 200
    found = answer.json()
    mine = (await ben.get("/api/accounts/me")).json()
    assert mine == {name: found[name] for name in mine}
    assert {name: found[name] for name in found.keys() - mine.keys()} == {
        "suspendedAt": None, "suspendedReason": None, "isErased": False,
        "balance": 750.0, "held": 500.25, "pendingWithdrawal": 0.0,
        "openJobs": 2, "openDisputes": 1, "sessions": 1, "phones": 1,
        "KYC": {"kycID": case["kycID"], "status": "PENDING", "isUploaded": False},
    }  # fmt: skip
    assert (await support.get(f"{USERS}/{2**62}")).status_code == 404
    assert (await support.get(f"{USERS}/{2**70}")).status_code == 404


async def test_who_may_look_and_who_may_decide(bench: Bench) -> None:
    someone = await make.account(bench.db)
    path = f"{USERS}/{someone.account_id}"
    for role in ("ADMIN", "SUPPORT", "FINANCE", "KYC_REVIEWER"):
        me = await bench.staff(role)
        assert (await me.get(USERS)).status_code == (await me.get(path)).status_code == 200
    for role in ("FINANCE", "KYC_REVIEWER"):
        me = await bench.staff(role)
        for verb in ("suspend", "restore", "push-test"):
            refused = await me.post(f"{path}/{verb}", BECAUSE if verb != "push-test" else {})
            assert (code(refused), refused.json()["details"]["needs"]) == ((403, "FORBIDDEN"), ["ADMIN", "SUPPORT"])
    support = await bench.staff("SUPPORT")
    assert code(await support.post(f"{path}/role", BECAUSE | {"role": "SUPPORT"})) == (403, "FORBIDDEN")
    colleague = (await bench.staff("FINANCE")).someone.account_id
    refused = await support.post(f"{USERS}/{colleague}/suspend", BECAUSE)
    assert (code(refused), refused.json()["details"]["needs"]) == ((403, "FORBIDDEN"), ["ADMIN"])
    stranger = as_(bench.http, await make.account(bench.db))
    for verb in ("suspend", "restore", "role", "push-test"):
        assert code(await stranger.post(f"{path}/{verb}", BECAUSE)) == (404, "NOT_FOUND")
        assert code(await bench.http.post(f"{path}/{verb}", json=BECAUSE)) == (401, "AUTH_REQUIRED")
    assert (await stranger.get(USERS)).status_code == (await stranger.get(path)).status_code == 404


async def test_a_role_is_given_and_taken(bench: Bench) -> None:
    admin = await bench.staff()
    ana = await make.account(bench.db)
    path = f"{USERS}/{ana.account_id}/role"
    assert code(await admin.post(path, {"role": "SUPPORT"})) == (400, "VALIDATION_ERROR")
    assert code(await admin.post(path, BECAUSE)) == (400, "VALIDATION_ERROR")
    assert code(await admin.post(path, BECAUSE | {"role": "BOSS"})) == (400, "VALIDATION_ERROR")
    assert code(await admin.post(path, BECAUSE | {"role": None})) == (409, "ROLE_UNCHANGED")
    assert code(await admin.post(f"{USERS}/{2**62}/role", BECAUSE | {"role": None})) == (404, "NOT_FOUND")

    given = await admin.post(path, BECAUSE | {"role": "SUPPORT"})
    assert (given.status_code, given.json()["role"], given.json()["sessions"]) == (200, "SUPPORT", 0)
    assert code(await admin.post(path, BECAUSE | {"role": "SUPPORT"})) == (409, "ROLE_UNCHANGED")
    assert (await as_(bench.http, ana).get("/api/accounts/me")).status_code == 401  # the sign-in that had no such power
    again = as_(bench.http, await make.signed_in_again(bench.db, ana))
    assert (await again.get(USERS)).status_code == 200

    taken = await admin.post(path, BECAUSE | {"role": None})
    assert (taken.status_code, taken.json()["role"]) == (200, None)
    assert (await again.get(USERS)).status_code == 401
    again = as_(bench.http, await make.signed_in_again(bench.db, ana))
    assert (await again.get(USERS)).status_code == 404
    first, second = await audited(bench, "users:role")
    assert first == {
        "actor_id": admin.someone.account_id, "subject": f"account:{ana.account_id}", "reason": BECAUSE["reason"],
        "before": {"role": None}, "after": {"role": "SUPPORT"},
    }  # fmt: skip
    assert (second["before"], second["after"]) == ({"role": "SUPPORT"}, {"role": None})


async def test_nobody_is_put_on_the_staff_by_an_email_that_is_not_proven(bench: Bench) -> None:
    boss, squatter = await bench.staff(), await make.account(bench.db, verified=False)
    body = {"role": "SUPPORT", "reason": "Joins us on Monday"}
    refused = await boss.post(f"/api/admin/users/{squatter.account_id}/role", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "EMAIL_UNCONFIRMED")


async def test_a_first_decision_goes_with_the_right_to_decide(bench: Bench) -> None:
    admin, finance = await bench.staff(), await bench.staff("FINANCE")
    deal = await bench.deal(budget=200_000_00, status="IN_PROGRESS", escrow_paid=True)
    async with bench.db.transaction() as tx:
        await post(tx, f"made:{deal.job.id}", ("xendit", f"escrow:{deal.job.id}", 100_000_00))
    disputed = {"reason": "Not done", "description": "Nobody came.", "evidence": []}
    dispute = (await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", disputed)).json()["disputeID"]
    ruling = {"toPayee": 0, "reason": "Nobody came"}
    first = await finance.post(f"/api/admin/disputes/{dispute}/rule", ruling)
    assert (first.status_code, first.json()["awaitingSecond"]) == (200, True)
    assert (await admin.post(f"{USERS}/{finance.someone.account_id}/role", BECAUSE | {"role": None})).status_code == 200
    alone = await admin.post(f"/api/admin/disputes/{dispute}/rule", ruling)
    assert (alone.status_code, alone.json()["awaitingSecond"], alone.json()["status"]) == (200, True, "OPEN")


async def test_a_dry_run_of_a_role_changes_nothing(bench: Bench) -> None:
    admin = await bench.staff()
    ana = await make.account(bench.db)
    path = f"{USERS}/{ana.account_id}"
    dry = await admin.post(f"{path}/role?dryRun=true", BECAUSE | {"role": "FINANCE"})
    assert (dry.status_code, dry.json()["role"], dry.headers["dry-run"]) == (200, "FINANCE", "true")
    assert (await admin.get(path)).json()["role"] is None
    assert await audited(bench, "users:role") == []
    assert (await as_(bench.http, ana).get("/api/accounts/me")).status_code == 200


async def test_somebody_is_always_left_who_may_do_everything(bench: Bench) -> None:
    first = await bench.staff()
    path = f"{USERS}/{first.someone.account_id}"
    assert code(await first.post(f"{path}/suspend", BECAUSE)) == (409, "OWN_ACCOUNT")
    for role in (None, "FINANCE"):
        assert code(await first.post(f"{path}/role", BECAUSE | {"role": role})) == (409, "LAST_ADMIN")
    away = await bench.staff()
    assert (await first.post(f"{USERS}/{away.someone.account_id}/suspend", BECAUSE)).status_code == 200
    assert code(await first.post(f"{path}/role", BECAUSE | {"role": None})) == (409, "LAST_ADMIN")
    other = await bench.staff()
    assert (await first.post(f"{path}/role", BECAUSE | {"role": "FINANCE"})).status_code == 200
    assert (await other.get(path)).json()["role"] == "FINANCE"


@pytest.mark.parametrize("verb", ["suspend", "role"])
@pytest.mark.parametrize("number", [2, 4])
async def test_of_those_who_go_for_each_other_one_is_left(bench: Bench, verb: str, number: int) -> None:
    admins = [await bench.staff() for _ in range(number)]
    body = BECAUSE | ({"role": None} if verb == "role" else {})
    turns = [
        me.post(f"{USERS}/{admins[(place + 1) % number].someone.account_id}/{verb}", body)
        for place, me in enumerate(admins)
    ]
    answers = await asyncio.gather(*turns)
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 401}
    live = await bench.db.pool.fetchval("SELECT count(*) FROM accounts WHERE role = 'ADMIN' AND suspended_at IS NULL")
    assert live == number - len(done) >= 1
    if number == 2:
        assert len(done) == 1


async def test_nobody_restores_whom_an_owner_erased(bench: Bench) -> None:
    admin = await bench.staff()
    ana = await make.account(bench.db)
    me = as_(bench.http, ana)
    assert (await me.post("/api/accounts/erase", {"password": make.PASSWORD})).status_code == 200
    path = f"{USERS}/{ana.account_id}"
    assert (await admin.get(path)).json()["isErased"] is True
    for verb, body in (("restore", BECAUSE), ("suspend", BECAUSE), ("role", BECAUSE | {"role": "ADMIN"})):
        assert code(await admin.post(f"{path}/{verb}", body)) == (409, "ACCOUNT_ERASED")


async def test_who_is_off_the_staff_gets_no_answer_from_before(bench: Bench) -> None:
    boss, sam, ana = await bench.staff(), await bench.staff("SUPPORT"), await make.account(bench.db)
    path, keyed = f"{USERS}/{ana.account_id}/suspend", {"headers": {"Idempotency-Key": "once"}}
    assert (await sam.post(path, BECAUSE, **keyed)).status_code == 200
    replayed = await sam.post(path, BECAUSE, **keyed)
    assert (replayed.status_code, replayed.headers["Idempotent-Replayed"]) == (200, "true")
    gone = await boss.post(f"{USERS}/{sam.someone.account_id}/role", BECAUSE | {"role": None})
    assert gone.status_code == 200
    again = as_(bench.http, await make.signed_in_again(bench.db, sam.someone))
    assert code(await again.post(path, BECAUSE, **keyed)) == (404, "NOT_FOUND")
