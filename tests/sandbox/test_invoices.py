"""Invoices, as xendit-python sees them and as control routes move them."""

import json
from typing import Any

import pytest
import xendit
from xendit.apis import InvoiceApi
from xendit.invoice.model.create_invoice_request import CreateInvoiceRequest
from xendit.invoice.model.invoice_status import InvoiceStatus

ASK = {"_request_timeout": 5}
RAW = {"_request_timeout": 5, "_preload_content": False}


def create(invoices: Any, external_id: str = "job-1-escrow-1", amount: float = 525.26, **more: Any) -> dict[str, Any]:
    request = {"external_id": external_id, "amount": amount, **more}
    found: dict[str, Any] = json.loads(invoices.create_invoice(request, **RAW).data)
    return found


def get(invoices: Any, invoice_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(invoices.get_invoice_by_id(invoice_id, **RAW).data)
    return found


def test_the_models_of_the_sdk_accept_an_invoice(invoices: Any, sandbox: Any) -> None:
    wanted = CreateInvoiceRequest(
        external_id="job-7-escrow-8", amount=1000.0, currency="PHP", description="First half of “Fix leaking faucet”",
        invoice_duration=86400.0, payment_methods=["GCASH"], success_redirect_url="https://iayos.example/ok",
    )  # fmt: skip
    invoice = invoices.create_invoice(wanted, **ASK)
    assert invoice.status.value == "PENDING"
    assert len(invoice.id) == 24
    assert invoice.amount == 1000.0
    assert invoice.invoice_url == f"{sandbox.url}/checkout/{invoice.id}"
    assert [wallet.ewallet_type.value for wallet in invoice.available_ewallets] == ["GCASH"]
    sandbox.control("POST", f"/xendit/invoices/{invoice.id}/pay", {"channel": "GCASH"})
    assert invoices.get_invoice_by_id(invoice.id, **ASK).status.value == "PAID"
    assert len(invoices.get_invoices(external_id="job-7-escrow-8", limit=10.0, **ASK)) == 1


def test_an_external_id_is_not_unique_and_lists_filter(invoices: Any, sandbox: Any) -> None:
    first, second, _ = (create(invoices, "job-1-escrow-1"), create(invoices, "job-1-escrow-1"), create(invoices, "x"))
    sandbox.control("POST", f"/xendit/invoices/{first['id']}/expire")
    pending = [InvoiceStatus("PENDING"), InvoiceStatus("PAID")]
    found = json.loads(invoices.get_invoices(external_id="job-1-escrow-1", statuses=pending, **RAW).data)
    assert [each["id"] for each in found] == [second["id"]]
    shown = sandbox.control("GET", "/xendit/invoices?external_id=job-1-escrow-1")
    assert [each["id"] for each in shown] == [first["id"], second["id"]]
    assert len(json.loads(invoices.get_invoices(limit=2.0, **RAW).data)) == 2


def test_a_payment_shows_everywhere(invoices: Any, transactions: Any, sandbox: Any) -> None:
    invoice = create(invoices)
    answer = sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/pay", {"channel": "PAYMAYA"})
    paid = get(invoices, invoice["id"])
    assert answer == paid == sandbox.control("GET", f"/xendit/invoices/{invoice['id']}")
    assert (paid["status"], paid["paid_amount"], paid["payment_method"]) == ("PAID", 525.26, "EWALLET")
    assert paid["payment_channel"] == "PAYMAYA"
    assert paid["payment_id"].startswith("ewc_")
    assert paid["paid_at"]
    booked = transactions.get_all_transactions(reference_id="job-1-escrow-1", **ASK)
    assert booked.has_more is False
    assert [(each.type.value, each.status.value, each.amount) for each in booked.data] == [
        ("PAYMENT", "SUCCESS", 525.26)
    ]


def test_an_invoice_is_paid_once(invoices: Any, sandbox: Any) -> None:
    invoice = create(invoices)
    sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/pay", {"channel": "GCASH"})
    again = sandbox.http.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json={"channel": "GCASH"})
    assert again.status_code == 409
    assert "paid already" in again.json()["error"]
    sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/settle")
    assert get(invoices, invoice["id"])["status"] == "SETTLED"
    assert sandbox.http.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay").status_code == 409
    assert sandbox.http.post(f"/_sandbox/xendit/invoices/{invoice['id']}/settle").status_code == 409


