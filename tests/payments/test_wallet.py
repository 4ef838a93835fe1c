import asyncio
from datetime import timedelta

import pytest

from iayos.core import clock
from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench

DEPOSIT = "/api/accounts/wallet/deposit"


async def someone(bench: Bench) -> tuple[As, int]:
    found = await make.account(bench.db, "WORKER")
    return as_(bench.http, found), found.account_id


async def test_a_deposit_arrives_without_a_fee(bench: Bench) -> None:
    ben, ben_id = await someone(bench)
    asked = await ben.post(DEPOSIT, {"amount": 1500.5})
    assert asked.status_code == 201
    assert (asked.json()["amount"], asked.json()["fee"], asked.json()["type"]) == (1500.5, 0, "DEPOSIT")
    (invoice,) = await bench.invoices()
    assert invoice["external_id"] == f"deposit-{asked.json()['transactionID']}"
    await bench.pay(asked.json())
    await bench.hear()
    assert (await ben.get("/api/accounts/wallet")).json()["balance"] == 1500.5
    assert await bench.balance(f"wallet:{ben_id}") == 1500_50
    (told,) = (await ben.get("/api/notifications")).json()["items"]
    assert (told["type"], told["body"]) == ("WALLET_DEPOSIT", "₱1,500.50 added to your wallet")


@pytest.mark.parametrize("amount", [99.99, 100_000.01, 0, -5, "100", None, True, 100.001, 1e300])
async def test_amounts_outside_the_limits_are_refused(bench: Bench, amount: object) -> None:
    ben, _ = await someone(bench)
    refused = await ben.post(DEPOSIT, {"amount": amount})
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "amount")


async def test_deposits_at_once_never_pass_the_daily_limit(bench: Bench) -> None:
    ben, _ = await someone(bench)
    answers = await asyncio.gather(*(ben.post(DEPOSIT, {"amount": 90_000}) for _ in range(9)))
    assert sorted(one.status_code for one in answers) == [201] * 5 + [409] * 4
    assert {one.json().get("code") for one in answers if one.status_code == 409} == {"DEPOSIT_LIMIT"}
    assert (await ben.post(DEPOSIT, {"amount": 50_000})).status_code == 201
    assert (await ben.post(DEPOSIT, {"amount": 100})).status_code == 409
    other, _ = await someone(bench)
    assert (await other.post(DEPOSIT, {"amount": 100})).status_code == 201


async def test_a_new_day_in_manila_is_a_new_limit(bench: Bench) -> None:
    ben, _ = await someone(bench)
    for _ in range(5):
        assert (await ben.post(DEPOSIT, {"amount": 100_000})).status_code == 201
    assert (await ben.post(DEPOSIT, {"amount": 100})).status_code == 409
    clock.advance(timedelta(hours=24).total_seconds())
    assert (await ben.post(DEPOSIT, {"amount": 100})).status_code == 201


async def test_a_deposit_whose_answer_was_lost_is_continued(bench: Bench) -> None:
    ben, _ = await someone(bench)
    await bench.fault("xendit.*", "503_empty", times=2)
    assert (await ben.post(DEPOSIT, {"amount": 500})).status_code == 503
    assert (await ben.post(DEPOSIT, {"amount": 500})).status_code == 201
    assert len(await bench.invoices()) == 1
    assert len((await ben.get("/api/accounts/wallet/transactions")).json()["items"]) == 1


async def test_one_key_is_one_deposit_even_at_once(bench: Bench) -> None:
    ben, _ = await someone(bench)
    key = {"Idempotency-Key": "deposit-1"}
    answers = await asyncio.gather(*(ben.post(DEPOSIT, {"amount": 500}, headers=key) for _ in range(5)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["transactionID"] for one in answers}) == 1
    assert sorted(one.headers.get("Idempotent-Replayed", "") for one in answers) == [""] + ["true"] * 4
    other = await ben.post(DEPOSIT, {"amount": 600}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_six_wallet_payments_on_money_for_one(bench: Bench) -> None:
    client = await make.account(bench.db, "CLIENT")
    worker = await make.account(bench.db, "WORKER")
    jobs = [await make.job(bench.db, client=client, worker=worker, budget=1000_50) for _ in range(6)]
    await bench.fill(client.account_id, 525_26)
    asks = [
        as_(bench.http, client).post("/api/payments/create-escrow", {"jobID": job.id, "paymentMethod": "WALLET"})
        for job in jobs
    ]
    codes = sorted(one.status_code for one in await asyncio.gather(*asks))
    assert codes == [201] + [409] * 5
    assert await bench.balance(f"wallet:{client.account_id}") == 0


async def test_my_transactions_come_page_by_page(bench: Bench) -> None:
    ben, _ = await someone(bench)
    made = [(await ben.post(DEPOSIT, {"amount": 100 + n})).json()["transactionID"] for n in range(5)]
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await ben.get(f"/api/accounts/wallet/transactions?limit=2{cursor}")).json()
        seen += [one["transactionID"] for one in page["items"]]
        cursor = f"&cursor={page['nextCursor']}" if page["nextCursor"] else None
    assert seen == made[::-1]
    for bad in ("%00", "!!!", "WzFd" * 3, "bm9uZQ", "W10"):
        answer = await ben.get(f"/api/accounts/wallet/transactions?cursor={bad}")
        assert answer.status_code in {200, 400}, answer.text
