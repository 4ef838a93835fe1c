"""What can be made to go wrong, and what is written down about it."""

import json
import threading
import time
from typing import Any

import httpx
import pytest
import urllib3
import xendit

RAW = {"_request_timeout": 5, "_preload_content": False}
WANTED = {"external_id": "job-1-escrow-1", "amount": 525.26}


def fault(sandbox: Any, kind: str, match: str = "xendit.create_invoice", times: int | None = 1) -> None:
    sandbox.control("PUT", "/faults", [{"match": match, "kind": kind, "times": times}])


def test_a_drop_before_leaves_nothing_and_one_after_leaves_the_effect(invoices: Any, sandbox: Any) -> None:
    for kind, left in (("drop_before", 0), ("drop_after", 1)):
        fault(sandbox, kind)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            invoices.create_invoice(WANTED, **RAW)
        assert len(sandbox.control("GET", "/xendit/invoices")) == left
    assert invoices.create_invoice(WANTED, **RAW).data
    assert len(sandbox.control("GET", "/xendit/invoices")) == 2


def test_httpx_sees_a_dropped_connection_too(sandbox: Any) -> None:
    fault(sandbox, "drop_before", "resend.*")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.http.post("/resend/emails", json={})


def test_a_hang_lasts_until_the_caller_gives_up(invoices: Any, sandbox: Any) -> None:
    fault(sandbox, "hang")
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        invoices.create_invoice(WANTED, _request_timeout=0.3)
    assert sandbox.control("GET", "/xendit/invoices") == []


def test_taking_the_faults_back_lets_go_of_who_hangs(invoices: Any, sandbox: Any) -> None:
    fault(sandbox, "hang")
    threading.Timer(0.2, lambda: sandbox.control("DELETE", "/faults")).start()
    with pytest.raises(urllib3.exceptions.ProtocolError):
        invoices.create_invoice(WANTED, **RAW)


def test_a_delay_holds_only_the_answer(invoices: Any, sandbox: Any, eventually: Any) -> None:
    fault(sandbox, "delay:0.4")
    started = time.monotonic()
    call = threading.Thread(target=lambda: invoices.create_invoice(WANTED, **RAW).data)
    call.start()
    eventually(lambda: sandbox.control("GET", "/xendit/invoices"))
    assert call.is_alive()
    call.join()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("429", "429", "RATE_LIMIT_EXCEEDED"), ("500", "500", "SERVER_ERROR"), ("401", "401", "INVALID_API_KEY")],
)
def test_refusals_in_xendits_words(invoices: Any, sandbox: Any, kind: str, status: str, code: str) -> None:
    fault(sandbox, kind, "xendit.*")
    with pytest.raises(xendit.XenditSdkException) as refused:
        invoices.create_invoice(WANTED, **RAW)
    assert (refused.value.status, refused.value.errorCode) == (status, code)
    assert sandbox.control("GET", "/xendit/invoices") == []


@pytest.mark.parametrize(
    ("kind", "status", "kind_of"), [("502_html", 502, "text/html"), ("503_empty", 503, None), ("bad_json", 200, "json")]
)
def test_answers_that_are_no_json(sandbox: Any, kind: str, status: int, kind_of: str | None) -> None:
    fault(sandbox, kind, "xendit.list_invoices")
    answer = sandbox.http.get("/xendit/v2/invoices", auth=("xnd_development_sandbox", ""))
    assert answer.status_code == status
    assert (kind_of or "") in answer.headers.get("content-type", "")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_fault_happens_as_often_as_told(sandbox: Any) -> None:
    fault(sandbox, "500", "resend.send", times=2)

    def post() -> int:
        return int(sandbox.http.post("/resend/emails", json={}).status_code)

    assert [post(), post(), post()] == [500, 500, 401]
    fault(sandbox, "429", "resend.*", times=None)
    assert {post() for _ in range(4)} == {429}
    sandbox.control("DELETE", "/faults")
    assert post() == 401


@pytest.mark.parametrize("wrong", [{"match": "xendit.creat", "kind": "500"}, {"match": "xendit.*", "kind": "explode"}])
def test_a_fault_that_could_never_happen_is_refused(sandbox: Any, wrong: dict[str, Any]) -> None:
    assert sandbox.http.put("/_sandbox/faults", json=[wrong]).status_code == 400


def test_every_request_is_written_down_with_its_secrets_masked(invoices: Any, sandbox: Any) -> None:
    assert invoices.create_invoice(WANTED, **RAW).data
    fault(sandbox, "drop_after", "resend.send")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.http.post("/resend/emails", json={"to": "a@example.com"}, headers={"Idempotency-Key": "k"})
    first, second = sandbox.control("GET", "/requests")
    assert (first["method"], first["path"], first["body"]) == ("POST", "/xendit/v2/invoices/", WANTED)
    assert first["headers"]["authorization"] == "Basic ***"
    assert first["answer"]["status"] == 200
    assert first["answer"]["body"]["external_id"] == "job-1-escrow-1"
    assert first["receivedAt"] <= first["answeredAt"]
    assert (second["answer"], second["fault"], second["headers"]["idempotency-key"]) == (None, "drop_after", "k")
    assert [each["id"] for each in sandbox.control("GET", "/requests?provider=xendit")] == [first["id"]]
    assert [each["id"] for each in sandbox.control("GET", f"/requests?since={first['id']}")] == [second["id"]]
    assert len(sandbox.control("GET", f"/requests?since={first['receivedAt']}")) == 2
    assert sandbox.http.get("/_sandbox/requests?since=yesterday").status_code == 400


def test_reset_forgets_everything(invoices: Any, sandbox: Any) -> None:
    assert invoices.create_invoice(WANTED, **RAW).data
    sandbox.control("POST", "/clock/advance", {"seconds": 1000})
    fault(sandbox, "500", "xendit.*")
    now = sandbox.control("POST", "/reset")["now"]
    assert now == sandbox.control("GET", "/clock")["now"][: len(now) - 5] + now[-5:]
    assert sandbox.control("GET", "/xendit/invoices") == []
    assert sandbox.control("GET", "/requests") == []
    assert sandbox.control("GET", "/webhooks") == []
    assert sandbox.control("GET", "/faults") == []
