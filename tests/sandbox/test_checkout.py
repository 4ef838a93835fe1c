"""The hosted checkout page, and the page that shows what came in."""

import re
from typing import Any

import pytest

AUTH = ("xnd_development_sandbox", "")
OK, FAILED = "https://iayos.example/payments/success?transactionID=8", "https://iayos.example/payments/failed"


def create(sandbox: Any, *, redirects: bool = True, **more: Any) -> dict[str, Any]:
    body = {"external_id": "job-1-escrow-8", "amount": 1234.5, "description": "First half of <Fix leaking faucet>"}
    if redirects:
        body |= {"success_redirect_url": OK, "failure_redirect_url": FAILED}
    invoice: dict[str, Any] = sandbox.http.post("/xendit/v2/invoices/", json=body | more, auth=AUTH).json()
    return invoice


def status(sandbox: Any, invoice: dict[str, Any]) -> str:
    return str(sandbox.control("GET", f"/xendit/invoices/{invoice['id']}")["status"])


def test_the_page_shows_what_is_paid_and_how(sandbox: Any) -> None:
    page = sandbox.http.get(create(sandbox)["invoice_url"])
    assert page.status_code == 200
    assert "₱1,234.50" in page.text
    assert "First half of &lt;Fix leaking faucet&gt;" in page.text
    buttons = re.findall(r"<button[^>]*>([^<]+)</button>", page.text)
    assert buttons == [
        "Pay with GCash", "Pay with Maya", "Pay with GrabPay", "Pay with Credit/debit card", "Pay with BPI online",
        "Pay a different amount", "Fail", "Let it expire",
    ]  # fmt: skip
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page.text)
    assert sandbox.http.get("/checkout/none").status_code == 404


def test_paying_leads_back_to_the_merchant(sandbox: Any) -> None:
    invoice = create(sandbox)
    answer = sandbox.http.post(f"/checkout/{invoice['id']}/pay", data={"channel": "PAYMAYA"})
    assert (answer.status_code, answer.headers["location"]) == (303, OK)
    paid = sandbox.control("GET", f"/xendit/invoices/{invoice['id']}")
    assert (paid["status"], paid["payment_channel"], paid["paid_amount"]) == ("PAID", "PAYMAYA", 1234.5)
    assert "is paid" in sandbox.http.get(invoice["invoice_url"]).text
    again = sandbox.http.post(f"/checkout/{invoice['id']}/pay", data={"channel": "GCASH"})
    assert again.headers["location"] == f"/checkout/{invoice['id']}"


def test_a_different_amount(sandbox: Any) -> None:
    invoice = create(sandbox, redirects=False)
    page = sandbox.http.post(f"/checkout/{invoice['id']}/pay", data={"channel": "GCASH", "amount": "617.25"})
    assert page.status_code == 200
    assert "₱617.25" in page.text
    other = create(sandbox)
    assert sandbox.http.post(f"/checkout/{other['id']}/pay", data={"amount": "much"}).status_code == 303
    assert status(sandbox, other) == "PENDING"


@pytest.mark.parametrize(("verb", "left"), [("fail", "PENDING"), ("expire", "EXPIRED")])
def test_failing_and_expiring(sandbox: Any, verb: str, left: str) -> None:
    invoice = create(sandbox)
    answer = sandbox.http.post(f"/checkout/{invoice['id']}/{verb}")
    assert (answer.status_code, answer.headers["location"]) == (303, FAILED)
    assert status(sandbox, invoice) == left
    alone = create(sandbox, redirects=False)
    assert 'role="status"' in sandbox.http.post(f"/checkout/{alone['id']}/{verb}").text


def test_an_expired_invoice_has_no_buttons(sandbox: Any) -> None:
    invoice = create(sandbox, invoice_duration=60)
    sandbox.control("POST", "/clock/advance", {"seconds": 61})
    page = sandbox.http.get(invoice["invoice_url"]).text
    assert "has expired" in page
    assert "<button" not in page


def test_the_home_page_shows_what_came_in(sandbox: Any) -> None:
    assert "None yet" in sandbox.http.get("/").text
    create(sandbox)
    to = {"account_number": "09171234567", "account_holder_name": "Ben"}
    payout = {
        "reference_id": "w-1",
        "channel_code": "PH_GCASH",
        "channel_properties": to,
        "amount": 1,
        "currency": "PHP",
    }
    sandbox.http.post("/xendit/v2/payouts", json=payout, auth=AUTH, headers={"idempotency-key": "1"})
    sandbox.control("POST", "/webhooks/send", {"payload": {"event": "payout.odd", "data": {"reference_id": "w-1"}}})
    mail = {"from": "a@b.co", "to": "ana@example.com", "subject": "Kumusta & <b>", "text": "Magandang araw"}
    sent = sandbox.http.post("/resend/emails", json=mail, headers={"Authorization": "Bearer re_sandbox"}).json()
    sandbox.http.post("/expo/--/api/v2/push/send", json={"to": "ExponentPushToken[a]", "title": "Job accepted"})
    key = {"Authorization": "Bearer sandbox-service-role-key"}
    sandbox.http.post("/supabase/storage/v1/bucket", json={"id": "page"}, headers=key)
    sandbox.http.post("/supabase/storage/v1/object/page/a.txt", content=b"1", headers=key)
    page = sandbox.http.get("/").text
    for text in (
        "job-1-escrow-8",
        "₱1,234.50",
        "w-1",
        "payout.odd",
        "Kumusta &amp; &lt;b&gt;",
        "Job accepted",
        "a.txt",
    ):
        assert text in page
    assert "Magandang araw" in sandbox.http.get(f"/mails/{sent['id']}").text
    assert sandbox.http.get("/logo.svg").headers["content-type"].startswith("image/svg+xml")
