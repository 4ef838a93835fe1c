"""Reading the ledger."""

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, case, or_, select
from sqlalchemy.orm import aliased

from iayos.core.db import Reads, Row, Statement
from iayos.ledger.models import JournalTable, LedgerAccountTable, PostingTable


class LedgerAccount(Row, frozen=True):
    """An account of the chart."""

    table = LedgerAccountTable
    id: int
    code: str
    balance: int


class Entry(Row, frozen=True):
    """A posting as one of its two accounts sees it: `amount` is negative when it went out."""

    id: int
    reference: str
    at: datetime
    other: str
    amount: int


ACCOUNT = Statement(
    select(LedgerAccountTable.id, LedgerAccountTable.code, LedgerAccountTable.balance).where(
        LedgerAccountTable.code == bindparam("code")
    ),
    into=LedgerAccount,
)
ACCOUNTS = Statement(
    select(LedgerAccountTable.id, LedgerAccountTable.code, LedgerAccountTable.balance)
    .where(LedgerAccountTable.id > bindparam("after"))
    .order_by(LedgerAccountTable.id)
    .limit(bindparam("limit", type_=BigInteger)),
    into=LedgerAccount,
)
_other = aliased(LedgerAccountTable)
_mine = bindparam("account_id", type_=BigInteger)
ENTRIES = Statement(
    select(
        PostingTable.id,
        JournalTable.reference,
        JournalTable.at,
        _other.code,
        case((PostingTable.target_id == _mine, PostingTable.amount), else_=-PostingTable.amount),
    )
    .join(JournalTable, JournalTable.id == PostingTable.journal_id)
    .join(
        _other,
        _other.id == case((PostingTable.target_id == _mine, PostingTable.source_id), else_=PostingTable.target_id),
    )
    .where(or_(PostingTable.source_id == _mine, PostingTable.target_id == _mine), PostingTable.id < bindparam("before"))
    .order_by(PostingTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Entry,
)


async def balance(reads: Reads, code: str) -> int:
    """What a ledger account holds, in centavos; one that was never posted to holds nothing."""
    account = await reads.one_or_none(ACCOUNT, code=code)
    return account.balance if account else 0
