import json
from collections.abc import Awaitable, Callable

import pytest

from iayos.core.db import Database
from iayos.ledger.actions import post
from tests.cli.conftest import Iayos

SignIn = Callable[..., Awaitable[None]]


@pytest.fixture
async def some_money(db: Database) -> None:
    async with db.transaction() as tx:
        await post(tx, "deposit:1", ("xendit", "wallet:7", 1234_50))
        await post(tx, "fee:1", ("wallet:7", "fees", 25_01))


async def test_balances_piped_are_rows_without_a_total(iayos: Iayos, signed_in: SignIn, some_money: None) -> None:
    await signed_in()
    said = await iayos("ledger", "balances")
    assert sorted(said.out.splitlines()) == ["fees\t25.01", "wallet:7\t1209.49", "xendit\t-1234.50"]
    assert (said.code, said.err) == (0, "")


async def test_json_keeps_two_decimals(iayos: Iayos, signed_in: SignIn, some_money: None) -> None:
    await signed_in()
    said = await iayos("ledger", "balances", "--json")
    assert '"balance": -1234.50' in said.out
    assert len(json.loads(said.out)) == 3


async def test_one_account_with_what_happened_on_it(iayos: Iayos, signed_in: SignIn, some_money: None) -> None:
    await signed_in()
    said = await iayos("ledger", "account", "wallet:7")
    assert [line.split("\t")[1:] for line in said.out.splitlines()] == [
        ["fee:1", "fees", "-25.01"],
        ["deposit:1", "xendit", "1234.50"],
    ]
    told = json.loads((await iayos("ledger", "account", "wallet:7", "--json")).out)
    assert (told["code"], told["balance"], len(told["postings"])) == ("wallet:7", 1209.49, 2)


@pytest.mark.parametrize("code", ["wallet:999", "no such thing", "a/b", "?"])
async def test_an_account_that_is_not_there_is_3(iayos: Iayos, signed_in: SignIn, code: str) -> None:
    await signed_in()
    said = await iayos("ledger", "account", code)
    assert (said.code, said.out) == (3, "")


async def test_verify_says_that_the_books_are_right(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    said = await iayos("ledger", "verify")
    assert said.code == 0
    assert "all postings sum to zero\tok\t" in said.out.splitlines()
    assert json.loads((await iayos("ledger", "verify", "--json")).out)["ok"] is True


async def test_verify_names_the_first_fault_and_fails(
    iayos: Iayos, signed_in: SignIn, some_money: None, db: Database
) -> None:
    await signed_in()
    await db.pool.execute("UPDATE ledger_accounts SET balance = balance + 1 WHERE code = 'wallet:7'")
    said = await iayos("ledger", "verify")
    assert said.code == 1
    assert "every balance is the sum of its postings: wallet:7" in said.err
    assert json.loads((await iayos("ledger", "verify", "--json")).out)["ok"] is False


async def test_the_books_are_for_staff_of_finance(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    assert (await iayos("ledger", "verify")).code == 4
    await signed_in("ana")
    said = await iayos("ledger", "verify")
    assert said.code == 4
    assert "not on the staff" in said.err
