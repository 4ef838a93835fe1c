"""Jobs as staff sees them: found, told with all that happened to them, and ended."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, literal_column, or_, select

from iayos.accounts.models import AccountTable
from iayos.admin.jobs_schemas import AdminJobOut, JobMoveOut, JobStoryOut, StaffCancelOut
from iayos.core import audit, page
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import Conflict, NotFound
from iayos.core.models import HistoryTable
from iayos.core.money import Centavos
from iayos.core.moves import last_move
from iayos.core.page import Page
from iayos.core.principal import Principal
from iayos.core.second import decided_by_two
from iayos.disputes.models import DisputeTable
from iayos.disputes.states import DisputeStatus
from iayos.jobs.actions import refuse_own
from iayos.jobs.explain import explain
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import find_job, lock_job, show_all
from iayos.jobs.states import JobStatus
from iayos.ledger import chart
from iayos.ledger import queries as ledger
from iayos.ledger.models import LedgerAccountTable
from iayos.payments import queries as payments
from iayos.payments import staff_cancel
from iayos.payments.schemas import EntryOut, TransactionOut
from iayos.payments.staff_cancel import Back
from iayos.settings import Settings


class DisputeToRule(Conflict):
    """A dispute decides about the money of this job."""

    code, message = "DISPUTE_OPEN", "A dispute about this job is open; staff ends it by a ruling."


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs staff looks for."""

    q: str | None = None
    status: JobStatus | None = None
    account_id: int | None = None
    held: bool = False

    def arguments(self) -> dict[str, Any]:
        """What the statement needs; its names are the shape of the search."""
        given = {"q": self.q or None, "status": self.status and self.status.value, "account_id": self.account_id}
        return {name: value for name, value in given.items() if value is not None}


class Beside(Row, frozen=True):
    """What stands beside a job."""

    job_id: int
    held: int
    dispute_id: int | None


class Moved(Row, frozen=True):
    """A move, with the name of whoever made it."""

    move: str
    source: str
    target: str
    at: datetime
    actor_id: int | None
    name: str | None


_account = bindparam("account_id", type_=BigInteger)
_query = func.websearch_to_tsquery(literal_column("'simple'::regconfig"), bindparam("q", type_=Text))
CONDITIONS: Final[dict[str, Any]] = {
    "q": JobTable.search.op("@@")(_query),
    "status": JobTable.status == bindparam("status", type_=Text),
    "account_id": or_(
        JobTable.client_id == _account, JobTable.assigned_worker_id == _account, JobTable.assigned_agency_id == _account
    ),
}
_newest_dispute = (
    select(func.max(DisputeTable.id)).where(DisputeTable.job_id == JobTable.id).correlate(JobTable).scalar_subquery()
)
BESIDE = Statement(
    select(JobTable.id, func.coalesce(LedgerAccountTable.balance, 0), _newest_dispute)
    .outerjoin(LedgerAccountTable, LedgerAccountTable.code == func.concat("escrow:", JobTable.id))
    .where(JobTable.id == func.any(bindparam("job_ids", type_=ARRAY(BigInteger)))),
    into=Beside,
)
MOVES = Statement(
    select(
        HistoryTable.move, HistoryTable.source, HistoryTable.target, HistoryTable.at, HistoryTable.actor_id,
        func.coalesce(AccountTable.business_name, AccountTable.first_name + " " + AccountTable.last_name),
    )
    .outerjoin(AccountTable, AccountTable.id == HistoryTable.actor_id)
    .where(
        HistoryTable.entity == JobTable.__tablename__, HistoryTable.entity_id == bindparam("job_id", type_=BigInteger)
    )
    .order_by(HistoryTable.id),
    into=Moved,
)  # fmt: skip
OPEN_DISPUTE = Statement(
    select(DisputeTable.id).where(
        DisputeTable.job_id == bindparam("job_id", type_=BigInteger), DisputeTable.status == DisputeStatus.OPEN.value
    )
)


@lru_cache(maxsize=64)
def _found(shape: frozenset[str], *, held: bool) -> Statement[Job]:
    """The statement for one shape of search."""
    found = select(*columns(Job)).where(*(CONDITIONS[name] for name in sorted(shape)))
    if held:  # as the index on them says it
        found = found.where(JobTable.escrow_paid, JobTable.settled_at.is_(None), ~JobTable.half_released)
    found = found.where(JobTable.id < bindparam("before", type_=BigInteger)).order_by(JobTable.id.desc())
    return Statement(found.limit(bindparam("limit", type_=BigInteger)), into=Job)


