"""Random posting, repeated and overdrawn, against a model in Python."""

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from iayos.core.db import Database
from iayos.ledger.actions import InsufficientFunds, post
from iayos.payments.verify import verify
from tests.machines.conftest import Inside

CODES = ["xendit", "fees", "wallet:1", "wallet:2", "escrow:9"]
leg = st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), st.integers(0, 500)).filter(
    lambda one: one[0] != one[1]
)


async def test_the_ledger_is_the_sum_of_what_was_posted(db: Database, inside: Inside, sweep: Inside) -> None:
    class Ledger(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            sweep()
            self.books = dict.fromkeys(CODES, 0)
            self.references: set[int] = set()

        @rule(reference=st.integers(1, 8), legs=st.lists(leg, min_size=1, max_size=3))
        def posting(self, reference: int, legs: list[tuple[str, str, int]]) -> None:
            async def act() -> bool:
                async with db.transaction() as tx:
                    return await post(tx, f"event:{reference}", *legs)

            after = dict(self.books)
            for source, target, amount in legs:
                after[source] -= amount
                after[target] += amount
            covered = all(after[code] >= 0 for code in CODES if code != "xendit")
            try:
                posted = inside(act())
            except InsufficientFunds:
                assert not covered
                return
            assert posted is (reference not in self.references)
            if posted:
                assert covered
                self.books = after
                self.references.add(reference)

        @invariant()
        def balances_agree(self) -> None:
            async def read() -> dict[str, int]:
                rows = await db.pool.fetch("SELECT code, balance FROM ledger_accounts")
                return {row["code"]: row["balance"] for row in rows}

            found = inside(read())
            assert {code: found.get(code, 0) for code in CODES} == self.books
            checks = {one.name: one.ok for one in inside(verify(db)).checks}
            assert checks["all postings sum to zero"]
            assert checks["every balance is the sum of its postings"]

    limits = settings(max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    await asyncio.to_thread(run_state_machine_as_test, Ledger, settings=limits)
