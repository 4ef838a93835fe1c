"""Conversations over HTTP: the same messages as over the sockets."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State, UploadFile
from litestar.handlers import BaseRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from iayos.chat import actions, queries
from iayos.chat.schemas import ConversationOut, FileOut, MarkOut, MessageIn, MessageOut, ReadIn
from iayos.chat.talk import limit_messages
from iayos.core import page
from iayos.core.errors import GatewayUnavailable
from iayos.core.page import BIGGEST, DEFAULT_LIMIT, MAX_LIMIT, Page
from iayos.core.wire import LongClearable
from iayos.media.darkroom import BadFile
from iayos.web.auth import Connection, Me, signed_in, verified
from iayos.web.docs import answers
from iayos.web.tx import InTx, Reading
from iayos.web.upload import ONE_FILE, Form, content_of, multipart

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
Seq = Annotated[int | None, QueryParameter(ge=0, le=BIGGEST, description="A message's number.")]
AGAIN = {
    200: ResponseSpec(MessageOut, description="The message that this clientID named before", generate_examples=False)
}


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, and what is said of it."""

    file: UploadFile
    message: LongClearable = LongClearable("")
    clientID: UUID | None = None


def shown(sent: actions.Sent) -> Response[MessageOut]:
    """201 for a new message, 200 for the one that this `clientID` named before."""
    return Response(MessageOut.of(sent.message), status_code=201 if sent.is_new else 200)


async def unhurried(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: 20 messages in 10 seconds."""
    state = connection.app.state
    await limit_messages(state.db, state.settings, connection.scope["user"].account_id)


@get("/", summary="My conversations, the newest activity first")
async def list_conversations(
    reads: Reading, me: Me, limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None
) -> Page[ConversationOut]:
    """Each with its last message and what I have not read."""
    return await queries.mine(reads, me.account_id, limit=limit, cursor=cursor)


@get("/{conversation_id:int}", summary="One of my conversations")
async def show_conversation(reads: Reading, me: Me, conversation_id: FromPath[int]) -> ConversationOut:
    """The same object as in the list."""
    return await queries.one(reads, conversation_id, me.account_id)


@get("/{conversation_id:int}/messages", summary="The messages of a conversation, in order")
async def list_messages(
    reads: Reading, me: Me, conversation_id: FromPath[int], before: Seq = None, after: Seq = None,
    limit: Limit = DEFAULT_LIMIT, cursor: FromQuery[str | None] = None,
) -> Page[MessageOut]:  # fmt: skip
    """What follows `after`, else what comes last before `before`; `nextCursor` goes on in the same direction."""
    await queries.seat_of(reads, conversation_id, me.account_id)
    place = page.decode(cursor, str, int)
    if place is not None:
        before, after = (place[1], None) if place[0] == "before" else (None, place[1])
    return await queries.history(reads, conversation_id, limit=limit, before=before, after=after)


@post(
    "/{conversation_id:int}/messages", status_code=201, summary="Send a message", guards=[verified, unhurried],
    responses=AGAIN, opt=answers(actions.ConversationClosed),
)  # fmt: skip
async def send_message(
    tx: InTx, me: Me, conversation_id: FromPath[int], data: JSONBody[MessageIn]
) -> Response[MessageOut]:
    """The same as over the socket: stored first, then seen by everybody there."""
    return shown(await actions.post_message(
        tx, conversation_id, by=me, body=data.message, client_id=data.clientID, media_ids=data.attachments
    ))  # fmt: skip


@post(
    "/{conversation_id:int}/attachments", status_code=201, summary="Send a picture",
    guards=[verified, multipart, unhurried], request_max_body_size=ONE_FILE, responses=AGAIN,
    opt=answers(actions.ConversationClosed, BadFile, GatewayUnavailable),
)  # fmt: skip
async def send_file(data: Form[FileForm], state: State, me: Me, conversation_id: FromPath[int]) -> Response[MessageOut]:
    """A message with a picture, and with words if there are any; JPEG, PNG, WebP or HEIC, at most 10 MB."""
    return shown(await actions.post_file(
        state.services.files, conversation_id, await content_of(data.file), by=me, body=data.message,
        client_id=data.clientID,
    ))  # fmt: skip


@get(
    "/{conversation_id:int}/attachments/{media_id:int}", summary="Where I find a picture of a conversation",
    opt=answers(GatewayUnavailable),
)  # fmt: skip
async def show_file(state: State, me: Me, conversation_id: FromPath[int], media_id: FromPath[int]) -> FileOut:
    """Addresses for me, for five minutes."""
    return await queries.file_of(state.services.files, conversation_id, media_id, me.account_id)


@post("/{conversation_id:int}/read", status_code=200, summary="Mark messages as read")
async def mark_read(tx: InTx, me: Me, conversation_id: FromPath[int], data: JSONBody[ReadIn]) -> MarkOut:
    """Never backwards, never beyond the last message."""
    return await actions.mark_read(tx, conversation_id, data.seq, by=me)


router = Router(
    "/api/chat/conversations",
    route_handlers=[
        list_conversations,
        show_conversation,
        list_messages,
        send_message,
        send_file,
        show_file,
        mark_read,
    ],
    guards=[signed_in],
    tags=["chat"],
)
