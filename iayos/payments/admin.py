"""The ledger as staff sees it."""

from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from iayos.core import page
from iayos.core.errors import NotFound
from iayos.core.money import Centavos
from iayos.core.page import Page
from iayos.ledger import queries
from iayos.ledger.queries import LedgerAccount
from iayos.payments.schemas import EntryOut, LedgerAccountOut, VerificationOut
from iayos.payments.verify import verify
from iayos.web.auth import staff
from iayos.web.progress import InProgress
from iayos.web.tx import OwnTx, Reading

Limit = Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)]
Cursor = Annotated[str | None, QueryParameter(max_length=500)]
finance = [staff("FINANCE")]


@get("/verify", summary="Prove that the books are right", guards=finance)
async def verify_ledger(db: OwnTx, progress: InProgress) -> VerificationOut:
    """Every rule of the ledger in one snapshot, with the first fault of each."""
    return await verify(db, progress=progress)


@get("/balances", summary="Every ledger account", guards=finance)
async def balances(reads: Reading, limit: Limit = page.MAX_LIMIT, cursor: Cursor = None) -> Page[LedgerAccountOut]:
    """Oldest first."""
    place = page.decode(cursor, int)
    rows = await reads.all(queries.ACCOUNTS, after=place[0] if place else 0, limit=limit + 1)
    return page.page(rows, limit, _account, lambda row: (row.id,))


@get("/accounts/{code:str}", summary="One ledger account", guards=finance)
async def account(code: FromPath[str], reads: Reading) -> LedgerAccountOut:
    """Its balance; one that was never posted to is not there."""
    return _account(await _find(reads, code))


@get("/accounts/{code:str}/postings", summary="What happened on a ledger account", guards=finance)
async def postings(
    code: FromPath[str], reads: Reading, limit: Limit = page.DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[EntryOut]:
    """Newest first."""
    place = page.decode(cursor, int)
    found = await _find(reads, code)
    before = place[0] if place else page.BIGGEST
    rows = await reads.all(queries.ENTRIES, account_id=found.id, before=before, limit=limit + 1)
    return page.page(rows, limit, EntryOut.of, lambda row: (row.id,))


async def _find(reads: Reading, code: str) -> LedgerAccount:
    if "\x00" in code:  # no text of PostgreSQL has it
        raise NotFound
    found = await reads.one_or_none(queries.ACCOUNT, code=code)
    if found is None:
        raise NotFound
    return found


def _account(row: LedgerAccount) -> LedgerAccountOut:
    return LedgerAccountOut(code=row.code, balance=Centavos(row.balance))


router = Router(path="/api/admin/ledger", route_handlers=[verify_ledger, balances, account, postings], tags=["admin"])
