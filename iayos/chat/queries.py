"""Reading conversations.

Chat lies below jobs and beside profiles, so titles, ends and pictures come by SQL from their tables, not by their code.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, func, select, text

from iayos.chat.models import ConversationTable, Message, MessageTable, ParticipantTable
from iayos.chat.schemas import ConversationOut, FileOut, MarkOut, MessageOut, PersonOut
from iayos.core import clock, page
from iayos.core.db import Reads, Row, Statement, columns
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.page import Page
from iayos.core.wire import PublicFile
from iayos.media.actions import KEPT, Files, links

OPEN_FOR: Final = timedelta(days=30)
"""How long after the end of its job a conversation takes new messages."""
ENDED: Final = "coalesce(job.settled_at, job.cancelled_at)"
NAME: Final = "coalesce(account.business_name, account.first_name || ' ' || account.last_name)"


class Seat(Row, frozen=True):
    """An account's place in a conversation."""

    conversation_id: int
    job_id: int
    name: str
    email_verified: bool
    last_seq: int
    read_seq: int
    ended_at: datetime | None

    @property
    def closed_at(self) -> datetime | None:
        """Since when no messages are taken, if that is so."""
        return closing(self.ended_at)


class State(Row, frozen=True):
    """A conversation as a socket finds it."""

    id: int
    last_seq: int
    participants: list[int]
    online: list[int]


class Listed(Row, frozen=True):
    """A conversation in a list."""

    id: int
    job_id: int
    title: str
    ended_at: datetime | None
    last_seq: int
    last_at: datetime
    created_at: datetime
    read_seq: int
    unread: int
    people: list[dict[str, Any]]
    last_message: dict[str, Any] | None

    def shown(self) -> ConversationOut:
        """On the wire."""
        return ConversationOut(
            conversationID=self.id, jobID=self.job_id, jobTitle=self.title,
            participants=[_person(one) for one in self.people],
            lastMessage=msgspec.convert(self.last_message, MessageOut) if self.last_message else None,
            lastSeq=self.last_seq, readSeq=self.read_seq, unreadCount=self.unread,
            closedAt=closing(self.ended_at), createdAt=self.created_at,
        )  # fmt: skip


def _person(raw: dict[str, Any]) -> PersonOut:
    person = msgspec.convert(raw, PersonOut)
    return msgspec.structs.replace(person, avatarURL=PublicFile.at(person.avatarURL))


def closing(ended_at: datetime | None) -> datetime | None:
    """When a conversation closed whose job ended then; None while it is open."""
    closes_at = None if ended_at is None else ended_at + OPEN_FOR
    return closes_at if closes_at is not None and closes_at <= clock.now() else None


def _sql(sql: str, into: Any = None, **kinds: Any) -> Statement[Any]:
    return Statement(
        text(sql).bindparams(*(bindparam(name, type_=kind, required=True) for name, kind in kinds.items())), into
    )


