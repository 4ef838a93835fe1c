"""Accounts as staff sees them, over HTTP."""

from datetime import timedelta
from typing import Annotated

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.accounts.states import Role
from iayos.admin import push, users, users_queries
from iayos.admin.users_schemas import PushTestIn, PushTestOut, ReasonIn, RoleIn, SuspendedOut, UserOut, UserRowOut
from iayos.core.errors import NotFound
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import Title
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.limits import strict
from iayos.web.tx import InTx, OwnTx, Reading

anybody = [staff("SUPPORT", "FINANCE", "KYC_REVIEWER")]
support = [staff("SUPPORT")]
sparingly = [staff("SUPPORT"), strict("push-test", 6, timedelta(minutes=1))]
DECIDING = (NotFound, users.AccountErased)


@get("/", summary="Accounts", guards=anybody)
async def list_users(
    reads: Reading,
    q: Annotated[
        Title | None, QueryParameter(description="Part of an email, a name or a business's name; or an id.")
    ] = None,
    role: FromQuery[Role | None] = None,
    suspended: Annotated[bool | None, QueryParameter(description="Only suspended ones, or only others.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[UserRowOut]:
    """The newest first."""
    return await users_queries.found(reads, q=q, role=role, suspended=suspended, limit=limit, cursor=cursor)


@get("/{account_id:int}", summary="An account", guards=anybody, opt=answers(NotFound))
async def one_user(account_id: FromPath[int], reads: Reading) -> UserOut:
    """With its money, open jobs and disputes, identity check, sign-ins and phones."""
    return await users_queries.user(reads, account_id)


@post(
    "/{account_id:int}/suspend", status_code=200, summary="Suspend an account", guards=support,
    opt=answers(*DECIDING, users.AlreadySuspended, users.OwnAccount, users.LastAdmin) | DRY_RUN,
)  # fmt: skip
async def suspend(account_id: FromPath[int], data: JSONBody[ReasonIn], tx: InTx, me: Me) -> SuspendedOut:
    """Signed out everywhere. What is open is closed, jobs that hold money become disputes for staff, withdrawals wait."""
    closed = await users.suspend(tx, account_id, reason=data.reason, by=me)
    return SuspendedOut.with_closed(await users_queries.user(tx, account_id), closed)


@post(
    "/{account_id:int}/restore", status_code=200, summary="End a suspension", guards=support,
    opt=answers(*DECIDING, users.NotSuspended, users.OwnAccount) | DRY_RUN,
)  # fmt: skip
async def restore(account_id: FromPath[int], data: JSONBody[ReasonIn], tx: InTx, me: Me) -> UserOut:
    """The owner may sign in again, and waiting withdrawals go out. What was closed stays closed; disputes wait for a ruling."""
    await users.restore(tx, account_id, reason=data.reason, by=me)
    return await users_queries.user(tx, account_id)


@post(
    "/{account_id:int}/role", status_code=200, summary="Change what an account may do on the staff", guards=[staff()],
    opt=answers(*DECIDING, users.RoleUnchanged, users.LastAdmin, users.EmailUnconfirmed) | DRY_RUN,
)  # fmt: skip
async def change_role(account_id: FromPath[int], data: JSONBody[RoleIn], tx: InTx, me: Me) -> UserOut:
    """ADMIN alone decides this. The account has to sign in anew; null takes it off the staff."""
    await users.change_role(tx, account_id, role=data.role, reason=data.reason, by=me)
    return await users_queries.user(tx, account_id)


@post(
    "/{account_id:int}/push-test", status_code=200, summary="Send a test push to an account's phones", guards=sparingly,
    opt=answers(NotFound, push.NoDevices),
)  # fmt: skip
async def push_test(
    account_id: FromPath[int], data: JSONBody[PushTestIn], db: OwnTx, state: State, me: Me
) -> PushTestOut:
    """At once, whatever the account's wishes and hours; the answer is Expo's ticket of each phone."""
    return PushTestOut(devices=await push.send_test(db, state.services.expo, account_id, data, by=me))


router = Router(
    "/api/admin/users",
    route_handlers=[list_users, one_user, suspend, restore, change_role, push_test],
    tags=["admin"],
)
