import asyncio

import asyncpg
import httpx
import pytest

from iayos.core.db import Database
from iayos.ledger.actions import InsufficientFunds, post
from iayos.ledger.queries import balance
from iayos.ledger.root import ROOT_SQL, ledger_root
from tests import make
from tests.make import as_


async def test_a_reference_is_posted_once_however_many_at_once(db: Database) -> None:
    async def once() -> bool:
        async with db.transaction() as tx:
            return await post(tx, "paid:1", ("xendit", "wallet:1", 100), ("xendit", "fees", 5))

    assert sorted(await asyncio.gather(*(once() for _ in range(8)))) == [False] * 7 + [True]
    assert await balance(db.reads, "wallet:1") == 100
    assert await balance(db.reads, "xendit") == -105


async def test_no_wallet_goes_below_zero_however_many_at_once(db: Database) -> None:
    async with db.transaction() as tx:
        await post(tx, "in", ("xendit", "wallet:1", 100))

    async def spend(number: int) -> bool:
        try:
            async with db.transaction() as tx:
                return await post(tx, f"out:{number}", ("wallet:1", "fees", 40))
        except InsufficientFunds:
            return False

    assert sorted(await asyncio.gather(*(spend(n) for n in range(6)))) == [False] * 4 + [True] * 2
    assert await balance(db.reads, "wallet:1") == 20


@pytest.mark.parametrize(
    "statement", ["UPDATE postings SET amount = 1", "DELETE FROM journals", "DELETE FROM postings"]
)
async def test_history_is_not_rewritten(db: Database, statement: str) -> None:
    async with db.transaction() as tx:
        await post(tx, "in", ("xendit", "wallet:1", 100))
    with pytest.raises(asyncpg.RestrictViolationError):
        await db.pool.execute(statement)


async def test_an_amount_is_positive_or_not_there(db: Database) -> None:
    async with db.transaction() as tx:
        with pytest.raises(ValueError, match="positive"):
            await post(tx, "bad", ("xendit", "wallet:1", -1))
        await post(tx, "fee of nothing", ("xendit", "wallet:1", 5), ("xendit", "fees", 0))
    assert await db.pool.fetchval("SELECT count(*) FROM postings") == 1
    with pytest.raises(asyncpg.CheckViolationError):
        await db.pool.execute(
            "SELECT post_journal('bad', now(), ARRAY['wallet:1'], ARRAY['xendit'], ARRAY[-1::bigint])"
        )


async def test_staff_reads_the_books_and_others_do_not(http: httpx.AsyncClient, db: Database) -> None:
    async with db.transaction() as tx:
        await post(tx, "in", ("xendit", "wallet:1", 100))
    admin = as_(http, await make.account(db, None, role="ADMIN"))
    found = (await admin.get("/api/admin/ledger/verify")).json()
    assert (found["ok"], found["postings"], found["wallets"], found["clearing"]) == (True, 1, 1.00, 1.00)
    assert (await admin.get("/api/admin/ledger/accounts/wallet:1")).json() == {"code": "wallet:1", "balance": 1.0}
    assert (await admin.get("/api/admin/ledger/accounts/wallet:2")).status_code == 404
    (entry,) = (await admin.get("/api/admin/ledger/accounts/wallet:1/postings")).json()["items"]
    assert (entry["reference"], entry["other"], entry["amount"]) == ("in", "xendit", 1.0)
    assert len((await admin.get("/api/admin/ledger/balances")).json()["items"]) == 2
    reviewer = as_(http, await make.account(db, None, role="KYC_REVIEWER"))
    assert (await reviewer.get("/api/admin/ledger/verify")).status_code == 403
    client = as_(http, await make.account(db, "CLIENT"))
    assert (await client.get("/api/admin/ledger/verify")).status_code == 404
    assert (await http.get("/api/admin/ledger/verify")).status_code == 401


async def test_verify_names_the_first_fault(http: httpx.AsyncClient, db: Database) -> None:
    admin = as_(http, await make.account(db, None, role="FINANCE"))
    async with db.transaction() as tx:
        await post(tx, "in", ("xendit", "wallet:1", 100))
    await db.pool.execute("UPDATE ledger_accounts SET balance = 101 WHERE code = 'wallet:1'")
    found = (await admin.get("/api/admin/ledger/verify")).json()
    faults = {check["name"]: check["fault"] for check in found["checks"] if not check["ok"]}
    assert found["ok"] is False
    assert faults == {
        "all postings sum to zero": "the balances add up to 1 centavos",
        "every balance is the sum of its postings": "wallet:1",
    }


async def test_the_root_is_the_same_in_one_statement_and_in_stretches(db: Database) -> None:
    assert await ledger_root(db.reads) == await db.pool.fetchval(ROOT_SQL)
    async with db.transaction() as tx:
        await post(tx, "made:1", ("xendit", "wallet:1", 100), ("wallet:1", "fees", 7))
    before = await ledger_root(db.reads)
    assert before == await db.pool.fetchval(ROOT_SQL)
    await db.pool.execute(
        "INSERT INTO ledger_accounts (id, code, may_go_negative) SELECT 1000000 + n * 9999, 'wallet:' || 500 + n, false"
        " FROM generate_series(1, 60) AS n"
    )
    after = await ledger_root(db.reads)
    assert after == await db.pool.fetchval(ROOT_SQL)
    assert after != before
