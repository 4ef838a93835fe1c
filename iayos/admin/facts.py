"""What `/metrics` tells from the database: what waits, what fails, whether the books add up. Looked up once in a while."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import bindparam, text

from iayos.core import clock
from iayos.core.db import Reads, Row, Statement
from iayos.core.models import Instant

SOON_S: Final = 5.0
SELDOM_S: Final = 60.0
"""How long an answer about the whole ledger is good for: it reads every account."""


class Waiting(Row, frozen=True):
    """The open rows of one task in the outbox."""

    task: str
    waiting: int
    due: int
    failed: int
    oldest_due: float
    """Seconds."""


class Books(Row, frozen=True):
    """Sums of balances, in centavos."""

    all: int
    escrow: int
    wallets: int
    withdrawals: int


class Chain(Row, frozen=True):
    """How far the audit log is sealed."""

    position: int
    unsealed: int


# two halves, so that each has an index of its own; rows that are done are many
WAITING: Final = Statement(
    text("""
SELECT task, sum(waiting)::int, sum(due)::int, sum(failed)::int,
       coalesce(extract(epoch FROM :now - min(oldest)), 0)::float8
FROM (
    SELECT task, count(*) AS waiting, count(*) FILTER (WHERE run_after <= :now) AS due, 0 AS failed,
           min(run_after) FILTER (WHERE run_after <= :now) AS oldest
    FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND aborted_at IS NULL GROUP BY task
    UNION ALL
    SELECT task, 0, 0, count(*), NULL
    FROM outbox WHERE failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL AND failed_at IS NOT NULL
    GROUP BY task
) halves GROUP BY task
""").bindparams(bindparam("now", type_=Instant, required=True)),
    into=Waiting,
)
BOOKS: Final = Statement(
    """
SELECT coalesce(sum(balance), 0)::bigint,
       coalesce(sum(balance) FILTER (WHERE code LIKE 'escrow:%'), 0)::bigint,
       coalesce(sum(balance) FILTER (WHERE code LIKE 'wallet:%'), 0)::bigint,
       coalesce(sum(balance) FILTER (WHERE code LIKE 'withdrawal:%'), 0)::bigint
FROM ledger_accounts
""",
    into=Books,
)
CHAIN: Final = Statement(
    """
SELECT coalesce((SELECT id FROM audit_seals ORDER BY id DESC LIMIT 1), 0), (SELECT count(*) FROM audit_unsealed)
""",
    into=Chain,
)
RUNNERS: Final = Statement(
    text(
        "SELECT coalesce(extract(epoch FROM :now - max(seen_at)), -1)::float8 FROM runners WHERE stopped_at IS NULL"
    ).bindparams(bindparam("now", type_=Instant, required=True))
)
REFUSED: Final = Statement("SELECT count FROM counters WHERE name = 'xendit_webhooks_refused'")


class Facts:
    """Looks things up for whoever scrapes, and remembers them for a while."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, tuple[float, list[Metric]]] = {}

    async def __call__(self) -> list[Metric]:
        """All facts, some of them a little old."""
        return [
            *await self._fresh("queue", SOON_S, self._queue),
            *await self._fresh("rest", SOON_S, self._rest),
            *await self._fresh("books", SELDOM_S, self._books),
        ]

    async def _fresh(self, name: str, good_for: float, look: Callable[[], Awaitable[list[Metric]]]) -> list[Metric]:
        at, found = self._known.get(name, (0.0, []))
        if not found or time.monotonic() - at > good_for:
            found = await look()
            self._known[name] = time.monotonic(), found
        return found

    async def _queue(self) -> list[Metric]:
        rows = await self._reads.all(WAITING, now=clock.now())
        return [
            _by_task("iayos_outbox_waiting", "Rows that are open, due or not.", [(r.task, r.waiting) for r in rows]),
            _by_task("iayos_outbox_due", "Open rows whose time has come.", [(r.task, r.due) for r in rows]),
            _by_task("iayos_outbox_failed", "Rows that used up their retries.", [(r.task, r.failed) for r in rows]),
            _by_task("iayos_outbox_oldest_due_seconds", "For how long the oldest due row has waited.",
                     [(r.task, r.oldest_due) for r in rows]),
        ]  # fmt: skip

    async def _rest(self) -> list[Metric]:
        chain = await self._reads.one(CHAIN)
        refused = await self._reads.value(REFUSED) or 0
        seen = await self._reads.value(RUNNERS, now=clock.now())
        return [
            CounterMetricFamily("iayos_webhooks_refused", "Webhooks with a wrong token.", value=refused),
            GaugeMetricFamily("iayos_audit_position", "Links in the chain of the audit log.", value=chain.position),
            GaugeMetricFamily("iayos_audit_unsealed", "Lines of it that wait for their link.", value=chain.unsealed),
            GaugeMetricFamily("iayos_runner_seen_seconds", "Since a runner last showed itself; -1: none.", value=seen),
        ]

    async def _books(self) -> list[Metric]:
        books = await self._reads.one(BOOKS)
        held = GaugeMetricFamily("iayos_ledger_held_pesos", "What is held, by kind.", labels=["kind"])
        for kind, amount in (("escrow", books.escrow), ("wallet", books.wallets), ("withdrawal", books.withdrawals)):
            held.add_metric([kind], amount / 100)
        return [held, GaugeMetricFamily("iayos_ledger_imbalance_pesos", "0, always.", value=books.all / 100)]


def _by_task(name: str, words: str, found: list[tuple[str, Any]]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["task"])
    for task, value in found:
        family.add_metric([task], value)
    return family
