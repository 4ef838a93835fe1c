"""Asking for money: one unsettled attempt for each half of a job, and deposits (SPEC 4, Attempts).

A call to Xendit has three phases (HOUSE 4): a row says what we are about to do, the call carries our own id, the outcome is
recorded. Whatever breaks in between leaves a PENDING row without an invoice, and asking again continues it.
"""

import asyncio
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, or_, update

from iayos.accounts.queries import lock_self
from iayos.core import clock
from iayos.core.cipher import Cipher
from iayos.core.db import Database, Statement, Tx, columns
from iayos.core.errors import Conflict, GatewayUnavailable, Invalid, NotFound
from iayos.core.models import Instant
from iayos.core.money import fee_on, halves, in_words
from iayos.core.moves import move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.jobs.actions import refuse_disputed
from iayos.jobs.models import Job, JobTable
from iayos.jobs.queries import lock_job
from iayos.payments import channels, queries, settle
from iayos.payments.gateway import Invoice, Refused, Xendit
from iayos.payments.models import Payment, PaymentTable
from iayos.payments.states import Method, PaymentStatus, PaymentType, Purpose
from iayos.settings import Settings

LEASE: Final = timedelta(seconds=30)
"""How long one caller has the sole right to create an attempt's invoice."""
FIRST_CHECK: Final = timedelta(minutes=2)
LEAST_DEPOSIT, MOST_DEPOSIT, MOST_A_DAY = 100_00, 100_000_00, 500_000_00


class JobNotAccepted(Conflict):
    """There is no agreed price yet."""

    code, message = "JOB_NOT_ACCEPTED", "Escrow can be paid once an application or invitation is accepted."


class JobNotApproved(Conflict):
    """The work is not approved yet."""

    code, message = "JOB_NOT_APPROVED", "The second half can be paid once you have approved the work."


class JobCancelled(Conflict):
    """Nothing is due for a cancelled job."""

    code, message = "JOB_CANCELLED", "This job is cancelled; nothing is due."


class AlreadyPaid(Conflict):
    """This half is paid."""

    code, message = "ALREADY_PAID", "This part of the price is already paid."


class PaymentRefused(Conflict):
    """Xendit will not make this invoice."""

    code, message = "PAYMENT_REFUSED", "The payment provider did not accept this payment. Try another way of paying."


class DepositLimit(Conflict):
    """More than may be deposited on one day."""

    code, message = "DEPOSIT_LIMIT", "This is more than may be deposited in one day."


class Half(NamedTuple):
    """Which half of the price, as a kind of payment."""

    type: PaymentType
    slug: str


HALVES: Final = {
    Purpose.ESCROW: Half(PaymentType.ESCROW, "escrow"),
    Purpose.FINAL: Half(PaymentType.JOB_PAYMENT, "final"),
}


class Attempt(NamedTuple):
    """A payment, and whether this request made it."""

    payment: Payment
    created: bool


class Desk(msgspec.Struct, frozen=True):
    """What asking for money needs."""

    db: Database
    xendit: Xendit
    settings: Settings
    cipher: Cipher


async def pay_half(desk: Desk, job_id: int, *, purpose: Purpose, method: str | None, by: Principal) -> Attempt:
    """The attempt that pays this half by this method: the live one, or a new one; by wallet it is paid at once."""
    half = HALVES[purpose]
    while True:
        async with desk.db.transaction() as tx:
            found = await _begin(tx, desk.settings, job_id, half=half, method=method, by=by)
        if isinstance(found, Attempt):
            break
        await retire(desk, found)
    if found.payment.status != PaymentStatus.PENDING or found.payment.invoice_url:
        return found
    return Attempt(await issue(desk, found.payment, fresh=found.created), found.created)


async def _begin(
    tx: Tx, settings: Settings, job_id: int, *, half: Half, method: str | None, by: Principal
) -> Attempt | Payment:
    """Lock the job and find the live attempt, or make one; one by another method, or overdue, comes back to be retired."""
    job = await lock_job(tx, job_id)
    if job is None or job.client_id != by.account_id:
        raise NotFound
    base = amount_due(job, half)
    live = await tx.one_or_none(queries.LIVE_LOCKED, job_id=job.id, type=half.type)
    if live is not None:
        return Attempt(live, created=False) if live.method == method and not _overdue(live) else live
    if half.type == PaymentType.JOB_PAYMENT:
        await tx.update(JobTable, job.id, final_payment_method=method)
    if method == Method.WALLET:
        return Attempt(await pay_from_wallet(tx, job, half=half, base=base, by=by), created=True)
    channels.codes_for(method, base + fee_on(base))
    return Attempt(
        await _claim(tx, settings, half.type, base=base, method=method, payer_id=by.account_id, job_id=job.id),
        created=True,
    )


def _overdue(live: Payment) -> bool:
    return live.expires_at is not None and live.expires_at <= clock.now()