OF_JOB = Statement(
    select(ConversationTable.id).where(ConversationTable.job_id == bindparam("job_id", type_=BigInteger))
)
SEAT = _sql(
    f"""
    SELECT conversation.id, conversation.job_id, {NAME}, account.email_verified_at IS NOT NULL, conversation.last_seq,
        mine.read_seq, {ENDED}
    FROM conversation_participants AS mine
    JOIN conversations AS conversation ON conversation.id = mine.conversation_id
    JOIN jobs AS job ON job.id = conversation.job_id
    JOIN accounts AS account ON account.id = mine.account_id
    WHERE mine.conversation_id = :conversation_id AND mine.account_id = :account_id
    """,  # noqa: S608 - constants of this module
    Seat, conversation_id=BigInteger, account_id=BigInteger,
)  # fmt: skip
UNREAD: Final = """
    SELECT count(*) FROM messages AS unread WHERE unread.conversation_id = mine.conversation_id
    AND unread.seq > mine.read_seq AND unread.sender_id <> mine.account_id
"""
COUNT_UNREAD = _sql(
    f"""
    SELECT ({UNREAD}) FROM conversation_participants AS mine
    WHERE mine.conversation_id = :conversation_id AND mine.account_id = :account_id
    """,  # noqa: S608 - constants of this module
    conversation_id=BigInteger, account_id=BigInteger,
)  # fmt: skip
_LISTED: Final = f"""
    SELECT conversation.id, conversation.job_id, job.title, {ENDED}, conversation.last_seq, conversation.last_at,
        conversation.created_at, mine.read_seq, ({UNREAD}),
        (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'accountID', person.account_id, 'name', {NAME}, 'avatarURL', profile.avatar_path,
                'profileType', role.name, 'readSeq', person.read_seq
            ) ORDER BY person.account_id <> job.client_id, person.id), '[]')
            FROM conversation_participants AS person
            JOIN accounts AS account ON account.id = person.account_id
            CROSS JOIN LATERAL (SELECT CASE person.account_id
                WHEN job.client_id THEN 'CLIENT' WHEN job.assigned_agency_id THEN 'AGENCY' ELSE 'WORKER' END AS name
            ) AS role
            LEFT JOIN profiles AS profile
                ON profile.account_id = person.account_id AND profile.profile_type = role.name
            WHERE person.conversation_id = conversation.id
        ),
        (
            SELECT jsonb_build_object(
                'type', 'chat_message', 'seq', seq, 'messageID', id, 'message', body, 'sender_id', sender_id,
                'clientID', client_id, 'createdAt', created_at, 'attachments', attachments,
                'conversationID', conversation_id
            )
            FROM messages AS last WHERE last.conversation_id = conversation.id AND last.seq = conversation.last_seq
        )
    FROM conversation_participants AS mine
    JOIN conversations AS conversation ON conversation.id = mine.conversation_id
    JOIN jobs AS job ON job.id = conversation.job_id
    WHERE mine.account_id = :account_id
"""  # noqa: S608 - constants of this module
ONE = _sql(
    _LISTED + " AND conversation.id = :conversation_id", Listed, account_id=BigInteger, conversation_id=BigInteger
)
NEWEST = _sql(
    _LISTED
    + """
    AND (conversation.last_at, conversation.id) < (:last_at, :before)
    ORDER BY conversation.last_at DESC, conversation.id DESC LIMIT :limit
    """,
    Listed, account_id=BigInteger, last_at=Instant, before=BigInteger, limit=Integer,
)  # fmt: skip
_message = select(*columns(Message)).where(MessageTable.conversation_id == bindparam("conversation_id"))
AFTER = Statement(
    _message.where(MessageTable.seq > bindparam("seq")).order_by(MessageTable.seq).limit(bindparam("limit", type_=BigInteger)),
    into=Message,
)  # fmt: skip
BEFORE = Statement(
    _message.where(MessageTable.seq < bindparam("seq"))
    .order_by(MessageTable.seq.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=Message,
)
STATES = _sql(
    """
    SELECT conversation.id, conversation.last_seq,
        (SELECT array_agg(account_id) FROM conversation_participants AS person
         WHERE person.conversation_id = conversation.id),
        ARRAY(SELECT DISTINCT presence.account_id FROM conversation_participants AS person
              JOIN presence ON presence.account_id = person.account_id WHERE person.conversation_id = conversation.id)
    FROM conversation_participants AS mine
    JOIN conversations AS conversation ON conversation.id = mine.conversation_id
    WHERE mine.account_id = :account_id AND conversation.id = ANY (:ids)
    """,
    State, account_id=BigInteger, ids=ARRAY(BigInteger),
)  # fmt: skip
OPEN_ONES = _sql(
    f"""
    SELECT mine.conversation_id FROM conversation_participants AS mine
    JOIN conversations AS conversation ON conversation.id = mine.conversation_id
    JOIN jobs AS job ON job.id = conversation.job_id
    WHERE mine.account_id = :account_id AND ({ENDED} IS NULL OR {ENDED} > :since)
    """,  # noqa: S608 - constants of this module
    account_id=BigInteger, since=Instant,
)  # fmt: skip
LAST_SEQS = Statement(
    select(ConversationTable.id, ConversationTable.last_seq).where(
        ConversationTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger), required=True))
    )
)
PARTICIPANTS = Statement(
    select(ParticipantTable.account_id).where(ParticipantTable.conversation_id == bindparam("conversation_id"))
)


