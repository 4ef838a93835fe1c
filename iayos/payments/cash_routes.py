"""Cash over HTTP, for the two sides and for staff."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.params import FromPath, JSONBody, QueryParameter

from iayos.core import page
from iayos.core.errors import GatewayUnavailable, NotFound
from iayos.core.page import Page
from iayos.jobs import actions as jobs
from iayos.jobs import queries as job_queries
from iayos.jobs.schemas import JobOut
from iayos.media.darkroom import BadFile
from iayos.payments import attempts, cash, cash_queries
from iayos.payments.schemas import CashIn, CashOut, TransactionOut, VerdictIn
from iayos.web.auth import Me, acting_as, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import InTx, OwnTx, Reading
from iayos.web.upload import ONE_FILE, Form, content_of, multipart

readers = [staff("FINANCE", "SUPPORT")]
DUE = (attempts.JobNotAccepted, attempts.JobNotApproved, attempts.JobCancelled, attempts.AlreadyPaid, jobs.DisputeOpen)


class ProofForm(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of the cash or its receipt."""

    photo: UploadFile


@post(
    "/jobs/{job_id:int}/upload-cash-proof", status_code=201, summary="Show that the rest was paid in cash",
    guards=[acting_as("CLIENT"), multipart], request_max_body_size=ONE_FILE,
    opt=answers(NotFound, cash.CashNotChosen, cash.ProofPending, *DUE, BadFile, GatewayUnavailable),
)  # fmt: skip
async def upload_proof(data: Form[ProofForm], db: OwnTx, me: Me, state: State, job_id: FromPath[int]) -> TransactionOut:
    """A member of staff looks at the photo."""
    photo = await content_of(data.photo)
    return TransactionOut.of(await cash.show_proof(db, state.services.files, job_id, photo, by=me))


@post(
    "/jobs/{job_id:int}/confirm-cash", status_code=200, summary="Say what cash was received",
    guards=[acting_as("WORKER", "AGENCY")], opt=answers(cash.CashNotChosen),
)  # fmt: skip
async def confirm_cash(tx: InTx, me: Me, job_id: FromPath[int], data: JSONBody[CashIn]) -> JobOut:
    """Shown to staff beside the photo."""
    job = await cash.confirm(tx, job_id, int(data.amount), by=me)
    return await job_queries.show(tx, job, me.account_id)


@post(
    "/admin/payments/{payment_id:int}/verify-cash", status_code=200, summary="Decide about a cash proof", tags=["admin"],
    guards=readers, opt=answers(cash.AlreadyDecided, jobs.OwnJob, *DUE) | DRY_RUN,
)  # fmt: skip
async def verify_cash(tx: InTx, me: Me, payment_id: FromPath[int], data: JSONBody[VerdictIn]) -> TransactionOut:
    """Approved: the payee gets the held half. Rejected: the client is asked for another photo."""
    payment, waiting = await cash.verify(tx, payment_id, approved=data.approved, notes=data.notes, by=me)
    return TransactionOut.of(payment, awaiting_second=waiting)


@get("/admin/cash", summary="Cash proofs", tags=["admin"], guards=readers)
async def list_cash(
    reads: Reading,
    status: Annotated[Literal["PENDING", "COMPLETED", "FAILED"], QueryParameter()] = "PENDING",
    limit: Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)] = page.DEFAULT_LIMIT,
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Page[TransactionOut]:
    """Newest first; those that wait, unless another status is asked for."""
    place = page.decode(cursor, int)
    before = place[0] if place else page.BIGGEST
    rows = await reads.all(cash_queries.BY_STATUS, status=status, before=before, limit=limit + 1)
    return page.page(rows, limit, TransactionOut.of, lambda payment: (payment.id,))


@get("/admin/cash/{payment_id:int}", summary="One cash proof", tags=["admin"], guards=readers)
async def show_cash(reads: Reading, state: State, payment_id: FromPath[int]) -> CashOut:
    """With the photo, the worker's word, and earlier uses of the same picture."""
    return await cash_queries.proof(reads, state.services.files, payment_id)


router = Router(
    path="/api", route_handlers=[upload_proof, confirm_cash, verify_cash, list_cash, show_cash], tags=["payments"]
)
