"""Many jobs with odd budgets, each ended in one of seven ways: every account holds what a plain calculation says, to the centavo.

`IAYOS_MANY_JOBS=10000 pytest tests/machines/test_many_jobs.py` runs the long form.
"""

import os
import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

from iayos.core.db import Database
from iayos.core.money import halves
from iayos.core.principal import Principal
from iayos.disputes import actions as disputes
from iayos.disputes.schemas import DisputeIn
from iayos.jobs import actions as jobs
from iayos.jobs.clocks import CLOCKS
from iayos.jobs.models import Job
from iayos.jobs.schemas import CompletionIn
from iayos.ledger.actions import post
from iayos.ledger.queries import ACCOUNTS
from iayos.payments import cancel, clocks, settle, staff_cancel
from iayos.payments.attempts import HALVES, pay_from_wallet
from iayos.payments.states import Purpose
from iayos.payments.verify import verify
from tests import make

MANY = int(os.environ.get("IAYOS_MANY_JOBS", "120"))
ENDS = ("paid", "cancelled by client", "cancelled by worker", "ended by staff", "divided", "given back", "never paid")
RICH = 10**12


def half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def fee(amount: int) -> int:
    return half_up(Decimal(amount) * 5 / 100)


def principal(someone: make.Someone, kind: str | None) -> Principal:
    return Principal(
        account_id=someone.account_id, email=someone.email, profile_type=kind, role=None, email_verified=True,
        kyc_verified=True, session_id=0, session_kind="WEB",
    )  # fmt: skip


def expected(end: str, price: int, share: int) -> dict[str, int]:
    """What a job leaves with client, worker and us, by plain arithmetic."""
    first = price // 2
    rest = price - first
    if end == "paid":
        return {"client": -(price + fee(first) + fee(rest)), "worker": price, "fees": fee(first) + fee(rest)}
    if end == "never paid":
        return {"client": -(first + fee(first)), "worker": first, "fees": fee(first)}
    if end == "cancelled by client":
        return {"client": -fee(first), "worker": 0, "fees": fee(first)}
    if end in {"cancelled by worker", "ended by staff"}:
        return {"client": 0, "worker": 0, "fees": 0}
    back = half_up(Decimal(fee(first)) * (first - share) / first)
    return {"client": -(share + fee(first) - back), "worker": share, "fees": fee(first) - back}


async def live(
    db: Database, job: Job, end: str, share: int, *, client: Principal, worker: Principal, staff: Principal
) -> None:
    """Take a job to its end through the verbs, one transaction a step."""
    async with db.transaction() as tx:
        await pay_from_wallet(tx, job, half=HALVES[Purpose.ESCROW], base=(job.agreed_price or 0) // 2, by=client)
    if end.startswith("cancelled"):
        sides = (client, worker) if end.endswith("client") else (worker, client)
        for side in sides:
            async with db.transaction() as tx:
                await cancel.cancel(tx, job.id, by=side, reason="Random")
        return
    if end == "ended by staff":
        async with db.transaction() as tx:
            locked = await settle.locked_again(tx, job)
            await staff_cancel.end(tx, locked, await staff_cancel.goes_back(tx, locked), by=staff)
        return
    if end in {"divided", "given back"}:
        async with db.transaction() as tx:
            opened = await disputes.open_dispute(tx, job.id, DisputeIn(reason="R", description="D"), by=client)  # type: ignore[arg-type]
        async with db.transaction() as tx:
            await disputes.rule(tx, opened.id, to_payee=share, reason="Random", by=staff)
        return
    async with db.transaction() as tx:
        await jobs.complete(tx, job.id, CompletionIn(), by=worker)
        approved = await jobs.approve_completion(tx, job.id, by=client)
        if end == "paid":
            _, rest = halves(settle.price_of(approved))
            await pay_from_wallet(tx, approved, half=HALVES[Purpose.FINAL], base=rest, by=client)
        else:
            await clocks.ACTIONS[CLOCKS["overdue"].move](tx, approved)


async def test_every_account_ends_at_the_expected_centavo(db: Database) -> None:
    chance = random.Random(20261122)
    people = [(await make.account(db, "CLIENT"), await make.account(db, "WORKER", trades=(1,))) for _ in range(4)]
    staff = principal(await make.account(db, None, role="SUPPORT"), None)
    async with db.transaction() as tx:
        for ana, _ in people:
            await post(tx, f"rich:{ana.account_id}", ("xendit", f"wallet:{ana.account_id}", RICH))
    should: Counter[str] = Counter({f"wallet:{ana.account_id}": RICH for ana, _ in people})
    for _ in range(MANY):
        ana, ben = chance.choice(people)
        end, price = chance.choice(ENDS), chance.randrange(100_00, 9_999_99)
        share = 0 if end == "given back" else chance.randrange(1, price // 2)
        job = await make.job(db, client=ana, worker=ben, budget=price)
        sides = {"client": principal(ana, "CLIENT"), "worker": principal(ben, "WORKER")}
        await live(db, job, end, share, staff=staff, **sides)
        left = expected(end, price, share)
        should[f"wallet:{ana.account_id}"] += left["client"]
        should[f"wallet:{ben.account_id}"] += left["worker"]
        should["fees"] += left["fees"]
    rows = await db.reads.all(ACCOUNTS, after=0, limit=10**6)
    found = {row.code: row.balance for row in rows if row.balance and row.code != "xendit"}
    assert found == {code: amount for code, amount in should.items() if amount}
    proof = await verify(db)
    assert proof.ok, [check for check in proof.checks if not check.ok]
