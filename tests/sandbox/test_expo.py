"""Expo Push: tickets at once, receipts later."""

import gzip
import json
from typing import Any

import pytest

ANA, BEN = "ExponentPushToken[ana]", "ExponentPushToken[ben]"
PUSH = {"to": ANA, "title": "Payment received", "body": "₱525.26", "data": {"notificationID": 7}}


def send(sandbox: Any, body: Any) -> Any:
    return sandbox.http.post("/expo/--/api/v2/push/send", json=body)


def receipts(sandbox: Any, *ids: str) -> dict[str, Any]:
    answer = sandbox.http.post("/expo/--/api/v2/push/getReceipts", json={"ids": list(ids)})
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_one_message_gets_one_ticket_and_a_list_gets_a_list(sandbox: Any) -> None:
    alone = send(sandbox, PUSH).json()["data"]
    assert alone["status"] == "ok"
    many = send(sandbox, [PUSH | {"to": [ANA, BEN]}, PUSH]).json()["data"]
    assert len({ticket["id"] for ticket in (alone, *many)}) == 4
    assert len(send(sandbox, PUSH | {"to": [ANA]}).json()["data"]) == 1
    kept = sandbox.control("GET", "/expo/messages")
    assert [push["to"] for push in kept] == [ANA, ANA, BEN, ANA, ANA]
    assert (kept[0]["title"], kept[0]["data"], kept[0]["ticket"]) == ("Payment received", {"notificationID": 7}, alone)


def test_receipts_come_after_a_while_and_go_after_a_day(sandbox: Any) -> None:
    ticket = send(sandbox, PUSH).json()["data"]["id"]
    assert receipts(sandbox, ticket, "unheard") == {}
    sandbox.control("POST", "/clock/advance", {"seconds": 901})
    assert receipts(sandbox, ticket, "unheard") == {ticket: {"status": "ok"}}
    sandbox.control("POST", "/clock/advance", {"seconds": 86_400})
    assert receipts(sandbox, ticket) == {}
    sandbox.control("PUT", "/expo", {"receipt_delay_s": 0})
    ticket = send(sandbox, PUSH).json()["data"]["id"]
    assert receipts(sandbox, ticket) == {ticket: {"status": "ok"}}


def test_a_device_that_is_gone(sandbox: Any) -> None:
    sandbox.control("PUT", "/expo", {"receipt_delay_s": 0})
    before = send(sandbox, PUSH).json()["data"]["id"]
    sandbox.control("PUT", f"/expo/devices/{ANA}", {"state": "DeviceNotRegistered"})
    assert receipts(sandbox, before)[before]["details"]["error"] == "DeviceNotRegistered"
    ticket = send(sandbox, PUSH).json()["data"]
    assert (ticket["status"], ticket["details"]["error"]) == ("error", "DeviceNotRegistered")
    assert send(sandbox, PUSH | {"to": "nonsense"}).json()["data"]["status"] == "error"
    sandbox.control("PUT", f"/expo/devices/{ANA}", {"state": "ok"})
    assert send(sandbox, PUSH).json()["data"]["status"] == "ok"


def test_other_errors_show_in_the_receipt(sandbox: Any) -> None:
    sandbox.control("PUT", "/expo", {"receipt_delay_s": 0})
    sandbox.control("PUT", f"/expo/devices/{BEN}", {"state": "MessageRateExceeded"})
    slow, large = send(sandbox, [PUSH | {"to": BEN}, PUSH | {"body": "x" * 4_100}]).json()["data"]
    found = receipts(sandbox, slow["id"], large["id"])
    assert found[slow["id"]]["details"]["error"] == "MessageRateExceeded"
    assert found[large["id"]]["details"]["error"] == "MessageTooBig"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([PUSH | {"to": [ANA] * 101}], "PUSH_TOO_MANY_NOTIFICATIONS"),
        ([PUSH] * 101, "PUSH_TOO_MANY_NOTIFICATIONS"),
        ({"title": "to nobody"}, "VALIDATION_ERROR"),
        (["text"], "VALIDATION_ERROR"),
    ],
)
def test_whole_requests_that_are_refused(sandbox: Any, body: Any, code: str) -> None:
    answer = send(sandbox, body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    assert sandbox.control("GET", "/expo/messages") == []


def test_projects_do_not_mix(sandbox: Any) -> None:
    sandbox.control("PUT", f"/expo/devices/{BEN}", {"project": "@other/app"})
    error = send(sandbox, PUSH | {"to": [ANA, BEN]}).json()["errors"][0]
    assert (error["code"], error["details"]["@other/app"]) == ("PUSH_TOO_MANY_EXPERIENCE_IDS", [BEN])


def test_a_compressed_body(sandbox: Any) -> None:
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    content = gzip.compress(json.dumps(PUSH).encode())
    answer = sandbox.http.post("/expo/--/api/v2/push/send", content=content, headers=headers)
    assert answer.json()["data"]["status"] == "ok"
    assert sandbox.control("GET", "/requests?provider=expo")[0]["body"] == PUSH
