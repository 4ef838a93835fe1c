import pytest

from tests import make
from tests.make import as_
from tests.payments.conftest import Bench


async def test_escrow_by_gcash_from_invoice_to_notice(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    assert (asked["amount"], asked["fee"], asked["status"]) == (525.26, 25.01, "PENDING")
    assert (asked["type"], asked["paymentMethod"], asked["jobID"]) == ("ESCROW", "GCASH", deal.job.id)
    (invoice,) = await bench.invoices()
    assert invoice["external_id"] == f"job-{deal.job.id}-escrow-{asked['transactionID']}"
    assert (invoice["amount"], asked["invoiceURL"]) == (525.26, invoice["invoice_url"])
    assert invoice["success_redirect_url"].endswith(f"/payments/success?transactionID={asked['transactionID']}")

    await bench.pay(asked)
    await bench.hear()

    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"
    assert (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()["escrowPaid"] is True
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25
    assert await bench.balance("fees") == 25_01
    assert await bench.notices(deal.worker) == ["ESCROW_PAID"]
    assert await bench.notices(deal.client) == ["PAYMENT_SUCCESS"]
    (told,) = (await deal.worker.get("/api/notifications")).json()["items"]
    assert told["body"] == "Client paid ₱500.25 escrow for Fix leaking faucet"
    assert told["data"] == {"jobID": deal.job.id, "transactionID": asked["transactionID"]}


async def test_asking_again_answers_the_same_attempt(bench: Bench) -> None:
    deal = await bench.deal()
    first, again = await bench.ask(deal), await bench.ask(deal, status=200)
    assert first == again
    assert len(await bench.invoices()) == 1


async def test_another_method_supersedes_the_live_attempt(bench: Bench) -> None:
    deal = await bench.deal()
    first = await bench.ask(deal, "GCASH")
    second = await bench.ask(deal, "MAYA")
    assert first["transactionID"] != second["transactionID"]
    before = await bench.status(deal.client, first)
    assert (before["status"], before["failureReason"]) == ("FAILED", "SUPERSEDED")
    assert [one["status"] for one in await bench.invoices()] == ["EXPIRED", "PENDING"]


async def test_another_method_finds_that_the_first_was_paid_just_now(bench: Bench) -> None:
    deal = await bench.deal()
    first = await bench.ask(deal, "GCASH")
    await bench.pay(first, webhook=False)
    assert (await bench.ask(deal, "CARD", status=409))["code"] == "ALREADY_PAID"
    assert (await bench.status(deal.client, first))["status"] == "COMPLETED"


async def test_escrow_from_the_wallet_is_paid_at_once(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.fill(deal.client_id, 525_26)
    paid = await bench.ask(deal, "WALLET")
    assert (paid["status"], paid["creditedTo"], paid["invoiceURL"]) == ("COMPLETED", "JOB", None)
    assert (await deal.client.get("/api/accounts/wallet")).json() == {
        "balance": 0, "held": 500.25, "pendingWithdrawal": 0, "currency": "PHP",
    }  # fmt: skip
    assert (await deal.worker.get("/api/accounts/wallet")).json()["held"] == 500.25
    assert await bench.invoices() == []


async def test_a_wallet_one_centavo_short_pays_nothing(bench: Bench) -> None:
    deal = await bench.deal()
    await bench.fill(deal.client_id, 525_25)
    assert (await bench.ask(deal, "WALLET", status=409))["code"] == "INSUFFICIENT_FUNDS"
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_25
    assert (await deal.client.get("/api/accounts/wallet/transactions")).json()["items"] == []


async def test_nothing_is_due_before_acceptance_or_after_payment(bench: Bench) -> None:
    client = await make.account(bench.db, "CLIENT")
    open_job = await make.job(bench.db, client=client)
    body = {"jobID": open_job.id, "paymentMethod": "GCASH"}
    early = await as_(bench.http, client).post("/api/payments/create-escrow", body)
    assert (early.status_code, early.json()["code"]) == (409, "JOB_NOT_ACCEPTED")

    deal = await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    assert (await bench.ask(deal, status=409))["code"] == "ALREADY_PAID"
    final = await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})
    assert (final.status_code, final.json()["code"]) == (409, "JOB_NOT_APPROVED")


async def test_only_the_client_of_the_job_pays_and_looks(bench: Bench) -> None:
    deal, other = await bench.deal(), await bench.deal()
    body = {"jobID": deal.job.id, "paymentMethod": "GCASH"}
    assert (await other.client.post("/api/payments/create-escrow", body)).status_code == 404
    assert (await deal.worker.post("/api/payments/create-escrow", body)).json()["code"] == "WRONG_PROFILE"
    assert (await bench.http.post("/api/payments/create-escrow", json=body)).json()["code"] == "AUTH_REQUIRED"
    unverified = as_(bench.http, await make.account(bench.db, "CLIENT", verified=False))
    assert (await unverified.post("/api/payments/create-escrow", body)).json()["code"] == "EMAIL_UNVERIFIED"
    asked = await bench.ask(deal)
    assert (await other.client.get(f"/api/payments/status/{asked['transactionID']}")).status_code == 404
    assert (await other.client.post(f"/api/payments/{asked['transactionID']}/refresh")).status_code == 404


@pytest.mark.parametrize(
    ("method", "price", "fits"),
    [("GCASH", 200_000_00, ["CARD", "BANK"]), ("BANK", 1_000_000_00, ["CARD"]), ("MAYA", 1_000_000_00, ["CARD"])],
)
async def test_a_channel_that_cannot_take_the_amount_names_those_that_can(
    bench: Bench, method: str, price: int, fits: list[str]
) -> None:
    deal = await bench.deal(budget=price)
    refused = await bench.ask(deal, method, status=400)
    assert (refused["code"], refused["details"]["channels"]) == ("CHANNEL_LIMIT", fits)
    assert await bench.invoices() == []


async def test_the_second_half_pays_the_worker_everything(bench: Bench) -> None:
    deal = await bench.approved()
    asked = (await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "method": "GCASH"})).json()
    assert (asked["amount"], asked["type"]) == (525.26, "JOB_PAYMENT")
    await bench.pay(asked)
    await bench.hear()
    assert await bench.balance(f"wallet:{deal.worker_id}") == 1000_50
    assert await bench.balance(f"escrow:{deal.job.id}") == 0
    job = (await deal.client.get(f"/api/jobs/{deal.job.id}")).json()
    assert job["remainingPaymentPaid"] is True
    assert job["settledAt"] is not None
    (told,) = (await deal.worker.get("/api/notifications")).json()["items"]
    assert (told["type"], told["body"]) == (
        "FINAL_PAYMENT_RECEIVED", "You received ₱1,000.50 for Fix leaking faucet",
    )  # fmt: skip
    assert (await deal.worker.get("/api/profile")).json()["totalEarningGross"] == 1000.50


