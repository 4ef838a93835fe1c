"""Proof that the books are right: everything in one snapshot, whatever else is being posted, and a stretch at a time.

A stretch is so many ids of one table, so neither memory nor any single statement grows with the ledger.
"""

from typing import Final, TypeVar

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Database, Reads, Row, Statement
from iayos.core.money import Centavos
from iayos.core.progress import Progress, counted
from iayos.ledger.root import ledger_root
from iayos.payments.schemas import CheckOut, VerificationOut

T = TypeVar("T")
STRETCH: Final = 50_000


class Size(Row, frozen=True):
    """How much there is to go through."""

    postings: int
    journals: int
    last_account: int
    last_journal: int
    last_posting: int
    last_job: int
    last_payment: int


class OfAccounts(Row, frozen=True):
    """A stretch of ledger accounts: what they hold together, and the first fault of each kind, or None."""

    total: int
    held: int
    wallets: int
    fees: int
    clearing: int
    wrong_balance: str | None
    stray_escrow: str | None
    stray_withdrawal: str | None


class OfPayments(Row, frozen=True):
    """A stretch of payments: the first fault of each kind, or None."""

    unposted: str | None
    wrong_withdrawal: str | None
    unposted_withdrawal: str | None


class Fault(Row, frozen=True):
    """The first fault of a stretch, or None."""

    fault: str | None


def _stretch(sql: str, into: type[T]) -> Statement[T]:
    """SQL over the ids after `after` up to `upto`."""
    ends = [bindparam(name, type_=BigInteger, required=True) for name in ("after", "upto")]
    return Statement(text(sql).bindparams(*ends), into=into)


SIZE: Statement[Size] = Statement(
    """
SELECT (SELECT count(*) FROM postings), (SELECT count(*) FROM journals),
    (SELECT coalesce(max(id), 0) FROM ledger_accounts), (SELECT coalesce(max(id), 0) FROM journals),
    (SELECT coalesce(max(id), 0) FROM postings), (SELECT coalesce(max(id), 0) FROM jobs), (SELECT coalesce(max(id), 0) FROM payments)
""",
    into=Size,
)
ACCOUNTS = _stretch(
    r"""
WITH sums AS (
    SELECT account_id, sum(change) AS posted FROM (
        SELECT target_id AS account_id, amount AS change FROM postings WHERE target_id > :after AND target_id <= :upto
        UNION ALL SELECT source_id, -amount FROM postings WHERE source_id > :after AND source_id <= :upto
    ) sides GROUP BY account_id
), found AS (
    SELECT a.id, a.code, a.balance, split_part(a.code, ':', 1) AS kind,
        CASE WHEN a.code ~ '^[a-z-]+\:[0-9]{1,18}$' THEN split_part(a.code, ':', 2)::bigint END AS owner,
        coalesce(sums.posted, 0) AS posted
    FROM ledger_accounts a LEFT JOIN sums ON sums.account_id = a.id WHERE a.id > :after AND a.id <= :upto
)
SELECT coalesce(sum(balance), 0)::bigint,
    coalesce(sum(balance) FILTER (WHERE kind = 'escrow'), 0)::bigint,
    coalesce(sum(balance) FILTER (WHERE kind = 'wallet'), 0)::bigint,
    coalesce(sum(balance) FILTER (WHERE code = 'fees'), 0)::bigint,
    coalesce(-sum(balance) FILTER (WHERE code = 'xendit'), 0)::bigint,
    (array_agg(code ORDER BY id) FILTER (WHERE balance <> posted))[1],
    (array_agg(code ORDER BY id) FILTER (WHERE kind = 'escrow' AND balance <> 0
        AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = owner)))[1],
    (array_agg(code ORDER BY id) FILTER (WHERE kind = 'withdrawal' AND balance <> 0 AND NOT EXISTS (
        SELECT FROM payments p WHERE p.id = owner AND p.type = 'WITHDRAWAL' AND p.status = 'PENDING')))[1]
FROM found
""",
    OfAccounts,
)
JOURNALS = _stretch(
    """
SELECT (SELECT j.reference FROM journals j WHERE j.id > :after AND j.id <= :upto
    AND NOT EXISTS (SELECT FROM postings p WHERE p.journal_id = j.id) ORDER BY j.id LIMIT 1)
""",
    Fault,
)
# A job holds its first half from the payment on until it is settled, cancelled, or the half was released because the second
# was not paid; while a dispute is open it holds whatever was paid.
JOBS = _stretch(
    """
SELECT (SELECT e.code FROM (
    SELECT id, 'escrow:' || id AS code,
        CASE WHEN NOT escrow_paid OR status = 'CANCELLED' OR settled_at IS NOT NULL OR half_released THEN 0
            WHEN dispute_open AND remaining_paid THEN agreed_price
            ELSE agreed_price / 2 END AS amount
    FROM jobs WHERE id > :after AND id <= :upto
) e LEFT JOIN ledger_accounts a ON a.code = e.code
WHERE coalesce(a.balance, 0) <> coalesce(e.amount, 0) ORDER BY e.id LIMIT 1)
""",
    Fault,
)
PAYMENTS = _stretch(
    """
WITH found AS (SELECT * FROM payments WHERE id > :after AND id <= :upto), leaving AS (
    SELECT p.id, p.status, coalesce(string_agg(split_part(j.reference, ':', 1), ' ' ORDER BY j.reference), '') AS events
    FROM found p LEFT JOIN journals j ON j.reference IN (
        'withdrawal-asked:' || p.id, 'withdrawal-failed:' || p.id, 'withdrawal-paid:' || p.id, 'withdrawal-reversed:' || p.id)
    WHERE p.type = 'WITHDRAWAL' GROUP BY p.id, p.status
)
SELECT
    (SELECT 'payment ' || p.id FROM found p
     WHERE p.credited_to IS NOT NULL AND NOT EXISTS (
         SELECT FROM journals j WHERE j.reference IN ('paid:' || p.invoice_id, 'payment:' || p.id, p.external_id)
     ) ORDER BY p.id LIMIT 1),
    (SELECT 'withdrawal:' || p.id FROM found p LEFT JOIN ledger_accounts a ON a.code = 'withdrawal:' || p.id
     WHERE p.type = 'WITHDRAWAL' AND p.status = 'PENDING' AND coalesce(a.balance, 0) <> p.amount ORDER BY p.id LIMIT 1),
    (SELECT 'payment ' || id FROM leaving
     WHERE (status, events) NOT IN (
         ('PENDING', 'withdrawal-asked'), ('COMPLETED', 'withdrawal-asked withdrawal-paid'),
         ('FAILED', 'withdrawal-asked withdrawal-failed'), ('FAILED', 'withdrawal-asked withdrawal-paid withdrawal-reversed')
     ) ORDER BY id LIMIT 1)
""",
    OfPayments,
)


