"""Several server processes on one database; one of them is killed in the middle."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import msgspec
import pytest

from iayos.settings import Settings
from tests import make
from tests.chat.conftest import Chat, Pair, eventually


@asynccontextmanager
async def process(settings: Settings, port: int = 0, **changed: str) -> AsyncIterator[tuple[str, Process]]:
    """Another API process on the same database, as `iayos serve` starts it."""
    with socket.create_server(("127.0.0.1", port)) as sock:
        port = sock.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        given = msgspec.to_builtins(msgspec.structs.replace(settings, public_url=url, **changed))
        own = {f"IAYOS_{name.upper()}": str(value) for name, value in given.items() if value not in {"", None}}
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.host.api", str(sock.fileno()), pass_fds=[sock.fileno()],
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **own}, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
            assert (await http.get("/ready")).status_code == 200
        yield url, running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await asyncio.wait_for(running.wait(), 20)


async def test_two_processes_are_one_conversation(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    async with (
        process(settings) as (url, _), chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair, url=url) as ben,
        chat.phone(pair.worker, url=url) as all_of_ben,
    ):  # fmt: skip
        assert (await ana.next("presence"))["accountID"] == pair.worker.account_id
        assert (await ben.next("presence"))["accountID"] == pair.client.account_id
        assert (await ana.say("from here"))["seq"] == 1
        assert (await ben.say("from there"))["seq"] == 2
        for phone in (ana, ben, all_of_ben):
            await phone.until("chat_message", seq=2)
            assert phone.seqs() == [1, 2]
        await ana.send(type="typing")
        assert (await ben.next("typing"))["accountID"] == pair.client.account_id
        await ana.send(type="read", seq=2)
        assert (await ben.next("read"))["seq"] == 2
        await all_of_ben.until("notification")
        assert (await chat.as_(pair.worker).post("/api/accounts/logout")).status_code == 200
        codes = await asyncio.wait_for(asyncio.gather(ben.close_code(), all_of_ben.close_code()), 1)
        assert set(codes) == {4401}
        assert (await ana.until("presence", online=False))["accountID"] == pair.worker.account_id


async def test_one_client_id_on_two_processes_at_once_is_one_message(chat: Chat, settings: Settings) -> None:
    pair, name = await chat.pair(), str(uuid4())
    async with (
        process(settings) as (url, _),
        chat.phone(pair.client, pair) as one,
        chat.phone(pair.client, pair, url=url) as two,
    ):
        acks = await asyncio.gather(one.say("Once", name), two.say("Once", name))
    assert acks[0] == acks[1]
    assert await chat.stored(pair) == [(1, "Once")]


async def test_a_process_killed_in_the_middle_loses_nothing(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    acked: list[int] = []
    async with chat.phone(pair.client, pair) as ana:
        async with process(settings) as (url, running), chat.phone(pair.worker, pair, url=url) as ben:
            port = int(url.rpartition(":")[2])
            names = [str(uuid4()) for _ in range(300)]
            for name in names:
                await ben.send(message=name, clientID=name)
            while len(acked) < 40:
                acked.append((await ben.next("ack"))["seq"])
            running.kill()
            await ben.close_code()
        async with process(settings, port) as (url, _), chat.phone(pair.worker, pair, url=url) as ben:
            await ben.resume(0)
            for name in names:  # the phone repeats what it has no answer for; here simply everything
                await ben.send(message=name, clientID=name)
            for name in names:
                await ben.until("ack", clientID=name)
            await ben.until("chat_message", seq=300)
            await ana.until("chat_message", seq=300)
            stored = await chat.stored(pair)
            assert [seq for seq, _ in stored] == list(range(1, 301))
            assert sorted(text for _, text in stored) == sorted(names)
            assert ana.seqs() == ben.seqs() == list(range(1, 301))
            assert acked == list(range(1, 41))


async def test_who_was_on_a_killed_process_is_seen_to_be_gone(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana:
        async with process(settings) as (url, running), chat.phone(pair.worker, pair, url=url) as ben:
            await ana.next("presence", online=True)
            running.kill()
            await ben.close_code()
        gone = await ana.next("presence", online=False)
    assert gone["accountID"] == pair.worker.account_id


async def test_twenty_messages_in_ten_seconds(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    other = await chat.pair(client=pair.client)
    async with process(settings, rate_limits="on") as (url, _), chat.phone(pair.client, pair, url=url) as ana:
        for number in range(12):
            await ana.send(message=str(number))
        async with chat.phone(pair.client, other, url=url) as second:  # the account counts, not the socket
            for _ in range(8):
                await second.say("more")
            await ana.until("chat_message", seq=12)
            name = str(uuid4())
            await second.send(message="one too many", clientID=name)
            refused = await second.next("error")
        assert (refused["code"], refused["clientID"]) == ("RATE_LIMITED", name)
        assert 1 <= refused["details"]["retryAfter"] <= 10
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            late = await make.as_(http, pair.client).post(f"{pair.path}/messages", {"message": "one too many"})
            assert (late.status_code, late.json()["code"]) == (429, "RATE_LIMITED")
            assert int(late.headers["Retry-After"]) <= 10
        await ana.quiet()  # other frames are still served


@pytest.mark.parametrize("everything", [True, False])
async def test_a_slow_reader_is_disconnected_and_resumes(chat: Chat, everything: bool) -> None:
    pair = await chat.pair()
    where = None if everything else pair
    with socket.socket() as narrow:  # so that its own kernel buffers little
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", int(chat.url.rpartition(":")[2])))
        async with (
            chat.phone(pair.worker, where, sock=narrow, max_queue=1) as slow,
            chat.phone(pair.worker, pair) as quick,
        ):
            await asyncio.sleep(0.4)  # live from now on
            sent = await flood(chat, pair)
            await quick.until("chat_message", seq=sent)
            assert quick.seqs() == list(range(1, sent + 1))  # nobody waited for the slow one
            assert await slow.close_code() == 4408
            got = slow.seqs()
            assert got == list(range(1, len(got) + 1))
            assert len(got) < sent
    async with chat.phone(pair.worker, pair) as again:
        done = await again.resume(len(got))
    assert again.seqs() == list(range(len(got) + 1, sent + 1))
    assert done["to"] == sent


async def flood(chat: Chat, pair: Pair) -> int:
    """More than a reader's buffers hold."""
    async with chat.phone(pair.client, pair) as ana:
        for number in range(1, 1200):
            await ana.send(message="x" * 4000)
            if number % 20 == 0:
                await ana.until("ack", seq=number)
        await ana.until("ack", seq=1199)
    return 1199


async def test_a_process_that_stops_says_goodbye(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    async with process(settings) as (url, running), chat.phone(pair.client, pair, url=url) as ana:
        await ana.quiet()
        running.send_signal(signal.SIGTERM)
        assert await ana.close_code() == 1012

        async def ended() -> bool:
            return running.returncode is not None

        await eventually(ended)
        assert running.returncode == 0
