"""A job with its money, driven at random: whatever comes in whatever order, every peso that Xendit took is posted once."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from iayos.core import clock
from iayos.payments.settle import Unconfirmed
from iayos.payments.verify import verify
from tests.machines.conftest import Inside
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

METHODS = st.sampled_from(["GCASH", "MAYA", "CARD", "WALLET"])
FAULTS = st.sampled_from(["drop_after", "drop_before", "500", "429"])


async def test_every_peso_that_xendit_took_is_posted_once(bench: Bench, inside: Inside, sweep: Inside) -> None:
    class JobWithEscrow(RuleBasedStateMachine):
        deal: Deal

        def __init__(self) -> None:
            super().__init__()
            sweep()
            inside(bench.sandbox.post("/_sandbox/reset"))
            self.deal = inside(bench.deal())
            inside(bench.fill(self.deal.client_id, 600_00))
            self.staff = inside(bench.staff("FINANCE"))

        def post(self, path: str, body: Any = None, *, by: str = "client") -> int:
            answer = inside(getattr(self.deal, by).post(path, body))
            assert answer.status_code < 500 or answer.json()["code"] == "GATEWAY_UNAVAILABLE", answer.text
            return int(answer.status_code)

        def invoice(self, pick: int) -> dict[str, Any] | None:
            found = inside(bench.invoices())
            return found[pick % len(found)] if found else None

        @rule(method=METHODS, half=st.sampled_from(["create-escrow", "final-payment"]))
        def ask(self, method: str, half: str) -> None:
            self.post(f"/api/payments/{half}", {"jobID": self.deal.job.id, "paymentMethod": method})

        @rule(fault=FAULTS)
        def break_xendit(self, fault: str) -> None:
            inside(bench.fault("xendit.*", fault))

        @rule(pick=st.integers(0, 9), webhook=st.booleans(), amount=st.sampled_from([None, None, None, 300]))
        def pay(self, pick: int, webhook: bool, amount: int | None) -> None:
            if invoice := self.invoice(pick):
                how: dict[str, Any] = {"channel": "GCASH", "webhook": webhook} | ({"amount": amount} if amount else {})
                inside(bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json=how))

        @rule(pick=st.integers(0, 9))
        def expire(self, pick: int) -> None:
            if invoice := self.invoice(pick):
                inside(bench.sandbox.post(f"/_sandbox/xendit/invoices/{invoice['id']}/expire", json={}))

        @rule(pick=st.integers(0, 9), times=st.integers(1, 3))
        def redeliver(self, pick: int, times: int) -> None:
            events = inside(bench.sandbox.get("/_sandbox/webhooks")).json()
            if events:
                body = {"times": times, "concurrent": True, "new_webhook_id": True}
                inside(
                    bench.sandbox.post(f"/_sandbox/webhooks/{events[pick % len(events)]['id']}/redeliver", json=body)
                )

        @rule()
        def runner_works(self) -> None:
            inside(self.drained())

        @rule(minutes=st.integers(1, 200))
        def time_passes(self, minutes: int) -> None:
            clock.advance(timedelta(minutes=minutes).total_seconds())

        @rule()
        def complete(self) -> None:
            self.post(f"/api/jobs/{self.deal.job.id}/complete", {}, by="worker")

        @rule()
        def approve(self) -> None:
            self.post(f"/api/jobs/{self.deal.job.id}/approve-completion")

        @rule(by=st.sampled_from(["client", "worker"]))
        def cancel(self, by: str) -> None:
            self.post(f"/api/jobs/{self.deal.job.id}/cancel", {"reason": "Changed my mind"}, by=by)

        @rule(dry=st.sampled_from([True, True, True, False]))
        def staff_cancels(self, dry: bool) -> None:
            path = f"/api/admin/jobs/{self.deal.job.id}/cancel"
            before = inside(self.facts())
            answer = inside(self.staff.post(f"{path}?dryRun={'true' if dry else 'false'}", {"reason": "Ended by us"}))
            assert answer.status_code in {200, 409}, answer.text
            if dry or answer.status_code == 409:
                assert inside(self.facts()) == before
            else:
                told = answer.json()
                assert (told["status"], told["held"]) == ("CANCELLED", 0)

        @invariant()
        def books_are_right(self) -> None:
            found = inside(verify(bench.db))
            assert found.ok, [check for check in found.checks if not check.ok]

        async def facts(self) -> list[Any]:
            """What no dry run may change."""
            tables = ("history", "journals", "payments", "notifications", "outbox", "audit_log")
            counts = [await bench.db.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
            return [await bench.balance(f"wallet:{self.deal.client_id}"), *counts]

        async def drained(self) -> None:
            for _ in range(20):
                try:
                    await bench.drain()
                except (Unconfirmed, Exception) as error:
                    if type(error).__name__ not in {"Unconfirmed", "GatewayUnavailable"}:
                        raise
                else:
                    return

        def teardown(self) -> None:
            """In the end all that Xendit took is in the books, and nothing else."""
            inside(bench.sandbox.delete("/_sandbox/faults"))
            for _ in range(4):
                clock.advance(timedelta(hours=2).total_seconds())
                inside(self.drained())
            moved = inside(bench.sandbox.get("/_sandbox/xendit/transactions")).json()
            taken = sum(round(one["amount"] * 100) for one in moved if one["type"] == "PAYMENT")
            assert inside(bench.balance("xendit")) == -(taken + 600_00)

    limits = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    await asyncio.to_thread(run_state_machine_as_test, JobWithEscrow, settings=limits)
