"""Webhooks: delivered, retried, repeated, reordered, lost and forged."""

from typing import Any

from iayos.core import clock


def paid(sandbox: Any, external_id: str = "job-1-escrow-1", **order: Any) -> dict[str, Any]:
    request = {"external_id": external_id, "amount": 525}
    invoice = sandbox.http.post("/xendit/v2/invoices/", json=request, auth=("xnd_development_sandbox", "")).json()
    answer: dict[str, Any] = sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/pay", order)
    return answer


def webhook(sandbox: Any) -> dict[str, Any]:
    event: dict[str, Any] = sandbox.control("GET", "/webhooks")[-1]
    return event


def test_a_payment_is_told_at_once(sandbox: Any, receiver: Any, eventually: Any) -> None:
    invoice = paid(sandbox)
    eventually(lambda: webhook(sandbox)["attempts"])
    (got,) = receiver.got
    event = webhook(sandbox)
    assert got["headers"]["x-callback-token"] == "callback-token-of-the-tests"
    assert got["headers"]["webhook-id"] == event["headers"]["webhook-id"]
    assert got["body"] == event["payload"]
    assert got["body"]["status"] == "PAID"
    assert got["body"]["external_id"] == "job-1-escrow-1"
    assert (got["body"]["amount"], got["body"]["paid_amount"]) == (525, 525)
    assert event["invoiceID"] == invoice["id"]
    assert [attempt["status"] for attempt in event["attempts"]] == [200]
    assert event["attempts"][0]["at"]


def test_refused_events_are_tried_again_on_the_shared_clock(sandbox: Any, receiver: Any, eventually: Any) -> None:
    receiver.answers = [500, 503, 200]
    paid(sandbox)
    eventually(lambda: len(webhook(sandbox)["attempts"]) == 1)
    sandbox.control("POST", "/clock/advance", {"seconds": 901})
    eventually(lambda: len(webhook(sandbox)["attempts"]) == 2)
    clock.advance(3600)  # another process that shares the clock may move it too
    eventually(lambda: len(webhook(sandbox)["attempts"]) == 3)
    sandbox.control("POST", "/clock/advance", {"seconds": 200_000})
    assert [attempt["status"] for attempt in webhook(sandbox)["attempts"]] == [500, 503, 200]


def test_after_six_retries_it_gives_up(sandbox: Any, receiver: Any, eventually: Any) -> None:
    receiver.answers = [500] * 20
    paid(sandbox)
    eventually(lambda: webhook(sandbox)["attempts"])
    sandbox.control("POST", "/clock/advance", {"seconds": 90_000})
    eventually(lambda: len(webhook(sandbox)["attempts"]) == 7)
    sandbox.control("POST", "/clock/advance", {"seconds": 900_000})
    assert len(webhook(sandbox)["attempts"]) == 7


def test_a_lost_webhook_is_never_sent_but_can_be_redelivered(sandbox: Any, receiver: Any) -> None:
    paid(sandbox, webhook=False)
    assert webhook(sandbox)["attempts"] == []
    answer = sandbox.control("POST", f"/webhooks/{webhook(sandbox)['id']}/redeliver")
    assert [attempt["status"] for attempt in answer["attempts"]] == [200]
    assert len(receiver.got) == 1


def test_redelivery(sandbox: Any, receiver: Any, eventually: Any) -> None:
    paid(sandbox)
    eventually(lambda: webhook(sandbox)["attempts"])
    path = f"/webhooks/{webhook(sandbox)['id']}/redeliver"
    answer = sandbox.control("POST", path, {"times": 3, "concurrent": True})
    assert (len(answer["delivered"]), len(answer["attempts"])) == (3, 4)
    sandbox.control("POST", path, {"new_webhook_id": True})
    receiver.answers = [401]
    forged = sandbox.control("POST", path, {"token": "forged"})
    assert forged["attempts"][-1]["status"] == 401
    ids = [got["headers"]["webhook-id"] for got in receiver.got]
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0] == ids[5]
    assert receiver.got[5]["headers"]["x-callback-token"] == "forged"
    assert len({str(got["body"]) for got in receiver.got}) == 1


def test_any_event_can_be_sent(sandbox: Any, receiver: Any) -> None:
    payload = {"id": "unheard", "external_id": "nobody", "status": "PAID", "amount": 1.5}
    sent = sandbox.control("POST", "/webhooks/send", {"payload": payload, "webhook_id": "mine"})
    assert (sent["invoiceID"], sent["attempts"][0]["status"]) == ("unheard", 200)
    sandbox.control("POST", "/webhooks/send", {"payload": payload, "token": None, "webhook_id": None})
    first, second = receiver.got
    assert (first["body"], first["headers"]["webhook-id"]) == (payload, "mine")
    assert not {"x-callback-token", "webhook-id"} & set(second["headers"])


def test_the_policy_duplicates_delays_and_drops(sandbox: Any, receiver: Any, eventually: Any) -> None:
    sandbox.control("PUT", "/webhooks/policy", {"duplicate": 3, "delay_s": 60})
    paid(sandbox)
    assert receiver.got == []
    sandbox.control("POST", "/clock/advance", {"seconds": 61})
    eventually(lambda: len(webhook(sandbox)["attempts"]) == 3)
    assert len({got["headers"]["webhook-id"] for got in receiver.got}) == 1
    sandbox.control("PUT", "/webhooks/policy", {"drop": 1.0})
    paid(sandbox, "job-2-escrow-2")
    assert webhook(sandbox)["lost"] is True


def test_the_policy_shuffles(sandbox: Any, receiver: Any, eventually: Any) -> None:
    sandbox.control("PUT", "/webhooks/policy", {"shuffle": True, "seed": 7})
    names = [f"job-{number}" for number in range(8)]
    for name in names:
        paid(sandbox, name)
    eventually(lambda: len(receiver.got) == 8)
    arrived = [got["body"]["external_id"] for got in receiver.got]
    assert sorted(arrived) == names != arrived


def test_without_a_receiver_nothing_is_tried(sandbox: Any) -> None:
    paid(sandbox)
    assert webhook(sandbox)["attempts"] == []
