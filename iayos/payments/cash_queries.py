"""Cash proofs as staff sees them."""

from sqlalchemy import BigInteger, Text, bindparam, literal_column, select
from sqlalchemy.orm import aliased

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.errors import NotFound
from iayos.core.money import Centavos
from iayos.jobs.models import JobTable
from iayos.media.actions import Files, address_of
from iayos.media.models import MediaTable
from iayos.payments import queries
from iayos.payments.models import Payment, PaymentTable
from iayos.payments.schemas import CashOut, EarlierUseOut, TransactionOut

SAME_LOOK = 13
"""Bits of 64 in which two pictures of one thing may differ: cropped by up to 3 % on each side, resized, saved anew. Pictures of
different things differ in 29 on average, and rarely in fewer than 16."""


class Context(Row, frozen=True):
    """The job around a proof."""

    title: str
    cash_confirmed: int | None
    client: str
    worker: str


class EarlierUse(Row, frozen=True):
    """Another proof that looks the same."""

    payment_id: int
    job_id: int
    difference: int


_newest = (
    select(*columns(Payment))
    .where(PaymentTable.method == "CASH", PaymentTable.id < bindparam("before", type_=BigInteger))
    .order_by(PaymentTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
BY_STATUS = Statement(_newest.where(PaymentTable.status == bindparam("status", type_=Text)), into=Payment)
_client, _worker = aliased(AccountTable), aliased(AccountTable)


_client_name = _client.first_name + " " + _client.last_name
_worker_name = _worker.first_name + " " + _worker.last_name
CONTEXT = Statement(
    select(JobTable.title, JobTable.cash_confirmed, _client_name, _worker_name)
    .join(_client, _client.id == JobTable.client_id)
    .join(_worker, _worker.id == JobTable.assigned_worker_id)
    .where(JobTable.id == bindparam("job_id")),
    into=Context,
)
_this, _other = aliased(MediaTable), aliased(MediaTable)
_difference = literal_column("bit_count((media_1.look # media_2.look)::bit(64))", BigInteger)
EARLIER = Statement(
    select(PaymentTable.id, PaymentTable.job_id, _difference)
    .select_from(_this)
    .join(_other, (_other.id != _this.id) & _other.look.is_not(None))
    .join(PaymentTable, PaymentTable.proof_media_id == _other.id)
    .where(_this.id == bindparam("media_id"), _difference <= SAME_LOOK)
    .order_by(PaymentTable.id)
    .limit(20),
    into=EarlierUse,
)


async def proof(reads: Reads, files: Files, payment_id: int, *, waiting: bool = False) -> CashOut:
    """One proof with its photo, the worker's word and earlier uses of the picture."""
    payment = await reads.one_or_none(queries.BY_ID, payment_id=payment_id)
    if payment is None or not payment.is_cash:
        raise NotFound
    context = await reads.one(CONTEXT, job_id=payment.job_id)
    earlier = await reads.all(EARLIER, media_id=payment.proof_media_id)
    said = context.cash_confirmed
    return CashOut(
        transaction=TransactionOut.of(payment, awaiting_second=waiting), jobTitle=context.title, clientName=context.client,
        workerName=context.worker, confirmedByWorker=None if said is None else Centavos(said),
        photoURL=await address_of(reads, files, payment.proof_media_id),
        earlierUses=[EarlierUseOut(transactionID=one.payment_id, jobID=one.job_id, difference=one.difference) for one in earlier],
    )  # fmt: skip