def test_another_amount_or_currency_is_paid_as_it_came(invoices: Any, sandbox: Any) -> None:
    invoice = create(invoices)
    sandbox.control(
        "POST", f"/xendit/invoices/{invoice['id']}/pay", {"channel": "GCASH", "amount": 500, "currency": "USD"}
    )
    paid = get(invoices, invoice["id"])
    assert (paid["status"], paid["amount"], paid["paid_amount"], paid["currency"]) == ("PAID", 525.26, 500, "USD")


def test_an_invoice_expires_by_the_clock(invoices: Any, sandbox: Any) -> None:
    invoice = create(invoices, invoice_duration=3600)
    sandbox.control("POST", "/clock/advance", {"seconds": 3599})
    assert get(invoices, invoice["id"])["status"] == "PENDING"
    sandbox.control("POST", "/clock/advance", {"seconds": 2})
    assert get(invoices, invoice["id"])["status"] == "EXPIRED"
    events = sandbox.control("GET", "/webhooks")
    assert [event["payload"]["status"] for event in events] == ["EXPIRED"]
    assert not any(key.startswith("pa") for key in events[0]["payload"])


def test_a_late_payment_leaves_the_invoice_expired(invoices: Any, transactions: Any, sandbox: Any) -> None:
    invoice = create(invoices)
    assert invoices.expire_invoice(invoice["id"], **RAW).data
    sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/pay", {"channel": "GCASH"})
    late = get(invoices, invoice["id"])
    assert late["status"] == "EXPIRED"
    assert "paid_amount" not in late
    statuses = [event["payload"]["status"] for event in sandbox.control("GET", "/webhooks")]
    assert statuses == ["EXPIRED", "PAID"]
    booked = json.loads(transactions.get_all_transactions(reference_id="job-1-escrow-1", **RAW).data)
    assert [each["amount"] for each in booked["data"]] == [525.26]


def test_only_a_pending_invoice_expires(invoices: Any, sandbox: Any) -> None:
    invoice = create(invoices)
    sandbox.control("POST", f"/xendit/invoices/{invoice['id']}/pay")
    with pytest.raises(xendit.XenditSdkException) as refused:
        invoices.expire_invoice(invoice["id"], **ASK)
    assert str(refused.value.status) == "400"
    assert sandbox.http.post(f"/_sandbox/xendit/invoices/{invoice['id']}/expire").status_code == 409


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "12"}, "API_VALIDATION_ERROR"),
        ({"amount": 0.5}, "API_VALIDATION_ERROR"),
        ({"external_id": ""}, "API_VALIDATION_ERROR"),
        ({"invoice_duration": 0}, "API_VALIDATION_ERROR"),
        ({"success_redirect_url": "x" * 256}, "API_VALIDATION_ERROR"),
        ({"payer_email": "nobody"}, "EMAIL_FORMAT_ERROR"),
        ({"currency": "IDR"}, "UNSUPPORTED_CURRENCY"),
        ({"payment_methods": ["PH_GCASH"]}, "UNAVAILABLE_PAYMENT_METHOD_ERROR"),
        ({"amount": 100_001, "payment_methods": ["GCASH"]}, "NO_COLLECTION_METHODS_ERROR"),
    ],
)
def test_a_bad_request_is_refused_as_xendit_does(sandbox: Any, change: dict[str, Any], code: str) -> None:
    body = {"external_id": "a", "amount": 100, **change}
    answer = sandbox.http.post("/xendit/v2/invoices/", json=body, auth=("xnd_development_sandbox", ""))
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_a_wrong_key_and_an_unknown_invoice(sandbox: Any, invoices: Any) -> None:
    with pytest.raises(xendit.XenditSdkException) as refused:
        InvoiceApi(sandbox.xendit("another")).get_invoices(**ASK)
    assert (refused.value.status, refused.value.errorCode) == ("401", "INVALID_API_KEY")
    with pytest.raises(xendit.XenditSdkException) as missing:
        invoices.get_invoice_by_id("5f4708b7bd394b0400b96276", **ASK)
    assert (missing.value.status, missing.value.errorCode) == ("404", "INVOICE_NOT_FOUND_ERROR")


def test_answers_tell_the_rate_limit(sandbox: Any) -> None:
    answer = sandbox.http.get("/xendit/v2/invoices", auth=("xnd_development_sandbox", ""))
    assert {"rate-limit-limit", "rate-limit-remaining", "rate-limit-reset"} <= set(answer.headers)
