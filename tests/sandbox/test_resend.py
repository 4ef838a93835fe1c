"""Resend: mails taken in, each key only once a day."""

import threading
from typing import Any

import pytest

MAIL = {
    "from": "iAyos <hello@iayos.example>",
    "to": ["ana@example.com"],
    "subject": "Verify your email",
    "html": "<style>p {}</style><p>Open <a href='https://iayos.example/verify?token=abc'>this link</a>.</p><p>Thanks</p>",
}
KEY = {"Authorization": "Bearer re_sandbox"}


def post(sandbox: Any, body: Any, path: str = "/emails", **headers: str) -> Any:
    sent = KEY | {name.replace("_", "-"): value for name, value in headers.items()}
    return sandbox.http.post(f"/resend{path}", json=body, headers=sent)


def test_a_mail_arrives(sandbox: Any) -> None:
    answer = post(sandbox, MAIL | {"headers": {"X-Entity": "1"}}, idempotency_key="verify/1")
    assert answer.status_code == 200
    post(sandbox, MAIL | {"to": "Ben <Ben@example.com>", "text": "plain"})
    (mail,) = sandbox.control("GET", "/resend/messages?to=ana@example.com")
    assert (mail["id"], mail["to"], mail["subject"]) == (answer.json()["id"], ["ana@example.com"], "Verify your email")
    assert (mail["html"], mail["text"]) == (
        MAIL["html"],
        "Open this link https://iayos.example/verify?token=abc.\nThanks",
    )
    assert (mail["headers"], mail["idempotencyKey"]) == ({"X-Entity": "1"}, "verify/1")
    assert [each["text"] for each in sandbox.control("GET", "/resend/messages?to=ben@example.com")] == ["plain"]
    assert len(sandbox.control("GET", "/resend/messages")) == 2
    seen = sandbox.http.get(f"/resend/emails/{mail['id']}", headers=KEY).json()
    assert (seen["object"], seen["last_event"]) == ("email", "delivered")


def test_a_key_sends_once_a_day(sandbox: Any) -> None:
    first = post(sandbox, MAIL, idempotency_key="k").json()
    assert post(sandbox, MAIL, idempotency_key="k").json() == first
    other = post(sandbox, MAIL | {"subject": "Other"}, idempotency_key="k")
    assert (other.status_code, other.json()["name"]) == (409, "invalid_idempotent_request")
    assert post(sandbox, MAIL, idempotency_key="k" * 257).json()["name"] == "invalid_idempotency_key"
    sandbox.control("POST", "/clock/advance", {"seconds": 86_401})
    assert post(sandbox, MAIL | {"subject": "Other"}, idempotency_key="k").json() != first
    assert len(sandbox.control("GET", "/resend/messages")) == 2


def test_a_key_whose_first_request_is_not_answered_yet(sandbox: Any, eventually: Any) -> None:
    sandbox.control("PUT", "/faults", [{"match": "resend.send", "kind": "delay:0.3"}])
    first = threading.Thread(target=post, args=(sandbox, MAIL), kwargs={"idempotency_key": "k"})
    first.start()
    eventually(lambda: sandbox.control("GET", "/requests"))
    refused = post(sandbox, MAIL, idempotency_key="k")
    assert (refused.status_code, refused.json()["name"]) == (409, "concurrent_idempotent_requests")
    first.join()
    assert post(sandbox, MAIL, idempotency_key="k").status_code == 200
    assert len(sandbox.control("GET", "/resend/messages")) == 1


def test_a_batch_is_all_or_nothing(sandbox: Any) -> None:
    assert len(post(sandbox, [MAIL, MAIL], "/emails/batch").json()["data"]) == 2
    bad = post(sandbox, [MAIL, {"from": "a@b.co"}], "/emails/batch")
    assert (bad.status_code, bad.json()["name"]) == (422, "missing_required_field")
    assert post(sandbox, [MAIL] * 101, "/emails/batch").status_code == 422
    assert len(sandbox.control("GET", "/resend/messages")) == 2


@pytest.mark.parametrize(
    ("change", "status", "name"),
    [
        ({"to": None}, 422, "missing_required_field"),
        ({"subject": ""}, 422, "missing_required_field"),
        ({"html": None}, 422, "missing_required_field"),
        ({"to": "nobody"}, 422, "validation_error"),
        ({"to": ["a@b.co"] * 51}, 422, "validation_error"),
        ({"from": "a@unverified.invalid"}, 403, "validation_error"),
    ],
)
def test_refusals(sandbox: Any, change: dict[str, Any], status: int, name: str) -> None:
    answer = post(sandbox, MAIL | change)
    assert (answer.status_code, answer.json()["statusCode"], answer.json()["name"]) == (status, status, name)


def test_keys_missing_and_wrong(sandbox: Any) -> None:
    assert sandbox.http.post("/resend/emails", json=MAIL).json()["name"] == "missing_api_key"
    wrong = sandbox.http.post("/resend/emails", json=MAIL, headers={"Authorization": "Bearer re_other"})
    assert (wrong.status_code, wrong.json()["name"]) == (403, "invalid_api_key")
