"""`iayos admin new-key` and `iayos db rotate-key`, as processes."""

import json

from iayos.core.cipher import Cipher
from iayos.settings import DEVELOPMENT_KEY
from tests.cli.conftest import Iayos
from tests.payments.conftest import Bench, bench
from tests.payments.payout_bench import ben

__all__ = ["bench"]


async def test_a_new_key_is_one_line_and_another_each_time(iayos: Iayos) -> None:
    first, second = await iayos("admin", "new-key"), await iayos("admin", "new-key")
    assert (first.code, first.err, len(first.out.splitlines())) == (0, "", 1)
    assert first.out != second.out
    assert Cipher([first.out.strip()]).seal("a:1", "b").startswith("gAAAA")


async def test_rotating_says_what_it_did_and_that_the_old_key_can_go(bench: Bench, iayos: Iayos) -> None:
    who = await ben(bench)
    for _ in range(3):
        await who.withdraw(100)
    fresh = (await iayos("admin", "new-key")).out.strip()
    env = {"IAYOS_DATABASE_URL": bench.db.url, "IAYOS_ENCRYPTION_KEYS": f"{fresh},{DEVELOPMENT_KEY}"}
    said = await iayos("db", "rotate-key", **env)
    assert (said.code, said.out) == (0, "withdrawals\t3\t3\nxendit_events\t0\t0\n")
    assert "the older ones can go from IAYOS_ENCRYPTION_KEYS" in said.err
    again = await iayos("db", "rotate-key", "--json", **env | {"IAYOS_ENCRYPTION_KEYS": fresh})
    assert (again.code, json.loads(again.out)[0]) == (
        0, {"table": "withdrawals", "sealed": 3, "renewed": 0, "closed": []},
    )  # fmt: skip


async def test_rotating_without_the_old_key_names_what_stays_closed(bench: Bench, iayos: Iayos) -> None:
    asked = await (await ben(bench)).withdraw(100)
    fresh = (await iayos("admin", "new-key")).out.strip()
    said = await iayos("db", "rotate-key", IAYOS_DATABASE_URL=bench.db.url, IAYOS_ENCRYPTION_KEYS=fresh)
    assert said.code == 1
    assert f"1 row opened with none of the keys: withdrawal:{asked['transactionID']}. No key may go." in said.err
    assert "at its end, and run this again" in said.err


async def test_rotating_without_keys_is_refused(bench: Bench, iayos: Iayos) -> None:
    said = await iayos("db", "rotate-key", IAYOS_DATABASE_URL=bench.db.url)
    assert said.code == 2
    assert "IAYOS_ENCRYPTION_KEYS is not set" in said.err
