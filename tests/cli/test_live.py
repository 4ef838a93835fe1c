"""What moves on a terminal: bars of long work, and lists that are watched."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from iayos.core.db import Database
from iayos.ledger.actions import post
from tests.cli.conftest import Iayos
from tests.cli.terminal import Sit
from tests.cli.terminal import sit as sit  # noqa: PLC0414 - a fixture
from tests.kyc.conftest import Bench
from tests.kyc.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


@pytest.fixture
async def some_money(db: Database) -> None:
    async with db.transaction() as tx:
        await post(tx, "deposit:1", ("xendit", "wallet:7", 1234_50))
        await post(tx, "fee:1", ("wallet:7", "fees", 25_01))


class Speaking:
    """A server that says so many lines and then hangs up."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []
        self.kind = "application/x-ndjson"
        self.whole = False
        self.away = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if self.away:
            writer.close()
            return
        head = (
            f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {self.kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        writer.write(head.encode())
        for line in self.lines:
            body = json.dumps(line).encode() + b"\n"
            writer.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        if self.whole:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def speaking() -> AsyncIterator[tuple[Speaking, dict[str, str]]]:
    it = Speaking()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield it, {"IAYOS_URL": f"http://127.0.0.1:{port}", "IAYOS_TOKEN": "any"}
    server.close()
    await server.wait_closed()


STEP: dict[str, object] = {"done": 50, "of": 200, "what": "Comparing 412 invoices and 38 payouts with Xendit"}


async def test_a_bar_stays_above_the_answer(sit: Sit, signed_in: SignIn, some_money: None) -> None:
    await signed_in()
    terminal = sit("ledger", "verify")
    assert await terminal.ended() == 0
    counted, *_, sums, root = [line for line in terminal.lines() if line]
    assert counted.startswith("  2 postings in 2 journals ━━━━━━━━━━━━━━━━━━━━ 100 % 0:00:0")
    assert sums == "  held ₱0.00 · wallets ₱1,209.49 · clearing at Xendit ₱1,234.50"
    assert root.startswith("  ledger root ")
    assert len(max(terminal.lines(), key=len)) < 80


async def test_nobody_looks_and_there_is_no_bar(iayos: Iayos, signed_in: SignIn, some_money: None) -> None:
    await signed_in()
    for words in (["ledger", "verify"], ["audit", "verify"], ["xendit", "reconcile"]):
        said = await iayos(*words)
        assert (said.code, said.err) == (0, "")


async def test_a_server_that_dies_midway_is_1_and_says_what_holds(
    iayos: Iayos, sit: Sit, speaking: tuple[Speaking, dict[str, str]]
) -> None:
    it, env = speaking
    it.lines = [STEP]
    said = await iayos("xendit", "reconcile", **env)
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("went away while it was at work; what it had done stays done.\nTry:   the same again\n")
    terminal = sit("xendit", "reconcile", **env)
    assert await terminal.ended() == 1
    assert "with Xendit ━━╺━━━" in terminal.seen
    assert "25 %" in terminal.seen
    it.whole = True
    assert "went away without an answer" in (await iayos("xendit", "reconcile", **env)).err


@pytest.mark.parametrize(("status", "code", "exits"), [(503, "GATEWAY_UNAVAILABLE", 1), (403, "FORBIDDEN", 4)])
async def test_a_refusal_midway_has_its_exit_code(
    iayos: Iayos, speaking: tuple[Speaking, dict[str, str]], status: int, code: str, exits: int
) -> None:
    it, env = speaking
    body = {"error": "No.", "code": code, "details": {"requestID": "r1"}}
    it.lines, it.whole = [STEP, {"error": body, "status": status}], True
    said = await iayos("xendit", "replay", "--since", "24h", **env)
    assert (said.code, said.out) == (exits, "")
    assert f"No. [{code}]" in said.err


async def test_a_list_is_watched_until_ctrl_c(sit: Sit, signed_in: SignIn, bench: Bench) -> None:
    await signed_in()
    await bench.handed_in(await bench.person(first_name="Ben", last_name="Santos"))
    terminal = sit("kyc", "list", "--watch")
    await terminal.until(lambda seen: "Ben Santos" in seen and "1 case" in seen and "Ctrl-C leaves" in seen)
    assert not bold(terminal, "Ben Santos")
    await bench.handed_in(await bench.person(first_name="Dan", last_name="Cruz"))
    await terminal.until(lambda seen: "Dan Cruz" in seen and "2 cases" in seen)
    assert (bold(terminal, "Ben Santos"), bold(terminal, "Dan Cruz")) == (False, True)
    terminal.press("\x03")
    assert await terminal.ended() == 0
    assert terminal.seen.count("Dan Cruz") == 1  # in place, and left standing


def bold(terminal: object, words: str) -> bool:
    screen = terminal.drawn  # type: ignore[attr-defined]
    row = next(number for number, line in enumerate(screen.display) if words in line)
    return bool(screen.buffer[row][screen.display[row].index(words)].bold)


async def test_watching_goes_on_when_the_server_is_away_for_a_while(
    sit: Sit, speaking: tuple[Speaking, dict[str, str]]
) -> None:
    it, env = speaking
    it.kind, it.lines, it.whole = "application/json", [{"items": [], "nextCursor": None}], True
    terminal = sit("cash", "list", "--watch", **env)
    await terminal.until("0 proofs")
    it.away = True
    seen = await terminal.until("trying again")
    assert "0 proofs" in seen
    it.away = False
    await terminal.until(lambda seen: "trying again" not in seen and "every" in seen)
    terminal.press("\x03")
    assert await terminal.ended() == 0


@pytest.mark.parametrize("words", [["--watch"], ["--watch", "--json"]])
@pytest.mark.parametrize(
    "command",
    [
        "kyc list",
        "cash list",
        "disputes list",
        "xendit events",
        "xendit payouts",
        "xendit invoices",
        "users list",
        "jobs list",
        "stats",
        "audit list",
    ],
)
async def test_programs_do_not_watch(iayos: Iayos, command: str, words: list[str]) -> None:
    said = await iayos(*command.split(), *words)
    assert (said.code, said.out) == (2, "")
    assert "without --watch" in said.err
