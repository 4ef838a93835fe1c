"""What our side of a reconciliation says: payments, withdrawals, and what of them is posted against Xendit."""

from datetime import datetime

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, or_, select, text

from iayos.accounts.models import AccountTable
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.models import Instant
from iayos.payments.gateway import Invoice, Transaction
from iayos.payments.models import Payment, PaymentTable, Withdrawal, WithdrawalTable

_since = PaymentTable.created_at >= bindparam("since", type_=Instant)
_named = bindparam("names", type_=ARRAY(Text))
OURS = Statement(
    select(*columns(Payment)).where(
        PaymentTable.external_id.is_not(None), or_(_since, PaymentTable.external_id == func.any(_named))
    ),
    into=Payment,
)
WITHDRAWALS = Statement(
    select(*columns(Withdrawal))
    .join(PaymentTable, PaymentTable.id == WithdrawalTable.payment_id)
    .where(or_(_since, func.concat("withdrawal-", PaymentTable.id) == func.any(_named)))
    .order_by(WithdrawalTable.payment_id),
    into=Withdrawal,
)
FROZEN = Statement(
    select(PaymentTable.id)
    .join(AccountTable, AccountTable.id == PaymentTable.payer_id)
    .where(
        PaymentTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))), AccountTable.suspended_at.is_not(None)
    )
)
BY_IDS = Statement(
    select(*columns(Payment)).where(PaymentTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))),
    into=Payment,
)


class Posted(Row, frozen=True):
    """How much one journal moved at Xendit, in centavos."""

    reference: str
    amount: int


POSTED: Statement[Posted] = Statement(
    text(
        """SELECT j.reference, sum(p.amount)::bigint FROM journals j JOIN postings p ON p.journal_id = j.id
        JOIN ledger_accounts a ON a.id IN (p.source_id, p.target_id) AND a.code = 'xendit'
        WHERE j.reference = ANY (:names) GROUP BY 1"""
    ).bindparams(bindparam("names", type_=ARRAY(Text), required=True)),
    into=Posted,
)


class Leaving(msgspec.Struct, frozen=True):
    """A withdrawal and its payment."""

    payment: Payment
    withdrawal: Withdrawal
    frozen: bool
    """Its account is suspended: it is not sent before that ends."""


class Books(msgspec.Struct, frozen=True):
    """Our side."""

    ours: list[Payment]
    payments: dict[str, Payment]
    """By the reference that Xendit has for them."""
    leaving: list[Leaving]
    posted: dict[str, int]
    """What a journal moved at Xendit, by the journal's reference."""

    @property
    def withdrawals(self) -> set[str]:
        """The references of payouts of ours."""
        return {one.withdrawal.reference for one in self.leaving}


async def read(reads: Reads, since: datetime, invoices: list[Invoice], moved: list[Transaction]) -> Books:
    """All of ours since then, and whatever of ours Xendit named."""
    names = sorted({one.external_id for one in invoices} | {one.reference for one in moved})
    ours = await reads.all(OURS, since=since, names=names)
    leaving = await reads.all(WITHDRAWALS, since=since, names=names)
    ids = [one.payment_id for one in leaving]
    rows = await reads.all(BY_IDS, ids=ids)
    frozen = {payment_id for (payment_id,) in await reads.all(FROZEN, ids=ids)}
    payments = {one.id: one for one in rows}
    references = {f"paid:{one.id}" for one in invoices} | {f"paid:{one.invoice_id}" for one in ours}
    references |= {f"paid:{one.product_id}" for one in moved}
    references |= {f"{kind}:{one.id}" for one in moved for kind in ("cost", "cost-returned")}
    posted = await reads.all(POSTED, names=sorted(references))
    return Books(
        ours=ours, payments={one.external_id: one for one in ours if one.external_id},
        leaving=[Leaving(payments[one.payment_id], one, one.payment_id in frozen) for one in leaving],
        posted={one.reference: one.amount for one in posted},
    )  # fmt: skip
