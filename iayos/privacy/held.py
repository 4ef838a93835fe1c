"""Why an account cannot be erased yet: money that is held or owed, by or for it."""

# ruff: noqa: S608 - every part of the SQL is a constant of this module

from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Reads, Row, Statement
from iayos.core.errors import Conflict


class MoneyHeld(Conflict):
    """Erasing would take away what somebody still has to get; `details.reasons` says what, and of which job or payment."""

    code = "ERASURE_REFUSED"
    message = "Money is still held or owed, or work is going on. Settle that first; then the account can be erased."


class Held(Row, frozen=True):
    """One reason: what it is, the ids that it is about, and the amount in centavos where there is one."""

    reason: str
    ids: list[int] | None
    amount: int | None


_MY_JOBS: Final = "(client_id = :me OR assigned_worker_id = :me OR assigned_agency_id = :me)"
_MY_MONEY: Final = "(client_id = :me OR coalesce(assigned_agency_id, assigned_worker_id) = :me)"
REASONS: Final = Statement(
    text(f"""
SELECT 'WALLET_BALANCE', '{{}}'::bigint[], balance FROM ledger_accounts WHERE code = 'wallet:' || :me AND balance > 0
UNION ALL
SELECT 'CASH_FEES_DUE', '{{}}', -balance FROM ledger_accounts WHERE code = 'cash-fees-due:' || :me AND balance < 0
UNION ALL
SELECT 'ESCROW_HELD', array_agg(jobs.id ORDER BY jobs.id), sum(balance)::bigint FROM jobs
JOIN ledger_accounts ON code = 'escrow:' || jobs.id AND balance > 0 WHERE {_MY_JOBS}
UNION ALL
SELECT 'JOB_IN_PROGRESS', array_agg(id ORDER BY id), NULL FROM jobs WHERE {_MY_JOBS} AND status = 'IN_PROGRESS'
UNION ALL
SELECT 'DISPUTE_OPEN', array_agg(id ORDER BY id), NULL FROM jobs WHERE {_MY_JOBS} AND dispute_open
UNION ALL
SELECT CASE WHEN half_released THEN 'PAYMENT_OVERDUE' ELSE 'FINAL_PAYMENT_DUE' END, array_agg(id ORDER BY id), NULL FROM jobs
WHERE {_MY_MONEY} AND status = 'COMPLETED' AND settled_at IS NULL AND NOT remaining_paid AND NOT dispute_open GROUP BY half_released
UNION ALL
SELECT CASE type WHEN 'WITHDRAWAL' THEN 'WITHDRAWAL_PENDING' ELSE 'PAYMENT_PENDING' END, array_agg(id ORDER BY id),
sum(amount)::bigint FROM payments WHERE payer_id = :me AND status = 'PENDING' GROUP BY 1
""").bindparams(bindparam("me", type_=BigInteger)),
    into=Held,
)  # fmt: skip


async def refuse_held(reads: Reads, account_id: int) -> None:
    """A 409 that names every reason at once."""
    found = [one for one in await reads.all(REASONS, me=account_id) if one.ids or one.amount]
    if found:
        raise MoneyHeld(reasons=[_told(one) for one in found])


def _told(one: Held) -> dict[str, Any]:
    """As it stands in the details: ids where there are any, the amount in pesos where there is one."""
    told: dict[str, Any] = {"reason": one.reason}
    if one.ids:
        told["transactionIDs" if one.reason.endswith("_PENDING") else "jobIDs"] = one.ids
    if one.amount is not None:
        told["amount"] = one.amount / 100
    return told
