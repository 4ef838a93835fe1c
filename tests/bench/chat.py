"""`python -m tests.bench.chat`: 10 clients write 20,000 messages into 50 conversations while their connections drop.

Exit 0 only if none was lost, none came twice, and every number came in order, on every client and on disk.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from iayos.core import migrate
from iayos.core.db import Database
from iayos.core.embedded import Embedded
from iayos.settings import Settings
from tests import make
from tests.chat import soak
from tests.chat.conftest import Chat, Pair
from tests.chat.test_processes import process

CLIENTS = 10


def options() -> argparse.Namespace:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chat", description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--conversations", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--drop-after", type=int, nargs=2, default=(100, 1500), metavar=("FROM", "TO"), help="0 0: never"
    )
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


async def measure(asked: argparse.Namespace, database_url: str) -> bool:
    """Run it, say what came of it; was all well?"""
    settings = Settings(env="test", database_url=database_url, rate_limits="off", public_url="http://127.0.0.1:1")
    db = await Database.open(database_url)
    people = [await make.account(db, kind) for kind in ("CLIENT", "WORKER") * (CLIENTS // 2)]
    places = [(2 * (n % 5), 2 * ((n + n // 5) % 5) + 1) for n in range(asked.conversations)]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(process(settings)) for _ in range(asked.processes)]
        chat = Chat(None, db, servers[0][0])  # type: ignore[arg-type]
        pairs = [await chat.pair(people[client], people[worker]) for client, worker in places]
        shared = soak.share([one.cookie for one in people], [pair.id for pair in pairs], places)
        load = soak.Load([url.replace("http", "ws", 1) for url, _ in servers], tuple(asked.drop_after), asked.seed)
        outcome = await soak.run(load, shared, asked.messages // CLIENTS, within=900)
    faults = outcome.faults + await on_disk(chat, pairs, asked.messages)
    await db.close()
    print(  # noqa: T201 - what the command is for
        f"{asked.messages} messages, {outcome.delivered} deliveries in {outcome.seconds:.1f} s:"
        f" {asked.messages / outcome.seconds:.0f} messages/s, {outcome.delivered / outcome.seconds:.0f} deliveries/s;"
        f" {outcome.drops} drops, {outcome.repeated} sent again, {outcome.early} before a resume, {outcome.slow} times too slow;"
        f" {asked.processes} processes, {asked.conversations} conversations; {len(faults)} faults"
    )
    for fault in faults[:20]:
        print(" ", fault)  # noqa: T201
    return not faults


async def on_disk(chat: Chat, pairs: list[Pair], messages: int) -> list[str]:
    """What is wrong with the rows."""
    stored = [await chat.stored(pair) for pair in pairs]
    texts = [text for one in stored for _, text in one]
    faults = [f"{messages} were sent, {len(texts)} are stored"] if len(texts) != messages else []
    faults += ["a message is stored twice"] if len(set(texts)) != len(texts) else []
    return faults + [
        f"conversation {pair.id} has a gap" for pair, one in zip(pairs, stored, strict=True)
        if [seq for seq, _ in one] != list(range(1, len(one) + 1))
    ]  # fmt: skip


def main() -> int:
    """A database of its own, gone afterwards."""
    asked = options()
    with tempfile.TemporaryDirectory(prefix="iayos-bench-") as directory:
        server = Embedded.start(Path(directory) / "pg")
        try:
            migrate.upgrade(server.url)
            return 0 if asyncio.run(measure(asked, server.url)) else 1
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
