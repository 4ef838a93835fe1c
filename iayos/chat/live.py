"""The open sockets of this process and the conversations that they are in.

Each conversation that somebody here has open is a room. A wake-up names a conversation and a number; the room reads what it
lacks once and hands it to every socket in it. So a lost or late wake-up delays and never loses, and one from another process
is served like one from here. A watch looks once a second at what no wake-up may decide alone: sessions that ended.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
import msgspec
import structlog

from iayos.accounts.queries import live_sessions
from iayos.chat import notices, presence, queries
from iayos.chat.models import Message
from iayos.chat.rooms import Line, Place, Room
from iayos.chat.schemas import MessageOut, Notice, Presence, Read, Typing
from iayos.core.db import Database
from iayos.settings import Settings
from iayos.web.bus import Bus, Word
from iayos.web.sockets import NOT_SIGNED_IN, NOT_YOURS

PAGE: Final = 100
WATCH_S: Final = 0.8
"""Sessions are looked at this often, so that an end that nobody told of is noticed within a second."""
RECOUNT_EVERY: Final = 6
"""Every so many looks, last numbers and presence are compared too."""
FIRST_CONNECT_S: Final = 15.0
LOST: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
log = structlog.get_logger(__name__)
encode = msgspec.json.encode


class Live:
    """Who is connected here, and to what."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db, self.settings = db, settings
        self.rooms: dict[int, Room] = {}
        self.lines: set[Line] = set()
        self.by_account: defaultdict[int, set[Line]] = defaultdict(set)
        self._of_person: defaultdict[int, set[int]] = defaultdict(set)
        self._here: Counter[tuple[int, int]] = Counter()
        self._process_id = 0
        self._last_notice = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen and watch while the block runs."""
        bus = Bus(self.db, hear=self._hear, connected=self._connected)
        ready = asyncio.Event()
        self._start(bus.listen(ready))
        self._start(self._watch())
        try:
            async with asyncio.timeout(FIRST_CONNECT_S):
                await ready.wait()
                tried = asyncio.Event()
                self._start(bus.listen_beside(tried, again=self._missed))
                await tried.wait()
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            with suppress(*LOST):
                await presence.forget(self.db, self._process_id)

    # ── lines and rooms ──────────────────────────────────────────────────────────────────────────────────────────────

    async def enter(self, line: Line) -> None:
        """A socket is open."""
        self.lines.add(line)
        self.by_account[line.me.account_id].add(line)
        key = (line.me.account_id, line.only or presence.EVERYWHERE)
        self._here[key] += 1
        if self._here[key] == 1:
            await presence.arrive(self.db, self._process_id, key)

    async def leave(self, line: Line) -> None:
        """It is closed."""
        self.lines.discard(line)
        self.by_account[line.me.account_id].discard(line)
        if not self.by_account[line.me.account_id]:
            del self.by_account[line.me.account_id]
        for place in list(line.places.values()):
            self.drop(place)
        key = (line.me.account_id, line.only or presence.EVERYWHERE)
        self._here[key] -= 1
        if not self._here[key]:
            del self._here[key]
            with suppress(*LOST):  # then the watch of another process notices
                await presence.depart(self.db, self._process_id, key)

    async def join(self, line: Line, ids: Collection[int]) -> None:
        """Put the line into those of these conversations in which its account takes part."""
        fresh = [number for number in ids if number not in line.places]
        for number in fresh:  # first of all, so that nothing told meanwhile is missed
            room = self.rooms.setdefault(number, Room(number))
            line.places[number] = room.places[line] = Place(room, line)
        found: dict[int, queries.State] = {}
        try:
            found = {state.id: state for state in await queries.states(self.db.reads, line.me.account_id, fresh)}
        finally:
            for number in fresh:
                place = line.places.get(number)
                if place is not None and number not in found:
                    self.drop(place)
        for number in fresh:
            if number in line.places:
                self._seat(line.places[number], found[number])

    def drop(self, place: Place) -> None:
        """A place is given up, and the room with its last one."""
        room = place.room
        place.line.places.pop(room.id, None)
        room.places.pop(place.line, None)
        if not room.places:
            self.rooms.pop(room.id, None)
            for account_id in room.participants:
                self._of_person[account_id].discard(room.id)
                if not self._of_person[account_id]:
                    del self._of_person[account_id]

    def _seat(self, place: Place, state: queries.State) -> None:
        room = place.room
        if room.seq is None:
            room.seq = state.last_seq
            self._people(room, state.participants)
            room.online = set(state.online)
        place.sit(state.last_seq)
        for account_id in sorted(room.online - {place.line.me.account_id}):
            place.line.offer(Presence(accountID=account_id, online=True, conversationID=room.id))
        self._pump(room)

    def _people(self, room: Room, account_ids: Iterable[int]) -> None:
        for account_id in room.participants:
            self._of_person[account_id].discard(room.id)
        room.participants = set(account_ids)
        for account_id in room.participants:
            self._of_person[account_id].add(room.id)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def told(self, message: Message) -> None:
        """A message that this process has just stored: no need to wait for its wake-up, nor to read it again."""
        room = self.rooms.get(message.conversation_id)
        if room is None:
            return
        if room.seq is not None and message.seq == room.seq + 1:
            room.hand_out(message.seq, encode(MessageOut.of(message)).decode())
        else:
            self._wanted(room, message.seq)

    def _wanted(self, room: Room, seq: int) -> None:
        room.wanted = max(room.wanted, seq)
        self._pump(room)

    def _pump(self, room: Room) -> None:
        if room.lacks and not room.pumping:
            room.pumping = True
            self._start(self._read(room))

    async def _read(self, room: Room) -> None:
        """Read what the room lacks until it lacks nothing."""
        try:
            while room.lacks and room.places:
                try:
                    await self._read_page(room)
                except LOST as error:
                    log.warning("messages wait for the database", error=type(error).__name__)
                    await asyncio.sleep(WATCH_S)
        finally:
            room.pumping = False

    async def _read_page(self, room: Room) -> None:
        asked = room.wanted
        rows = await queries.messages_after(self.db.reads, room.id, room.seq or 0, limit=PAGE)
        for row in rows:
            if row.seq > (room.seq or 0):
                room.hand_out(row.seq, encode(MessageOut.of(row)).decode())
        if not rows and room.wanted == asked:
            room.wanted = room.seq or 0

    # ── what the bus says ────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, word: Word) -> None:
        room = self.rooms.get(word.get("conversation", 0))
        match word:
            case {"kind": "message" | "typing" | "read"}:
                if room is not None:
                    self._hear_in(room, word)
            case {"kind": "presence", "account": account_id, "online": online}:
                self._shown(account_id, online=online)
            case {"kind": "session", "session": session_id}:
                self._end(line for line in self.lines if line.me.session_id == session_id)
            case {"kind": "suspension", "account": account_id}:
                self._end(self.by_account.get(account_id, ()))
            case {"kind": "joined" | "left", "conversation": number, "account": account_id}:
                if room is not None or account_id in self.by_account:
                    self._start(self._changed(number, account_id))
            case {"kind": "notices", "notices": pairs}:
                ids = [notice_id for account_id, notice_id in pairs if account_id in self.by_account]
                if ids:
                    self._start(self._bring_notices(ids))

    def _hear_in(self, room: Room, word: Word) -> None:
        match word:
            case {"kind": "message", "seq": seq}:
                self._wanted(room, seq)
            case {"kind": "typing", "account": account_id}:
                room.tell(Typing(accountID=account_id, conversationID=room.id), but=account_id)
            case {"kind": "read", "account": account_id, "seq": seq}:
                room.tell(Read(accountID=account_id, seq=seq, conversationID=room.id))

    def _end(self, lines: Iterable[Line]) -> None:
        for line in list(lines):
            line.socket.end(NOT_SIGNED_IN, "the sign-in has ended")

    def _shown(self, account_id: int, *, online: bool) -> None:
        for number in list(self._of_person.get(account_id, ())):
            room = self.rooms[number]
            if (account_id in room.online) == online:
                continue
            (room.online.add if online else room.online.discard)(account_id)
            room.tell(Presence(accountID=account_id, online=online, conversationID=number), but=account_id)

    async def _changed(self, number: int, account_id: int) -> None:
        """Somebody entered a conversation or left it."""
        people = {row[0] for row in await self.db.reads.all(queries.PARTICIPANTS, conversation_id=number)}
        if room := self.rooms.get(number):
            self._people(room, people)
        for line in list(self.by_account.get(account_id, ())):
            if account_id in people and line.only is None:
                await self.join(line, [number])
            elif account_id not in people and line.only == number:
                line.socket.end(NOT_YOURS, "no longer a participant")
            elif account_id not in people and number in line.places:
                self.drop(line.places[number])

    async def _bring_notices(self, ids: list[int]) -> None:
        for row in await notices.these(self.db.reads, ids):
            self._last_notice = max(self._last_notice, row.id)
            self._show_notice(row)

    def _show_notice(self, row: Any) -> None:
        shown = Notice(
            event=row.type, notificationID=row.id, title=row.title, body=row.body, data=row.data,
            isRead=row.read_at is not None, createdAt=row.created_at,
        )  # fmt: skip
        for line in self.by_account.get(row.account_id, ()):
            if line.only is None:
                line.offer(shown)

    # ── nets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _connected(self, backend: int) -> None:
        """Listening (again): everything that was missed is read."""
        before, self._process_id = self._process_id, backend
        if before:
            await presence.forget(self.db, before)
            if self.by_account and self._last_notice:
                for row in await notices.later_than(self.db.reads, self._last_notice, list(self.by_account)):
                    self._last_notice = row.id
                    self._show_notice(row)
        self._last_notice = max(self._last_notice, await notices.newest_id(self.db.reads))
        await self._recount()

    async def _missed(self) -> None:
        """Words may have been lost until now."""
        try:
            await self._recount()
        except LOST as error:
            log.warning("what was missed is looked for later", error=type(error).__name__)

    async def _watch(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(WATCH_S)
            looks += 1
            try:
                await self._end_over()
                if looks % RECOUNT_EVERY == 0:
                    await self._recount()
            except LOST as error:
                log.warning("nobody can be looked after", error=type(error).__name__)

    async def _end_over(self) -> None:
        sessions = {line.me.session_id for line in self.lines}
        if sessions:
            alive = await live_sessions(self.db.reads, sessions)
            self._end(line for line in self.lines if line.me.session_id in sessions - alive)

    async def _recount(self) -> None:
        """Compare with the database what wake-ups have told: last numbers, and who is online."""
        await presence.renew(self.db, self._process_id, list(self._here))
        if not self.rooms:
            return
        for number, last_seq in await self.db.reads.all(queries.LAST_SEQS, ids=list(self.rooms)):
            if (room := self.rooms.get(number)) and room.seq is not None and last_seq > room.seq:
                self._wanted(room, last_seq)
        people = list(self._of_person)
        online = await presence.online(self.db.reads, people)
        for account_id in people:
            self._shown(account_id, online=account_id in online)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            log.error("live work failed", exc_info=fault)