async def verify(db: Database, *, progress: Progress | None = None) -> VerificationOut:
    """Every rule of the ledger, with the first fault of each that does not hold."""
    async with db.snapshot() as reads:
        size = await reads.one(SIZE)
        return await _verify(reads, size, progress or Progress())


async def _verify(reads: Reads, size: Size, progress: Progress) -> VerificationOut:
    ids = 2 * (size.last_account + size.last_journal) + size.last_posting + size.last_job + size.last_payment
    progress.begin(f"{counted(size.postings, 'posting')} in {counted(size.journals, 'journal')}", ids)
    accounts = await _through(reads, ACCOUNTS, size.last_account, progress)
    journals = await _through(reads, JOURNALS, size.last_journal, progress)
    jobs = await _through(reads, JOBS, size.last_job, progress)
    payments = await _through(reads, PAYMENTS, size.last_payment, progress)
    total = sum(one.total for one in accounts)
    checks = [
        _check("all postings sum to zero", f"the balances add up to {total} centavos" if total else None),
        _check("every balance is the sum of its postings", *(one.wrong_balance for one in accounts)),
        _check("every journal has postings", *(one.fault for one in journals)),
        _check("every escrow matches its job", *(one.fault for one in jobs), *(one.stray_escrow for one in accounts)),
        _check("every settled payment is posted", *(one.unposted for one in payments)),
        _check(
            "what is on its way out belongs to a withdrawal under way",
            *(one.wrong_withdrawal for one in payments), *(one.stray_withdrawal for one in accounts),
        ),
        _check("every withdrawal is posted as it stands", *(one.unposted_withdrawal for one in payments)),
    ]  # fmt: skip
    return VerificationOut(
        ok=all(check.ok for check in checks), postings=size.postings, journals=size.journals, checks=checks,
        held=Centavos(sum(one.held for one in accounts)), wallets=Centavos(sum(one.wallets for one in accounts)),
        fees=Centavos(sum(one.fees for one in accounts)), clearing=Centavos(sum(one.clearing for one in accounts)),
        ledgerRoot=await ledger_root(reads, progress),
    )  # fmt: skip


async def _through(reads: Reads, statement: Statement[T], last: int, progress: Progress) -> list[T]:
    """What the statement says of each stretch."""
    found = []
    for after in range(0, last, STRETCH):
        upto = min(after + STRETCH, last)
        found.append(await reads.one(statement, after=after, upto=upto))
        progress.done += upto - after
    return found


def _check(name: str, *faults: str | None) -> CheckOut:
    fault = next((fault for fault in faults if fault is not None), None)
    return CheckOut(name=name, ok=fault is None, fault=fault)
