"""Posting into wallets: an account that owes cash fees pays them out of whatever is credited to it (SPEC 4, Ledger)."""

from iayos.core.db import Tx
from iayos.ledger import chart
from iayos.ledger.actions import post
from iayos.ledger.queries import balance


async def post_and_collect(tx: Tx, reference: str, *legs: tuple[str, str, int]) -> bool:
    """Post, then take what is owed from the wallets that got something; False when this was posted before."""
    if not await post(tx, reference, *legs):
        return False
    for owner in sorted({int(target.partition(":")[2]) for _, target, _ in legs if target.startswith("wallet:")}):
        await collect_dues(tx, owner, f"dues:{reference}:{owner}")
    return True


async def collect_dues(tx: Tx, account_id: int, reference: str) -> None:
    """As much of the cash fees due as the wallet holds goes from it; the rest waits for the next credit."""
    due = -await balance(tx, chart.cash_fees_due(account_id))
    if due <= 0:
        return
    held = await balance(tx, chart.wallet(account_id))
    if held > 0:
        await post(tx, reference, (chart.wallet(account_id), chart.cash_fees_due(account_id), min(due, held)))
