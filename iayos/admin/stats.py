"""What an operator looks at in the morning: a few statements over indexes and small tables, each a snapshot of its own."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, text

from iayos.admin import queue
from iayos.admin.facts import BOOKS
from iayos.admin.stats_schemas import (
    AccountCountOut,
    JobCountOut,
    MoneyOut,
    PaidInOut,
    PaidOut,
    QueueStateOut,
    RatingsOut,
    StatsOut,
    WaitingOut,
)  # fmt: skip
from iayos.core import clock
from iayos.core.db import Reads, Row, Statement
from iayos.core.models import Instant
from iayos.core.money import Centavos
from iayos.core.principal import AGENCY, CLIENT, WORKER
from iayos.jobs.states import JobStatus


class Counted(Row, frozen=True):
    """How many there are of one kind, and how many of them are new."""

    kind: str
    total: int
    new: int


class Paid(Row, frozen=True):
    """Payments that came in by one method."""

    method: str | None
    amount: int
    count: int


class Sums(Row, frozen=True):
    """Everything of which there is one."""

    fees: int
    paid_out: int
    payouts: int
    leaving: int
    kyc: int
    kyc_overdue: int
    certifications: int
    cash_proofs: int
    disputes: int
    flagged: int
    rating_sum: int
    rating_count: int


def _statement(sql: str, into: type[Any], **kinds: Any) -> Statement[Any]:
    """Conditions are written out, for the planner must see them to use partial indexes."""
    return Statement(
        text(sql).bindparams(*(bindparam(name, type_=kind, required=True) for name, kind in kinds.items())), into
    )


ACCOUNTS: Final[Statement[Counted]] = _statement(
    """
SELECT kind, sum(total)::bigint, sum(new)::bigint FROM (
    SELECT profile_types, count(*) AS total, count(*) FILTER (WHERE created_at >= :since) AS new
    FROM accounts WHERE erased_at IS NULL GROUP BY profile_types
) AS groups, unnest(profile_types) AS kind GROUP BY kind
""",
    Counted, since=Instant,
)  # fmt: skip
JOBS: Final[Statement[Counted]] = _statement(
    """
SELECT status, sum(total)::bigint, sum(new)::bigint FROM (
    SELECT status, count(*) AS total, 0 AS new FROM jobs GROUP BY status
    UNION ALL SELECT status, 0, count(*) FROM jobs WHERE created_at >= :since GROUP BY status
) AS halves GROUP BY status
""",
    Counted, since=Instant,
)  # fmt: skip
PAID_IN: Final[Statement[Paid]] = _statement(
    """
SELECT method, sum(amount)::bigint, count(*) FROM payments
WHERE completed_at >= :since AND status = 'COMPLETED' AND type IN ('ESCROW', 'JOB_PAYMENT', 'DEPOSIT')
AND (method IS NULL OR method NOT IN ('WALLET', 'CASH'))
GROUP BY method ORDER BY 2 DESC, 1
""",
    Paid, since=Instant,
)  # fmt: skip
SUMS: Final[Statement[Sums]] = _statement(
    """
WITH paid_out AS (
    SELECT coalesce(sum(amount), 0)::bigint AS amount, count(*) AS number FROM payments
    WHERE completed_at >= :since AND status = 'COMPLETED' AND type = 'WITHDRAWAL'
), kyc AS (
    SELECT count(*) AS number, count(*) FILTER (WHERE due_at < :now) AS late FROM kyc WHERE status = 'PENDING' AND is_uploaded
), ratings AS (
    SELECT coalesce(sum(rating_sum), 0)::bigint AS total, coalesce(sum(rating_count), 0)::bigint AS number FROM profiles
), fees AS (
    SELECT id FROM ledger_accounts WHERE code = 'fees'
)
SELECT
    (SELECT coalesce(sum(CASE WHEN target_id = (SELECT id FROM fees) THEN amount ELSE -amount END), 0)::bigint
     FROM journals JOIN postings ON journal_id = journals.id
     WHERE at >= :since AND ((SELECT id FROM fees) IN (source_id, target_id))),
    paid_out.amount, paid_out.number,
    (SELECT count(*) FROM payments WHERE type = 'WITHDRAWAL' AND status = 'PENDING'),
    kyc.number, kyc.late,
    (SELECT count(*) FROM worker_certifications WHERE decided_at IS NULL),
    (SELECT count(*) FROM payments WHERE status = 'PENDING' AND method = 'CASH'),
    (SELECT count(*) FROM disputes WHERE status = 'OPEN' AND phase = 'STAFF'),
    (SELECT count(*) FROM payments WHERE flag IS NOT NULL AND updated_at >= :since),
    ratings.total, ratings.number
FROM paid_out, kyc, ratings
""",
    Sums, since=Instant, now=Instant,
)  # fmt: skip


async def look(reads: Reads, since: datetime) -> StatsOut:
    """The service at a glance."""
    moment = clock.now()
    accounts = await reads.all(ACCOUNTS, since=since)
    jobs = await reads.all(JOBS, since=since)
    sums = await reads.one(SUMS, since=since, now=moment)
    return StatsOut(
        since=since, at=moment,
        accounts=[AccountCountOut(profileType=kind, total=total, new=new) for kind, total, new in _each(accounts, (CLIENT, WORKER, AGENCY))],
        jobs=[JobCountOut(status=kind, total=total, new=new) for kind, total, new in _each(jobs, tuple(JobStatus))],
        money=await _money(reads, since, sums),
        waiting=WaitingOut(
            kyc=sums.kyc, kycOverdue=sums.kyc_overdue, certifications=sums.certifications, cashProofs=sums.cash_proofs,
            disputes=sums.disputes, flaggedPayments=sums.flagged,
        ),
        queue=await _queue(reads),
        reviews=RatingsOut(
            average=round(sums.rating_sum / sums.rating_count, 2) if sums.rating_count else None, count=sums.rating_count
        ),
    )  # fmt: skip


def _each(found: list[Counted], kinds: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """All kinds in their order, also those of which there are none."""
    known = {row.kind: (row.total, row.new) for row in found}
    return [(str(kind), *known.get(kind, (0, 0))) for kind in kinds]


async def _money(reads: Reads, since: datetime, sums: Sums) -> MoneyOut:
    books = await reads.one(BOOKS)
    paid = await reads.all(PAID_IN, since=since)
    return MoneyOut(
        held=Centavos(books.escrow), wallets=Centavos(books.wallets), feesEarned=Centavos(sums.fees),
        paidIn=[PaidInOut(paymentMethod=one.method, amount=Centavos(one.amount), count=one.count) for one in paid],
        paidOut=PaidOut(amount=Centavos(sums.paid_out), count=sums.payouts),
        pendingWithdrawals=PaidOut(amount=Centavos(books.withdrawals), count=sums.leaving),
    )  # fmt: skip


async def _queue(reads: Reads) -> QueueStateOut:
    found = await queue.glance(reads)
    return QueueStateOut(
        waiting=found.waiting, dueNow=found.dueNow, oldestDueAt=found.oldestDueAt, failing=found.failing,
        failed=found.failed, runners=found.runners.alive,
    )  # fmt: skip
