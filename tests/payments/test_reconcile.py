"""Our books beside Xendit's: each kind of difference, what is repaired, and what is left for a person."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from iayos.core import clock
from iayos.ledger.actions import post
from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench
from tests.payments.payout_bench import BANK, ben, decide, payouts

RECONCILE = "/api/admin/xendit/reconcile"


async def compare(staff: As, *, dry: bool = False, **body: Any) -> dict[str, Any]:
    """Reconcile."""
    answer = await staff.post(RECONCILE, {"dryRun": dry} | body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def said(report: dict[str, Any], *, costs: bool = False) -> list[tuple[str, float, bool]]:
    """Differences in short, costs aside."""
    shown = [one for one in report["differences"] if costs or not one["what"].startswith("COST")]
    return sorted((one["what"], one["amount"], one["repaired"]) for one in shown)


async def test_books_that_agree_have_no_differences(bench: Bench) -> None:
    staff, deal = await bench.staff("FINANCE"), await bench.deal()
    await bench.pay(await bench.ask(deal))
    await bench.hear()
    first = await compare(staff)
    assert (said(first), first["remaining"], first["invoices"], first["transactions"]) == ([], 0, 1, 1)
    again = await compare(staff)
    assert (again["differences"], again["remaining"]) == ([], 0)


async def test_a_missed_payment_is_posted(bench: Bench) -> None:
    staff, deal = await bench.staff("FINANCE"), await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked, webhook=False)
    looked = await compare(staff, dry=True)
    assert said(looked) == [("MISSED_PAYMENT", 525.26, False)]
    assert (looked["remaining"], await bench.balance("xendit")) == (len(looked["differences"]), 0)
    done = await compare(staff)
    assert (said(done), done["remaining"]) == ([("MISSED_PAYMENT", 525.26, True)], 0)
    (difference,) = (one for one in done["differences"] if one["what"] == "MISSED_PAYMENT")
    assert (difference["transactionID"], difference["ours"], difference["xendit"]) == (
        asked["transactionID"],
        "PENDING",
        "PAID",
    )
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"
    assert said(await compare(staff)) == []
    notes = await bench.db.pool.fetch("SELECT action, subject FROM audit_log ORDER BY id")
    assert ("payments:reconcile", f"payment:{asked['transactionID']}") in [tuple(row) for row in notes]


async def test_a_payment_after_expiry_is_posted_too(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    asked = await bench.ask(deal)
    (invoice,) = await bench.invoices()
    await bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/expire", json={"webhook": False})
    assert said(await compare(staff, dry=True)) == [("LATE_EXPIRY", 525.26, False)]
    await bench.pay(asked, webhook=False)
    assert said(await compare(staff)) == [("MISSED_PAYMENT", 525.26, True)]
    assert (await bench.status(deal.client, asked))["creditedTo"] == "JOB"


async def test_an_expiry_that_nobody_told_us_of(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    asked = await bench.ask(deal)
    (invoice,) = await bench.invoices()
    await bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/expire", json={"webhook": False})
    assert said(await compare(staff)) == [("LATE_EXPIRY", 525.26, True)]
    assert (await bench.status(deal.client, asked))["failureReason"] == "EXPIRED"


async def test_an_invoice_that_is_still_open_after_its_payment_ended(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.ask(deal)
    await bench.db.pool.execute("UPDATE payments SET status = 'FAILED', failure_reason = 'SUPERSEDED'")
    assert said(await compare(staff)) == [("INVOICE_STILL_OPEN", 525.26, True)]
    await bench.drain()
    assert [one["status"] for one in await bench.invoices()] == ["EXPIRED"]


async def test_what_xendit_has_and_we_do_not_is_left_for_a_person(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked)
    await bench.hear()
    await bench.db.pool.execute("UPDATE payments SET external_id = 'job-0-escrow-0'")
    found = await compare(staff)
    assert (said(found), found["remaining"]) == ([("UNKNOWN_PAYMENT", 525.26, False)], 1)
    (stranger,) = (one for one in found["differences"] if one["what"] == "UNKNOWN_PAYMENT")
    assert (stranger["ours"], stranger["repair"]) == (None, None)


async def test_amounts_that_differ_are_left_for_a_person(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.pay(await bench.ask(deal), webhook=False)
    (invoice,) = await bench.invoices()
    async with bench.db.transaction() as tx:
        await post(tx, f"paid:{invoice['id']}", ("xendit", f"wallet:{deal.client_id}", 500_00))
    found = await compare(staff)
    assert said(found) == [("AMOUNT_DIFFERS", 25.26, False)]
    assert await bench.balance(f"wallet:{deal.client_id}") == 500_00


async def test_an_invoice_that_xendit_does_not_know(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.ask(deal)
    await bench.db.pool.execute("UPDATE payments SET invoice_id = 'nobody'")
    found = {one["what"] for one in (await compare(staff))["differences"]}
    assert found == {"MISSING_AT_XENDIT", "INVOICE_STILL_OPEN"}


async def test_money_that_is_posted_and_was_never_paid(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.ask(deal)
    (invoice,) = await bench.invoices()
    async with bench.db.transaction() as tx:
        await post(tx, f"paid:{invoice['id']}", ("xendit", f"wallet:{deal.client_id}", 525_26))
    found = await compare(staff)
    assert said(found) == [("POSTED_UNPAID", 525.26, False)]
    assert found["remaining"] == 1


@pytest.mark.parametrize(
    ("verb", "status", "reason"), [("succeed", "COMPLETED", None), ("fail", "FAILED", "REJECTED_BY_CHANNEL")]
)
async def test_a_payout_that_nobody_told_us_of(bench: Bench, verb: str, status: str, reason: str | None) -> None:
    staff, who = await bench.staff(), await ben(bench)
    asked = await who.withdraw(400)
    await bench.drain()
    await decide(bench, verb, webhook=False)
    assert said(await compare(staff)) == [("MISSED_PAYOUT", 400, True)]
    assert await who.status(asked) == (status, reason)
    assert said(await compare(staff)) == []


async def test_a_reversal_long_after(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench)
    asked = await who.withdraw(400, **BANK)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    await decide(bench, "reverse", webhook=False)
    assert said(await compare(staff)) == [("MISSED_PAYOUT", 400, True)]
    assert await who.status(asked) == ("FAILED", "REVERSED")
    assert await who.wallet() == (1000, 0)


async def test_a_withdrawal_that_was_never_sent_is_sent(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench)
    await who.withdraw(400)
    assert said(await compare(staff)) == []
    await bench.db.pool.execute("DELETE FROM outbox WHERE task = 'payments.send_payout'")
    clock.advance(timedelta(minutes=11).total_seconds())
    assert said(await compare(staff)) == [("PAYOUT_NOT_SENT", 400, True)]
    await bench.drain()
    assert len(await payouts(bench)) == 1


async def test_a_withdrawal_that_a_suspension_holds_back_is_no_difference(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench)
    await who.withdraw(400)
    assert (await staff.post(f"/api/admin/users/{who.id}/suspend", {"reason": "Look into it"})).status_code == 200
    clock.advance(timedelta(minutes=11).total_seconds())
    assert said(await compare(staff)) == []
    waiting = "SELECT count(*) FROM outbox WHERE task = 'payments.send_payout'"
    assert await bench.db.pool.fetchval(waiting) == 1


async def test_xendits_costs_are_posted_once_and_taken_back_when_it_gives_them_back(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench)
    await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.hear(1)
    assert said(await compare(staff), costs=True) == [("COST", 11.2, True)]
    assert said(await compare(staff), costs=True) == []
    assert (await bench.balance("gateway-costs"), await bench.balance("xendit")) == (-11_20, -600_00 + 11_20)
    await decide(bench, "reverse")
    await bench.hear(2)
    assert said(await compare(staff), costs=True) == [("COST_RETURNED", -11.2, True)]
    assert (await bench.balance("gateway-costs"), await bench.balance("xendit")) == (0, -1000_00)
    assert said(await compare(staff), costs=True) == []


async def test_many_pages_are_read(bench: Bench) -> None:
    staff, who = await bench.staff(), await ben(bench, pesos=0)
    for _ in range(7):
        body = {"amount": 100}
        await asyncio.gather(*(who.api.post("/api/accounts/wallet/deposit", body) for _ in range(15)))
    for invoice in (await bench.invoices())[:55]:
        how = {"channel": "GCASH", "webhook": False}
        await bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json=how)
    found = await compare(staff)
    assert (found["invoices"], found["transactions"], found["remaining"]) == (105, 55, 0)
    assert await who.wallet() == (5500, 0)
    assert (await compare(staff, since=(clock.now() + timedelta(hours=1)).isoformat()))["invoices"] == 0


async def test_only_finance_may_look(bench: Bench) -> None:
    client = as_(bench.http, await make.account(bench.db, "CLIENT"))
    support = await bench.staff("SUPPORT")
    since = {"since": "2026-01-01T00:00:00Z"}
    for path, body in ((RECONCILE, {}), ("/api/admin/xendit/replay", since)):
        assert (await client.post(path, body)).status_code == 404
        assert (await support.post(path, body)).status_code == 403
        assert (await bench.http.post(path, json=body)).status_code == 401
    for name in ("events", "invoices", "payouts"):
        assert (await client.get(f"/api/admin/xendit/{name}")).status_code == 404
    finance = await bench.staff("FINANCE")
    for bad in ({"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"since": 1}, {"dryRun": "no"}):
        assert (await finance.post(RECONCILE, bad)).status_code == 400
    assert (await finance.post("/api/admin/xendit/replay", {})).status_code == 400


async def test_xendit_away_changes_nothing(bench: Bench) -> None:
    staff, deal = await bench.staff(), await bench.deal()
    await bench.pay(await bench.ask(deal), webhook=False)
    await bench.fault("xendit.*", "503_empty")
    answer = await staff.post(RECONCILE, {})
    assert (answer.status_code, answer.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
    assert await bench.balance("xendit") == 0


async def test_events_run_again_have_no_effect(bench: Bench) -> None:
    staff, deal, who = await bench.staff("FINANCE"), await bench.deal(), await ben(bench)
    await bench.pay(await bench.ask(deal))
    await who.withdraw(400)
    await bench.drain()
    await decide(bench, "succeed")
    await bench.sandbox.post("/_sandbox/webhooks/send", json={"payload": {"id": "nobody", "status": "PAID"}})
    await bench.hear(3)
    before = await bench.db.pool.fetchval(
        "SELECT (SELECT count(*) FROM journals) + (SELECT count(*) FROM notifications)"
    )
    body = {"since": "2026-01-01T00:00:00Z"}
    done = (await staff.post("/api/admin/xendit/replay", body)).json()
    assert (done["events"], done["effects"], done["unconfirmed"]) == (3, [], 0)
    after = await bench.db.pool.fetchval(
        "SELECT (SELECT count(*) FROM journals) + (SELECT count(*) FROM notifications)"
    )
    assert after == before
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert (await staff.post("/api/admin/xendit/replay", {"since": later})).json()["events"] == 0


async def test_events_that_were_never_applied_are(bench: Bench) -> None:
    staff, deal = await bench.staff("FINANCE"), await bench.deal()
    asked = await bench.ask(deal)
    await bench.pay(asked)
    for _ in range(500):
        if await bench.db.pool.fetchval("SELECT count(*) FROM xendit_events"):
            break
    seen = (await staff.get("/api/admin/xendit/events?only=open")).json()["items"]
    assert [(one["event"], one["outcome"]) for one in seen] == [("PAID", None)]
    body = {"since": "2026-01-01T00:00:00Z", "reason": "The queue was lost"}
    done = (await staff.post("/api/admin/xendit/replay", body)).json()
    assert [one["outcome"] for one in done["effects"]] == ["SETTLED"]
    assert (await bench.status(deal.client, asked))["status"] == "COMPLETED"
    assert await bench.db.pool.fetchval("SELECT reason FROM audit_log") == "The queue was lost"
    await bench.drain()


async def test_what_we_asked_of_xendit(bench: Bench) -> None:
    staff, deal, who = await bench.staff("FINANCE"), await bench.deal(), await ben(bench)
    asked = await bench.ask(deal)
    await bench.pay(asked)
    sent = await who.withdraw(400)
    await bench.drain()
    await bench.hear()
    (invoice,) = (await staff.get("/api/admin/xendit/invoices")).json()["items"]
    assert (invoice["transactionID"], invoice["amount"], invoice["status"]) == (
        asked["transactionID"],
        525.26,
        "COMPLETED",
    )
    (payout,) = (await staff.get("/api/admin/xendit/payouts?status=PENDING")).json()["items"]
    assert (payout["transactionID"], payout["accountNumber"], payout["xenditStatus"]) == (
        sent["transactionID"],
        "•••• 4567",
        "ACCEPTED",
    )
    assert (await staff.get("/api/admin/xendit/payouts?status=FAILED")).json()["items"] == []
    (event,) = (await staff.get("/api/admin/xendit/events?limit=1")).json()["items"]
    assert (event["event"], event["outcome"]) == ("PAID", "SETTLED")
    assert "email" not in str(event)