async def search(reads: Reads, wanted: Search, *, limit: int, cursor: str | None) -> Page[AdminJobOut]:
    """Jobs, newest first."""
    (before,) = page.decode(cursor, int) or (page.BIGGEST,)
    given = wanted.arguments()
    rows = await reads.all(_found(frozenset(given), held=wanted.held), before=before, limit=limit + 1, **given)
    shown = {one.jobID: one for one in await _shown(reads, rows[:limit])}
    return page.page(rows, limit, lambda job: shown[job.id], lambda job: (job.id,))


async def story(reads: Reads, job_id: int, settings: Settings) -> JobStoryOut:
    """One job with all that happened to it and to its money."""
    job = await find_job(reads, job_id)
    if job is None:
        raise NotFound(jobID=job_id)
    (out,) = await _shown(reads, [job])
    return JobStoryOut(
        **asdict(out), explain=explain(job, settings), entries=await _entries(reads, job.id),
        payments=[TransactionOut.of(one) for one in await reads.all(payments.OF_JOB, job_id=job.id)],
        moves=[_move_out(one) for one in await reads.all(MOVES, job_id=job.id)],
    )  # fmt: skip


async def cancel(tx: Tx, job_id: int, *, reason: str, by: Principal) -> StaffCancelOut:
    """Staff ends a job: what is held, and the fees paid for it, go back to the client; above ₱50,000 two have to say so."""
    job = await lock_job(tx, job_id)
    if job is None:
        raise NotFound(jobID=job_id)
    refuse_own(job, by)
    await _refuse_disputed(tx, job)
    back = await staff_cancel.goes_back(tx, job)
    decided = await decided_by_two(tx, f"job:{job.id}", amount=sum(back), by=by, facts=await _facts(tx, job, back))
    ended = await staff_cancel.end(tx, job, back, by=by) if decided else job
    await audit.note(
        tx, by, "jobs:cancel" if decided else "jobs:cancel:first", subject=f"job:{job.id}", reason=reason,
        before={"status": job.status, "held": back.base},
        after={"status": ended.status, "refund": back.base, "fee": back.fee},
    )  # fmt: skip
    (out,) = await _shown(tx, [ended])
    return StaffCancelOut(**asdict(out), refund=Centavos(back.base), fee=Centavos(back.fee), awaitingSecond=not decided)


async def _refuse_disputed(tx: Tx, job: Job) -> None:
    if job.dispute_open:
        dispute_id = await tx.value(OPEN_DISPUTE, job_id=job.id)
        raise DisputeToRule(
            f"Dispute {dispute_id} about this job is open; end it with `iayos disputes rule {dispute_id}`.",
            jobID=job.id, disputeID=dispute_id,
        )  # fmt: skip


async def _facts(tx: Tx, job: Job, back: Back) -> dict[str, Any]:
    """What a first decision was about; it is void once any of it is different."""
    return {"held": back.base, "fee": back.fee, "moved": await last_move(tx, job)}


async def _shown(reads: Reads, jobs: Sequence[Job]) -> list[AdminJobOut]:
    """Jobs with what stands beside them, in a constant number of queries."""
    found = await reads.all(BESIDE, job_ids=[job.id for job in jobs])
    beside = {one.job_id: one for one in found}
    return [
        AdminJobOut(**asdict(out), held=Centavos(beside[out.jobID].held), disputeID=beside[out.jobID].dispute_id)
        for out in await show_all(reads, jobs, None)
    ]


async def _entries(reads: Reads, job_id: int) -> list[EntryOut]:
    """What moved in and out of the escrow; a handful at most."""
    account = await reads.one_or_none(ledger.ACCOUNT, code=chart.escrow(job_id))
    if account is None:
        return []
    rows = await reads.all(ledger.ENTRIES, account_id=account.id, before=page.BIGGEST, limit=page.MAX_LIMIT)
    return [EntryOut.of(row) for row in reversed(rows)]


def _move_out(one: Moved) -> JobMoveOut:
    return JobMoveOut(
        move=one.move, source=one.source, target=one.target, at=one.at, accountID=one.actor_id, name=one.name
    )
