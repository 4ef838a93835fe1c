"""One's own notices over HTTP."""

from typing import Annotated, Literal

from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from iayos.core import page
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.notifications import actions, queries
from iayos.notifications.schemas import NotificationOut, UnreadOut, UpdatedOut
from iayos.web.auth import Me, signed_in
from iayos.web.tx import InTx, Reading

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
Flag = Annotated[
    Literal["", "1", "true", "0", "false"] | None,
    QueryParameter(description="Given (and not `false`): unread ones only."),
]


@get("/", summary="My notices, newest first")
async def list_notifications(
    reads: Reading, me: Me, unread: Flag = None, limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None
) -> Page[NotificationOut]:
    """All of them, or the unread ones."""
    only_unread = unread in {"", "1", "true"}
    rows = await queries.newest(reads, me.account_id, unread=only_unread, limit=limit, cursor=cursor)
    return page.page(rows, limit, NotificationOut.of, lambda row: (row.id,))


@get("/unread-count", summary="How many notices I have not read")
async def unread_count(reads: Reading, me: Me) -> UnreadOut:
    """The badge in the app's header."""
    return UnreadOut(await queries.unread_count(reads, me.account_id))


@post("/{notification_id:int}/read", status_code=200, summary="Mark a notice as read")
async def read_notification(tx: InTx, me: Me, notification_id: FromPath[int]) -> NotificationOut:
    """Reading it again changes nothing."""
    return NotificationOut.of(await actions.mark_read(tx, notification_id, by=me))


@post("/read-all", status_code=200, summary="Mark all my notices as read")
async def read_all(tx: InTx, me: Me) -> UpdatedOut:
    """Answers how many were unread."""
    return UpdatedOut(await actions.mark_all_read(tx, by=me))


router = Router(
    "/api/notifications",
    route_handlers=[list_notifications, unread_count, read_notification, read_all],
    guards=[signed_in],
    tags=["notifications"],
)
