import asyncio
from datetime import timedelta
from typing import Any

import pytest

from iayos.core import clock
from iayos.payments.settle import Unconfirmed
from tests.payments.conftest import Bench

HOOK = "/api/payments/xendit-webhook"


async def deliveries(bench: Bench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await bench.sandbox.get("/_sandbox/webhooks")).json()
    return found


@pytest.mark.parametrize("token", [None, "", "wrong", "sandbox-callback-toke", "SANDBOX-CALLBACK-TOKEN", "tökén"])
async def test_a_wrong_token_leaves_nothing_but_a_count(bench: Bench, token: str | None) -> None:
    headers = {} if token is None else {b"x-callback-token": token.encode()}
    answer = await bench.http.post(HOOK, json={"id": "inv", "status": "PAID"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_FAILED")
    assert await bench.db.pool.fetchval("SELECT count(*) FROM xendit_events") == 0
    assert await bench.db.pool.fetchval("SELECT count FROM counters") == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"id": NaN}'])
async def test_a_body_that_is_no_object_is_a_400(bench: Bench, body: bytes) -> None:
    answer = await bench.http.post(HOOK, content=body, headers={"x-callback-token": "sandbox-callback-token"})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"id": 7},
        {"id": "x" * 300, "status": "PAID"},
        {"event": "payout.succeeded", "data": {}},
        {"id": "../../balance"},
    ],
)
async def test_events_that_mean_nothing_to_us_are_kept(bench: Bench, payload: dict[str, Any]) -> None:
    answer = await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": payload})
    assert answer.status_code == 200
    await bench.hear()
    assert await bench.db.pool.fetchval("SELECT outcome FROM xendit_events") in {
        "NOT_AN_INVOICE",
        "UNKNOWN_INVOICE",
        "UNKNOWN_PAYOUT",
    }