async def conversation_of(reads: Reads, job_id: int) -> int | None:
    """The conversation of this job, if it has been opened."""
    found: int | None = await reads.value(OF_JOB, job_id=job_id)
    return found


async def seat_of(reads: Reads, conversation_id: int, account_id: int) -> Seat:
    """The account's place in the conversation; NotFound when there is none."""
    seat: Seat | None = await reads.one_or_none(SEAT, conversation_id=conversation_id, account_id=account_id)
    if seat is None:
        raise NotFound(conversationID=conversation_id)
    return seat


async def mine(reads: Reads, account_id: int, *, limit: int, cursor: str | None) -> Page[ConversationOut]:
    """One's conversations, the newest activity first; one statement for all of it."""
    last_at, before = page.decode(cursor, datetime, int) or (clock.now() + timedelta(days=1), page.BIGGEST)
    rows = await reads.all(NEWEST, account_id=account_id, last_at=last_at, before=before, limit=limit + 1)
    return page.page(rows, limit, Listed.shown, lambda row: (row.last_at, row.id))


async def one(reads: Reads, conversation_id: int, account_id: int) -> ConversationOut:
    """One of one's own conversations."""
    row: Listed | None = await reads.one_or_none(ONE, account_id=account_id, conversation_id=conversation_id)
    if row is None:
        raise NotFound(conversationID=conversation_id)
    return row.shown()


async def mark_of(reads: Reads, conversation_id: int, account_id: int) -> MarkOut:
    """How far the account has read."""
    seat = await seat_of(reads, conversation_id, account_id)
    unread = await reads.value(COUNT_UNREAD, conversation_id=conversation_id, account_id=account_id)
    return MarkOut(conversationID=conversation_id, readSeq=seat.read_seq, lastSeq=seat.last_seq, unreadCount=unread)


def place_of_files(conversation_id: int) -> str:
    """What the files of a conversation are attached to."""
    return f"conversation:{conversation_id}"


async def file_of(files: Files, conversation_id: int, media_id: int, account_id: int) -> FileOut:
    """A file of one's own conversation, with addresses signed for five minutes."""
    await seat_of(files.db.reads, conversation_id, account_id)
    media = await files.db.reads.one_or_none(KEPT, media_id=media_id)
    if media is None or media.attached_to != place_of_files(conversation_id):
        raise NotFound(mediaID=media_id)
    found = (await links(files, [media])).get(media.id)
    if found is None:
        raise NotFound(mediaID=media_id)
    return FileOut(
        mediaID=media.id, contentType=media.content_type, size=media.size, fileURL=found.url,
        thumbnailURL=found.thumbnail_url,
    )  # fmt: skip


async def messages_after(reads: Reads, conversation_id: int, seq: int, *, limit: int) -> list[Message]:
    """What follows this number, in order."""
    return await reads.all(AFTER, conversation_id=conversation_id, seq=seq, limit=limit)


async def history(
    reads: Reads, conversation_id: int, *, limit: int, before: int | None, after: int | None
) -> Page[MessageOut]:
    """A page of messages, always in the order of their numbers: those next after `after`, else the last before `before`.

    `nextCursor` goes on in the same direction.
    """
    if after is not None:
        rows = await messages_after(reads, conversation_id, after, limit=limit + 1)
    else:
        seq = page.BIGGEST if before is None else before
        rows = await reads.all(BEFORE, conversation_id=conversation_id, seq=seq, limit=limit + 1)
    way = "before" if after is None else "after"
    found = page.page(rows, limit, MessageOut.of, lambda row: (way, row.seq))
    return found if after is not None else msgspec.structs.replace(found, items=found.items[::-1])


async def states(reads: Reads, account_id: int, ids: Collection[int]) -> list[State]:
    """Those of these conversations in which the account takes part."""
    return await reads.all(STATES, account_id=account_id, ids=list(ids))


async def open_ones(reads: Reads, account_id: int) -> list[int]:
    """The conversations of the account that still take messages."""
    rows = await reads.all(OPEN_ONES, account_id=account_id, since=clock.now() - OPEN_FOR)
    return [row[0] for row in rows]
