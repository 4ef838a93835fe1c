"""Statements and receipts: what they say, and who gets them."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from iayos.core import clock
from tests import make
from tests.make import as_, signed_in_again
from tests.payments.conftest import Bench
from tests.payments.payout_bench import ben, decide

STATEMENT = "/api/accounts/wallet/statement"


def words(pdf: bytes) -> str:
    """All that a PDF says."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def sheet(answer: Any) -> list[dict[str, str]]:
    """A CSV's rows."""
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_a_month_with_everything_in_it(bench: Bench) -> None:
    deal = await bench.approved()
    month = clock.today().strftime("%Y-%m")
    client_path = f"{STATEMENT}?month={month}&format=csv"
    await bench.fill(deal.client_id, 2000_00)
    paid = await deal.client.post("/api/payments/final-payment", {"jobID": deal.job.id, "paymentMethod": "WALLET"})
    assert paid.status_code == 201, paid.text
    rows = sheet(await deal.client.get(client_path))
    assert [(row["Description"], row["In"], row["Out"], row["Balance"]) for row in rows] == [
        ("Opening balance", "", "", "0.00"),
        ("Deposit", "2000.00", "", "2000.00"),
        ("Paid for Fix leaking faucet", "", "500.25", "1499.75"),
        ("Service fee: Fix leaking faucet", "", "25.01", "1474.74"),
        ("Closing balance", "", "", "1474.74"),
    ]
    (_, earned, _) = sheet(await deal.worker.get(client_path))
    assert (earned["Description"], earned["In"]) == ("Payment for Fix leaking faucet", "1000.50")


async def test_withdrawals_say_where_they_went(bench: Bench) -> None:
    who = await ben(bench)
    await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    await decide(bench, "reverse")
    await bench.hear(2)
    await who.withdraw(300, accountNumber="09998887777")
    await bench.drain()
    await decide(bench, "fail", failure_code="INVALID_DESTINATION")
    await bench.hear(3)
    rows = sheet(await who.api.get(f"{STATEMENT}?format=csv"))
    assert [row["Description"] for row in rows[1:-1]] == [
        "Deposit",
        "Withdrawal to GCash •••• 4567",
        "Withdrawal to GCash •••• 4567 came back",
        "Withdrawal to GCash •••• 7777",
        "Withdrawal to GCash •••• 7777 failed, money returned",
    ]
    assert rows[-1]["Balance"] == "1000.00"
    said = words((await who.api.get(STATEMENT)).content)
    assert "09171234567" not in said
    for part in (
        "Wallet statement",
        "Opening balance",
        "\N{MINUS SIGN}₱400.00",
        "+₱300.00",
        "₱1,000.00",
        "Page 1 of 1",
    ):
        assert part in said


async def test_a_month_begins_in_manila_and_carries_its_balance(bench: Bench) -> None:
    who = await ben(bench)
    this = clock.today().strftime("%Y-%m")
    while clock.today().strftime("%Y-%m") == this:
        clock.advance(timedelta(hours=12).total_seconds())
    again = as_(bench.http, await signed_in_again(bench.db, who.api.someone))
    before = sheet(await again.get(f"{STATEMENT}?format=csv&month={this}"))
    after = sheet(await again.get(f"{STATEMENT}?format=csv"))
    assert [row["Balance"] for row in before] == ["0.00", "1000.00", "1000.00"]
    assert [row["Balance"] for row in after] == ["1000.00", "1000.00"]


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "26-11", "2026-1", "2026-11-01", "2099-01", "%00", "2026\u0661-1"]
)
async def test_a_month_that_is_none_is_refused(bench: Bench, month: str) -> None:
    who = await ben(bench)
    refused = await who.api.get(f"{STATEMENT}?month={month}")
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "month")


async def test_the_form_is_chosen_by_format_or_accept(bench: Bench) -> None:
    who = await ben(bench)
    for path, accept, kind in (
        (STATEMENT, "*/*", "application/pdf"),
        (STATEMENT, "text/csv", "text/csv; charset=utf-8"),
        (STATEMENT, "application/pdf, text/csv;q=0.5", "application/pdf"),
        (f"{STATEMENT}?format=pdf", "text/csv", "application/pdf"),
    ):
        answer = await who.api.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == "no-store"
    assert (await who.api.get(f"{STATEMENT}?format=doc")).status_code == 400
    assert (await bench.http.get(STATEMENT)).status_code == 401


async def test_long_months_go_over_several_pages(bench: Bench) -> None:
    who = await ben(bench, pesos=0)
    for number in range(1, 91):
        await bench.fill(who.id, number * 100)
    answer = await who.api.get(STATEMENT)
    pages = PdfReader(io.BytesIO(answer.content)).pages
    assert len(pages) == 3
    assert "Page 2 of 3" in pages[1].extract_text()
    assert "₱4,095.00" in pages[2].extract_text()


async def test_the_receipt_acknowledges_and_invoices_the_fee(bench: Bench) -> None:
    deal = await bench.deal(title="Wire 3 sockets = <b>50 m²</b> " + "x" * 90)
    asked = await bench.ask(deal)
    path = f"/api/payments/{asked['transactionID']}/receipt"
    early = await deal.client.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "NOT_PAID_YET")
    await bench.pay(asked)
    await bench.hear()
    answer = await deal.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    first, second = (page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for part in (
        "Acknowledgement receipt",
        "₱525.26",
        "₱500.25",
        "GCash",
        f"AR-{asked['transactionID']:08d}",
        "<b>50 m²</b>",
    ):
        assert part in first
    for part in ("Invoice", "₱25.01", "5 % of ₱500.25", "Billed to", f"INV-{asked['transactionID']:08d}"):
        assert part in second
    for other in (deal.worker, as_(bench.http, await make.account(bench.db, "CLIENT"))):
        assert (await other.get(path)).status_code == 404


async def test_receipts_without_a_fee_have_one_page(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    answer = await who.api.get(f"/api/payments/{asked['transactionID']}/receipt")
    (page,) = PdfReader(io.BytesIO(answer.content)).pages
    assert "Withdrawal from the wallet" in page.extract_text()
    assert "09171234567" not in page.extract_text()
