"""Payments, wallet and webhook over HTTP."""

from typing import Annotated

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter

from iayos.core import page
from iayos.core.errors import AuthFailed, GatewayUnavailable, Invalid, NotFound
from iayos.core.money import Centavos
from iayos.core.page import Page
from iayos.jobs import actions as jobs
from iayos.jobs import queries as job_queries
from iayos.jobs.schemas import ExplainOut, JobOut
from iayos.ledger import chart
from iayos.ledger.actions import InsufficientFunds
from iayos.payments import attempts, cash, queries, tasks, webhook
from iayos.payments import cancel as cancelling
from iayos.payments.attempts import Attempt, Desk
from iayos.payments.channels import ChannelLimit
from iayos.payments.explain import explain
from iayos.payments.schemas import (
    CancelIn,
    CancelQuoteOut,
    DepositIn,
    EscrowIn,
    FinalIn,
    InvoiceIn,
    Received,
    TransactionOut,
    WalletOut,
)  # fmt: skip
from iayos.payments.states import Method, Purpose
from iayos.web.auth import Me, acting_as, signed_in, verified
from iayos.web.docs import answers
from iayos.web.tx import InTx, OwnTx, Reading

ASKING = (
    NotFound, jobs.DisputeOpen, attempts.JobNotAccepted, attempts.JobNotApproved, attempts.JobCancelled, attempts.AlreadyPaid,
    attempts.PaymentRefused, ChannelLimit, InsufficientFunds, GatewayUnavailable,
)  # fmt: skip
AGAIN = {200: ResponseSpec(TransactionOut, description="The attempt that was live already", generate_examples=False)}
AGAIN_OR_CASH = {
    200: ResponseSpec(
        TransactionOut | JobOut,
        description="The attempt that was live already, or for CASH the job, which now waits for a proof",
        generate_examples=False,
    )
}
client_only = [acting_as("CLIENT")]


def desk_of(state: State) -> Desk:
    """What asking for money needs."""
    services = state.services
    return Desk(db=services.db, xendit=services.xendit, settings=services.settings, cipher=services.cipher)


def shown(attempt: Attempt) -> Response[TransactionOut]:
    """201 for a new attempt, 200 for the one that was live already."""
    return Response(TransactionOut.of(attempt.payment), status_code=201 if attempt.created else 200)


@post(
    "/payments/create-escrow", status_code=201, summary="Pay the first half into escrow", guards=client_only,
    responses=AGAIN, opt=answers(*ASKING),
)  # fmt: skip
async def create_escrow(data: JSONBody[EscrowIn], state: State, me: Me) -> Response[TransactionOut]:
    """An invoice of D and its fee, or a payment from the wallet at once."""
    return shown(
        await attempts.pay_half(desk_of(state), data.jobID, purpose=Purpose.ESCROW, method=data.paymentMethod, by=me)
    )


@post(
    "/payments/final-payment", status_code=201, summary="Pay the second half", guards=client_only,
    responses=AGAIN_OR_CASH, opt=answers(*ASKING),
)  # fmt: skip
async def final_payment(
    data: JSONBody[FinalIn], state: State, reads: Reading, me: Me
) -> Response[TransactionOut] | Response[JobOut]:
    """An invoice of R and its fee, or a payment from the wallet at once; then the worker is paid. CASH: a proof is asked for."""
    method = data.paymentMethod or data.method
    if method is None:
        raise Invalid.of("paymentMethod", "This field is required")
    if method == Method.CASH:
        job = await cash.choose(desk_of(state), data.jobID, by=me)
        return Response(await job_queries.show(reads, job, me.account_id), status_code=200)
    return shown(await attempts.pay_half(desk_of(state), data.jobID, purpose=Purpose.FINAL, method=method, by=me))


@post(
    "/payments/create-invoice", status_code=201, summary="Ask for an invoice", guards=[verified], responses=AGAIN,
    opt=answers(*ASKING, attempts.DepositLimit),
)  # fmt: skip
async def create_invoice(data: JSONBody[InvoiceIn], state: State, me: Me) -> Response[TransactionOut]:
    """Escrow, final payment or deposit, as one route for the web."""
    if data.purpose == Purpose.DEPOSIT:
        if data.amount is None:
            raise Invalid.of("amount", "A deposit needs an amount")
        payment = await attempts.deposit(desk_of(state), data.amount, method=data.paymentMethod, by=me)
        return shown(Attempt(payment, created=True))
    if data.jobID is None:
        raise Invalid.of("jobID", "This purpose needs a job")
    purpose = Purpose(data.purpose)
    return shown(await attempts.pay_half(desk_of(state), data.jobID, purpose=purpose, method=data.paymentMethod, by=me))


@post(
    "/accounts/wallet/deposit", status_code=201, summary="Put money into the wallet", guards=[verified],
    opt=answers(attempts.DepositLimit, attempts.PaymentRefused, ChannelLimit, GatewayUnavailable),
)  # fmt: skip
async def deposit(data: JSONBody[DepositIn], state: State, me: Me) -> TransactionOut:
    """An invoice without a fee."""
    return TransactionOut.of(await attempts.deposit(desk_of(state), data.amount, by=me))


