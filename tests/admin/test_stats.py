"""The service at a glance."""

from datetime import timedelta
from typing import Any

from iayos.core import clock
from tests import make
from tests.admin.test_jobs import funded
from tests.disputes.test_disputes import OPENING
from tests.flows.test_flow_4 import choose_cash, upload
from tests.kyc.conftest import Bench as KYCBench
from tests.make import As
from tests.media.pictures import picture
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.payments.payout_bench import ben, decide


async def look(staff: As, since: str = "") -> dict[str, Any]:
    answer = await staff.get("/api/admin/stats", params={"since": since} if since else {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of(found: list[dict[str, Any]], key: str) -> dict[str, tuple[int, int]]:
    """Totals and what is new, by kind."""
    return {one[key]: (one["total"], one["new"]) for one in found}


async def test_an_empty_service_says_so(bench: Bench) -> None:
    found = await look(await bench.staff("KYC_REVIEWER"))
    assert of(found["accounts"], "profileType") == {"CLIENT": (0, 0), "WORKER": (0, 0), "AGENCY": (0, 0)}
    assert set(of(found["jobs"], "status").values()) == {(0, 0)}
    assert found["money"] == {
        "held": 0, "wallets": 0, "feesEarned": 0, "paidIn": [], "paidOut": {"amount": 0, "count": 0},
        "pendingWithdrawals": {"amount": 0, "count": 0},
    }  # fmt: skip
    assert set(found["waiting"].values()) == {0}
    assert found["queue"] == {
        "waiting": 0, "dueNow": 0, "oldestDueAt": None, "failing": 0, "failed": 0, "runners": 0
    }  # fmt: skip
    assert found["reviews"] == {"average": None, "count": 0}


async def test_staff_of_every_role_looks_and_nobody_else(bench: Bench) -> None:
    for role in ("ADMIN", "KYC_REVIEWER", "FINANCE", "SUPPORT"):
        await look(await bench.staff(role))
    client = make.as_(bench.http, await make.account(bench.db, "CLIENT"))
    assert (await client.get("/api/admin/stats")).status_code == 404
    assert (await bench.http.get("/api/admin/stats")).status_code == 401
    staff = await bench.staff()
    for wrong in ("yesterday", "2026-11-23T08:00:00"):
        refused = await staff.get("/api/admin/stats", params={"since": wrong})
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "since"), wrong


async def test_people_and_jobs_by_kind_and_which_are_new(bench: Bench) -> None:
    both = await make.account(bench.db, "WORKER", profile_types=["CLIENT", "WORKER"])
    old = await make.account(bench.db, "CLIENT", created_at=clock.now() - timedelta(days=9))
    gone = await make.account(bench.db, "AGENCY")
    await bench.db.pool.execute("UPDATE accounts SET erased_at = now() WHERE id = $1", gone.account_id)
    await make.job(bench.db, client=old, created_at=clock.now() - timedelta(days=8))
    await make.job(bench.db, client=old)
    await make.job(bench.db, client=old, worker=both)
    staff = await bench.staff()
    found = await look(staff)
    assert of(found["accounts"], "profileType") == {"CLIENT": (2, 1), "WORKER": (1, 1), "AGENCY": (0, 0)}
    assert of(found["jobs"], "status") == {
        "ACTIVE": (2, 1), "IN_PROGRESS": (1, 1), "COMPLETED": (0, 0), "CANCELLED": (0, 0)
    }  # fmt: skip
    longer = await look(staff, (clock.now() - timedelta(days=30)).isoformat())
    assert of(longer["accounts"], "profileType")["CLIENT"] == (2, 2)
    assert of(longer["jobs"], "status")["ACTIVE"] == (2, 2)


async def test_money_is_where_the_ledger_says(bench: Bench) -> None:
    staff, deal = await bench.staff("FINANCE"), await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    other = await funded(bench)  # from a wallet: not from outside
    money = (await look(staff))["money"]
    assert (money["held"], money["wallets"], money["feesEarned"]) == (1000.5, 0, 50.02)
    assert money["paidIn"] == [{"paymentMethod": "GCASH", "amount": 525.26, "count": 1}]
    await staff.post(f"/api/admin/jobs/{other.job.id}/cancel", {"reason": "The worker is ill"})
    money = (await look(staff))["money"]
    assert (money["held"], money["wallets"], money["feesEarned"]) == (500.25, 525.26, 25.01)
    clock.advance(timedelta(days=2).total_seconds())
    staff.someone = await make.signed_in_again(bench.db, staff.someone)
    later = (await look(staff))["money"]
    assert (later["held"], later["feesEarned"], later["paidIn"]) == (500.25, 0, [])


async def test_withdrawals_on_their_way_and_arrived(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench)
    await who.withdraw(300)
    money = (await look(staff))["money"]
    assert money["pendingWithdrawals"] == {"amount": 300, "count": 1}
    assert money["paidOut"] == {"amount": 0, "count": 0}
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear()
    money = (await look(staff))["money"]
    assert (money["pendingWithdrawals"]["count"], money["paidOut"]) == (0, {"amount": 300, "count": 1})


async def test_what_waits_for_staff(bench: Bench, sandbox: Any) -> None:
    staff, checks = await bench.staff("SUPPORT"), KYCBench(bench.http, bench.db, sandbox, bench.drain)
    who, _ = await checks.case()
    await checks.opened(await checks.person())  # not handed in
    await who.request("POST", "/api/profile/certifications", data={"name": "NC II"}, files={"file": picture()})
    proof = await bench.approved()
    await choose_cash(proof)
    paid = (await upload(proof.client, proof)).json()
    disputed = await funded(bench)
    dispute = await disputed.client.post(f"/api/jobs/{disputed.job.id}/dispute", OPENING)
    found = (await look(staff))["waiting"]
    assert found == {
        "kyc": 1, "kycOverdue": 0, "certifications": 1, "cashProofs": 1, "disputes": 0, "flaggedPayments": 0,
    }  # fmt: skip
    await bench.db.pool.execute("UPDATE disputes SET phase = 'STAFF' WHERE id = $1", dispute.json()["disputeID"])
    await bench.db.pool.execute("UPDATE payments SET flag = 'Odd' WHERE id = $1", paid["transactionID"])
    await bench.db.pool.execute("UPDATE kyc SET due_at = now() - interval '1 hour'")
    found = (await look(staff))["waiting"]
    assert (found["disputes"], found["flaggedPayments"], found["kycOverdue"]) == (1, 1, 1)


async def test_the_queue_and_what_people_think_of_each_other(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.db.pool.execute(
        "UPDATE profiles SET rating_sum = 14, rating_count = 3 WHERE account_id = $1", deal.worker_id
    )
    await bench.ask(deal)
    await bench.db.pool.execute("UPDATE outbox SET run_after = now() - interval '5 minutes'")
    found = await look(staff)
    assert found["reviews"] == {"average": 4.67, "count": 3}
    assert found["queue"]["dueNow"] == found["queue"]["waiting"] > 0
    assert found["queue"]["oldestDueAt"] < found["at"]
