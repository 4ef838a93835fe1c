"""Reading accounts for staff."""

from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, Boolean, Text, bindparam, func, null, or_, select, text

from iayos.accounts.models import Account, AccountTable
from iayos.accounts.queries import ACCOUNT
from iayos.accounts.schemas import AccountOut
from iayos.accounts.states import Role
from iayos.admin.users_schemas import UserKYCOut, UserOut, UserRowOut
from iayos.core import clock
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.money import Centavos
from iayos.core.page import BIGGEST, Page, decode, page
from iayos.ledger import chart
from iayos.payments.queries import HOLDINGS, Holdings


class Around(Row, frozen=True):
    """What stands around an account."""

    open_jobs: int
    open_disputes: int
    sessions: int
    phones: int
    suspended_reason: str | None
    kyc_id: int | None
    kyc_status: str | None
    kyc_uploaded: bool | None


_q = bindparam("q", type_=Text)
_role = bindparam("role", type_=Text)
_suspended = bindparam("suspended", type_=Boolean)
_full_name = AccountTable.first_name + " " + AccountTable.last_name
_needle = func.lower(_q)
SEARCH = Statement(
    select(*columns(Account))
    .where(
        AccountTable.id < bindparam("before", type_=BigInteger),
        or_(_role.is_(null()), AccountTable.role == _role),
        or_(_suspended.is_(null()), AccountTable.suspended_at.is_not(None) == _suspended),
        or_(
            _q.is_(null()),
            AccountTable.id == bindparam("number", type_=BigInteger),
            func.strpos(AccountTable.email, _needle) > 0,
            func.strpos(func.lower(_full_name), _needle) > 0,
            func.strpos(func.lower(AccountTable.business_name), _needle) > 0,
        ),
    )
    .order_by(AccountTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Account,
)
# All of ADMIN beside those concerned, always in the same order: whether one is left is known to one decision at a time.
HELD = Statement(
    select(*columns(Account))
    .where(
        or_(
            AccountTable.role == Role.ADMIN.value,
            AccountTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))),
        )
    )
    .order_by(AccountTable.id)
    .with_for_update(key_share=True),
    into=Account,
)
AROUND = Statement(
    text("""
    WITH mine AS (
        SELECT id, status, settled_at FROM jobs
        WHERE client_id = :account_id OR assigned_worker_id = :account_id OR assigned_agency_id = :account_id
    )
    SELECT (SELECT count(*) FROM mine WHERE status <> 'CANCELLED' AND settled_at IS NULL),
        (SELECT count(*) FROM disputes JOIN mine ON mine.id = disputes.job_id WHERE disputes.status = 'OPEN'),
        (SELECT count(*) FROM sessions WHERE account_id = :account_id AND ended_at IS NULL AND expires_at > :now),
        (SELECT count(*) FROM push_tokens WHERE account_id = :account_id AND retired_at IS NULL),
        (SELECT reason FROM audit_log WHERE subject = 'account:' || :account_id AND action = 'users:suspend'
            AND accounts.suspended_at IS NOT NULL ORDER BY id DESC LIMIT 1),
        newest.id, newest.status, newest.is_uploaded
    FROM accounts LEFT JOIN LATERAL (
        SELECT id, status, is_uploaded FROM kyc WHERE account_id = :account_id ORDER BY id DESC LIMIT 1
    ) AS newest ON true WHERE accounts.id = :account_id
    """).bindparams(
        bindparam("account_id", type_=BigInteger, required=True), bindparam("now", type_=Instant, required=True),
    ),
    into=Around,
)  # fmt: skip


async def found(
    reads: Reads, *, q: str | None, role: str | None, suspended: bool | None, limit: int, cursor: str | None
) -> Page[UserRowOut]:
    """A page of accounts, the newest first; `q` is looked for in emails, names and names of businesses, or is an id."""
    (before,) = decode(cursor, int) or (BIGGEST,)
    number = int(q) if q and q.isascii() and q.isdigit() and int(q) <= BIGGEST else None
    rows = await reads.all(SEARCH, q=q, number=number, role=role, suspended=suspended, before=before, limit=limit + 1)
    return page(rows, limit, _row, lambda row: (row.id,))


async def user(reads: Reads, account_id: int) -> UserOut:
    """One account, in three statements."""
    account = await reads.one_or_none(ACCOUNT, account_id=account_id)
    if account is None:
        raise NotFound(accountID=account_id)
    has: Holdings = await reads.one(HOLDINGS, account_id=account_id, wallet=chart.wallet(account_id))
    around = await reads.one(AROUND, account_id=account_id, now=clock.now())
    return UserOut(
        **_shown(account), suspendedReason=around.suspended_reason, isErased=account.erased_at is not None,
        balance=Centavos(has.balance), held=Centavos(has.held), pendingWithdrawal=Centavos(has.leaving),
        openJobs=around.open_jobs, openDisputes=around.open_disputes, KYC=_kyc(around),
        sessions=around.sessions, phones=around.phones,
    )  # fmt: skip


def _row(account: Account) -> UserRowOut:
    return UserRowOut(**_shown(account))


def _shown(account: Account) -> dict[str, Any]:
    return msgspec.structs.asdict(AccountOut.of(account)) | {"suspendedAt": account.suspended_at}


def _kyc(around: Around) -> UserKYCOut | None:
    if around.kyc_id is None or around.kyc_status is None:
        return None
    return UserKYCOut(kycID=around.kyc_id, status=around.kyc_status, isUploaded=bool(around.kyc_uploaded))
