"""Account numbers and names at rest: in no dump, opened for Xendit and their owner alone, and moved to new keys in traffic."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from litestar import Litestar

from iayos import runner
from iayos.core import migrate, outbox
from iayos.core.cipher import CannotOpen, Cipher, new_key
from iayos.core.embedded import binaries
from iayos.payments.models import BankAccount, sealed_for
from iayos.payments.rekey import PLACES, Outcome, rekey
from iayos.settings import DEVELOPMENT_KEY
from tests.conftest import TEMPLATE
from tests.payments.conftest import Bench
from tests.payments.payout_bench import ben, decide, payouts

NUMBER, NAME = "09178887766", "Zenaida Plantada"
PLANTED: dict[str, Any] = {"accountNumber": NUMBER, "accountName": NAME}
SEALED = "SELECT account_sealed FROM withdrawals ORDER BY id"


def under(*keys: str) -> Cipher:
    """A cipher with these keys, newest first."""
    return Cipher(keys)


def unheard(_: Outcome) -> None:
    """Nobody looks."""


async def drained_with(app: Litestar, cipher: Cipher) -> None:
    """What a runner with other keys does of what is due."""
    services = msgspec.structs.replace(app.state.services, cipher=cipher)
    await outbox.drain(services.db, runner.tasks(services))


async def dumped(url: str) -> str:
    """What `pg_dump` takes along."""
    process = await asyncio.create_subprocess_exec(
        binaries() / "pg_dump", "--dbname", url, "--data-only", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_no_dump_has_a_number_or_name_of_an_account(bench: Bench) -> None:
    who = await ben(bench)
    await who.withdraw(400, **PLANTED, headers={"Idempotency-Key": "planted"})
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    (sent,) = await payouts(bench)
    assert sent["channel_properties"] == {"account_number": NUMBER, "account_holder_name": NAME}
    (heard,) = (await bench.sandbox.get("/_sandbox/webhooks")).json()
    assert NUMBER in str(heard["payload"])
    text = await dumped(bench.db.url)
    assert (NUMBER in text, NAME in text, "•••• 7766" in text) == (False, False, True)
    assert NUMBER.encode().hex() not in text


async def test_what_was_sealed_opens_for_its_own_row_alone(bench: Bench, app: Litestar) -> None:
    mine, other = await ben(bench), await ben(bench)
    await mine.withdraw(400, **PLANTED)
    await other.withdraw(300)
    ours, theirs = [row[0] for row in await bench.db.pool.fetch(SEALED)]
    await bench.db.pool.execute("UPDATE withdrawals SET account_sealed = $1 WHERE account_sealed = $2", ours, theirs)
    with pytest.raises(CannotOpen, match="another row"):
        await drained_with(app, under(DEVELOPMENT_KEY))
    assert [one["amount"] for one in await payouts(bench)] == [400]


async def test_without_the_key_nothing_is_paid_out_and_with_it_everything(bench: Bench, app: Litestar) -> None:
    who = await ben(bench)
    asked = await who.withdraw(400, **PLANTED)
    with pytest.raises(CannotOpen, match="none of IAYOS_ENCRYPTION_KEYS"):
        await drained_with(app, under(new_key()))
    assert await payouts(bench) == []
    assert (await who.status(asked), await who.wallet()) == (("PENDING", None), (600, 400))
    told = await bench.db.pool.fetchval("SELECT last_error FROM outbox WHERE task = 'payments.send_payout'")
    assert told == "CannotOpen: it was sealed under none of IAYOS_ENCRYPTION_KEYS"
    await bench.db.pool.execute("UPDATE outbox SET run_after = created_at WHERE done_at IS NULL")
    await drained_with(app, under(new_key(), DEVELOPMENT_KEY))
    assert [one["channel_properties"]["account_number"] for one in await payouts(bench)] == [NUMBER]


async def test_keys_rotate_in_the_middle_of_traffic(bench: Bench, app: Litestar) -> None:
    who = await ben(bench)
    for _ in range(5):
        await who.withdraw(100)
    fresh = new_key()
    both = under(fresh, DEVELOPMENT_KEY)

    async def traffic() -> None:
        for _ in range(5):
            await who.withdraw(100, **PLANTED)

    found, _ = await asyncio.gather(rekey(bench.db, both, told=unheard), traffic())
    assert found[0].renewed >= 5
    assert found[0].closed == []
    await drained_with(app, both)  # whatever key each was sealed under
    assert len(await payouts(bench)) == 10

    found = await rekey(bench.db, both, told=unheard)
    assert all(one.settled for one in found)
    again = await rekey(bench.db, under(fresh), told=unheard)
    assert [(one.renewed, one.closed) for one in again] == [(0, []), (0, [])]
    opened = [
        under(fresh).open(sealed_for(row["payment_id"]), row["account_sealed"], BankAccount).number
        for row in await bench.db.pool.fetch("SELECT payment_id, account_sealed FROM withdrawals ORDER BY id")
    ]
    assert opened == ["09171234567"] * 5 + [NUMBER] * 5


async def test_a_row_that_no_key_opens_is_named_and_the_others_are_renewed(bench: Bench) -> None:
    who = await ben(bench)
    lost = await who.withdraw(100)
    await bench.db.pool.execute("UPDATE withdrawals SET account_sealed = 'gAAAAAlost'")
    await who.withdraw(100)
    first, _ = await rekey(bench.db, under(new_key(), DEVELOPMENT_KEY), told=unheard)
    assert (first.rows, first.renewed, first.closed) == (2, 1, [f"withdrawal:{lost['transactionID']}"])


async def test_what_was_erased_meanwhile_stays_erased(bench: Bench) -> None:
    await (await ben(bench)).withdraw(100)
    (row,) = await bench.db.reads.all(PLACES[0].page, after=0)
    await bench.db.pool.execute("UPDATE withdrawals SET account_sealed = NULL")
    async with bench.db.transaction() as tx:
        assert await tx.run(PLACES[0].renew, ids=[row.id], olds=[row.text], news=["new"]) == 0


@pytest.fixture
async def database_of_yesterday(postgres: str) -> AsyncIterator[str]:
    """A database whose accounts still lie open."""
    admin = await asyncpg.connect(postgres.replace(f"/{TEMPLATE}?", "/postgres?"))
    await admin.execute("DROP DATABASE IF EXISTS yesterday WITH (FORCE)")
    await admin.execute("CREATE DATABASE yesterday")
    url = postgres.replace(f"/{TEMPLATE}?", "/yesterday?")
    await asyncio.to_thread(migrate.commands(url).upgrade, "0004")
    yield url
    await admin.execute("DROP DATABASE yesterday WITH (FORCE)")
    await admin.close()


YESTERDAY = f"""
INSERT INTO accounts (id, email, password_hash, profile_types, first_name, last_name, kyc_verified, language, created_at, updated_at)
VALUES (1, 'a@example.com', '!', '{{}}', 'Ana', 'Reyes', true, 'en', now(), now());
INSERT INTO payments (id, type, status, payer_id, base, fee, amount, completed_at, created_at, updated_at)
SELECT n, 'WITHDRAWAL', 'COMPLETED', 1, 100, 0, 100, now(), now(), now() FROM generate_series(1, 2) AS n;
INSERT INTO withdrawals (payment_id, channel_code, channel_name, account_number, account_name, idempotency_key, created_at, updated_at)
VALUES (1, 'PH_GCASH', 'GCash', '{NUMBER}', '{NAME}', 'a', now(), now()), (2, 'PH_GCASH', 'GCash', '', '', 'b', now(), now());
INSERT INTO xendit_events (event_key, payload, received_at)
VALUES ('id:1', '{{"event": "payout.succeeded", "data": {{"id": "disb-1", "reference_id": "withdrawal-1", "status": "SUCCEEDED",
"channel_properties": {{"account_number": "{NUMBER}"}}}}}}', now())
"""


async def test_what_lay_open_before_is_sealed_by_the_migration(
    database_of_yesterday: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_of_yesterday
    monkeypatch.delenv("IAYOS_ENV", raising=False)
    monkeypatch.delenv("IAYOS_ENCRYPTION_KEYS", raising=False)
    connection = await asyncpg.connect(url)
    await connection.execute(YESTERDAY)
    with pytest.raises(Exception, match="IAYOS_ENCRYPTION_KEYS is not set, and there is something to seal"):
        await asyncio.to_thread(migrate.upgrade, url)
    assert await connection.fetchval("SELECT account_number FROM withdrawals WHERE id = 1") == NUMBER

    monkeypatch.setenv("IAYOS_ENCRYPTION_KEYS", key := new_key())
    await asyncio.to_thread(migrate.upgrade, url)
    rows = await connection.fetch("SELECT account_sealed, account_last4 FROM withdrawals ORDER BY id")
    assert under(key).open("withdrawal:1", rows[0][0], BankAccount) == BankAccount(NUMBER, NAME)
    assert (rows[0][1], *rows[1]) == ("7766", None, "")
    (event,) = await connection.fetch("SELECT * FROM xendit_events")
    assert (event["event"], event["xendit_id"], event["reference"]) == ("payout.succeeded", "disb-1", "withdrawal-1")
    assert NUMBER in under(key).open("event:id:1", event["sealed"], str)
    assert NUMBER not in await dumped(url)

    await asyncio.to_thread(migrate.commands(url).downgrade, "0004")
    assert await connection.fetchval("SELECT account_name FROM withdrawals WHERE id = 1") == NAME
    await connection.close()
