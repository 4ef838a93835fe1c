"""Disputes over HTTP, for the two sides and for staff.

The addresses of evidence are signed by storage, so a dispute is shown after its transaction and not inside it.
"""

from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, QueryParameter

from iayos.core import page
from iayos.core.errors import NotFound
from iayos.core.page import Page
from iayos.core.states import Who
from iayos.disputes import actions, queries
from iayos.disputes.models import Dispute
from iayos.disputes.schemas import DisputeIn, DisputeOut, EvidenceIn, OfferIn, RulingIn
from iayos.jobs import actions as jobs
from iayos.jobs.schemas import ExplainOut, Next, Waiting
from iayos.web.auth import Me, signed_in, staff, verified
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import OwnTx, Reading

Limit = Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)]
Cursor = Annotated[str | None, QueryParameter(max_length=500)]
OPEN = (NotFound, actions.DisputeClosed)
BECAUSE = {
    "TALK": "The dispute is new; the two sides have time to talk.",
    "OFFERS": "Talking did not settle it; either side may offer a split, and the other may accept.",
    "STAFF": "A member of staff will rule.",
}


async def shown(reads: Reading, state: State, dispute: Dispute, *, waiting: bool = False) -> DisputeOut:
    """The wire form."""
    return await queries.show(reads, state.services.files, state.settings, dispute, waiting=waiting)


@post(
    "/jobs/{job_id:int}/dispute", status_code=201, summary="Open a dispute", guards=[verified],
    opt=answers(actions.NothingHeld, jobs.DisputeOpen),
)  # fmt: skip
async def open_dispute(db: OwnTx, me: Me, state: State, job_id: FromPath[int], data: JSONBody[DisputeIn]) -> DisputeOut:
    """While the escrow is held; stops all other clocks of the job."""
    async with db.transaction() as tx:
        dispute = await actions.open_dispute(tx, job_id, data, by=me)
    return await shown(db.reads, state, dispute)


@get("/disputes", summary="My disputes", guards=[signed_in])
async def my_disputes(
    reads: Reading, me: Me, state: State, limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DisputeOut]:
    """Newest first."""
    place = page.decode(cursor, int)
    before = place[0] if place else page.BIGGEST
    rows = await reads.all(queries.MINE, account_id=me.account_id, before=before, limit=limit + 1)
    return await _page(reads, state, rows, limit)


@get("/disputes/{dispute_id:int}", summary="One dispute", guards=[signed_in])
async def one_dispute(reads: Reading, me: Me, state: State, dispute_id: FromPath[int]) -> DisputeOut:
    """With its offers and evidence."""
    return await shown(reads, state, await queries.dispute_of(reads, dispute_id, me))


@get("/disputes/{dispute_id:int}/explain", summary="Where a dispute stands", guards=[signed_in])
async def explain(reads: Reading, me: Me, state: State, dispute_id: FromPath[int]) -> ExplainOut:
    """Whose turn it is, and what happens by itself."""
    dispute = await queries.dispute_of(reads, dispute_id, me)
    allowed = dispute.moves.allowed(dispute)
    ends = queries.deadline(dispute, state.settings)
    after = next((move.name for move in allowed if move.who == Who.SYSTEM), None)
    return ExplainOut(
        state=dispute.status, because=BECAUSE[dispute.phase] if allowed else "The dispute is over.",
        waitingFor=[Waiting(who=move.who, action=move.name) for move in allowed if move.who != Who.SYSTEM],
        next=Next(at=ends, action=after) if ends and after else None,
    )  # fmt: skip


@post(
    "/disputes/{dispute_id:int}/evidence",
    status_code=201,
    summary="Show evidence",
    guards=[verified],
    opt=answers(*OPEN),
)
async def add_evidence(
    db: OwnTx, me: Me, state: State, dispute_id: FromPath[int], data: JSONBody[EvidenceIn]
) -> DisputeOut:
    """Pictures that were uploaded before."""
    async with db.transaction() as tx:
        dispute = await actions.add_evidence(tx, dispute_id, data.evidence, by=me)
    return await shown(db.reads, state, dispute)


