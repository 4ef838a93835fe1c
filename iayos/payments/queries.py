"""Reading payments."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, func, select, union_all

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.jobs.models import JobTable
from iayos.ledger.models import LedgerAccountTable
from iayos.payments.models import Payment, PaymentTable, XenditEvent, XenditEventTable

_payment = select(*columns(Payment))
BY_ID = Statement(_payment.where(PaymentTable.id == bindparam("payment_id")), into=Payment)
LOCKED = Statement(_payment.where(PaymentTable.id == bindparam("payment_id")).with_for_update(), into=Payment)
BY_REFERENCE = Statement(_payment.where(PaymentTable.external_id == bindparam("external_id")), into=Payment)
LIVE_LOCKED = Statement(
    _payment.where(
        PaymentTable.job_id == bindparam("job_id"),
        PaymentTable.type == bindparam("type"),
        PaymentTable.status == "PENDING",
    ).with_for_update(),
    into=Payment,
)
LIVE_OF_JOB = Statement(
    _payment.where(PaymentTable.job_id == bindparam("job_id"), PaymentTable.status == "PENDING").with_for_update(),
    into=Payment,
)
MINE = Statement(
    _payment.where(
        PaymentTable.payer_id == bindparam("payer_id"), PaymentTable.id < bindparam("before", type_=BigInteger)
    )
    .order_by(PaymentTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Payment,
)
UNISSUED_DEPOSIT = Statement(
    _payment.where(
        PaymentTable.payer_id == bindparam("payer_id"), PaymentTable.type == "DEPOSIT", PaymentTable.status == "PENDING",
        PaymentTable.amount == bindparam("amount", type_=BigInteger), PaymentTable.invoice_id.is_(None),
        PaymentTable.claimed_at.is_(None),
    ).limit(1),
    into=Payment,
)  # fmt: skip
DEPOSITED = Statement(
    select(func.coalesce(func.sum(PaymentTable.amount), 0)).where(
        PaymentTable.payer_id == bindparam("payer_id"), PaymentTable.type == "DEPOSIT",
        PaymentTable.created_at >= bindparam("since", type_=Instant), PaymentTable.status != "FAILED",
    )
)  # fmt: skip
FEES_PAID = Statement(
    select(func.coalesce(func.sum(PaymentTable.fee), 0).cast(BigInteger)).where(
        PaymentTable.job_id == bindparam("job_id"), PaymentTable.credited_to == "JOB"
    )
)
OF_JOB = Statement(_payment.where(PaymentTable.job_id == bindparam("job_id")).order_by(PaymentTable.id), into=Payment)
EMAIL = Statement(select(AccountTable.email).where(AccountTable.id == bindparam("account_id")))
JOB_TITLE = Statement(select(JobTable.title).where(JobTable.id == bindparam("job_id")))
EVENT = Statement(select(*columns(XenditEvent)).where(XenditEventTable.id == bindparam("event_id")), into=XenditEvent)

_held = (
    select(LedgerAccountTable.balance)
    .select_from(JobTable)
    .join(LedgerAccountTable, LedgerAccountTable.code == func.concat("escrow:", JobTable.id))
    .where(LedgerAccountTable.balance > 0)
)
_me = bindparam("account_id", type_=BigInteger)
_all_held = union_all(
    _held.where(JobTable.client_id == _me),
    _held.where(JobTable.assigned_worker_id == _me, JobTable.assigned_agency_id.is_(None)),
    _held.where(JobTable.assigned_agency_id == _me),
).subquery()
_wallet = (
    select(LedgerAccountTable.balance)
    .where(LedgerAccountTable.code == bindparam("wallet", type_=Text))
    .scalar_subquery()
)


class Holdings(Row, frozen=True):
    """What an account has, in centavos."""

    balance: int
    held: int
    leaving: int


_leaving = (
    select(func.sum(LedgerAccountTable.balance))
    .select_from(PaymentTable)
    .join(LedgerAccountTable, LedgerAccountTable.code == func.concat("withdrawal:", PaymentTable.id))
    .where(PaymentTable.payer_id == _me, PaymentTable.type == "WITHDRAWAL", PaymentTable.status == "PENDING")
    .scalar_subquery()
)
HOLDINGS = Statement(
    select(
        func.coalesce(_wallet, 0),
        func.coalesce(func.sum(_all_held.c.balance), 0).cast(BigInteger),
        func.coalesce(_leaving, 0).cast(BigInteger),
    ),
    into=Holdings,
)


async def payment_of(reads: Reads, payment_id: int, by: Principal) -> Payment:
    """A payment of the caller's own."""
    payment = await reads.one_or_none(BY_ID, payment_id=payment_id)
    if payment is None or payment.payer_id != by.account_id:
        raise NotFound
    return payment


async def lock_payment(tx: Tx, payment_id: int) -> Payment:
    """The payment, locked; its job must be locked before."""
    return await tx.one(LOCKED, payment_id=payment_id)


async def deposited_since(tx: Tx, payer_id: int, since: datetime) -> int:
    """Deposits that arrived or may still arrive, since an instant."""
    return int(await tx.value(DEPOSITED, payer_id=payer_id, since=since))
