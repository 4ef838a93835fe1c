"""How fast is it? `just bench` measures four requests on one API process and prints them beside a bare handler.

The load comes from a process of its own over loopback. PostgreSQL, the API and the load share this machine, so the ratios to the
bare handler of the same run mean more than the numbers.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from iayos.core import migrate
from iayos.core.db import Database
from iayos.core.embedded import Embedded
from iayos.ledger.actions import post
from iayos.payments.verify import verify
from tests import make
from tests.bench.load import Load, Result, request, run
from tests.make import Someone

CONNECTIONS: Final = 16
SECONDS: Final = 5.0
TOKEN: Final = "callback-token-of-the-bench"
PAYERS, JOBS_EACH, LISTINGS = 40, 100, 500


class Case(msgspec.Struct, frozen=True):
    """One line of the table."""

    name: str
    requests: list[bytes]
    expected: int
    once: bool = False


@contextmanager
def api(url: str, log: Path) -> Iterator[int]:
    """One API process, as `iayos serve` starts it; its port."""
    env = os.environ | {
        "IAYOS_ENV": "test", "IAYOS_DATABASE_URL": url, "IAYOS_RATE_LIMITS": "off", "IAYOS_XENDIT_CALLBACK_TOKEN": TOKEN,
        "IAYOS_XENDIT_API_KEY": "unused", "IAYOS_XENDIT_URL": "http://127.0.0.1:9",
    }  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as sock, log.open("wb") as told:
        sock.set_inheritable(True)
        command = [sys.executable, "-m", "cli.host.api", str(sock.fileno())]
        child = subprocess.Popen(command, env=env, pass_fds=[sock.fileno()], stderr=told)
        try:
            yield int(sock.getsockname()[1])
        finally:
            child.terminate()
            child.wait(timeout=20)


async def furnished(db: Database) -> tuple[Someone, dict[int, Someone]]:
    """A worker who looks at listings, and accepted jobs of clients with money, by job."""
    worker = await make.account(db, "WORKER", trades=(1,))
    host = await make.account(db, "CLIENT")
    await asyncio.gather(*(make.job(db, client=host) for _ in range(LISTINGS)))
    payers = [await make.account(db, "CLIENT") for _ in range(PAYERS)]
    async with db.transaction() as tx:
        for payer in payers:
            await post(tx, f"filled:{payer.account_id}", ("xendit", f"wallet:{payer.account_id}", JOBS_EACH * 600_00))
    turns = [payer for _ in range(JOBS_EACH) for payer in payers]
    made = await asyncio.gather(*(make.job(db, client=payer, worker=worker) for payer in turns))
    jobs = {job.id: payer for job, payer in zip(made, turns, strict=True)}
    return worker, jobs


def cases(worker: Someone, jobs: dict[int, Someone]) -> list[Case]:
    """What is measured."""

    def pays(job_id: int, payer: Someone) -> bytes:
        body = {"jobID": job_id, "paymentMethod": "WALLET"}
        return request("POST", "/api/payments/create-escrow", {"Cookie": f"session_id={payer.cookie}"}, body)

    def tells(number: int) -> bytes:
        body = {"id": f"inv-{number}", "external_id": f"job-{number}-escrow-{number}", "status": "PAID", "amount": 525}
        headers = {"x-callback-token": TOKEN, "webhook-id": f"event-{number}"}
        return request("POST", "/api/payments/xendit-webhook", headers, body)

    page = request("GET", "/api/jobs?limit=20", {"Cookie": f"session_id={worker.cookie}"})
    return [
        Case("bare handler: GET /health", [request("GET", "/health", {})], 200),
        Case("a page of 20 jobs: GET /api/jobs", [page], 200),
        Case("a money step: escrow paid from a wallet", [pays(*one) for one in jobs.items()], 201, once=True),
        Case("webhook intake", [tells(number) for number in range(40_000)], 200, once=True),
    ]


def wait_until_ready(port: int) -> None:
    """Until the API answers, for 20 seconds at most."""
    for _ in range(200):
        asked = run(Load(port, [request("GET", "/ready", {})], 200, seconds=0, connections=1))
        if asked.waits:
            return
        time.sleep(0.1)
    raise SystemExit("the API did not start")


def measured(port: int, found: list[Case]) -> list[tuple[Case, Result]]:
    """Each case in its turn, after a short time to get warm."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def load(case: Case, seconds: float) -> Result:
            asked = Load(port, case.requests, case.expected, seconds, CONNECTIONS, once=case.once)
            return pool.submit(run, asked).result()

        results = []
        for case in found:
            if not case.once:
                load(case, 0.5)
            results.append((case, load(case, SECONDS)))
        return results


def shown(results: list[tuple[Case, Result]]) -> Table:
    """As people read it."""
    bare = results[0][1].rate
    table = Table(title=f"One API process, {CONNECTIONS} connections, {SECONDS:.0f} s each")
    for head in ("request", "per second", "of bare", "p50 ms", "p99 ms", "wrong"):
        table.add_column(head, justify="left" if head == "request" else "right")
    for case, result in results:
        table.add_row(
            case.name, f"{result.rate:,.0f}", f"{result.rate / bare:.0%}", f"{result.wait(50):.1f}", f"{result.wait(99):.1f}",
            str(result.wrong or "none"),
        )  # fmt: skip
    return table


async def prepared(url: str) -> list[Case]:
    """The cases, with what they need in the database."""
    db = await Database.open(url, size=8)
    try:
        return cases(*await furnished(db))
    finally:
        await db.close()


async def books(url: str) -> bool:
    """Are the books right after all this?"""
    db = await Database.open(url, size=1)
    try:
        return (await verify(db)).ok
    finally:
        await db.close()


def main() -> int:
    """Measure, print, and say whether every answer and the books were right."""
    with tempfile.TemporaryDirectory(prefix="iayos-bench-") as room, Embedded.start(Path(room) / "pg") as server:
        migrate.upgrade(server.url)
        found = asyncio.run(prepared(server.url))
        with api(server.url, Path(room) / "api.log") as port:
            wait_until_ready(port)
            results = measured(port, found)
        right = asyncio.run(books(server.url))
    Console(width=110).print(shown(results))
    sys.stdout.write(f"The books are {'right' if right else 'WRONG'}.\n")
    return 0 if right and not any(result.wrong for _, result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
