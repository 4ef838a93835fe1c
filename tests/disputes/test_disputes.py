"""A dispute from its opening to the last centavo."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from iayos.core import clock
from tests import make
from tests.media.pictures import photo
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

OPENING = {"reason": "The work is poor", "description": "The faucet still leaks.", "evidence": []}


async def disputed(bench: Bench, *, by: str = "client", **columns: Any) -> tuple[Deal, int]:
    """A job with its escrow paid, and a dispute about it."""
    deal = await bench.deal(**columns)
    await bench.fill(deal.client_id, 2_000_000_00)
    await bench.ask(deal, "WALLET")
    await bench.db.pool.execute("SELECT 1")
    answer = await getattr(deal, by).post(f"/api/jobs/{deal.job.id}/dispute", OPENING)
    assert answer.status_code == 201, answer.text
    return deal, answer.json()["disputeID"]


async def test_an_accepted_offer_divides_the_escrow_exactly(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    before = await bench.balance(f"wallet:{deal.client_id}")
    made = await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 333.33})
    assert made.status_code == 201
    (offer,) = made.json()["offers"]
    assert (offer["toPayee"], offer["toClient"], offer["bySide"]) == (333.33, 166.92, "PAYEE")
    own = await deal.worker.post(f"/api/disputes/{dispute}/offers/{offer['offerID']}/accept")
    assert (own.status_code, own.json()["code"]) == (403, "OWN_OFFER")
    agreed = (await deal.client.post(f"/api/disputes/{dispute}/offers/{offer['offerID']}/accept")).json()
    assert (agreed["status"], agreed["ruling"]) == ("AGREED", {"toPayee": 333.33, "toClient": 166.92, "reason": None})
    assert await bench.balance(f"wallet:{deal.worker_id}") == 333_33
    assert await bench.balance(f"wallet:{deal.client_id}") == before + 166_92 + 8_35  # 25.01 * 166.92 / 500.25
    assert await bench.balance("fees") == 25_01 - 8_35
    job = (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()
    assert (job["status"], job["settledAt"] is not None) == ("COMPLETED", True)
    assert (await deal.worker.get("/api/profile")).json()["totalEarningGross"] == 333.33
    due = await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})
    assert due.status_code == 409
    again = await deal.client.post(f"/api/disputes/{dispute}/offers/{offer['offerID']}/accept")
    assert (again.status_code, again.json()["code"]) == (409, "DISPUTE_CLOSED")


async def test_all_back_to_the_client_cancels_the_job(bench: Bench) -> None:
    deal, dispute = await disputed(bench, by="worker")
    offer = (await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 0})).json()["offers"][0]["offerID"]
    await deal.client.post(f"/api/disputes/{dispute}/offers/{offer}/accept")
    assert (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()["status"] == "CANCELLED"
    assert await bench.balance(f"wallet:{deal.client_id}") == 2_000_000_00
    assert await bench.balance("fees") == 0


async def test_everything_else_stops_while_it_is_open(bench: Bench) -> None:
    deal, _ = await disputed(bench)
    path = f"/api/jobs/{deal.job.id}"
    for answer in (
        await deal.worker.post(f"{path}/complete", {}),
        await deal.client.post(f"{path}/cancel", {"reason": "Enough"}),
        await deal.client.post(f"{path}/dispute", OPENING),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "DISPUTE_OPEN"), answer.text
    told = (await deal.client.get(f"{path}/explain")).json()
    assert told["next"] is None
    assert "disagree" in told["because"]


async def test_three_offers_for_each_side(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    for amount in (100, 200, 300):
        assert (await deal.client.post(f"/api/disputes/{dispute}/offers", {"toPayee": amount})).status_code == 201
    fourth = await deal.client.post(f"/api/disputes/{dispute}/offers", {"toPayee": 400})
    assert (fourth.status_code, fourth.json()["code"]) == (409, "TOO_MANY_OFFERS")
    assert (await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 450})).status_code == 201
    for wrong in (500.26, -1, "5", 1.001, None):
        refused = await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": wrong})
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "toPayee")


async def test_nothing_held_nothing_disputed(bench: Bench) -> None:
    deal = await bench.deal()
    early = await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)
    assert (early.status_code, early.json()["code"]) == (409, "NOTHING_HELD")
    stranger = make.as_(bench.http, await make.account(bench.db, "CLIENT"))
    assert (await stranger.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)).status_code == 404
    disputed_deal, dispute = await disputed(bench)
    assert (await stranger.get(f"/api/disputes/{dispute}")).status_code == 404
    assert (await stranger.post(f"/api/disputes/{dispute}/withdraw")).status_code == 404
    assert (await stranger.get("/api/disputes")).json()["items"] == []
    assert len((await disputed_deal.worker.get("/api/disputes")).json()["items"]) == 1


async def test_withdrawn_the_job_goes_on_with_fresh_clocks(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.fill(deal.client_id, 2000_00)
    await bench.ask(deal, "WALLET")
    await deal.worker.post(f"/api/jobs/{deal.job.id}/complete", {})
    clock.advance(timedelta(days=5).total_seconds())
    dispute = (await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)).json()["disputeID"]
    refused = await deal.worker.post(f"/api/disputes/{dispute}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_THE_OPENER")
    assert (await deal.client.post(f"/api/disputes/{dispute}/withdraw")).json()["status"] == "WITHDRAWN"
    clock.advance(timedelta(days=6).total_seconds())
    await bench.drain()
    assert (await bench.db.pool.fetchval("SELECT status FROM jobs")) == "IN_PROGRESS"
    clock.advance(timedelta(days=1.1).total_seconds())
    await bench.drain()
    assert (await bench.db.pool.fetchval("SELECT status FROM jobs")) == "COMPLETED"


async def test_its_own_clock_leads_to_staff(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    staff = await bench.staff("SUPPORT")
    opened = (await deal.client.get(f"/api/disputes/{dispute}")).json()
    explained = (await deal.client.get(f"/api/disputes/{dispute}/explain")).json()
    assert explained["next"] == {"action": "begin_offers", "at": opened["deadlineAt"]}
    clock.advance(timedelta(hours=49).total_seconds())
    await bench.drain()
    assert (await bench.notices(deal.worker))[0] == "DISPUTE_OFFERS_OPEN"
    clock.advance(timedelta(days=7).total_seconds())
    await bench.drain()
    staff.someone = await make.signed_in_again(bench.db, staff.someone)
    assert (await bench.notices(staff))[0] == "DISPUTE_TO_RULE"
    (waiting,) = (await staff.get("/api/admin/disputes?open=true")).json()["items"]
    assert (waiting["phase"], waiting["deadlineAt"]) == ("STAFF", None)


async def test_a_member_of_staff_rules(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    staff, reviewer = await bench.staff("SUPPORT"), await bench.staff("KYC_REVIEWER")
    ruling = {"toPayee": 100, "reason": "Half of the work was done"}
    path = f"/api/admin/disputes/{dispute}/rule"
    assert (await reviewer.post(path, ruling)).status_code == 403
    assert (await deal.client.post(path, ruling)).status_code == 404
    ruled = (await staff.post(path, ruling)).json()
    assert (ruled["status"], ruled["awaitingSecond"]) == ("RULED", False)
    assert await bench.balance(f"wallet:{deal.worker_id}") == 100_00
    assert (await staff.post(path, ruling)).json()["code"] == "DISPUTE_CLOSED"
    assert await bench.db.pool.fetchval("SELECT count(*) FROM audit_log WHERE action = 'disputes:rule'") == 1


async def test_a_large_ruling_needs_two_members_about_the_same_facts(bench: Bench) -> None:
    deal, dispute = await disputed(bench, budget=120_000_00, status="IN_PROGRESS")
    maria, jose = await bench.staff("ADMIN"), await bench.staff("FINANCE")
    path = f"/api/admin/disputes/{dispute}/rule"
    first = (await maria.post(path, {"toPayee": 40_000, "reason": "As agreed in the chat"})).json()
    assert (first["awaitingSecond"], first["status"]) == (True, "OPEN")
    assert (await maria.post(path, {"toPayee": 40_000, "reason": "Once more"})).json()["awaitingSecond"] is True
    other = (await jose.post(path, {"toPayee": 30_000, "reason": "I see it otherwise"})).json()
    assert (other["awaitingSecond"], other["status"]) == (True, "OPEN")
    second = (await maria.post(path, {"toPayee": 30_000, "reason": "Convinced"})).json()
    assert (second["awaitingSecond"], second["status"]) == (False, "RULED")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 30_000_00


@pytest.mark.parametrize("what", ["offer", "evidence", "phase"])
async def test_what_the_sides_say_in_between_voids_a_first_ruling(bench: Bench, what: str) -> None:
    deal, dispute = await disputed(bench, budget=120_000_00, status="IN_PROGRESS")
    maria, jose = await bench.staff("ADMIN"), await bench.staff("FINANCE")
    path, ruling = f"/api/admin/disputes/{dispute}/rule", {"toPayee": 40_000, "reason": "As the pictures show"}
    assert (await maria.post(path, ruling)).json()["awaitingSecond"] is True
    if what == "offer":
        assert (await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 1})).status_code == 201
    elif what == "evidence":
        shown = await deal.client.request(
            "POST", "/api/media", data={"purpose": "EVIDENCE"}, files={"file": ("a.jpg", photo(1), "image/jpeg")}
        )
        given = await deal.client.post(f"/api/disputes/{dispute}/evidence", {"evidence": [shown.json()["mediaID"]]})
        assert given.status_code == 201, given.text
    else:
        clock.advance(timedelta(hours=49).total_seconds())
        await bench.drain()
    assert (await jose.post(path, ruling)).json()["awaitingSecond"] is True
    assert (await maria.post(path, ruling)).json()["awaitingSecond"] is False


async def test_nobody_rules_in_his_own_dispute(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    await bench.db.pool.execute("UPDATE accounts SET role = 'SUPPORT' WHERE id = $1", deal.client_id)
    refused = await deal.client.post(f"/api/admin/disputes/{dispute}/rule", {"toPayee": 0, "reason": "I was right"})
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_OWN")


async def test_ruling_against_agreement_only_one_counts(bench: Bench) -> None:
    deal, dispute = await disputed(bench)
    staff = await bench.staff()
    offer = (await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 400})).json()["offers"][0]["offerID"]
    answers = await asyncio.gather(
        staff.post(f"/api/admin/disputes/{dispute}/rule", {"toPayee": 10, "reason": "Poor work"}),
        deal.client.post(f"/api/disputes/{dispute}/offers/{offer}/accept"),
        deal.client.post(f"/api/disputes/{dispute}/withdraw"),
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409]


@pytest.mark.parametrize("end", ["accept", "withdraw"])
async def test_a_second_half_that_arrives_meanwhile_joins_what_is_divided(bench: Bench, end: str) -> None:
    deal = await bench.approved()
    asked = (await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})).json()
    dispute = (await deal.client.post(f"/api/jobs/{deal.job.id}/dispute", OPENING)).json()["disputeID"]
    await bench.pay(asked)
    await bench.hear()
    assert (await deal.client.get(f"/api/disputes/{dispute}")).json()["held"] == 1000.5
    if end == "withdraw":
        await deal.client.post(f"/api/disputes/{dispute}/withdraw")
        assert await bench.balance(f"wallet:{deal.worker_id}") == 1000_50
        return
    offer = (await deal.worker.post(f"/api/disputes/{dispute}/offers", {"toPayee": 800})).json()["offers"][0]["offerID"]
    await deal.client.post(f"/api/disputes/{dispute}/offers/{offer}/accept")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 800_00
    assert await bench.balance(f"escrow:{deal.job.id}") == 0
