"""What a person says on a socket, frame by frame. A frame that cannot be served gets an `error`; the socket stays open."""

import time
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog

from iayos.chat import actions
from iayos.chat.live import LOST, Live
from iayos.chat.queries import seat_of
from iayos.chat.rooms import Line, Place
from iayos.chat.schemas import Ack, Envelope, Fault, MessageIn, Pong, ReadIn, ResumeIn
from iayos.core.db import Database
from iayos.core.errors import AppError, GatewayUnavailable, Invalid, NotFound, RateLimited, TooLarge
from iayos.settings import Settings
from iayos.web import limits
from iayos.web.bus import say
from iayos.web.request import parse

LONGEST: Final = 65_536
"""Characters of a frame; a message of 4,000 fits in, however it is escaped."""
MESSAGES: Final = 20
IN: Final = timedelta(seconds=10)
TYPING_EVERY_S: Final = 1.0
FRAMES_AT_ONCE: Final = 300.0
FRAMES_A_SECOND: Final = 30.0
KINDS: Final[dict[str, type[msgspec.Struct] | None]] = {
    "chat_message": MessageIn, "message": MessageIn, "typing": None, "read": ReadIn, "resume": ResumeIn, "ping": None,
}  # fmt: skip
log = structlog.get_logger(__name__)


async def limit_messages(db: Database, settings: Settings, account_id: int) -> None:
    """20 messages in 10 seconds for an account, on all its sockets and over HTTP together; then 429."""
    if settings.rate_limits == "on":
        await limits.count(db, f"chat:{account_id}", most=MESSAGES, per=IN)


class Talk:
    """Serves the frames of one line, in the order in which they come."""

    def __init__(self, live: Live, line: Line) -> None:
        self.live, self.line, self.db = live, line, live.db
        self._left, self._at = FRAMES_AT_ONCE, time.monotonic()

    async def handle(self, raw: str | None) -> None:
        """One frame in; whatever is wrong with it goes back as an `error`."""
        said: Any = None
        number = self.line.only
        self.line.pause()
        try:
            self._take()
            envelope, said = read(raw)
            number = number or envelope.conversationID
            await self._serve(envelope.type, number, said)
        except AppError as error:
            self._refuse(error, number, said)
        except LOST as error:
            log.warning("a frame met no database", error=type(error).__name__)
            self._refuse(
                GatewayUnavailable("The service is briefly unavailable. Please send that again."), number, said
            )
        except Exception:
            log.exception("a frame crashed")
            self._refuse(AppError(), number, said)
        finally:
            self.line.hold()

    async def _serve(self, kind: str, number: int | None, said: Any) -> None:
        if kind != "resume":
            self.line.release()
        if kind == "ping":
            self.line.offer(Pong())
            return
        if number is None:
            raise Invalid.of("conversationID", "This field is required")
        place = await self._place(number)
        match said:
            case MessageIn():
                await self._message(number, said)
            case ReadIn():
                async with self.db.transaction() as tx:
                    await actions.mark_read(tx, number, said.seq, by=self.line.me)
            case ResumeIn():
                seat = await seat_of(self.db.reads, number, self.line.me.account_id)
                place.resume(min(said.after, seat.last_seq))
            case _:
                await self._typing(place)

    async def _place(self, number: int) -> Place:
        if number not in self.line.places:
            await self.live.join(self.line, [number])
        place = self.line.places.get(number)
        if place is None:
            raise NotFound(conversationID=number)
        return place

    async def _message(self, number: int, said: MessageIn) -> None:
        await limit_messages(self.db, self.live.settings, self.line.me.account_id)
        async with self.db.transaction() as tx:
            sent = await actions.post_message(
                tx,
                number,
                by=self.line.me,
                body=said.message,
                client_id=said.clientID,
                media_ids=said.attachments,
            )
        self.line.offer(Ack.of(sent.message))
        if sent.is_new:
            self.live.told(sent.message)

    async def _typing(self, place: Place) -> None:
        moment = time.monotonic()
        if moment - place.typed_at >= TYPING_EVERY_S:
            place.typed_at = moment
            await say(self.db.reads, "typing", conversation=place.room.id, account=self.line.me.account_id)

    def _take(self) -> None:
        """A bound on frames of any kind."""
        if self.live.settings.rate_limits == "off":
            return
        moment = time.monotonic()
        self._left = min(FRAMES_AT_ONCE, self._left + (moment - self._at) * FRAMES_A_SECOND)
        self._at = moment
        if self._left < 1:
            raise RateLimited(retry_after=1)
        self._left -= 1

    def _refuse(self, error: AppError, number: int | None, said: Any) -> None:
        named = said.clientID if isinstance(said, MessageIn) else None
        details = error.details | ({"retryAfter": error.retry_after} if error.retry_after is not None else {})
        self.line.offer(Fault(
            code=error.code, error=error.message, details=details, clientID=str(named) if named else None,
            conversationID=number,
        ))  # fmt: skip


def read(raw: str | None) -> tuple[Envelope, Any]:
    """A frame as what it says it is."""
    if raw is None:
        raise Invalid.of("frame", "Expected a text frame, not a binary one")
    if len(raw) > LONGEST:
        raise TooLarge
    body = raw.encode()
    envelope: Envelope = parse(body, Envelope)
    if envelope.type not in KINDS:
        raise Invalid.of("type", f"Expected one of {', '.join(KINDS)}")
    kind = KINDS[envelope.type]
    return envelope, parse(body, kind) if kind else None
