"""Flow 4 of the reference: the second half in cash, with a photo that staff verifies."""

import asyncio
from typing import Any

import httpx
import pytest

from iayos.core import clock
from iayos.ledger.actions import post
from tests import make
from tests.make import As
from tests.media.pictures import photo
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture


async def choose_cash(deal: Deal) -> httpx.Response:
    return await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "CASH"})


async def upload(who: As, deal: Deal, seed: int = 1, **options: Any) -> httpx.Response:
    return await who.request(
        "POST",
        f"/api/jobs/{deal.job.id}/upload-cash-proof",
        files={"photo": ("p.jpg", photo(seed, **options), "image/jpeg")},
    )


async def verdict(staff: As, transaction: dict[str, Any], *, approved: bool = True) -> httpx.Response:
    path = f"/api/admin/payments/{transaction['transactionID']}/verify-cash"
    return await staff.post(path, {"approved": approved, "notes": "Looked at it"})


async def test_cash_from_choice_to_verification(bench: Bench) -> None:
    deal, staff = await bench.approved(), await bench.staff("FINANCE")
    early = await upload(deal.client, deal)
    assert (early.status_code, early.json()["code"]) == (409, "CASH_NOT_CHOSEN")
    chosen = await choose_cash(deal)
    assert (chosen.status_code, chosen.json()["finalPaymentMethod"]) == (200, "CASH")
    assert await bench.notices(deal.worker) == ["CASH_PENDING"]

    shown = await upload(deal.client, deal)
    assert shown.status_code == 201
    transaction = shown.json()
    assert (transaction["type"], transaction["paymentMethod"], transaction["status"]) == (
        "JOB_PAYMENT",
        "CASH",
        "PENDING",
    )
    assert transaction["amount"] == 500.25
    assert (await upload(deal.client, deal)).json()["code"] == "PROOF_PENDING"
    assert await bench.notices(staff) == ["CASH_TO_VERIFY"]
    objects = (await bench.sandbox.get("/_sandbox/supabase/objects?bucket=cash-proofs")).json()
    assert objects

    said = await deal.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 500.25})
    assert said.status_code == 200
    (waiting,) = (await staff.get("/api/admin/cash")).json()["items"]
    seen = (await staff.get(f"/api/admin/cash/{waiting['transactionID']}")).json()
    assert (seen["confirmedByWorker"], seen["earlierUses"]) == (500.25, [])
    assert (await bench.sandbox.get(seen["photoURL"])).status_code == 200

    done = await verdict(staff, transaction)
    assert (done.status_code, done.json()["status"], done.json()["awaitingSecond"]) == (200, "COMPLETED", False)
    # The cash itself is recorded, not credited: the payee gets the held half; the fee on the cash is due from the client.
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    assert await bench.balance(f"escrow:{deal.job.id}") == 0
    assert await bench.balance(f"cash-fees-due:{deal.client_id}") == -25_01
    assert await bench.balance("fees") == 25_01
    job = (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()
    assert (job["remainingPaymentPaid"], job["cashPaymentApproved"]) == (True, True)
    assert (await bench.sandbox.get(job["cashPaymentProofUrl"])).status_code == 200
    (received,) = [
        one
        for one in (await deal.worker.get("/api/notifications")).json()["items"]
        if one["type"] == "FINAL_PAYMENT_RECEIVED"
    ]
    assert received["body"] == "You received ₱500.25 for Fix leaking faucet"
    assert (await deal.worker.get("/api/profile")).json()["totalEarningGross"] == 1000.5
    again = await verdict(staff, transaction)
    assert (again.status_code, again.json()["code"]) == (409, "CASH_ALREADY_DECIDED")

    # Whatever comes into the client's wallet next pays the fee first.
    deposit = (await deal.client.post("/api/accounts/wallet/deposit", {"amount": 100})).json()
    await bench.pay(deposit)
    await bench.hear()
    assert (await deal.client.get("/api/accounts/wallet")).json()["balance"] == 74.99
    assert await bench.balance(f"cash-fees-due:{deal.client_id}") == 0


async def test_nobody_verifies_his_own_cash(bench: Bench) -> None:
    deal = await bench.approved()
    await choose_cash(deal)
    payment = (await upload(deal.client, deal)).json()["transactionID"]
    await bench.db.pool.execute("UPDATE accounts SET role = 'FINANCE' WHERE id = $1", deal.worker_id)
    refused = await deal.worker.post(f"/api/admin/payments/{payment}/verify-cash", {"approved": True, "notes": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_OWN")


async def test_a_rejected_photo_is_followed_by_another(bench: Bench) -> None:
    deal, staff = await bench.approved(), await bench.staff()
    await choose_cash(deal)
    first = (await upload(deal.client, deal)).json()
    rejected = await verdict(staff, first, approved=False)
    assert (rejected.json()["status"], rejected.json()["failureReason"]) == ("FAILED", "CASH_REJECTED")
    assert (await bench.notices(deal.client))[0] == "CASH_REJECTED"
    second = (await upload(deal.client, deal, seed=2)).json()
    assert second["transactionID"] != first["transactionID"]
    assert (await verdict(staff, second)).json()["status"] == "COMPLETED"
    actions = [row["action"] for row in await bench.db.pool.fetch("SELECT action FROM audit_log ORDER BY id")]
    assert actions == ["payments:cash:reject", "payments:cash:verify"]


async def test_strangers_and_wrong_roles(bench: Bench) -> None:
    deal, other = await bench.approved(), await bench.approved()
    await choose_cash(deal)
    assert (await upload(other.client, deal)).status_code == 404
    assert (await upload(deal.worker, deal)).json()["code"] == "WRONG_PROFILE"
    assert (await other.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 1})).status_code == 404
    transaction = (await upload(deal.client, deal)).json()
    assert (await verdict(deal.client, transaction)).status_code == 404
    assert (await verdict(await bench.staff("KYC_REVIEWER"), transaction)).status_code == 403
    bad = await deal.client.request(
        "POST", f"/api/jobs/{other.job.id}/upload-cash-proof", files={"photo": ("p.jpg", b"no picture", "image/jpeg")}
    )
    assert bad.status_code == 404


async def test_paid_by_gcash_meanwhile(bench: Bench) -> None:
    deal, staff = await bench.approved(), await bench.staff()
    await choose_cash(deal)
    proof = (await upload(deal.client, deal)).json()
    asked = (await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})).json()
    assert (await bench.status(deal.client, proof))["failureReason"] == "SUPERSEDED"
    await bench.pay(asked)
    await bench.hear()
    assert (await verdict(staff, proof)).json()["code"] == "CASH_ALREADY_DECIDED"
    assert await bench.balance(f"wallet:{deal.worker_id}") == 1000_50


