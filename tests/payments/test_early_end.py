"""Cancelling by agreement, and what happens by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from iayos.core import clock
from tests import make
from tests.make import As
from tests.payments.conftest import Bench, Deal

DAY = timedelta(days=1).total_seconds()


async def funded(bench: Bench) -> Deal:
    """An accepted job whose escrow is paid."""
    deal = await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    return deal


async def cancel(who: As, deal: Deal, *, status: int = 200) -> dict[str, Any]:
    answer = await who.post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "It does not work out"})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def quote(who: As, deal: Deal) -> dict[str, Any]:
    answer = await who.get(f"/api/jobs/{deal.job.id}/cancel-quote")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def days(bench: Bench, number: float, *people: As) -> None:
    """Time passes, and the runner does what falls due."""
    clock.advance(number * DAY)
    await bench.drain()
    for who in people:
        who.someone = await make.signed_in_again(bench.db, who.someone)


async def test_the_client_asks_and_the_worker_confirms(bench: Bench) -> None:
    deal = await funded(bench)
    told = await quote(deal.client, deal)
    assert told == {"needs": "OTHER_SIDE", "toClient": 500.25, "feeReturned": 0, "feeKept": 25.01, "toPayee": 0}
    assert (await cancel(deal.client, deal))["status"] == "IN_PROGRESS"
    assert (await cancel(deal.client, deal, status=409))["code"] == "CANCEL_ALREADY_ASKED"
    assert (await quote(deal.worker, deal))["needs"] == "YOUR_CONFIRMATION"
    done = await cancel(deal.worker, deal)
    assert (done["status"], done["settledAt"] is not None) == ("CANCELLED", True)
    assert await bench.balance(f"wallet:{deal.client_id}") == 500_25
    assert await bench.balance("fees") == 25_01
    assert await bench.notices(deal.client) == ["JOB_CANCELLED", "REFUNDED", "PAYMENT_SUCCESS"]
    (refund, _) = (await deal.client.get("/api/accounts/wallet/transactions")).json()["items"]
    assert (refund["type"], refund["status"], refund["amount"]) == ("REFUND", "COMPLETED", 500.25)
    assert (await cancel(deal.worker, deal, status=409))["code"] == "JOB_ALREADY_CANCELLED"


async def test_the_fee_comes_back_when_the_worker_asked_first(bench: Bench) -> None:
    deal = await funded(bench)
    await cancel(deal.worker, deal)
    assert await quote(deal.client, deal) == {
        "needs": "YOUR_CONFIRMATION", "toClient": 525.26, "feeReturned": 25.01, "feeKept": 0, "toPayee": 0,
    }  # fmt: skip
    await cancel(deal.client, deal)
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26
    assert await bench.balance("fees") == 0


async def test_a_wish_to_cancel_lapses_after_three_days(bench: Bench) -> None:
    deal = await funded(bench)
    await cancel(deal.client, deal)
    explained = (await deal.worker.get(f"/api/jobs/{deal.job.id}/explain")).json()
    assert explained["next"]["action"] == "lapse_cancel"
    await days(bench, 2.9)
    assert "CANCEL_LAPSED" not in await bench.notices(deal.client)
    await days(bench, 0.2)
    assert (await bench.notices(deal.client))[0] == "CANCEL_LAPSED"
    assert (await cancel(deal.worker, deal))["status"] == "IN_PROGRESS"
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_an_escrow_unpaid_for_three_days_cancels_the_job(bench: Bench) -> None:
    client = await make.account(bench.db, "CLIENT")
    worker = await make.account(bench.db, "WORKER", trades=(1,))
    job = await make.job(bench.db, client=client)
    application = await make.application(bench.db, job.id, worker, price=1000_50)
    ana = make.as_(bench.http, client)
    assert (await ana.post(f"/api/jobs/applications/{application}/accept")).status_code == 200
    asked = (await ana.post("/api/payments/create-escrow", {"jobID": job.id, "paymentMethod": "GCASH"})).json()
    told = (await ana.get(f"/api/jobs/{job.id}/explain")).json()
    assert told["next"]["action"] == "lapse_unpaid"
    await days(bench, 3.1)
    assert (await ana.get(f"/api/jobs/{job.id}")).json()["status"] == "CANCELLED"
    assert (await bench.status(ana, asked))["status"] == "FAILED"


async def test_silence_approves_after_reminders(bench: Bench) -> None:
    deal = await funded(bench)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    await days(bench, 3.01)
    assert (await bench.notices(deal.client))[0] == "APPROVAL_REMINDER"
    await days(bench, 3)
    assert (await bench.notices(deal.client))[:2] == ["APPROVAL_REMINDER"] * 2
    assert (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()["status"] == "IN_PROGRESS"
    await days(bench, 1, deal.client, deal.worker)
    job = (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()
    assert (job["status"], job["clientMarkedComplete"]) == ("COMPLETED", True)
    assert (await bench.notices(deal.worker))[0] == "JOB_APPROVED_BY_CLIENT"
    assert (await bench.notices(deal.client))[:2] == ["APPROVED_BY_SILENCE", "FINAL_PAYMENT_DUE"]


async def test_a_second_half_that_is_never_paid_strands_nobody(bench: Bench) -> None:
    deal = await funded(bench)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    await deal.client.post(f"/api/jobs/{deal.job.id}/approve-completion")
    told = (await deal.client.get(f"/api/jobs/{deal.job.id}/explain")).json()
    assert told["next"]["action"] == "release_half"
    await days(bench, 7.1, deal.client, deal.worker)
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    assert (await bench.notices(deal.client)).count("PAYMENT_REMINDER") == 2
    assert (await bench.notices(deal.client))[0] == "PAYMENT_OVERDUE"

    listing = {
        "title": "Another one", "description": "Please", "categoryID": 1, "budget": 1000, "location": "Zamboanga City",
        "jobType": "LISTING",
    }  # fmt: skip
    refused = await deal.client.post("/api/jobs/create", listing)
    assert (refused.status_code, refused.json()["code"]) == (403, "PAYMENT_OVERDUE")

    paid = await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})
    await bench.pay(paid.json())
    await bench.hear(2)
    assert await bench.balance(f"wallet:{deal.worker_id}") == 1000_50
    assert (await deal.client.post("/api/jobs/create", listing)).status_code == 201
    profile = (await deal.worker.get("/api/profile")).json()
    assert (profile["totalEarningGross"], profile["jobsCompleted"]) == (1000.5, 1)


@pytest.mark.parametrize("by", ["client", "worker"])
async def test_cancel_against_pay_loses_no_money(bench: Bench, by: str) -> None:
    deal = await bench.deal()
    await bench.fill(deal.client_id, 525_26)
    body = {"jobID": deal.job.id, "paymentMethod": "WALLET"}
    paid, ended = await asyncio.gather(
        deal.client.post("/api/payments/create-escrow", body),
        getattr(deal, by).post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "At the same moment"}),
    )
    assert ended.status_code == 200
    if paid.status_code == 201:
        assert await bench.balance(f"escrow:{deal.job.id}") == 500_25
        assert ended.json()["status"] == "IN_PROGRESS"
    else:
        assert (paid.json()["code"], ended.json()["status"]) == ("JOB_CANCELLED", "CANCELLED")
        assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


async def test_an_invoice_paid_while_its_job_is_cancelled(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    await asyncio.gather(bench.pay(asked), cancel(deal.worker, deal))
    await bench.hear()
    await bench.drain()
    job = (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()
    held, owned = await bench.balance(f"escrow:{deal.job.id}"), await bench.balance(f"wallet:{deal.client_id}")
    assert (job["status"], held, owned) in {("CANCELLED", 0, 525_26), ("IN_PROGRESS", 500_25, 0)}


@pytest.mark.parametrize("stage", ["approved", "settled"])
async def test_what_is_approved_is_not_cancelled(bench: Bench, stage: str) -> None:
    deal = await bench.approved()
    if stage == "settled":
        await bench.fill(deal.client_id, 525_26)
        await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "WALLET"})
    assert (await cancel(deal.client, deal, status=409))["code"] == "JOB_ALREADY_COMPLETED"
