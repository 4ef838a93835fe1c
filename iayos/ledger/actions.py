"""Posting. Only payments and disputes call this."""

import asyncpg
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, select

from iayos.core import clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import Conflict
from iayos.core.models import Instant
from iayos.ledger.models import LedgerAccountTable

POST = Statement(
    select(
        func.post_journal(
            bindparam("reference", type_=Text), bindparam("at", type_=Instant), bindparam("sources", type_=ARRAY(Text)),
            bindparam("targets", type_=ARRAY(Text)), bindparam("amounts", type_=ARRAY(BigInteger)),
        )
    )
)  # fmt: skip
LOCK = Statement(
    select(LedgerAccountTable.id)
    .where(LedgerAccountTable.code == func.any(bindparam("codes", type_=ARRAY(Text))))
    .order_by(LedgerAccountTable.id)
    .with_for_update()
)
OVERDRAFT = "ck_ledger_accounts_balance_covered"


class InsufficientFunds(Conflict):
    """The wallet holds less than what is asked of it."""

    code, message = "INSUFFICIENT_FUNDS", "There is not enough money in the wallet for this."


async def post(tx: Tx, reference: str, *legs: tuple[str, str, int]) -> bool:
    """Post one business event as legs (from, to, centavos); False when this reference was posted before.

    Raises `InsufficientFunds` when an account that may not go negative would; the caller's transaction is then lost.
    """
    if any(leg[2] < 0 for leg in legs):
        raise ValueError(f"a posting moves a positive amount: {legs}")
    moved = [leg for leg in legs if leg[2]]
    try:
        journal = await tx.value(
            POST, reference=reference, at=clock.now(), sources=[leg[0] for leg in moved],
            targets=[leg[1] for leg in moved], amounts=[leg[2] for leg in moved],
        )  # fmt: skip
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name == OVERDRAFT:
            raise InsufficientFunds from refused
        raise
    return journal is not None


async def lock(tx: Tx, *codes: str) -> None:
    """Hold these accounts until the transaction ends, for a step that posts to them in more than one journal."""
    await tx.all(LOCK, codes=list(codes))
