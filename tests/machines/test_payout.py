"""Withdrawals driven at random against a Xendit that refuses, loses answers, answers twice and in any order.

At the end every centavo is in the wallet, on its way out or out at Xendit, exactly once.
"""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from iayos.core import clock
from iayos.payments.models import PayoutChannelTable
from iayos.payments.verify import verify
from tests.machines.conftest import Inside
from tests.make import As
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.payments.payout_bench import BANK, Ben, ben, payouts

PESOS = 1000
FAULTS = st.sampled_from(["drop_after", "drop_before", "500", "502_html", "bad_json", "429"])
CALLS = st.sampled_from(["xendit.create_payout", "xendit.create_payout", "xendit.get_payout", "xendit.*"])
VERBS = st.sampled_from(["succeed", "succeed", "fail", "reverse", "reverse"])
AMOUNTS = st.sampled_from([100, 250.01, 333.33, 900])
CLOSED = "PH_CLOSED"
"""A channel that is on our list and that Xendit refuses."""
OUT, GONE = "SUCCEEDED", frozenset({"FAILED", "REVERSED"})


async def channels(bench: Bench) -> None:
    """A bank that Xendit pays and one that it does not."""
    async with bench.db.transaction() as tx:
        for code in ("PH_BPI", CLOSED):
            await tx.insert(
                PayoutChannelTable, code=code, name=code, category="BANK", least=100, most=500_000_00, step=1,
                fetched_at=clock.now(),
            )  # fmt: skip


async def test_every_centavo_is_in_one_place(bench: Bench, inside: Inside, sweep: Inside) -> None:
    class Payouts(RuleBasedStateMachine):
        who: Ben
        staff: As

        def __init__(self) -> None:
            super().__init__()
            sweep()
            inside(bench.sandbox.post("/_sandbox/reset"))
            clock.reset()
            inside(channels(bench))
            self.who = inside(ben(bench, pesos=PESOS))
            self.staff = inside(bench.staff("FINANCE"))

        @initialize(fault=st.sampled_from(["drop_after", "drop_before", "500", None]))
        def begin(self, fault: str | None) -> None:
            self.send(400.25, "PH_BPI", fault)

        @rule(amount=AMOUNTS, code=st.sampled_from(["PH_BPI", "PH_BPI", CLOSED]), fault=FAULTS | st.none())
        def send(self, amount: float, code: str, fault: str | None) -> None:
            """Ask, and have the runner try once while Xendit answers like that."""
            answer = inside(self.who.ask(amount, **BANK | {"channelCode": code}))
            assert answer.status_code in {201, 409}, answer.text
            if fault:
                inside(bench.fault("xendit.create_payout", fault))
            inside(self.drained())

        @rule(call=CALLS, fault=FAULTS, times=st.integers(1, 3))
        def break_xendit(self, call: str, fault: str, times: int) -> None:
            inside(bench.fault(call, fault, times))

        @rule(duplicate=st.integers(0, 2), drop=st.sampled_from([0.0, 0.5]), shuffle=st.booleans())
        def break_webhooks(self, duplicate: int, drop: float, shuffle: bool) -> None:
            policy = {"duplicate": duplicate, "drop": drop, "shuffle": shuffle, "seed": 1}
            inside(bench.sandbox.put("/_sandbox/webhooks/policy", json=policy))

        @rule(pick=st.integers(0, 9), verb=VERBS, webhook=st.booleans(), noticed=st.booleans())
        def decide(self, pick: int, verb: str, webhook: bool, noticed: bool) -> None:
            """What the bank does; `noticed`: the runner hears of it, or asks, before anything else happens."""
            if found := inside(payouts(bench)):
                one = found[pick % len(found)]["id"]
                answer = inside(bench.sandbox.post(f"/_sandbox/xendit/payouts/{one}/{verb}", json={"webhook": webhook}))
                assert answer.status_code in {200, 409}, answer.text
            if noticed:
                clock.advance(timedelta(hours=1).total_seconds())
                inside(self.drained())

        @rule(pick=st.integers(0, 9), webhook=st.booleans(), hears=st.booleans())
        def come_back(self, pick: int, webhook: bool, hears: bool) -> None:
            """A payout that we know to be paid is sent back: the only way to a posting of its own, too rare by chance."""
            self.decide(pick, "succeed", webhook, noticed=True)
            self.decide(pick, "reverse", webhook, noticed=hears)

        @rule(pick=st.integers(0, 9), times=st.integers(1, 3))
        def redeliver(self, pick: int, times: int) -> None:
            if events := inside(bench.sandbox.get("/_sandbox/webhooks")).json():
                body = {"times": times, "concurrent": True, "new_webhook_id": True}
                inside(
                    bench.sandbox.post(f"/_sandbox/webhooks/{events[pick % len(events)]['id']}/redeliver", json=body)
                )

        @rule(pick=st.integers(0, 9))
        def ask_now(self, pick: int) -> None:
            mine = inside(self.who.api.get("/api/accounts/wallet/transactions")).json()["items"]
            if mine:
                path = f"/api/payments/{mine[pick % len(mine)]['transactionID']}/refresh"
                assert inside(self.who.api.post(path)).status_code in {200, 503}

        @rule()
        def reconcile(self) -> None:
            assert inside(self.staff.post("/api/admin/xendit/reconcile", {})).status_code in {200, 503}

        @rule()
        def runner_works(self) -> None:
            inside(self.drained())

        @rule(minutes=st.integers(1, 200))
        def time_passes(self, minutes: int) -> None:
            clock.advance(timedelta(minutes=minutes).total_seconds())

        @invariant()
        def books_are_right(self) -> None:
            found = inside(verify(bench.db))
            assert found.ok, [check for check in found.checks if not check.ok]

        @invariant()
        def nobody_has_more_than_there_was(self) -> None:
            balance, leaving = inside(self.who.wallet())
            assert 0 <= balance + leaving <= PESOS

        async def drained(self) -> None:
            for _ in range(30):
                try:
                    await bench.drain()
                except Exception as error:
                    if type(error).__name__ not in {"Unconfirmed", "GatewayUnavailable"}:
                        raise
                else:
                    return

        def teardown(self) -> None:
            inside(bench.sandbox.delete("/_sandbox/faults"))
            for _ in range(5):
                clock.advance(timedelta(hours=3).total_seconds())
                inside(self.drained())
            known: list[dict[str, Any]] = inside(payouts(bench))
            assert len({one["reference_id"] for one in known}) == len(known)
            out = sum(round(one["amount"] * 100) for one in known if one["status"] == OUT)
            waiting = sum(round(one["amount"] * 100) for one in known if one["status"] not in {OUT, *GONE})
            balance, leaving = (round(pesos * 100) for pesos in inside(self.who.wallet()))
            assert (leaving, balance) == (waiting, PESOS * 100 - out - waiting)
            costs = inside(bench.balance("gateway-costs"))
            assert inside(bench.balance("xendit")) + costs == out - PESOS * 100

    # A failure is shown as it was found: at seconds an example, making it smaller would outlast any patience.
    limits = settings(
        max_examples=15, stateful_step_count=25, deadline=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    await asyncio.to_thread(run_state_machine_as_test, Payouts, settings=limits)