def amount_due(job: Job, half: Half) -> int:
    """What this half is, in centavos without the fee; raises when it is not due (SPEC 3, ruling h)."""
    if job.status == "CANCELLED":
        raise JobCancelled
    if job.agreed_price is None:
        raise JobNotAccepted
    refuse_disputed(job)
    first, second = halves(job.agreed_price)
    if half.type == PaymentType.ESCROW:
        if job.escrow_paid:
            raise AlreadyPaid
        return first
    if not job.client_marked_complete:
        raise JobNotApproved
    if job.remaining_paid or job.settled_at is not None:
        raise AlreadyPaid
    return second


async def _claim(
    tx: Tx,
    settings: Settings,
    kind: PaymentType,
    *,
    base: int,
    method: str | None,
    payer_id: int,
    job_id: int | None = None,
) -> Payment:
    """A PENDING row under our own id, before anything is asked of Xendit."""
    moment = clock.now()
    fee = 0 if kind == PaymentType.DEPOSIT else fee_on(base)
    payment_id = await tx.insert(
        PaymentTable, type=kind, status=PaymentStatus.PENDING, method=method, payer_id=payer_id, job_id=job_id, base=base,
        fee=fee, amount=base + fee, claimed_at=moment, expires_at=moment + timedelta(hours=settings.invoice_hours),
    )  # fmt: skip
    slug = {PaymentType.ESCROW: f"job-{job_id}-escrow", PaymentType.JOB_PAYMENT: f"job-{job_id}-final"}.get(
        kind, "deposit"
    )
    await tx.update(PaymentTable, payment_id, external_id=f"{slug}-{payment_id}")
    await later(tx, "payments.check", at=moment + FIRST_CHECK, payment_id=payment_id)
    return await queries.lock_payment(tx, payment_id)


async def pay_from_wallet(tx: Tx, job: Job, *, half: Half, base: int, by: Principal) -> Payment:
    """Pay a half that is due at once; `InsufficientFunds` undoes everything. `job` is locked by the caller."""
    fee = fee_on(base)
    payment = await tx.insert(
        Payment, type=half.type, status=PaymentStatus.PENDING, method=Method.WALLET, payer_id=by.account_id, job_id=job.id,
        base=base, fee=fee, amount=base + fee,
    )  # fmt: skip
    return await settle.from_wallet(tx, payment, job, by=by)


async def retire(desk: Desk, live: Payment) -> None:
    """End an attempt by another method: at Xendit first; one that turns out to be paid is taken instead."""
    for invoice in await _known_invoices(desk.xendit, live):
        await end_invoice(desk.db, desk.xendit, invoice.id)
    async with desk.db.transaction() as tx:
        await settle.lock_job_of(tx, live)
        payment = await queries.lock_payment(tx, live.id)
        if payment.status == PaymentStatus.PENDING:
            reason = "EXPIRED" if _overdue(payment) else "SUPERSEDED"
            await move(tx, payment, "expire" if reason == "EXPIRED" else "supersede", by=None, failure_reason=reason)


async def _known_invoices(xendit: Xendit, payment: Payment) -> list[Invoice]:
    return await xendit.invoices_of(payment.external_id) if payment.external_id else []


async def end_invoice(db: Database, xendit: Xendit, invoice_id: str) -> None:
    """Expire an invoice at Xendit; money that came before is taken."""
    try:
        await xendit.expire(invoice_id)
    except Refused:
        invoice = await xendit.invoice(invoice_id)
        if invoice is not None:
            await settle.take(db, await settle.fact_about(xendit, invoice))


async def issue(desk: Desk, payment: Payment, *, fresh: bool) -> Payment:
    """The payment with its invoice. A repeat looks the invoice up before it asks for another."""
    if not fresh and not await _take_lease(desk.db, payment.id):
        return await _wait_for_invoice(desk.db, payment.id)
    try:
        invoice = await _find_or_create(desk, payment, fresh=fresh)
    except Refused as no:
        await _refused(desk.db, payment.id, no)
        raise PaymentRefused(reason=no.code) from no
    except BaseException:
        await _give_lease_back(desk.db, payment.id)
        raise
    return await record(desk.db, payment.id, invoice)


async def _find_or_create(desk: Desk, payment: Payment, *, fresh: bool) -> Invoice:
    if not fresh and (invoice := await adopt(desk, payment)):
        return invoice
    try:
        return await desk.xendit.create_invoice(**await _request(desk, payment))
    except GatewayUnavailable:
        # The answer is lost, perhaps not the effect.
        if invoice := await adopt(desk, payment):
            return invoice
        raise


async def adopt(desk: Desk, payment: Payment) -> Invoice | None:
    """The invoice that exists at Xendit under our id; of several the first is kept and the others are ended."""
    found = sorted(await _known_invoices(desk.xendit, payment), key=lambda one: (one.status != "PAID", one.expires_at))
    for extra in found[1:]:
        await end_invoice(desk.db, desk.xendit, extra.id)
    return found[0] if found else None


