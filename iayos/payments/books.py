"""What our side of a reconciliation says: payments, withdrawals and what of them is posted against Xendit."""

from datetime import datetime

import msgspec
from sqlalchemy import ARRAY, Text, bindparam, func, or_, select, text

from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.models import Instant
from iayos.payments.gateway import Invoice, Transaction
from iayos.payments.models import Payment, PaymentTable, Withdrawal, WithdrawalTable

OURS = Statement(
    select(*columns(Payment)).where(
        PaymentTable.external_id.is_not(None),
        or_(
            PaymentTable.created_at >= bindparam("since", type_=Instant),
            PaymentTable.external_id == func.any(bindparam("references", type_=ARRAY(Text))),
        ),
    ),
    into=Payment,
)
WITHDRAWALS = Statement(
    select(*columns(Withdrawal))
    .join(PaymentTable, PaymentTable.id == WithdrawalTable.payment_id)
    .where(
        or_(
            PaymentTable.created_at >= bindparam("since", type_=Instant),
            func.concat("withdrawal-", PaymentTable.id) == func.any(bindparam("references", type_=ARRAY(Text))),
        )
    ),
    into=Withdrawal,
)
PAYMENTS = Statement(
    select(*columns(Payment)).where(
        PaymentTable.id == func.any(select(WithdrawalTable.payment_id).scalar_subquery()),
    ),
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
