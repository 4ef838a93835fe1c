import json
import os
import signal
from collections.abc import Awaitable, Callable

from iayos.core import outbox, runners
from iayos.core.db import Database
from tests import make
from tests.admin.test_queue import payment, planted
from tests.cli.conftest import Iayos
from tests.cli.terminal import Sit
from tests.cli.terminal import sit as sit  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def a_bad_day(db: Database) -> list[int]:
    """Three payments that Xendit says nothing about, and a mail that is refused."""
    ana = await make.account(db, "CLIENT")
    deposits = [await payment(db, ana, amount) for amount in (1000_00, 250_50, 10_00)]
    mail = await planted(db, "accounts.mail_token", args={"account_id": ana.account_id}, error="MailRefused: 422 bad")
    checks = [await planted(db, args={"payment_id": one}, error="GatewayUnavailable: no answer") for one in deposits]
    return [*checks, mail]


async def test_the_queue_in_numbers(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    await a_bad_day(db)
    async with db.transaction() as tx:
        await outbox.later(tx, "media.remove", media_ids=[1])
    said = await iayos("queue", "stats")
    assert [line.split("\t") for line in said.out.splitlines()] == [
        ["accounts.mail_token", "0", "0", "0", "1", "0"], ["media.remove", "1", "1", "0", "0", "0"],
        ["payments.check", "0", "0", "0", "3", "0"],
    ]  # fmt: skip
    assert (said.code, "No runner is at work" in said.err, "There never was one" in said.err) == (0, True, True)
    await runners.begin(db, "here:1")
    calm = await iayos("queue", "stats", "--json")
    assert (json.loads(calm.out)["runners"]["alive"], calm.err) == (1, "")


async def test_what_fails_is_listed_one_by_one_and_by_kind(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    *checks, mail = await a_bad_day(db)
    rows = [line.split("\t") for line in (await iayos("queue", "list")).out.splitlines()]
    assert [row[0] for row in rows] == [str(one) for one in (*reversed(checks), mail)]
    assert rows[-1][1:4] == ["accounts.mail_token", "failed", rows[-1][3]]
    assert rows[-1][3].startswith("account ")
    assert rows[-1][-1] == "MailRefused: 422 bad"
    only = await iayos("queue", "list", "--task", "payments.check", "--limit", "2", "--json")
    assert [one["taskID"] for one in json.loads(only.out)] == [*reversed(checks[1:])]
    assert (await iayos("queue", "list", "--state", "waiting")).out == ""
    assert (await iayos("queue", "list", "--state", "lost")).code == 2

    kinds = [line.split("\t") for line in (await iayos("queue", "list", "--grouped")).out.splitlines()]
    assert [[*kind[:4], kind[-1]] for kind in kinds] == [
        ["payments.check", "3", "1260.50", "1", "GatewayUnavailable: no answer"],
        ["accounts.mail_token", "1", "0.00", "1", "MailRefused: 422 bad"],
    ]


async def test_what_failed_is_tried_again(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    *checks, mail = await a_bad_day(db)
    why = ("--reason", "Xendit is back")
    for words in ((), (str(mail), "--task", "x"), (str(mail), "--most", "0"), ("x",)):
        assert (await iayos("queue", "retry", *words, *why, "--yes")).code == 2
    assert (await iayos("queue", "retry", str(mail), "--yes")).code == 2  # why is not said
    unasked = await iayos("queue", "retry", str(mail), *why)
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    tried = await iayos("queue", "retry", "--task", "payments.check", *why, "--dry-run")
    assert (tried.code, tried.out.split(), "dry run" in tried.err) == (0, [str(one) for one in checks], True)

    done = await iayos("queue", "retry", "--task", "payments.check", "--most", "1", *why, "--yes", "--json")
    assert json.loads(done.out) == {"taskIDs": checks[:1], "remaining": 2}
    kind = ("--task", "payments.check", "--error", "GatewayUnavailable: no answer")
    rest = await iayos("queue", "retry", *kind, *why, "--yes")
    assert (rest.code, rest.out.split()) == (0, [str(one) for one in checks[1:]])
    again = await iayos("queue", "retry", str(checks[0]), *why, "--yes")
    assert (again.code, "Try:   iayos queue list" in again.err) == (5, True)
    assert (await iayos("queue", "retry", "999999", *why, "--yes")).code == 3
    reasons = await db.pool.fetch("SELECT reason FROM audit_log WHERE action = 'queue:retry'")
    assert [row["reason"] for row in reasons] == ["Xendit is back"] * 2


async def test_what_is_given_up(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    *_, mail = await a_bad_day(db)
    why = ("--reason", "The address is gone", "--yes")
    dry = await iayos("queue", "abort", str(mail), *why, "--dry-run")
    assert (dry.code, dry.out) == (0, f"{mail}\tgiven up\n")
    assert (await iayos("queue", "abort", str(mail), *why)).out == dry.out
    again = await iayos("queue", "abort", str(mail), *why)
    assert (again.code, "Try:   iayos queue list" in again.err) == (5, True)
    assert (await iayos("queue", "abort", *why)).code == 2
    (row,) = (await iayos("queue", "list", "--state", "aborted")).out.splitlines()
    assert row.startswith(f"{mail}\t")


async def test_others_may_not(iayos: Iayos, signed_in: SignIn) -> None:
    assert (await iayos("queue", "stats")).code == 4
    await signed_in("ana")
    for words in (["stats"], ["list"], ["watch", "--times", "1"], ["retry", "1", "--reason", "x", "--yes"]):
        assert (await iayos("queue", *words)).code == 4


async def test_it_is_watched_line_by_line(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    await a_bad_day(db)
    said = await iayos("queue", "watch", "--every", "0.2", "--times", "2")
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert [line[1:] for line in lines] == [["0", "0", "0", "0", "4", "0", "0"]] * 2
    documents = (await iayos("queue", "watch", "--every", "0.2", "--times", "2", "--json")).out.splitlines()
    assert [json.loads(one)["failed"] for one in documents] == [4, 4]


async def test_it_is_watched_in_place_until_ctrl_c(db: Database, signed_in: SignIn, sit: Sit) -> None:
    await signed_in("sam")
    await runners.begin(db, "here:1")
    seen = sit("queue", "watch", "--every", "0.2")
    assert "Nothing waits." in await seen.until("Ctrl-C ends")
    *checks, _ = await a_bad_day(db)
    assert "₱1,260.50" in await seen.until("GatewayUnavailable")
    await db.pool.execute("UPDATE outbox SET aborted_at = failed_at WHERE id = ANY ($1)", checks)
    screen = await seen.until(lambda now: "GatewayUnavailable" not in now)
    assert screen.count("Ctrl-C ends") == 1, "it is drawn in place"
    os.kill(seen.pid, signal.SIGINT)
    assert await seen.ended() == 0
