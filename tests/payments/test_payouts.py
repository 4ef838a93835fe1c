"""What becomes of a withdrawal at Xendit: paid, failed, sent back, lost on the way, told twice and in any order."""

import asyncio
from datetime import timedelta

import pytest

from iayos.core import clock
from iayos.core.errors import GatewayUnavailable
from iayos.payments.settle import Unconfirmed
from tests.payments.conftest import Bench
from tests.payments.payout_bench import BANK, ben, decide, payouts


async def until_heard(bench: Bench, count: int) -> None:
    """Webhooks that the sandbox sends by its own clock."""
    await bench.hear(count)


@pytest.mark.parametrize(
    ("number", "events", "status", "reason"),
    [
        ("123456", 1, "FAILED", "TEMPORARY_TRANSFER_ERROR"),
        ("999999", 1, "FAILED", "REJECTED_BY_CHANNEL"),
        ("121212", 1, "FAILED", "INVALID_DESTINATION"),
        ("654321", 2, "FAILED", "REVERSED"),
    ],
)
async def test_the_magic_account_numbers(bench: Bench, number: str, events: int, status: str, reason: str) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400, **BANK | {"accountNumber": number})
    await bench.drain()
    await until_heard(bench, events)
    assert await who.status(asked) == (status, reason)
    assert await who.wallet() == (1000, 0)
    assert await bench.balance("xendit") == -1000_00
    assert (await who.notices())[0] == "WITHDRAWAL_FAILED"


async def test_the_number_that_stays_accepted(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400, **BANK | {"accountNumber": "131313"})
    await bench.drain()
    for _ in range(5):
        clock.advance(timedelta(hours=1).total_seconds())
        await bench.drain()
    assert await who.status(asked) == ("PENDING", None)
    assert await who.wallet() == (600, 400)


async def test_a_balance_at_xendit_that_does_not_cover_it_is_told_to_staff(bench: Bench) -> None:
    who = await ben(bench)
    staff = await bench.staff("FINANCE")
    await bench.sandbox.put("/_sandbox/xendit/balance", json={"amount": 10})
    asked = await who.withdraw(400)
    await bench.drain()
    await until_heard(bench, 1)
    assert await who.status(asked) == ("FAILED", "INSUFFICIENT_BALANCE")
    assert await who.wallet() == (1000, 0)
    assert await bench.notices(staff) == ["PAYMENT_FLAGGED"]


async def test_a_payout_that_comes_back_after_it_was_paid(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    assert await bench.balance("xendit") == -600_00
    await decide(bench, "reverse")
    await bench.hear(2)
    assert await who.status(asked) == ("FAILED", "REVERSED")
    assert await who.wallet() == (1000, 0)
    assert await who.notices() == ["WITHDRAWAL_FAILED", "WITHDRAWAL_PAID"]
    again = await who.withdraw(400)
    assert again["transactionID"] != asked["transactionID"]


async def test_events_in_the_wrong_order_end_where_xendit_ends(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed", webhook=False)
    await decide(bench, "reverse")
    await bench.hear(1)
    assert await who.status(asked) == ("FAILED", "REVERSED")
    first, _ = (await bench.sandbox.get("/_sandbox/webhooks")).json()
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": first["payload"]})
    await bench.hear(2)
    assert await who.status(asked) == ("FAILED", "REVERSED")
    assert await who.wallet() == (1000, 0)


async def test_fifty_equal_events_pay_once(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    (event,) = (await bench.sandbox.get("/_sandbox/webhooks")).json()
    again = {"times": 50, "concurrent": True, "new_webhook_id": True}
    await bench.sandbox.post(f"/_sandbox/webhooks/{event['id']}/redeliver", json=again)
    await bench.hear(51)
    assert await who.status(asked) == ("COMPLETED", None)
    assert await who.notices() == ["WITHDRAWAL_PAID"]


async def test_the_event_comes_before_the_create_call_has_returned(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.fault("xendit.create_payout", "delay:1")
    sending = asyncio.ensure_future(bench.drain())
    while not (found := await payouts(bench)) and not sending.done():
        await asyncio.sleep(0.01)
    assert found or sending.done()
    await decide(bench, "succeed")
    await bench.hear(1)
    await sending
    await bench.drain()
    assert await who.status(asked) == ("COMPLETED", None)
    assert await bench.balance("xendit") == -600_00


@pytest.mark.parametrize(
    "kind", ["drop_after", "500", "502_html", "503_empty", "bad_json", "429", "drop_before", "401"]
)
async def test_an_answer_lost_on_the_way_pays_once(bench: Bench, kind: str) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.fault("xendit.create_payout", kind)
    with pytest.raises(GatewayUnavailable):
        await bench.drain()
    assert await who.wallet() == (600, 400)
    clock.advance(10)
    await bench.drain()
    assert len(await payouts(bench)) == 1
    await decide(bench, "succeed")
    await bench.hear(1)
    assert await who.status(asked) == ("COMPLETED", None)


async def test_a_refusal_gives_the_money_back(bench: Bench) -> None:
    who = await ben(bench, pesos=100_000)
    asked = await who.withdraw(400)
    await bench.db.pool.execute("UPDATE withdrawals SET channel_code = 'PH_CLOSED'")
    await bench.drain()
    assert await who.status(asked) == ("FAILED", "CHANNEL_CODE_NOT_SUPPORTED_ERROR")
    assert await who.wallet() == (100_000, 0)
    assert await payouts(bench) == []


async def test_a_lost_webhook_is_found_by_asking(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed", webhook=False)
    clock.advance(121)
    await bench.drain()
    assert await who.status(asked) == ("COMPLETED", None)
    await decide(bench, "reverse", webhook=False)
    clock.advance(timedelta(hours=2).total_seconds())
    await bench.drain()
    assert await who.status(asked) == ("FAILED", "REVERSED")
    assert await who.wallet() == (1000, 0)


async def test_asking_now(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    path = f"/api/payments/{asked['transactionID']}/refresh"
    assert (await who.api.post(path)).json()["status"] == "PENDING"
    await bench.drain()
    await decide(bench, "succeed", webhook=False)
    assert (await who.api.post(path)).json()["status"] == "COMPLETED"


async def test_a_forged_event_is_not_believed(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    (payout,) = await payouts(bench)
    forged = {"event": "payout.succeeded", "data": payout | {"status": "SUCCEEDED"}}
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": forged})
    with pytest.raises(Unconfirmed):
        await bench.hear(1)
    assert await who.status(asked) == ("PENDING", None)
    unknown = {"event": "payout.failed", "data": payout | {"id": "disb-nobody"}}
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": unknown})
    await bench.hear(2)
    outcomes = await bench.db.pool.fetch("SELECT outcome FROM xendit_events ORDER BY id")
    assert [row[0] for row in outcomes] == [None, "UNKNOWN_PAYOUT"]
    assert await who.wallet() == (600, 400)
    await decide(bench, "succeed", webhook=False)
    clock.advance(60)
    await bench.drain()
    assert await who.status(asked) == ("COMPLETED", None)


@pytest.mark.parametrize("data", [None, [], "x", {}, {"id": 7}, {"id": None}])
async def test_odd_payout_events_are_closed(bench: Bench, data: object) -> None:
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": {"event": "payout.succeeded", "data": data}})
    await bench.hear(1)
    assert await bench.db.pool.fetchval("SELECT outcome FROM xendit_events") == "UNKNOWN_PAYOUT"
