"""A job whose two sides are suspended and restored at random: held money is never out of reach, and never moves meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from iayos.core import clock
from iayos.payments.verify import verify
from tests import make
from tests.machines.conftest import Inside
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

SIDES = st.sampled_from(["client", "worker"])
LOOSE = """
SELECT count(*) FROM jobs JOIN ledger_accounts ON code = 'escrow:' || jobs.id AND balance > 0
LEFT JOIN disputes ON disputes.job_id = jobs.id AND disputes.status = 'OPEN'
WHERE disputes.phase IS DISTINCT FROM 'STAFF'
"""
OPEN = "SELECT count(*) FROM jobs WHERE status = 'ACTIVE' OR (status = 'IN_PROGRESS' AND NOT escrow_paid)"
SUSPENDED = "SELECT count(*) FROM accounts WHERE id IN ($1, $2) AND suspended_at IS NOT NULL"


async def test_held_money_waits_for_staff_while_a_side_is_suspended(
    bench: Bench, inside: Inside, sweep: Inside
) -> None:
    class Suspension(RuleBasedStateMachine):
        deal: Deal

        def __init__(self) -> None:
            super().__init__()
            sweep()
            self.deal = inside(bench.deal())
            inside(bench.fill(self.deal.client_id, 3000_00))

        @initialize(far=st.integers(0, 3), disputed=st.booleans())
        def begin(self, far: int, disputed: bool) -> None:
            if far > 0:
                self.pay("create-escrow")
            if far > 1:
                self.complete()
            if far > 2:
                self.approve()
            if disputed:
                self.dispute("client")
                self.offer("worker", 300_00)

        def act(self, side: str, path: str, body: Any = None) -> httpx.Response:
            """As somebody who signed in just now, if they can."""
            me = inside(make.signed_in_again(bench.db, getattr(self.deal, side).someone))
            answer: httpx.Response = inside(make.as_(bench.http, me).post(path, body))
            assert answer.status_code < 500, answer.text
            assert (answer.status_code == 401) is self.is_suspended(side), answer.text
            return answer

        def is_suspended(self, side: str) -> bool:
            number = getattr(self.deal, f"{side}_id")
            return bool(inside(bench.db.pool.fetchval(SUSPENDED, number, number)))

        def staff(self, path: str, body: Any) -> httpx.Response:
            answer: httpx.Response = inside(inside(bench.staff("SUPPORT")).post(f"/api/admin/{path}", body))
            assert answer.status_code in {200, 409}, answer.text
            return answer

        def disputes(self) -> list[Any]:
            return list(inside(bench.db.pool.fetch("SELECT id FROM disputes WHERE status = 'OPEN'")))

        @rule(half=st.sampled_from(["create-escrow", "final-payment"]))
        def pay(self, half: str) -> None:
            self.act("client", f"/api/payments/{half}", {"jobID": self.deal.job.id, "paymentMethod": "WALLET"})

        @rule()
        def complete(self) -> None:
            self.act("worker", f"/api/jobs/{self.deal.job.id}/complete", {})

        @rule()
        def approve(self) -> None:
            self.act("client", f"/api/jobs/{self.deal.job.id}/approve-completion")

        @rule(side=SIDES)
        def dispute(self, side: str) -> None:
            body = {"reason": "Not as agreed", "description": "See the pictures.", "evidence": []}
            self.act(side, f"/api/jobs/{self.deal.job.id}/dispute", body)

        @rule(side=SIDES, share=st.integers(1, 500_25))
        def offer(self, side: str, share: int) -> None:
            for row in self.disputes():
                self.act(side, f"/api/disputes/{row[0]}/offers", {"toPayee": share / 100})

        @rule(side=SIDES, verb=st.sampled_from(["accept", "withdraw"]))
        def settle(self, side: str, verb: str) -> None:
            """Whichever of the two it is, it does not end the dispute while the other side is away."""
            away = self.is_suspended("client" if side == "worker" else "worker")
            for row in self.disputes():
                path = f"/api/disputes/{row[0]}"
                if verb == "accept":
                    offer = inside(bench.db.pool.fetchval("SELECT max(id) FROM dispute_offers"))
                    path += f"/offers/{offer or 1}"
                assert not (self.act(side, f"{path}/{verb}").status_code == 200 and away)

        @rule(side=SIDES, verb=st.sampled_from(["suspend", "suspend", "restore"]))
        def decide(self, side: str, verb: str) -> None:
            was = self.is_suspended(side)
            number = getattr(self.deal, f"{side}_id")
            answer = self.staff(f"users/{number}/{verb}", {"reason": "Look into it"})
            assert (answer.status_code == 409) is (was is (verb == "suspend"))

        @rule(share=st.integers(1, 500_25))
        def ruled(self, share: int) -> None:
            for row in self.disputes():
                answer = self.staff(f"disputes/{row[0]}/rule", {"toPayee": share / 100, "reason": "Half was done"})
                assert answer.json()["status"] == "RULED"

        @rule(days=st.integers(1, 10))
        def time_passes(self, days: int) -> None:
            clock.advance(timedelta(days=days).total_seconds())
            inside(bench.drain())

        @invariant()
        def what_is_held_waits_for_staff(self) -> None:
            if inside(bench.db.pool.fetchval(SUSPENDED, self.deal.client_id, self.deal.worker_id)):
                assert inside(bench.db.pool.fetchval(LOOSE)) == 0
                assert inside(bench.db.pool.fetchval(OPEN)) == 0

        @invariant()
        def books_are_right(self) -> None:
            found = inside(verify(bench.db))
            assert found.ok, [check for check in found.checks if not check.ok]

        def teardown(self) -> None:
            """Staff rules on what is left, and time does the rest: in the end nothing is held for anybody."""
            for row in self.disputes():
                self.staff(f"disputes/{row[0]}/rule", {"toPayee": 1, "reason": "At last"})
            for _ in range(3):
                clock.advance(timedelta(days=9).total_seconds())
                inside(bench.drain())
            assert inside(bench.db.pool.fetchval("SELECT status FROM jobs")) != "ACTIVE"
            held = inside(bench.db.pool.fetchval("SELECT sum(balance) FROM ledger_accounts WHERE code LIKE 'escrow:%'"))
            at_work = inside(bench.db.pool.fetchval("SELECT count(*) FROM jobs WHERE status = 'IN_PROGRESS'"))
            assert not held or at_work, held

    limits = settings(max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    await asyncio.to_thread(run_state_machine_as_test, Suspension, settings=limits)