async def test_fifty_equal_webhooks_at_once_pay_once(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    (event,) = await deliveries(bench)
    for fresh in (False, True):
        await bench.sandbox.post(
            f"/_sandbox/webhooks/{event['id']}/redeliver",
            json={"times": 25, "concurrent": True, "new_webhook_id": fresh},
        )
        await bench.drain()
    attempts = [one["status"] for each in await deliveries(bench) for one in each["attempts"]]
    assert attempts == [200] * 51
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25
    assert await bench.notices(deal.worker) == ["ESCROW_PAID"]


async def test_many_tasks_for_one_payment_at_once_post_once(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.pay(await bench.ask(deal), webhook=False)
    refreshes = [
        deal.client.post(f"/api/payments/{n}/refresh")
        for n in [(await bench.ask(deal, status=200))["transactionID"]] * 8
    ]
    answers = await asyncio.gather(*refreshes)
    assert {one.json()["status"] for one in answers} == {"COMPLETED"}
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_paid_then_expired_stays_paid(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked)
    await bench.hear()
    (invoice,) = await bench.invoices()
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": invoice | {"status": "EXPIRED"}})
    await bench.hear(2)
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_expired_then_paid_still_pays_the_job(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    (invoice,) = await bench.invoices()
    await bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/expire", json={})
    await bench.hear()
    seen = await bench.status(deal.client, asked)
    assert (seen["status"], seen["failureReason"]) == ("FAILED", "EXPIRED")
    await bench.pay(asked)
    await bench.hear(2)
    assert (await bench.invoices())[0]["status"] == "EXPIRED"
    seen = await bench.status(deal.client, asked)
    assert (seen["status"], seen["creditedTo"]) == ("COMPLETED", "JOB")
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_a_late_payment_ends_the_attempt_that_replaced_it(bench: Bench) -> None:
    deal = await bench.deal()
    first, second = await bench.ask(deal, "GCASH"), await bench.ask(deal, "MAYA")
    await bench.pay(first)
    await bench.hear(2)
    await bench.drain()
    assert (await bench.status(deal.client, first))["creditedTo"] == "JOB"
    assert (await bench.status(deal.client, second))["failureReason"] == "SUPERSEDED"
    assert {one["status"] for one in await bench.invoices()} == {"EXPIRED"}
    await bench.pay(second)
    await bench.drain()
    await bench.hear(4)
    assert (await bench.status(deal.client, second))["creditedTo"] == "WALLET"
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26


async def test_a_forged_payment_is_not_believed(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    (invoice,) = await bench.invoices()
    forged = invoice | {"status": "PAID", "paid_amount": invoice["amount"]}
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": forged})
    with pytest.raises(Unconfirmed):
        await bench.hear()
    assert (await bench.status(deal.client, asked))["status"] == "PENDING"
    assert await bench.balance("xendit") == 0
    await bench.pay(asked, webhook=False)
    clock.advance(60)
    await bench.drain()
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"


async def test_the_event_comes_before_the_create_call_has_returned(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.fault("xendit.create_invoice", "delay:1")
    asking = asyncio.create_task(bench.ask(deal))
    for _ in range(300):
        if found := await bench.invoices():
            break
        await asyncio.sleep(0.01)
    if found:
        await bench.sandbox.post(f"/_sandbox/xendit/invoices/{found[0]['id']}/pay", json={"channel": "GCASH"})
        await bench.hear()
    asked = await asking
    if not found:
        await bench.pay(asked)
        await bench.hear()
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


@pytest.mark.parametrize("kind", ["drop_after", "500", "502_html", "503_empty", "bad_json", "429", "drop_before"])
async def test_an_answer_lost_on_the_way_makes_no_second_invoice(bench: Bench, kind: str) -> None:
    deal = await bench.deal()
    await bench.fault("xendit.create_invoice", kind)
    body = {"jobID": deal.job.id, "paymentMethod": "GCASH"}
    first = await deal.client.post("/api/payments/create-escrow", body)
    assert first.status_code in {201, 503}, first.text
    if first.status_code == 503:
        assert first.json()["code"] == "GATEWAY_UNAVAILABLE"
        assert int(first.headers["Retry-After"]) > 0
    again = await bench.ask(deal, status=200)
    assert len(await bench.invoices()) == 1
    await bench.pay(again)
    await bench.hear()
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25


async def test_xendit_away_for_a_while_loses_nothing(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.fault("xendit.*", "503_empty", times=2)
    body = {"jobID": deal.job.id, "paymentMethod": "GCASH"}
    assert (await deal.client.post("/api/payments/create-escrow", body)).status_code == 503
    assert (await bench.ask(deal, status=200))["invoiceURL"]
    assert len(await bench.invoices()) == 1


async def test_ten_askers_at_once_get_one_invoice(bench: Bench) -> None:
    deal = await bench.deal()
    body = {"jobID": deal.job.id, "paymentMethod": "GCASH"}
    answers = await asyncio.gather(*(deal.client.post("/api/payments/create-escrow", body) for _ in range(10)))
    assert sorted(one.status_code for one in answers) == [200] * 9 + [201]
    assert len({one.json()["invoiceURL"] for one in answers}) == 1
    assert len(await bench.invoices()) == 1


async def test_a_lost_webhook_is_found_by_asking(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked, webhook=False)
    await bench.drain()
    assert (await bench.status(deal.client, asked))["status"] == "PENDING"
    clock.advance(121)
    await bench.drain()
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"


async def test_i_already_paid(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked, webhook=False)
    refreshed = await deal.client.post(f"/api/payments/{asked['transactionID']}/refresh")
    assert (refreshed.status_code, refreshed.json()["status"]) == (200, "COMPLETED")
    await bench.fault("xendit.*", "503_empty")
    assert (await deal.client.post(f"/api/payments/{asked['transactionID']}/refresh")).status_code == 200


async def test_an_unpaid_invoice_expires_by_the_clock(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    clock.advance(timedelta(hours=24, minutes=1).total_seconds())
    await bench.sandbox.get("/_sandbox/clock")
    await bench.drain()
    seen = await bench.status(deal.client, asked)
    assert (seen["status"], seen["failureReason"]) == ("FAILED", "EXPIRED")
    assert (await bench.ask(deal))["transactionID"] != asked["transactionID"]
