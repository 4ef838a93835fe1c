"""Proof that the books are right: one statement, so one snapshot, whatever else is being posted."""

from typing import Any

from iayos.core.db import Reads, Row, Statement
from iayos.core.money import Centavos
from iayos.payments.schemas import CheckOut, VerificationOut


class Findings(Row, frozen=True):
    """What one pass over the ledger found; each fault is the first place where a check does not hold, or None."""

    postings: int
    journals: int
    sum_of_balances: int
    wrong_balance: str | None
    empty_journal: str | None
    wrong_escrow: str | None
    unposted_payment: str | None
    wrong_withdrawal: str | None
    unposted_withdrawal: str | None
    held: int
    wallets: int
    fees: int
    clearing: int


# A job holds its first half from the payment on until it is settled, cancelled, or the half was released because the second
# was not paid; while a dispute is open it holds whatever was paid.
VERIFY: Statement[Findings] = Statement(
    """
WITH sides AS (
    SELECT source_id AS account_id, -sum(amount) AS total FROM postings GROUP BY source_id
    UNION ALL SELECT target_id, sum(amount) FROM postings GROUP BY target_id
), sums AS (
    SELECT account_id, sum(total) AS total FROM sides GROUP BY account_id
), expected AS (
    SELECT 'escrow:' || id AS code,
           CASE WHEN NOT escrow_paid OR status = 'CANCELLED' OR settled_at IS NOT NULL OR half_released THEN 0
                WHEN dispute_open AND remaining_paid THEN agreed_price
                ELSE agreed_price / 2 END AS amount
    FROM jobs
)
SELECT
    (SELECT count(*) FROM postings),
    (SELECT count(*) FROM journals),
    (SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts),
    (SELECT a.code FROM ledger_accounts a LEFT JOIN sums ON sums.account_id = a.id
     WHERE a.balance <> coalesce(sums.total, 0) ORDER BY a.id LIMIT 1),
    (SELECT j.reference FROM journals j WHERE NOT EXISTS (SELECT FROM postings p WHERE p.journal_id = j.id) ORDER BY j.id LIMIT 1),
    (SELECT coalesce(e.code, a.code) FROM expected e
     FULL JOIN (SELECT code, balance FROM ledger_accounts WHERE code LIKE 'escrow:%') a ON a.code = e.code
     WHERE coalesce(a.balance, 0) <> coalesce(e.amount, 0) ORDER BY 1 LIMIT 1),
    (SELECT 'payment ' || p.id FROM payments p
     WHERE p.credited_to IS NOT NULL AND NOT EXISTS (
         SELECT FROM journals j WHERE j.reference IN ('paid:' || p.invoice_id, 'payment:' || p.id, p.external_id)
     ) ORDER BY p.id LIMIT 1),
    (SELECT coalesce('withdrawal:' || p.id, a.code)
     FROM (SELECT id, amount FROM payments WHERE type = 'WITHDRAWAL' AND status = 'PENDING') p
     FULL JOIN (SELECT code, balance FROM ledger_accounts WHERE code LIKE 'withdrawal:%') a ON a.code = 'withdrawal:' || p.id
     WHERE coalesce(a.balance, 0) <> coalesce(p.amount, 0) ORDER BY 1 LIMIT 1),
    (SELECT 'payment ' || id FROM (
         SELECT p.id, p.status, coalesce(string_agg(split_part(j.reference, ':', 1), ' ' ORDER BY j.reference), '') AS events
         FROM payments p LEFT JOIN journals j ON j.reference IN (
             'withdrawal-asked:' || p.id, 'withdrawal-failed:' || p.id, 'withdrawal-paid:' || p.id, 'withdrawal-reversed:' || p.id)
         WHERE p.type = 'WITHDRAWAL' GROUP BY p.id
     ) leaving
     WHERE (status, events) NOT IN (
         ('PENDING', 'withdrawal-asked'), ('COMPLETED', 'withdrawal-asked withdrawal-paid'),
         ('FAILED', 'withdrawal-asked withdrawal-failed'), ('FAILED', 'withdrawal-asked withdrawal-paid withdrawal-reversed')
     ) ORDER BY id LIMIT 1),
    (SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts WHERE code LIKE 'escrow:%'),
    (SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts WHERE code LIKE 'wallet:%'),
    (SELECT coalesce(sum(balance), 0)::bigint FROM ledger_accounts WHERE code = 'fees'),
    (SELECT coalesce(-sum(balance), 0)::bigint FROM ledger_accounts WHERE code = 'xendit')
""",
    into=Findings,
)


async def verify(reads: Reads) -> VerificationOut:
    """Every rule of the ledger, with the first fault of each that does not hold."""
    found = await reads.one(VERIFY)
    unbalanced = None if found.sum_of_balances == 0 else f"the balances add up to {found.sum_of_balances} centavos"
    checks = [
        _check("all postings sum to zero", unbalanced),
        _check("every balance is the sum of its postings", found.wrong_balance),
        _check("every journal has postings", found.empty_journal),
        _check("every escrow matches its job", found.wrong_escrow),
        _check("every settled payment is posted", found.unposted_payment),
        _check("what is on its way out belongs to a withdrawal under way", found.wrong_withdrawal),
        _check("every withdrawal is posted as it stands", found.unposted_withdrawal),
    ]
    return VerificationOut(
        ok=all(check.ok for check in checks), postings=found.postings, journals=found.journals, checks=checks,
        held=Centavos(found.held), wallets=Centavos(found.wallets), fees=Centavos(found.fees), clearing=Centavos(found.clearing),
    )  # fmt: skip


def _check(name: str, fault: Any) -> CheckOut:
    return CheckOut(name=name, ok=fault is None, fault=fault)
