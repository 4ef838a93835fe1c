"""Asking for a withdrawal, and every reason to refuse one."""

import asyncio

import pytest

from iayos.ledger.actions import post
from tests.make import signed_in_again
from tests.payments.conftest import Bench
from tests.payments.payout_bench import BANK, GCASH, ben, decide, payouts


async def test_money_is_held_at_once_and_out_when_xendit_has_paid(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw(300.5)
    assert (asked["type"], asked["status"], asked["amount"], asked["fee"]) == ("WITHDRAWAL", "PENDING", 300.5, 0)
    assert asked["paymentMethod"] == "PH_GCASH"
    assert await who.wallet() == (699.5, 300.5)
    assert await payouts(bench) == []
    await bench.drain()
    (payout,) = await payouts(bench)
    assert (payout["amount"], payout["reference_id"]) == (300.5, f"withdrawal-{asked['transactionID']}")
    assert payout["channel_properties"] == {"account_number": "09171234567", "account_holder_name": "Ben Santos"}
    assert await who.status(asked) == ("PENDING", None)
    await decide(bench, "succeed")
    await bench.hear()
    assert await who.status(asked) == ("COMPLETED", None)
    assert await who.wallet() == (699.5, 0)
    assert await bench.balance("xendit") == -699_50
    (told,) = (await who.api.get("/api/notifications")).json()["items"]
    assert (told["type"], told["body"]) == ("WITHDRAWAL_PAID", "₱300.50 was sent to your GCash account •••• 4567")
    assert told["data"] == {"transactionID": asked["transactionID"]}


async def test_only_verified_people_withdraw(bench: Bench) -> None:
    stranger = await ben(bench, kyc_verified=False)
    refused = await stranger.withdraw(status=403)
    assert refused["code"] == "KYC_REQUIRED"
    unverified = await ben(bench, verified=False)
    assert (await unverified.withdraw(status=403))["code"] == "EMAIL_UNVERIFIED"
    nobody = await bench.http.post("/api/accounts/wallet/withdraw", json=GCASH | {"amount": 500})
    assert nobody.status_code == 401


@pytest.mark.parametrize(
    ("amount", "fields", "field"),
    [
        (99.99, {}, "amount"),
        (0, {}, "amount"),
        (100.001, {}, "amount"),
        (50_000.01, {}, "amount"),
        (500, {"channelCode": "PH_MAYA"}, "channelCode"),
        (500, {"accountNumber": "0917123456"}, "accountNumber"),
        (500, {"accountNumber": "123456"}, "accountNumber"),
        (500, {"accountNumber": "09171234567x"}, "accountNumber"),
        (500, BANK | {"accountNumber": "12345"}, "accountNumber"),
        (500, BANK | {"accountNumber": "1" * 21}, "accountNumber"),
        (500, BANK | {"accountNumber": "٠١٢٣٤٥٦٧"}, "accountNumber"),
        (500, {"accountName": "  "}, "accountName"),
        (500, {"accountName": "x" * 101}, "accountName"),
    ],
)
async def test_what_cannot_be_sent_is_refused(bench: Bench, amount: float, fields: dict[str, str], field: str) -> None:
    who = await ben(bench, pesos=100_000)
    refused = await who.withdraw(amount, status=400, **fields)
    assert refused["details"]["field"] == field
    assert await who.wallet() == (100_000, 0)


async def test_above_the_channels_limit_it_says_what_fits(bench: Bench) -> None:
    who = await ben(bench, pesos=100_000)
    listed = (await who.api.get("/api/payments/payout-channels")).json()["items"]
    by_code = {one["channelCode"]: one for one in listed}
    assert (by_code["PH_GCASH"]["minimum"], by_code["PH_GCASH"]["maximum"]) == (100, 50_000)
    assert by_code["PH_BPI"]["maximum"] == 500_000
    refused = await who.withdraw(60_000, status=400)
    assert refused["code"] == "CHANNEL_LIMIT"
    assert "PH_BPI" in refused["details"]["channels"]
    assert "PH_GCASH" not in refused["details"]["channels"]
    await who.withdraw(60_000, **BANK)
    await who.withdraw(100)


@pytest.mark.parametrize("given", ["+63 917 123 4567", "0917-123-4567", "639171234567"])
async def test_a_mobile_number_may_be_written_in_other_ways(bench: Bench, given: str) -> None:
    who = await ben(bench)
    await who.withdraw(accountNumber=given)
    await bench.drain()
    (payout,) = await payouts(bench)
    assert payout["channel_properties"]["account_number"] == "09171234567"


async def test_xendit_away_leaves_the_channels_that_are_known(bench: Bench) -> None:
    who = await ben(bench)
    await bench.fault("xendit.*", "503_empty", times=2)
    guide = (await who.api.get("/api/payments/payout-channels")).json()["items"]
    assert "PH_GCASH" in {one["channelCode"] for one in guide}
    assert max(one["maximum"] for one in guide) == 50_000
    await bench.sandbox.delete("/_sandbox/faults")
    listed = (await who.api.get("/api/payments/payout-channels")).json()["items"]
    assert max(one["maximum"] for one in listed) == 500_000


async def test_more_than_there_is_is_refused(bench: Bench) -> None:
    who = await ben(bench)
    assert (await who.withdraw(1000.01, status=409))["code"] == "INSUFFICIENT_FUNDS"
    await who.withdraw(1000)
    assert (await who.withdraw(100, status=409))["code"] == "INSUFFICIENT_FUNDS"
    assert (await who.api.get("/api/accounts/wallet/transactions")).json()["items"][0]["amount"] == 1000


async def test_withdrawals_wait_until_no_cash_fees_are_due(bench: Bench) -> None:
    who = await ben(bench)
    async with bench.db.transaction() as tx:
        await post(tx, "cash-fee:1", (f"cash-fees-due:{who.id}", "fees", 25_00))
    refused = await who.withdraw(status=409)
    assert refused["code"] == "FEES_DUE"
    assert "₱25.00" in refused["error"]
    async with bench.db.transaction() as tx:
        await post(tx, "cash-fee-paid:1", (f"wallet:{who.id}", f"cash-fees-due:{who.id}", 25_00))
    await who.withdraw()


async def test_ten_withdrawals_at_once_on_money_for_three(bench: Bench) -> None:
    who = await ben(bench, pesos=1000)
    answers = await asyncio.gather(*(who.ask(300) for _ in range(10)))
    assert sorted(one.status_code for one in answers) == [201] * 3 + [409] * 7
    assert await who.wallet() == (100, 900)
    await bench.drain()
    assert len(await payouts(bench)) == 3


async def test_one_key_is_one_withdrawal_even_at_once(bench: Bench) -> None:
    who = await ben(bench)
    key = {"Idempotency-Key": "withdraw-1"}
    answers = await asyncio.gather(*(who.ask(200, headers=key) for _ in range(5)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["transactionID"] for one in answers}) == 1
    assert await who.wallet() == (800, 200)
    other = await who.ask(201, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_somebody_elses_withdrawal_is_not_there(bench: Bench) -> None:
    who, other = await ben(bench), await ben(bench)
    asked = await who.withdraw()
    path = f"/api/payments/status/{asked['transactionID']}"
    assert (await other.api.get(path)).status_code == 404
    assert (await other.api.post(f"/api/payments/{asked['transactionID']}/refresh")).status_code == 404


async def test_a_suspended_accounts_withdrawal_waits(bench: Bench) -> None:
    who = await ben(bench)
    asked = await who.withdraw()
    await bench.db.pool.execute("UPDATE accounts SET suspended_at = now() WHERE id = $1", who.id)
    await bench.drain()
    assert await payouts(bench) == []
    await bench.db.pool.execute("UPDATE accounts SET suspended_at = NULL WHERE id = $1", who.id)
    await bench.db.pool.execute("UPDATE outbox SET run_after = now() WHERE task = 'payments.send_payout'")
    await bench.drain()
    assert len(await payouts(bench)) == 1
    again = await signed_in_again(bench.db, who.api.someone)
    assert again.account_id == who.id
    assert (await who.status(asked))[0] == "PENDING"
