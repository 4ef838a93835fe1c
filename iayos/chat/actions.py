"""Verbs of conversations."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Boolean, Text, Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from iayos.chat.models import ConversationTable, Message, MessageTable, ParticipantTable
from iayos.chat.queries import Seat, mark_of, place_of_files, seat_of
from iayos.chat.schemas import MarkOut
from iayos.core import clock
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import Conflict
from iayos.core.models import Instant
from iayos.core.principal import Principal
from iayos.media.actions import Files, attach, keep
from iayos.media.states import Purpose
from iayos.notifications.actions import notify
from iayos.notifications.events import NEW_MESSAGE
from iayos.web.auth import EmailUnverified
from iayos.web.bus import say

PREVIEW: Final = 80


class ConversationClosed(Conflict):
    """Its job ended more than 30 days ago."""

    code, message = "CONVERSATION_CLOSED", "This conversation is closed: its job ended more than 30 days ago."


class Posted(Row, frozen=True):
    """What `post_message` did."""

    message_id: int
    is_new: bool
    to_tell: list[int]


class Sent(msgspec.Struct, frozen=True):
    """A message on its way, and whether it is new or the one that its `clientID` named before."""

    message: Message
    is_new: bool


POST = Statement(
    text(
        "SELECT message_id, is_new, to_tell"
        " FROM post_message(:conversation_id, :sender_id, :client_id, :body, :attachments, :moment, :by_notify)"
    ).bindparams(
        bindparam("conversation_id", type_=BigInteger, required=True),
        bindparam("sender_id", type_=BigInteger, required=True),
        bindparam("client_id", type_=Uuid, required=True),
        bindparam("body", type_=Text, required=True),
        bindparam("attachments", type_=JSONB, required=True),
        bindparam("moment", type_=Instant, required=True),
        bindparam("by_notify", type_=Boolean, required=True),
    ),
    into=Posted,
)
MESSAGE = Statement(select(*columns(Message)).where(MessageTable.id == bindparam("message_id")), into=Message)
SENT = Statement(
    select(*columns(Message)).where(
        MessageTable.conversation_id == bindparam("conversation_id"),
        MessageTable.sender_id == bindparam("sender_id"),
        MessageTable.client_id == bindparam("client_id"),
    ),
    into=Message,
)
MARK_READ = Statement(
    text(
        "WITH held AS (SELECT id, last_seq FROM conversations WHERE id = :conversation_id FOR NO KEY UPDATE)"
        " UPDATE conversation_participants AS mine SET read_seq = least(:seq, held.last_seq) FROM held"
        " WHERE mine.conversation_id = held.id AND mine.account_id = :account_id"
        " AND mine.read_seq < least(:seq, held.last_seq) RETURNING mine.read_seq"
    ).bindparams(
        bindparam("conversation_id", type_=BigInteger, required=True),
        bindparam("seq", type_=BigInteger, required=True),
        bindparam("account_id", type_=BigInteger, required=True),
    )
)


async def open_conversation(tx: Tx, job_id: int, account_ids: Collection[int]) -> int:
    """The one conversation of this job begins, between these accounts; its id."""
    moment = clock.now()
    conversation_id = await tx.insert(ConversationTable, job_id=job_id, created_at=moment, last_at=moment)
    for account_id in sorted(account_ids):
        await tx.insert(ParticipantTable, conversation_id=conversation_id, account_id=account_id)
    return conversation_id


async def post_message(
    tx: Tx, conversation_id: int, *, by: Principal, body: str, client_id: UUID | None = None,
    media_ids: Collection[int] = (),
) -> Sent:  # fmt: skip
    """A message takes the next number; a `clientID` that was used answers the message that it was used for."""
    seat = await writing_seat(tx, conversation_id, by=by)
    if media_ids and (
        before := await tx.one_or_none(
            SENT, conversation_id=conversation_id, sender_id=by.account_id, client_id=client_id
        )
    ):
        return Sent(before, is_new=False)  # its files are its own since then
    attachments = await _attached(tx, conversation_id, media_ids, by=by) if media_ids else []
    posted: Posted = await tx.one(
        POST, conversation_id=conversation_id, sender_id=by.account_id, client_id=client_id, body=body,
        attachments=attachments, moment=clock.now(), by_notify=tx.beside is None,
    )  # fmt: skip
    await _tell(tx, seat, posted, body)
    sent = Sent(await tx.one(MESSAGE, message_id=posted.message_id), is_new=posted.is_new)
    if sent.is_new and tx.beside is not None:
        await say(tx, "message", conversation=conversation_id, seq=sent.message.seq)
    return sent


async def post_file(
    files: Files, conversation_id: int, upload: bytes, *, by: Principal, body: str, client_id: UUID | None
) -> Sent:
    """A picture as a message of its own, with or without words; it is seen once storage has it."""
    await writing_seat(files.db.reads, conversation_id, by=by)
    media = await keep(files, upload, owner_id=by.account_id, purpose=Purpose.CHAT)
    async with files.db.transaction() as tx:
        return await post_message(tx, conversation_id, by=by, body=body, client_id=client_id, media_ids=[media.id])


async def writing_seat(reads: Reads, conversation_id: int, *, by: Principal) -> Seat:
    """The place of somebody who may write here now."""
    seat = await seat_of(reads, conversation_id, by.account_id)
    if not seat.email_verified:
        raise EmailUnverified
    if seat.closed_at is not None:
        raise ConversationClosed(closedAt=seat.closed_at)
    return seat


async def _attached(tx: Tx, conversation_id: int, media_ids: Collection[int], *, by: Principal) -> list[dict[str, Any]]:
    found = await attach(
        tx,
        media_ids,
        owner_id=by.account_id,
        purpose=Purpose.CHAT,
        to=place_of_files(conversation_id),
        field="attachments",
    )
    return [{"mediaID": one.id, "contentType": one.content_type, "size": one.size} for one in found]


async def _tell(tx: Tx, seat: Seat, posted: Posted, body: str) -> None:
    """One notice for each streak of unread messages: the first of them tells, those after it do not."""
    body = body or "📷"
    preview = body if len(body) <= PREVIEW else body[: PREVIEW - 1].rstrip() + "…"
    for account_id in posted.to_tell:
        await notify(
            tx, account_id, NEW_MESSAGE, sender_name=seat.name, message_preview=preview,
            data={"conversationID": seat.conversation_id, "jobID": seat.job_id, "messageID": posted.message_id},
        )  # fmt: skip


async def mark_read(tx: Tx, conversation_id: int, seq: int, *, by: Principal) -> MarkOut:
    """Everything up to `seq` is read: never backwards, never beyond the last message."""
    read_seq = await tx.value(MARK_READ, conversation_id=conversation_id, seq=seq, account_id=by.account_id)
    mark = await mark_of(tx, conversation_id, by.account_id)
    if read_seq is not None:
        await say(tx, "read", conversation=conversation_id, account=by.account_id, seq=read_seq)
    return mark
