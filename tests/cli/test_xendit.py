import json
from collections.abc import Awaitable, Callable

import pytest

from tests.cli.conftest import Iayos
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.payments.payout_bench import ben

SignIn = Callable[..., Awaitable[None]]


async def test_a_lost_payment_is_found_and_repaired(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal = await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked, webhook=False)
    looked = await iayos("xendit", "reconcile", "--since", "24h", "--dry-run")
    rows = {line.split("\t")[0]: line.split("\t") for line in looked.out.splitlines()}
    assert looked.code == 5
    assert rows["missed payment"][1] == f"#{asked['transactionID']} PENDING"
    assert rows["missed payment"][3:] == ["525.26", "post the payment"]
    assert "the same without --dry-run" in looked.err
    assert await bench.balance("xendit") == 0
    done = await iayos("xendit", "reconcile", "--since", "24h", "--json")
    assert (done.code, json.loads(done.out)["remaining"]) == (0, 0)
    assert await bench.balance(f"escrow:{deal.job.id}") == 500_25
    assert (await iayos("xendit", "reconcile")).out == ""


async def test_what_a_person_must_look_at_remains(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal = await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    await bench.db.pool.execute("UPDATE payments SET external_id = 'job-0-escrow-0'")
    said = await iayos("xendit", "reconcile")
    assert said.code == 5
    assert "\tby hand" in said.out
    assert "without --dry-run" not in said.err


async def test_lists_and_a_replay_without_effect(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal, other = await bench.deal(), await bench.deal()
    paid = await bench.ask(deal)
    await bench.pay(paid)
    await bench.hear()
    await bench.ask(other)
    invoices = [line.split("\t") for line in (await iayos("xendit", "invoices")).out.splitlines()]
    assert [row[3] for row in invoices] == ["PENDING", "COMPLETED"]
    (one,) = json.loads((await iayos("xendit", "invoices", "--status", "COMPLETED", "--json")).out)
    assert (one["transactionID"], one["amount"]) == (paid["transactionID"], 525.26)
    assert len((await iayos("xendit", "invoices", "--limit", "1")).out.splitlines()) == 1
    (event,) = (await iayos("xendit", "events")).out.splitlines()
    assert event.split("\t")[1] == "PAID"
    assert (await iayos("xendit", "events", "--open")).out == ""
    replayed = json.loads((await iayos("xendit", "replay", "--since", "24h", "--json")).out)
    assert (replayed["events"], replayed["effects"]) == (1, [])


async def test_payouts_show_no_whole_account_number(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    who = await ben(bench)
    asked = await who.withdraw(300.5)
    (row,) = [line.split("\t") for line in (await iayos("xendit", "payouts")).out.splitlines()]
    assert (row[0], row[2], row[4:7]) == (str(asked["transactionID"]), "PENDING", ["300.50", "PH_GCASH", "•••• 4567"])


@pytest.mark.parametrize("when", ["yesterday", "24 hours", "2026-13-01", "99999d", ""])
async def test_a_time_that_is_none_is_2(iayos: Iayos, when: str) -> None:
    said = await iayos("xendit", "replay", "--since", when)
    assert (said.code, said.out) == (2, "")
    assert "no time" in said.err


async def test_xendit_is_for_finance(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    assert (await iayos("xendit", "reconcile", "--dry-run")).code == 4