async def _request(desk: Desk, payment: Payment) -> dict[str, object]:
    back = f"{desk.settings.pages_url}/payments"
    email = await desk.db.reads.value(queries.EMAIL, account_id=payment.payer_id)
    remaining = (payment.expires_at - clock.now()).total_seconds() if payment.expires_at else 0
    return {
        "external_id": payment.external_id, "amount": payment.amount / 100, "currency": "PHP", "payer_email": email,
        "description": await _description(desk.db, payment), "invoice_duration": float(max(60, round(remaining))),
        "payment_methods": channels.codes_for(payment.method, payment.amount),
        "success_redirect_url": f"{back}/success?transactionID={payment.id}",
        "failure_redirect_url": f"{back}/failed?transactionID={payment.id}",
    }  # fmt: skip


async def _description(db: Database, payment: Payment) -> str:
    if payment.job_id is None:
        return "iAyos wallet deposit"
    title = await db.reads.value(queries.JOB_TITLE, job_id=payment.job_id)
    return f"{'Escrow' if payment.type == PaymentType.ESCROW else 'Final'} payment for job {title}"


async def record(db: Database, payment_id: int, invoice: Invoice) -> Payment:
    """Keep what Xendit made. An attempt that ended meanwhile gets its invoice ended too."""
    async with db.transaction() as tx:
        payment = await queries.lock_payment(tx, payment_id)
        if payment.invoice_id is None:
            await tx.update(
                PaymentTable, payment_id, invoice_id=invoice.id, invoice_url=invoice.url, expires_at=invoice.expires_at
            )
        elif payment.invoice_url is None:
            await tx.update(PaymentTable, payment_id, invoice_url=invoice.url, expires_at=invoice.expires_at)
        if payment.status == PaymentStatus.FAILED:
            await later(tx, "payments.end_invoice", invoice_id=invoice.id)
        return await queries.lock_payment(tx, payment_id)


_stale = or_(PaymentTable.claimed_at.is_(None), PaymentTable.claimed_at < bindparam("stale", type_=Instant))
TAKE_LEASE = Statement(
    update(PaymentTable)
    .where(PaymentTable.id == bindparam("payment_id"), PaymentTable.invoice_id.is_(None), _stale)
    .values(claimed_at=bindparam("now", type_=Instant))
    .returning(*columns(Payment)),
    into=Payment,
)


async def _take_lease(db: Database, payment_id: int) -> bool:
    moment = clock.now()
    async with db.transaction() as tx:
        return await tx.one_or_none(TAKE_LEASE, payment_id=payment_id, now=moment, stale=moment - LEASE) is not None


async def _give_lease_back(db: Database, payment_id: int) -> None:
    async with db.transaction() as tx:
        await tx.update(PaymentTable, payment_id, claimed_at=None)


async def _wait_for_invoice(db: Database, payment_id: int) -> Payment:
    """Somebody else is just asking Xendit for this invoice: its answer is ours too."""
    for _ in range(150):
        payment = await db.reads.one(queries.BY_ID, payment_id=payment_id)
        if payment.invoice_url or payment.status != PaymentStatus.PENDING:
            return payment
        if payment.claimed_at is None:
            break
        await asyncio.sleep(0.1)
    raise GatewayUnavailable


async def _refused(db: Database, payment_id: int, no: Refused) -> None:
    async with db.transaction() as tx:
        payment = await queries.lock_payment(tx, payment_id)
        if payment.status == PaymentStatus.PENDING:
            await move(tx, payment, "refuse", by=None, failure_reason=no.code)


async def deposit(desk: Desk, amount: int, *, by: Principal, method: str | None = None) -> Payment:
    """An invoice that fills the caller's wallet; never over the day's limit, however many at once (SPEC 4)."""
    if not LEAST_DEPOSIT <= amount <= MOST_DEPOSIT:
        raise Invalid.of("amount", f"Expected {in_words(LEAST_DEPOSIT)} to {in_words(MOST_DEPOSIT)}")
    if method == Method.WALLET:
        raise Invalid.of("paymentMethod", "A deposit comes from outside the wallet")
    channels.codes_for(method, amount)
    async with desk.db.transaction() as tx:
        await lock_self(tx, by)
        begun = await tx.one_or_none(queries.UNISSUED_DEPOSIT, payer_id=by.account_id, amount=amount)
        if begun is None:
            await _within_day(tx, by.account_id, amount)
        payment = begun or await _claim(
            tx, desk.settings, PaymentType.DEPOSIT, base=amount, method=method, payer_id=by.account_id
        )
    return await issue(desk, payment, fresh=begun is None)


async def _within_day(tx: Tx, account_id: int, amount: int) -> None:
    already = await queries.deposited_since(tx, account_id, start_of_day())
    if already + amount > MOST_A_DAY:
        left = max(0, MOST_A_DAY - already)
        raise DepositLimit(f"At most {in_words(MOST_A_DAY)} may be deposited in a day; {in_words(left)} is left today.")


def start_of_day() -> datetime:
    """When the present business day began in Manila."""
    return datetime.combine(clock.today(), time.min, tzinfo=clock.MANILA)
