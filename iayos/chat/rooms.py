"""A room, a socket's place in it, and the line that a person holds to all of hers.

A place is either live (frames come as they are handed out) or behind: then it reads from the database, a page at a time, no
faster than its reader reads, until it has caught up. Whoever has just connected counts as behind for a moment, so that a
`resume` sent at once gets everything in order, what happened meanwhile included.
"""

import asyncio
from typing import Final

import msgspec

from iayos.chat import queries
from iayos.chat.models import Message
from iayos.chat.schemas import MessageOut, Resumed
from iayos.core.db import Reads
from iayos.core.principal import Principal
from iayos.web.sockets import Socket

PAGE: Final = 100
RESUME_WITHIN_S: Final = 0.5
encode = msgspec.json.encode


class Room:
    """A conversation that somebody here has open. `seq` is the last number handed out, None until it is known."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.seq: int | None = None
        self.wanted = 0
        self.pumping = False
        self.places: dict[Line, Place] = {}
        self.participants: set[int] = set()
        self.online: set[int] = set()

    @property
    def lacks(self) -> bool:
        """Has something been told of that was not handed out?"""
        return self.seq is not None and self.wanted > self.seq

    def hand_out(self, seq: int, frame: str) -> None:
        """A message to everybody who is live; the others come upon it by reading."""
        self.seq = seq
        for place in list(self.places.values()):
            if place.behind:
                place.line.socket.wake()
            elif seq > place.sent:
                place.sent = seq
                place.line.socket.offer(frame)

    def tell(self, frame: msgspec.Struct, *, but: int | None = None) -> None:
        """Something passing to everybody, but for the sockets of one account."""
        encoded = encode(frame).decode()
        for line in list(self.places):
            if line.me.account_id != but:
                line.socket.offer(encoded)


class Place:
    """A line in a room. Everything up to `sent` has been sent, or was there before the line."""

    def __init__(self, room: Room, line: "Line") -> None:
        self.room, self.line = room, line
        self.sent = 0
        self.seated = False
        self.behind = True
        self.held = line.holding
        self.resume_from: int | None = None
        self.turn = 0
        self.typed_at = 0.0

    @property
    def reads(self) -> bool:
        """Is it to read from the database now?"""
        return self.behind and self.seated and not self.held

    def sit(self, seq: int) -> None:
        """Nothing up to here is new, unless it has asked to resume."""
        self.seated = True
        if self.resume_from is None:
            self.sent = seq
        self.line.socket.wake()

    def resume(self, after: int) -> None:
        """Start again from there."""
        self.sent, self.resume_from, self.turn = after, after + 1, self.turn + 1
        self.behind, self.held = True, False
        self.line.socket.wake()


class Line:
    """A person's socket with its places: in one conversation, or in all of hers."""

    def __init__(self, reads: Reads, socket: Socket, me: Principal, *, only: int | None) -> None:
        self.reads, self.socket, self.me, self.only = reads, socket, me, only
        self.places: dict[int, Place] = {}
        self.holding = True
        self._timer = asyncio.get_running_loop().call_later(RESUME_WITHIN_S, self.release)

    def offer(self, frame: msgspec.Struct) -> None:
        """Send this when its turn comes."""
        self.socket.offer(encode(frame).decode())

    def pause(self) -> None:
        """A frame is being served, and may be a resume: nothing goes live meanwhile that was not."""
        self._timer.cancel()

    def hold(self) -> None:
        """Wait anew for a resume, unless all is live already."""
        if self.holding:
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(RESUME_WITHIN_S, self.release)

    def release(self) -> None:
        """All places that were held for a resume go live."""
        self.holding = False
        self._timer.cancel()
        for place in self.places.values():
            place.held = False
        self.socket.wake()

    async def catch_up(self) -> bool:
        """Send one page to each place that is behind; was there any?"""
        behind = [place for place in self.places.values() if place.reads]
        for place in behind:
            await self._send_page(place)
        return bool(behind)

    async def _send_page(self, place: Place) -> None:
        turn, rows = place.turn, list[Message]()
        if place.resume_from is not None or place.sent < (place.room.seq or 0):
            rows = await queries.messages_after(self.reads, place.room.id, place.sent, limit=PAGE)
        for row in rows:
            if place.turn != turn:  # it asked anew meanwhile
                return
            place.sent = row.seq
            await self.socket.send(encode(MessageOut.of(row)).decode())
        if place.turn == turn and len(rows) < PAGE and place.sent >= (place.room.seq or 0):
            begun, place.behind, place.resume_from = place.resume_from, False, None
            if begun is not None:
                done = Resumed(from_=begun, to=place.sent, conversationID=place.room.id)
                await self.socket.send(encode(done).decode())