@post(
    "/disputes/{dispute_id:int}/offers", status_code=201, summary="Offer a split", guards=[verified],
    opt=answers(*OPEN, actions.TooManyOffers),
)  # fmt: skip
async def offer(db: OwnTx, me: Me, state: State, dispute_id: FromPath[int], data: JSONBody[OfferIn]) -> DisputeOut:
    """At most three from each side."""
    async with db.transaction() as tx:
        dispute = await actions.offer(tx, dispute_id, data.toPayee, by=me)
    return await shown(db.reads, state, dispute)


@post(
    "/disputes/{dispute_id:int}/offers/{offer_id:int}/accept", status_code=200, summary="Accept an offer",
    guards=[verified], opt=answers(*OPEN, actions.OwnOffer, actions.SideSuspended),
)  # fmt: skip
async def accept_offer(
    db: OwnTx, me: Me, state: State, dispute_id: FromPath[int], offer_id: FromPath[int]
) -> DisputeOut:
    """What is held is divided at once."""
    async with db.transaction() as tx:
        dispute = await actions.accept_offer(tx, dispute_id, offer_id, by=me)
    return await shown(db.reads, state, dispute)


@post(
    "/disputes/{dispute_id:int}/withdraw", status_code=200, summary="Withdraw a dispute", guards=[verified],
    opt=answers(*OPEN, actions.NotTheOpener, actions.SideSuspended),
)  # fmt: skip
async def withdraw(db: OwnTx, me: Me, state: State, dispute_id: FromPath[int]) -> DisputeOut:
    """The job goes on."""
    async with db.transaction() as tx:
        dispute = await actions.withdraw(tx, dispute_id, by=me)
    return await shown(db.reads, state, dispute)


@get("/admin/disputes", summary="Disputes, for staff", guards=[staff("SUPPORT", "FINANCE")], tags=["admin"])
async def all_disputes(
    reads: Reading, state: State, open_only: Annotated[bool, QueryParameter(name="open")] = False,  # noqa: FBT002 - a query parameter
    limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None,
) -> Page[DisputeOut]:  # fmt: skip
    """Newest first; `open=true` only those that are not settled."""
    place = page.decode(cursor, int)
    statement = queries.OPEN_ONES if open_only else queries.ALL
    rows = await reads.all(statement, before=place[0] if place else page.BIGGEST, limit=limit + 1)
    return await _page(reads, state, rows, limit)


@post(
    "/admin/disputes/{dispute_id:int}/rule", status_code=200, summary="Rule on a dispute", tags=["admin"],
    guards=[staff("SUPPORT", "FINANCE")], opt=answers(*OPEN, jobs.OwnJob) | DRY_RUN,
)  # fmt: skip
async def rule(db: OwnTx, me: Me, state: State, dispute_id: FromPath[int], data: JSONBody[RulingIn]) -> DisputeOut:
    """Divides what is held; above ₱50,000 another member of staff has to repeat the call."""
    async with db.transaction() as tx:
        dispute, waiting = await actions.rule(tx, dispute_id, to_payee=data.toPayee, reason=data.reason, by=me)
    return await shown(db.reads, state, dispute, waiting=waiting)


async def _page(reads: Reading, state: State, rows: list[Dispute], limit: int) -> Page[DisputeOut]:
    shown_rows = await queries.show_all(reads, state.services.files, state.settings, rows[:limit])
    more = len(rows) > limit
    return Page(items=shown_rows, nextCursor=page.encode(rows[limit - 1].id) if more else None)


router = Router(
    path="/api",
    route_handlers=[
        open_dispute, my_disputes, one_dispute, explain, add_evidence, offer, accept_offer, withdraw, all_disputes, rule,
    ],
    tags=["disputes"],
)  # fmt: skip