async def test_a_wrong_amount_goes_to_the_wallet_and_is_flagged(bench: Bench) -> None:
    deal, staff = await bench.deal(), await bench.staff("FINANCE")
    asked = await bench.ask(deal)
    await bench.pay(asked, amount=500)
    await bench.hear()
    seen = await bench.status(deal.client, asked)
    assert (seen["status"], seen["failureReason"], seen["creditedTo"]) == ("FAILED", "AMOUNT_MISMATCH", "WALLET")
    assert await bench.balance(f"wallet:{deal.client_id}") == 500_00
    assert await bench.notices(staff) == ["PAYMENT_FLAGGED"]
    assert (await bench.ask(deal))["transactionID"] != asked["transactionID"]


async def test_another_currency_is_flagged_and_never_posted(bench: Bench) -> None:
    deal, staff = await bench.deal(), await bench.staff()
    asked = await bench.ask(deal)
    await bench.pay(asked, currency="USD")
    await bench.hear()
    assert (await bench.status(deal.client, asked))["status"] == "PENDING"
    assert await bench.balance("xendit") == 0
    assert await bench.notices(staff) == ["PAYMENT_FLAGGED"]


async def test_cancelling_ends_the_invoice_and_late_money_goes_to_the_wallet(bench: Bench) -> None:
    deal = await bench.deal()
    asked = await bench.ask(deal)
    cancelled = await deal.client.post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "Found somebody else"})
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "CANCELLED")
    await bench.drain()
    assert [one["status"] for one in await bench.invoices()] == ["EXPIRED"]
    await bench.pay(asked)
    await bench.hear(2)
    seen = await bench.status(deal.client, asked)
    assert (seen["status"], seen["creditedTo"]) == ("COMPLETED", "WALLET")
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26
    again = await deal.client.post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "Once more"})
    assert (again.status_code, again.json()["code"]) == (409, "JOB_ALREADY_CANCELLED")


async def test_a_stranger_cancels_nothing(bench: Bench) -> None:
    deal, other = await bench.deal(), await bench.deal()
    answer = await other.client.post(f"/api/jobs/{deal.job.id}/cancel", {"reason": "Mischief"})
    assert answer.status_code == 404


async def test_the_web_asks_by_purpose(bench: Bench) -> None:
    deal = await bench.deal()
    answer = await deal.client.post("/api/payments/create-invoice", {"purpose": "ESCROW", "jobID": deal.job.id})
    assert (answer.status_code, answer.json()["amount"]) == (201, 525.26)
    for body, field in (
        ({"purpose": "ESCROW"}, "jobID"), ({"purpose": "DEPOSIT"}, "amount"), ({"purpose": "GIFT"}, "purpose"),
        ({"purpose": "DEPOSIT", "amount": "12"}, "amount"), ({"purpose": "DEPOSIT", "amount": 100.005}, "amount"),
    ):  # fmt: skip
        refused = await deal.client.post("/api/payments/create-invoice", body)
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, field)


async def test_a_payment_explains_itself(bench: Bench) -> None:
    deal, other = await bench.deal(), await bench.deal()
    asked = await bench.ask(deal)
    path = f"/api/payments/{asked['transactionID']}/explain"
    told = (await deal.client.get(path)).json()
    assert (told["waitingFor"], told["next"]) == (
        [{"who": "PAYER", "action": "pay"}], {"action": "expire", "at": asked["expiresAt"]},
    )  # fmt: skip
    assert (await other.client.get(path)).status_code == 404
    await bench.ask(deal, "MAYA")
    assert "Another way" in (await deal.client.get(path)).json()["because"]