async def test_two_verifications_of_one_proof_at_once(bench: Bench) -> None:
    deal = await bench.approved()
    maria, jose = await bench.staff(), await bench.staff("FINANCE")
    await choose_cash(deal)
    proof = (await upload(deal.client, deal)).json()
    answers = await asyncio.gather(verdict(maria, proof), verdict(jose, proof, approved=False), verdict(jose, proof))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]


@pytest.mark.parametrize("change", ["same", "smaller", "saved anew", "cropped"])
async def test_a_photo_that_was_used_before_is_named(bench: Bench, change: str) -> None:
    first, second, staff = await bench.approved(), await bench.approved(), await bench.staff()
    await choose_cash(first)
    await choose_cash(second)
    before = (await upload(first.client, first, seed=7)).json()
    changes: dict[str, dict[str, Any]] = {
        "same": {},
        "smaller": {"scale": 0.5},
        "saved anew": {"quality": 40},
        "cropped": {"crop": 0.02},
    }
    options = changes[change]
    again = (await upload(second.client, second, seed=7, **options)).json()
    seen = (await staff.get(f"/api/admin/cash/{again['transactionID']}")).json()
    assert [(one["transactionID"], one["jobID"]) for one in seen["earlierUses"]] == [
        (before["transactionID"], first.job.id)
    ]
    told = (await staff.get("/api/notifications")).json()["items"][0]
    assert (told["type"], f"used before, for job {first.job.id}" in told["body"]) == ("PAYMENT_FLAGGED", True)
    third = await bench.approved()
    await choose_cash(third)
    fresh = (await upload(third.client, third, seed=8)).json()
    assert (await staff.get(f"/api/admin/cash/{fresh['transactionID']}")).json()["earlierUses"] == []


async def test_cash_after_the_half_was_released(bench: Bench) -> None:
    deal, staff = await bench.approved(), await bench.staff()
    await bench.db.pool.execute("UPDATE jobs SET approved_at = $1", clock.now())
    async with bench.db.transaction() as tx:
        from iayos.jobs.clocks import wind  # noqa: PLC0415 - the clock as approval winds it

        await wind(tx, deal.job, "overdue")
    clock.advance(7.1 * 86400)
    await bench.drain()
    for who in (deal.client, deal.worker, staff):
        who.someone = await make.signed_in_again(bench.db, who.someone)
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    await choose_cash(deal)
    proof = (await upload(deal.client, deal)).json()
    assert (await verdict(staff, proof)).json()["status"] == "COMPLETED"
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    assert (await deal.worker.get("/api/profile")).json()["totalEarningGross"] == 1000.5


async def test_what_happened_in_between_voids_a_first_decision_about_a_proof(bench: Bench) -> None:
    done = {"escrow_paid": True, "worker_marked_complete": True, "client_marked_complete": True}
    deal = await bench.deal(budget=120_000_00, status="COMPLETED", **done)
    async with bench.db.transaction() as tx:
        await post(tx, "made", ("xendit", f"escrow:{deal.job.id}", 60_000_00))
    await choose_cash(deal)
    transaction = (await upload(deal.client, deal)).json()
    maria, jose = await bench.staff("FINANCE"), await bench.staff("FINANCE")
    assert (await verdict(maria, transaction)).json()["awaitingSecond"] is True
    opening = {"reason": "The pipe leaks", "description": "Since this morning.", "evidence": []}
    opened = (await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", opening)).json()["disputeID"]
    await deal.client.post(f"/api/disputes/{opened}/withdraw")
    assert (await verdict(jose, transaction)).json()["awaitingSecond"] is True
    decided = (await verdict(maria, transaction)).json()
    assert (decided["awaitingSecond"], decided["status"]) == (False, "COMPLETED")