WEBHOOK = {
    "description": "An event of Xendit, as its documentation has it; `x-callback-token` proves that it is one.",
    "required": True,
    "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}, "example": {
        "id": "579c8d61f23fa4ca35e52da4", "external_id": "job-1042-escrow-77", "status": "PAID", "amount": 525,
        "paid_amount": 525, "currency": "PHP", "paid_at": "2026-11-22T08:30:00.000Z", "payment_channel": "GCASH",
    }}},
}  # fmt: skip


@post(
    "/payments/xendit-webhook", status_code=200, summary="Xendit tells of a payment",
    opt=answers(AuthFailed, Invalid, no_replay=True, request_body=WEBHOOK),
)  # fmt: skip
async def xendit_webhook(request: Request[None, None, State], db: OwnTx) -> Received:
    """Kept and answered; applied in the background, once."""
    await webhook.receive(
        db, request.app.state.services.cipher, request.app.state.settings.xendit_callback_token, token=request.headers.get("x-callback-token", ""),
        webhook_id=request.headers.get("webhook-id"), body=await request.body(),
    )  # fmt: skip
    return Received()


@get("/payments/status/{transaction_id:int}", summary="How a payment stands", guards=[signed_in])
async def status(transaction_id: FromPath[int], reads: Reading, me: Me) -> TransactionOut:
    """What phones ask every five seconds."""
    return TransactionOut.of(await queries.payment_of(reads, transaction_id, me))


@get(
    "/payments/{transaction_id:int}/explain",
    summary="Where a payment stands, and what happens next",
    guards=[signed_in],
)
async def explain_payment(transaction_id: FromPath[int], reads: Reading, me: Me) -> ExplainOut:
    """For its payer."""
    return explain(await queries.payment_of(reads, transaction_id, me))


@post(
    "/payments/{transaction_id:int}/refresh", status_code=200, summary="Ask Xendit about a payment now", guards=[signed_in],
    opt=answers(GatewayUnavailable),
)  # fmt: skip
async def refresh(transaction_id: FromPath[int], state: State, db: OwnTx, me: Me) -> TransactionOut:
    """For a payer who has paid and sees nothing yet."""
    await tasks.ask(desk_of(state), await queries.payment_of(db.reads, transaction_id, me))
    return TransactionOut.of(await queries.payment_of(db.reads, transaction_id, me))


@get("/accounts/wallet", summary="What I have", guards=[signed_in])
async def wallet(reads: Reading, me: Me) -> WalletOut:
    """Balance, money in escrow, money on its way out."""
    found = await reads.one(queries.HOLDINGS, account_id=me.account_id, wallet=chart.wallet(me.account_id))
    return WalletOut(
        balance=Centavos(found.balance), held=Centavos(found.held), pendingWithdrawal=Centavos(found.leaving)
    )


@get("/accounts/wallet/transactions", summary="My payments, newest first", guards=[signed_in])
async def transactions(
    reads: Reading, me: Me,
    limit: Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)] = page.DEFAULT_LIMIT,
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Page[TransactionOut]:  # fmt: skip
    """Every payment that I began."""
    place = page.decode(cursor, int)
    rows = await reads.all(
        queries.MINE, payer_id=me.account_id, before=place[0] if place else page.BIGGEST, limit=limit + 1
    )
    return page.page(rows, limit, TransactionOut.of, lambda payment: (payment.id,))


@post(
    "/jobs/{job_id:int}/cancel", status_code=200, summary="Cancel a job", guards=[verified],
    opt=answers(jobs.AlreadyCompleted, jobs.AlreadyCancelled, jobs.DisputeOpen, jobs.AnswerInvite, cancelling.CancelAsked),
)  # fmt: skip
async def cancel(job_id: FromPath[int], data: JSONBody[CancelIn], tx: InTx, me: Me) -> JobOut:
    """Free while nothing is paid; afterwards one side asks and the other confirms by the same route."""
    job = await cancelling.cancel(tx, job_id, by=me, reason=data.reason)
    return await job_queries.show(tx, job, me.account_id)


@get(
    "/jobs/{job_id:int}/cancel-quote", summary="What cancelling would do", guards=[signed_in],
    opt=answers(jobs.AlreadyCompleted, jobs.AlreadyCancelled, jobs.DisputeOpen),
)  # fmt: skip
async def cancel_quote(job_id: FromPath[int], tx: InTx, me: Me) -> CancelQuoteOut:
    """Who gets what, before anyone decides."""
    return await cancelling.quote(tx, job_id, by=me)


router = Router(
    path="/api",
    route_handlers=[
        create_escrow, final_payment, create_invoice, deposit, xendit_webhook, status, refresh, wallet, transactions, cancel,
        cancel_quote, explain_payment,
    ],
    tags=["payments"],
)  # fmt: skip
