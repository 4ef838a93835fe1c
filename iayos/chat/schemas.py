"""Chat on the wire: conversations and messages over HTTP, and every frame of a socket."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from iayos.core.wire import ID, LongText

Seq = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1, description="A message's number in its conversation, from 1 on.")]
MediaIDs = Annotated[list[ID], msgspec.Meta(max_length=10)]


class AttachmentOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a message; its address is made for each viewer on request."""

    mediaID: int
    contentType: str
    size: int
    """Bytes."""


class FileOut(msgspec.Struct, frozen=True, kw_only=True):
    """The same with its addresses, signed for five minutes."""

    mediaID: int
    contentType: str
    size: int
    fileURL: str
    thumbnailURL: str | None


class MessageIn(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send, over HTTP or a socket. The sender is who signed in, whatever else a frame says."""

    message: LongText
    clientID: UUID | None = None
    """The sender's own name for it: sent again, it is the same message."""
    attachments: MediaIDs = []
    """Files of the sender's own, uploaded for chat at `/api/media`."""


class ReadIn(msgspec.Struct, frozen=True, kw_only=True):
    """Everything up to here is read."""

    seq: Seq


class ResumeIn(msgspec.Struct, frozen=True, kw_only=True):
    """Send what came after this number."""

    after: Seq


class Envelope(msgspec.Struct, frozen=True):
    """What says which frame it is. One without `type` is a message; `/ws/` needs the conversation in each."""

    type: str = "chat_message"
    conversationID: ID | None = None


class MessageOut(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="chat_message"):
    """A message: the frame of a socket and the object of a list are the same."""

    seq: int
    messageID: int
    message: str
    sender_id: int
    clientID: str | None
    createdAt: datetime
    attachments: list[AttachmentOut]
    conversationID: int

    @classmethod
    def of(cls, row: Any) -> "MessageOut":
        """From its row."""
        return cls(
            seq=row.seq, messageID=row.id, message=row.body, sender_id=row.sender_id,
            clientID=str(row.client_id) if row.client_id else None, createdAt=row.created_at,
            attachments=msgspec.convert(row.attachments, list[AttachmentOut]), conversationID=row.conversation_id,
        )  # fmt: skip


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ack"):
    """Your message is stored under this number; for a `clientID` that was used, the number that it got then."""

    clientID: str | None
    seq: int
    messageID: int
    createdAt: datetime
    conversationID: int

    @classmethod
    def of(cls, row: Any) -> "Ack":
        """From the message's row."""
        return cls(
            clientID=str(row.client_id) if row.client_id else None, seq=row.seq, messageID=row.id,
            createdAt=row.created_at, conversationID=row.conversation_id,
        )  # fmt: skip


class Typing(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="typing"):
    """Somebody else is typing."""

    accountID: int
    conversationID: int


class Read(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="read"):
    """Somebody has read up to here; one's own marks come too, for one's other devices."""

    accountID: int
    seq: int
    conversationID: int


class Presence(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="presence"):
    """Another participant has a socket open somewhere, or no longer."""

    accountID: int
    online: bool
    conversationID: int


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="resumed", rename={"from_": "from"}):
    """All messages from `from` to `to` have been sent; nothing was missed when `from` is greater. Live ones follow."""

    from_: int
    to: int
    complete: bool = True
    conversationID: int


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to a ping."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """A frame that could not be served; the socket stays open."""

    code: str
    error: str
    details: dict[str, Any]
    clientID: str | None = None
    conversationID: int | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="notification"):
    """A notification, live on `/ws/`. `event` is the `type` of the notification object."""

    event: str
    notificationID: int
    title: str
    body: str
    data: dict[str, Any]
    isRead: bool
    createdAt: datetime


class PersonOut(msgspec.Struct, frozen=True, kw_only=True):
    """A participant, and how far he has read."""

    accountID: int
    name: str
    avatarURL: str | None
    profileType: str
    """In which role: CLIENT, WORKER or AGENCY."""
    readSeq: int


class ConversationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the caller sees it."""

    conversationID: int
    jobID: int
    jobTitle: str
    participants: list[PersonOut]
    lastMessage: MessageOut | None
    lastSeq: int
    readSeq: int
    unreadCount: int
    """Messages of others after `readSeq`."""
    closedAt: datetime | None
    """Since when no new messages are taken; null while they are."""
    createdAt: datetime


class MarkOut(msgspec.Struct, frozen=True, kw_only=True):
    """How far the caller has read."""

    conversationID: int
    readSeq: int
    lastSeq: int
    unreadCount: int
