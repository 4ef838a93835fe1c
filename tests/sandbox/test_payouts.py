"""Payouts: once per key, decided by banks, by their account numbers, or by themselves."""

import json
from typing import Any

import pytest
import xendit
from xendit.payout.model.create_payout_request import CreatePayoutRequest
from xendit.payout.model.digital_payout_channel_properties import DigitalPayoutChannelProperties

ASK = {"_request_timeout": 5}
RAW = {"_request_timeout": 5, "_preload_content": False}


def wanted(amount: float = 1000.5, number: str = "09171234567", reference: str = "withdrawal-1") -> CreatePayoutRequest:
    to = DigitalPayoutChannelProperties(account_number=number, account_holder_name="Ben Santos")
    return CreatePayoutRequest(
        reference_id=reference, channel_code="PH_GCASH", channel_properties=to, amount=amount, currency="PHP"
    )


def create(payouts: Any, key: str = "key-1", **request: Any) -> dict[str, Any]:
    answer = payouts.create_payout(key, create_payout_request=wanted(**request), **RAW)
    payout: dict[str, Any] = json.loads(answer.data)
    return payout


def get(payouts: Any, payout_id: str) -> dict[str, Any]:
    payout: dict[str, Any] = json.loads(payouts.get_payout_by_id(payout_id, **RAW).data)
    return payout


def events(sandbox: Any) -> list[str]:
    return [each["payload"]["event"] for each in sandbox.control("GET", "/webhooks")]


def test_the_models_of_the_sdk_accept_payouts(payouts: Any, sandbox: Any) -> None:
    payout = payouts.create_payout("key-1", create_payout_request=wanted(), **ASK)
    assert payout.status == "ACCEPTED"
    sandbox.control("POST", f"/xendit/payouts/{payout.id}/fail", {"failure_code": "INVALID_DESTINATION"})
    assert payouts.get_payout_by_id(payout.id, **ASK).failure_code == "INVALID_DESTINATION"
    assert len(payouts.get_payouts("withdrawal-1", **ASK)["data"]) == 1
    (gcash,) = payouts.get_payout_channels(currency="PHP", channel_code="PH_GCASH", **ASK)
    assert (gcash.channel_category.value, gcash.amount_limits.maximum) == ("EWALLET", 50_000)


def test_a_key_makes_one_payout(payouts: Any, sandbox: Any) -> None:
    first, again = create(payouts), create(payouts)
    assert first == again
    with pytest.raises(xendit.XenditSdkException) as refused:
        create(payouts, amount=1.0)
    assert (refused.value.status, refused.value.errorCode) == ("409", "DUPLICATE_ERROR")
    assert create(payouts, "key-2")["id"] != first["id"]
    assert len(sandbox.control("GET", "/xendit/payouts")) == 2


def test_a_payout_waits_until_told(payouts: Any, sandbox: Any, balance: Any) -> None:
    before = balance()
    payout = create(payouts)
    assert balance() == pytest.approx(before - 1000.5 - 11.2)
    sandbox.control("POST", "/clock/advance", {"seconds": 90_000})
    assert get(payouts, payout["id"])["status"] == "ACCEPTED"
    sandbox.control("POST", f"/xendit/payouts/{payout['id']}/succeed")
    assert get(payouts, payout["id"])["status"] == "SUCCEEDED"
    sandbox.control("POST", f"/xendit/payouts/{payout['id']}/reverse")
    assert get(payouts, payout["id"])["status"] == "REVERSED"
    assert balance() == before
    assert events(sandbox) == ["payout.succeeded", "payout.reversed"]
    data = sandbox.control("GET", "/webhooks")[0]["payload"]["data"]
    assert (data["id"], data["reference_id"], data["status"]) == (payout["id"], "withdrawal-1", "SUCCEEDED")
    refused = sandbox.http.post(f"/_sandbox/xendit/payouts/{payout['id']}/fail")
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("123456", "TEMPORARY_TRANSFER_ERROR"),
        ("999999", "REJECTED_BY_CHANNEL"),
        ("121212", "INVALID_DESTINATION"),
    ],
)
def test_account_numbers_that_fail(payouts: Any, sandbox: Any, number: str, code: str) -> None:
    payout = create(payouts, number=number)
    sandbox.control("POST", "/clock/advance", {"seconds": 5})
    failed = get(payouts, payout["id"])
    assert (failed["status"], failed["failure_code"]) == ("FAILED", code)
    assert events(sandbox) == ["payout.failed"]


def test_an_account_number_that_is_reversed(payouts: Any, sandbox: Any) -> None:
    payout = create(payouts, number="654321")
    sandbox.control("POST", "/clock/advance", {"seconds": 5})
    assert get(payouts, payout["id"])["status"] == "SUCCEEDED"
    sandbox.control("POST", "/clock/advance", {"seconds": 300})
    assert get(payouts, payout["id"])["status"] == "REVERSED"
    assert events(sandbox) == ["payout.succeeded", "payout.reversed"]


def test_more_than_the_balance_fails(payouts: Any, sandbox: Any, balance: Any) -> None:
    sandbox.control("PUT", "/xendit/balance", {"amount": 100})
    payout = create(payouts)
    sandbox.control("POST", "/clock/advance", {"seconds": 5})
    assert get(payouts, payout["id"])["failure_code"] == "INSUFFICIENT_BALANCE"
    assert balance() == 100


def test_auto_settles_by_itself(payouts: Any, sandbox: Any) -> None:
    waiting = create(payouts)
    assert sandbox.control("POST", "/xendit/auto", {"payouts": True, "after_s": 2}) == {"payouts": True, "after_s": 2}
    later, stays = create(payouts, "key-2"), create(payouts, "key-3", number="131313")
    sandbox.control("POST", "/clock/advance", {"seconds": 3})
    assert [get(payouts, each["id"])["status"] for each in (waiting, later, stays)] == [
        "SUCCEEDED",
        "SUCCEEDED",
        "ACCEPTED",
    ]
    assert json.loads(payouts.cancel_payout(stays["id"], **RAW).data)["status"] == "CANCELLED"
    with pytest.raises(xendit.XenditSdkException):
        payouts.cancel_payout(later["id"], **RAW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"channel_code": "PH_MAYA"}, "CHANNEL_CODE_NOT_SUPPORTED_ERROR"),
        ({"amount": 50_000.01}, "MAXIMUM_TRANSFER_LIMIT_ERROR"),
        ({"amount": 0}, "RECIPIENT_AMOUNT_ERROR"),
        ({"amount": 10.001}, "RECIPIENT_AMOUNT_ERROR"),
        ({"reference_id": None}, "API_VALIDATION_ERROR"),
        ({"channel_properties": {}}, "API_VALIDATION_ERROR"),
    ],
)
def test_a_bad_payout_is_refused_as_xendit_does(sandbox: Any, change: dict[str, Any], code: str) -> None:
    properties = {"account_number": "0917", "account_holder_name": "Ben"}
    body = {
        "reference_id": "w", "channel_code": "PH_GCASH", "channel_properties": properties, "amount": 100,
        "currency": "PHP", **change,
    }  # fmt: skip
    key, auth = {"idempotency-key": "k"}, ("xendit_development", "")
    assert sandbox.http.post("/xendit/v2/payouts", json=body, headers=key, auth=auth).status_code == 401
    auth = ("xnd_development_sandbox", "")
    answer = sandbox.http.post("/xendit/v2/payouts", json=body, headers=key, auth=auth)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert sandbox.http.post("/xendit/v2/payouts", json=body, auth=auth).status_code == 400
