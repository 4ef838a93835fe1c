"""The second member of staff (SPEC 8): a decision that moves much money is made twice, by two people, about the same facts."""

import hashlib
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from iayos.core import clock
from iayos.core.db import Row, Statement, Tx, as_json, columns
from iayos.core.models import FirstDecisionTable
from iayos.core.principal import Principal

THRESHOLD: Final = 50_000_00
"""Centavos; a decision that moves more needs two."""


class FirstDecision(Row, frozen=True):
    """What one member of staff decided, waiting for another."""

    table = FirstDecisionTable
    id: int
    subject: str
    by_account_id: int
    facts: bytes
    at: datetime


FOUND = Statement(
    select(*columns(FirstDecision)).where(FirstDecisionTable.subject == bindparam("subject")).with_for_update(),
    into=FirstDecision,
)
_keep = insert(FirstDecisionTable).values(
    subject=bindparam("subject"), by_account_id=bindparam("by_account_id"), facts=bindparam("facts"), at=bindparam("at")
)
KEEP = Statement(
    _keep.on_conflict_do_update(
        index_elements=["subject"],
        set_={"by_account_id": _keep.excluded.by_account_id, "facts": _keep.excluded.facts, "at": _keep.excluded.at},
    )
)
DROP = Statement(delete(FirstDecisionTable).where(FirstDecisionTable.id == bindparam("row_id")))
DROP_ALL_OF = Statement(delete(FirstDecisionTable).where(FirstDecisionTable.by_account_id == bindparam("account_id")))


async def decided_by_two(tx: Tx, subject: str, *, amount: int, by: Principal, facts: Any) -> bool:
    """May this go ahead? At once when it is small; else when another member decided the same about the same `facts`.

    The caller holds a lock on the subject. False means that this decision is kept and waits for a second.
    """
    if amount <= THRESHOLD:
        return True
    digest = hashlib.sha256(as_json(facts)).digest()
    first = await tx.one_or_none(FOUND, subject=subject)
    if first is not None and first.facts == digest:
        if first.by_account_id == by.account_id:
            return False
        await tx.run(DROP, row_id=first.id)
        return True
    await tx.run(KEEP, subject=subject, by_account_id=by.account_id, facts=digest, at=clock.now())
    return False


async def forget_decisions(tx: Tx, account_id: int) -> None:
    """What this member of staff decided first counts no more: somebody took the right to decide away."""
    await tx.run(DROP_ALL_OF, account_id=account_id)
