import json
from collections.abc import Awaitable, Callable

import pytest

from tests.cli.conftest import Iayos
from tests.disputes.test_disputes import disputed
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def test_a_dispute_is_listed_looked_at_and_ruled(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal, number = await disputed(bench)
    await deal.worker.post(f"/api/disputes/{number}/offers", {"toPayee": 400})
    row = (await iayos("disputes", "list")).out.rstrip("\n").split("\t")
    assert row[:5] == [str(number), str(deal.job.id), "OPEN", "TALK", "500.25"]
    shown = dict(line.split("\t") for line in (await iayos("disputes", "show", str(number))).out.splitlines())
    assert shown["OFFER"] == "by the payee: ₱400.00 to the payee, ₱100.25 to the client"
    assert shown["DESCRIPTION"] == "The faucet still leaks."

    rule = ("disputes", "rule", str(number), "--reason", "Half was done", "--to-payee")
    assert (await iayos(*rule, "333.33")).code == 2  # nobody can be asked
    dry = await iayos(*rule, "333.33", "--dry-run")
    assert (dry.code, dry.out.split("\t")[2]) == (0, "RULED")
    assert dry.err == "Nothing was changed: this was a dry run.\n"
    assert await bench.balance(f"wallet:{deal.worker_id}") == 0
    said = await iayos(*rule, "333.33", "--yes")
    assert (said.code, said.out.split("\t")[2], said.err) == (0, "RULED", "")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 333_33
    again = await iayos(*rule, "333.33", "--yes")
    assert again.code == 5
    assert f"iayos disputes show {number}" in again.err
    assert (await iayos("disputes", "list")).out == ""
    (kept,) = json.loads((await iayos("disputes", "list", "--all", "--json")).out)
    assert kept["ruling"] == {"toPayee": 333.33, "toClient": 166.92, "reason": "Half was done"}


async def test_much_money_waits_for_a_second_member(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    deal, number = await disputed(bench, budget=200_000_00)
    rule = ("disputes", "rule", str(number), "--reason", "All was done", "--to-payee", "₱100,000.00", "--yes")
    await signed_in()
    dry = await iayos(*rule, "--dry-run")
    assert "would have to say the same" in dry.err
    first = await iayos(*rule)
    assert (first.code, first.out.split("\t")[2]) == (0, "OPEN")
    assert "another member of staff" in first.err
    assert await bench.balance(f"wallet:{deal.worker_id}") == 0
    await signed_in("sam")
    second = await iayos(*rule)
    assert (second.code, second.out.split("\t")[2], second.err) == (0, "RULED", "")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 100_000_00


@pytest.mark.parametrize("amount", ["much", "1.001", "NaN", "1e999", ""])
async def test_an_amount_that_is_none_is_2(iayos: Iayos, amount: str) -> None:
    said = await iayos("disputes", "rule", "1", "--to-payee", amount, "--reason", "Because", "--yes")
    assert (said.code, said.out) == (2, "")
    assert "no amount of pesos" in said.err


async def test_what_is_not_there_and_who_may_not(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    assert (await iayos("disputes", "show", "999")).code == 3
    await signed_in("ana")
    assert (await iayos("disputes", "list")).code == 4
