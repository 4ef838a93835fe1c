"""One's own notices over HTTP."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.core import page
from iayos.core.errors import Invalid, NotFound
from iayos.core.page import DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.notifications import actions, devices, preferences, queries
from iayos.notifications.schemas import (
    ForgetPushToken,
    ForgottenOut,
    NotificationOut,
    NotificationSettingsBody,
    PushTokenOut,
    RegisterPushToken,
    UnreadOut,
    UpdatedOut,
)
from iayos.web.auth import Me, signed_in
from iayos.web.docs import answers
from iayos.web.request import checked
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


@get("/settings", summary="What I wish to get, and when")
async def show_settings(reads: Reading, me: Me) -> NotificationSettingsBody:
    """Everything at any hour, until something else was said."""
    return NotificationSettingsBody.of(await preferences.settings_of(reads, me.account_id))


@put("/settings", summary="Say what I wish to get, and when")
async def replace_settings(tx: InTx, me: Me, data: JSONBody[NotificationSettingsBody]) -> NotificationSettingsBody:
    """Replaces all that was said before; what is left out is as in the beginning."""
    row = await preferences.replace(
        tx, push=data.push, email=data.email, kinds=msgspec.to_builtins(data.kinds),
        quiet=data.quietHours.times() if data.quietHours else None, by=me,
    )  # fmt: skip
    return NotificationSettingsBody.of(row)


@post("/push-tokens", status_code=201, summary="Register this phone for pushes")
async def register_push_token(tx: InTx, me: Me, data: JSONBody[RegisterPushToken]) -> PushTokenOut:
    """A phone that somebody else had registered gets the caller's pushes from now on. Doing it again changes nothing."""
    return PushTokenOut.of(await devices.register(tx, data.token, data.deviceType, by=me))


@delete("/push-tokens", status_code=200, summary="No more pushes to this phone", opt=answers(NotFound))
async def forget_push_token(
    tx: InTx, me: Me, data: JSONBody[ForgetPushToken | None] = None, token: FromQuery[str | None] = None
) -> ForgottenOut:
    """The token stands in the body, or in the query."""
    found = data.token if data else checked({"token": token} if token else {}, ForgetPushToken).token
    await devices.forget(tx, found, by=me)
    return ForgottenOut(found)


@delete(
    "/push-tokens/{token:str}",
    status_code=200,
    summary="No more pushes to the phone of this token",
    opt=answers(Invalid),
)
async def forget_push_token_of(tx: InTx, me: Me, token: FromPath[str]) -> ForgottenOut:
    """The same with the token in the path."""
    found = checked({"token": token}, ForgetPushToken).token
    await devices.forget(tx, found, by=me)
    return ForgottenOut(found)


router = Router(
    "/api/notifications",
    route_handlers=[
        list_notifications, unread_count, read_notification, read_all, show_settings, replace_settings,
        register_push_token, forget_push_token, forget_push_token_of,
    ],
    guards=[signed_in],
    tags=["notifications"],
)  # fmt: skip
