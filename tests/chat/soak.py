"""Many clients write into many conversations while their connections drop at random.

Each client keeps what a phone keeps: the last number of each conversation, and what it has no `ack` for. After a break it
connects to any of the servers, resumes, and sends again what is open. What it sees must be 1, 2, 3 … in each conversation.
Only a machine that takes longer than half a second to send its `resume` may see a live message before the answer; like a
phone, it leaves that one aside (`early`), and the answer must bring it.
"""

import asyncio
import json
import random
import time
from collections import deque
from typing import Any
from uuid import UUID

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

WINDOW = 20
"""Messages of one client on their way."""


class Load(msgspec.Struct, frozen=True):
    """What is to be done."""

    urls: list[str]
    """Where servers listen, `ws://…`."""
    drop_after: tuple[int, int]
    """A connection drops after so many frames, at random; (0, 0) never."""
    seed: int = 7


class Outcome(msgspec.Struct):
    """What came of it."""

    drops: int = 0
    delivered: int = 0
    repeated: int = 0
    """Messages sent again after a break."""
    faults: list[str] = []
    seconds: float = 0.0
    early: int = 0
    slow: int = 0
    """Times that a server said 4408."""


class Client:
    """One account with one socket for everything."""

    def __init__(
        self, load: Load, cookie: str, conversations: list[int], count: int, outcome: Outcome, number: int
    ) -> None:
        self.load, self.cookie, self.outcome = load, cookie, outcome
        self.random = random.Random(load.seed * 1000 + number)
        self.last = dict.fromkeys(conversations, 0)
        self.todo = deque(
            (self.random.choice(conversations), str(UUID(int=self.random.getrandbits(128), version=4)))
            for _ in range(count)
        )
        self.open: dict[str, int] = {}
        self.resumed: set[int] = set()
        self.finished = asyncio.Event()
        """Everything is acknowledged."""

    async def run(self) -> None:
        """Until cancelled, over any number of connections."""
        while True:
            url = self.random.choice(self.load.urls)
            try:
                async with connect(
                    f"{url}/ws/", additional_headers={"Cookie": f"session_id={self.cookie}"}, compression=None, proxy=None,
                    max_queue=1024,
                ) as ws:  # fmt: skip
                    await self.live(ws)
            except ConnectionClosed as closed:
                self.outcome.slow += closed.rcvd is not None and closed.rcvd.code == 4408
            except (OSError, InvalidHandshake):
                await asyncio.sleep(0.1)

    async def live(self, ws: ClientConnection) -> None:
        """One connection, from resume to its end."""
        self.resumed.clear()
        for number, seq in self.last.items():
            await ws.send(json.dumps({"type": "resume", "conversationID": number, "after": seq}))
        for name, number in list(self.open.items()):
            self.outcome.repeated += 1
            await self.write(ws, number, name)
        await self.fill(ws)
        left = self.random.randint(*self.load.drop_after) or -1
        async for raw in ws:
            self.take(json.loads(raw))
            await self.fill(ws)
            left -= 1
            if left == 0:
                self.outcome.drops += 1
                ws.transport.abort()

    async def fill(self, ws: ClientConnection) -> None:
        while self.todo and len(self.open) < WINDOW:
            number, name = self.todo.popleft()
            self.open[name] = number
            await self.write(ws, number, name)
        if not self.todo and not self.open:
            self.finished.set()

    async def write(self, ws: ClientConnection, number: int, name: str) -> None:
        await ws.send(json.dumps({"message": f"message {name}", "clientID": name, "conversationID": number}))

    def take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ack":
            self.open.pop(frame["clientID"], None)
        elif frame["type"] == "chat_message":
            number, seq = frame["conversationID"], frame["seq"]
            if seq > self.last[number] + 1 and number not in self.resumed:
                self.outcome.early += 1
                return
            if seq != self.last[number] + 1:
                self.outcome.faults.append(f"conversation {number}: {seq} after {self.last[number]}")
            self.last[number] = max(seq, self.last[number])
            self.outcome.delivered += 1
        elif frame["type"] == "resumed":
            self.resumed.add(frame["conversationID"])
            if frame["to"] != self.last[frame["conversationID"]]:
                self.outcome.faults.append(f"resumed {frame} at {self.last[frame['conversationID']]}")
        elif frame["type"] == "error":
            self.outcome.faults.append(f"error {frame['code']}: {frame['error']}")


async def run(load: Load, people: list[tuple[str, list[int]]], each: int, *, within: float = 120) -> Outcome:
    """`people` (cookie, conversations) write `each` messages; when this ends, all have everything."""
    outcome = Outcome()
    clients = [Client(load, cookie, mine, each, outcome, number) for number, (cookie, mine) in enumerate(people)]
    wanted: dict[int, int] = {}
    for client in clients:
        for number, _ in client.todo:
            wanted[number] = wanted.get(number, 0) + 1
    begun = time.perf_counter()
    running = [asyncio.create_task(client.run()) for client in clients]
    try:
        async with asyncio.timeout(within):
            while not all(complete(client, wanted) for client in clients):
                if stopped := [task for task in running if task.done()]:
                    stopped[0].result()
                await asyncio.sleep(0.02)
    except TimeoutError:
        for number, client in enumerate(clients):
            short = {one: (seq, wanted.get(one, 0)) for one, seq in client.last.items() if seq < wanted.get(one, 0)}
            outcome.faults.append(f"client {number} lacks {short}, {len(client.open)} open, {len(client.todo)} to do")
    finally:
        outcome.seconds = time.perf_counter() - begun
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return outcome


def complete(client: Client, wanted: dict[int, int]) -> bool:
    """Has it sent all of its own and got all of everybody's?"""
    return client.finished.is_set() and all(seq >= wanted.get(number, 0) for number, seq in client.last.items())


def share(cookies: list[str], ids: list[int], pairs: list[tuple[int, int]]) -> list[tuple[str, list[int]]]:
    """Who takes part in what: `pairs` are the places of the two in `cookies`, for each conversation."""
    return [
        (cookie, [number for number, pair in zip(ids, pairs, strict=True) if place in pair])
        for place, cookie in enumerate(cookies)
    ]
