"""Long work told in lines: asked for as NDJSON, and the same answer as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import get, post

from iayos.app import create_app
from iayos.core.db import Database
from iayos.core.errors import Conflict
from iayos.core.outbox import later
from iayos.settings import Settings
from iayos.web import progress
from iayos.web.auth import signed_in
from iayos.web.docs import answers
from iayos.web.progress import InProgress
from iayos.web.tx import OwnTx
from tests import make
from tests.conftest import free_port, serving

LINES = {"Accept": "application/x-ndjson"}


class TooLate(Conflict):
    code, message = "TOO_LATE", "That was too late."


class Slow:
    """A service with work that takes as long as a test lets it."""

    def __init__(self, url: str, cookie: str) -> None:
        self.go = asyncio.Event()
        self.ended: list[str] = []
        self.headers = {"Cookie": f"session_id={cookie}"} | LINES
        self.url = url

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=self.headers, trust_env=False, timeout=10)


@pytest.fixture
async def slow(settings: Settings, db: Database) -> AsyncIterator[Slow]:
    port = free_port()
    it = Slow(f"http://127.0.0.1:{port}", (await make.account(db, "CLIENT")).cookie)

    @post("/api/slow", guards=[signed_in], status_code=200)
    async def work(db: OwnTx, progress: InProgress) -> dict[str, int]:
        progress.begin("Counting to three", 3)
        try:
            for number in progress.through([1, 2, 3]):
                async with db.transaction() as tx:
                    await later(tx, "tests.step", number=number)
                    if number == 2:
                        await it.go.wait()
            it.ended.append("done")
        except asyncio.CancelledError:
            it.ended.append("stopped")
            raise
        return {"counted": 3}

    @get("/api/refused", opt=answers(TooLate))
    async def refused(progress: InProgress) -> None:
        progress.begin("Thinking")
        await it.go.wait()
        raise TooLate(seconds=3)

    app = create_app(settings)
    app.register(work)
    app.register(refused)
    async with serving(app, port):
        yield it
        it.go.set()


async def lines_of(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        yield json.loads(line)


async def test_lines_tell_how_far_it_is_and_last_the_answer(slow: Slow) -> None:
    async with slow.http() as http, http.stream("POST", "/api/slow") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        lines = lines_of(answer)
        assert await anext(lines) == {"done": 1, "of": 3, "what": "Counting to three"}
        slow.go.set()
        rest = [line async for line in lines]
    assert rest[-1] == {"result": {"counted": 3}}
    assert answer.headers["cache-control"] == "no-store"


async def test_the_same_work_as_json(slow: Slow) -> None:
    slow.go.set()
    async with slow.http() as http:
        plain = await http.post("/api/slow", headers={"Accept": "application/json"})
        quick = await http.post("/api/slow")
    assert (plain.headers["content-type"], plain.json()) == ("application/json", {"counted": 3})
    assert quick.text.splitlines()[-1] == '{"result":{"counted":3}}'


async def test_a_refusal_in_the_middle_is_the_last_line(slow: Slow) -> None:
    async with slow.http() as http, http.stream("GET", "/api/refused") as answer:
        lines = lines_of(answer)
        assert await anext(lines) == {"done": 0, "of": None, "what": "Thinking"}
        slow.go.set()
        (last,) = [line async for line in lines]
    assert (last["status"], last["error"]["code"], last["error"]["error"]) == (409, "TOO_LATE", "That was too late.")
    assert last["error"]["details"]["seconds"] == 3
    assert last["error"]["details"]["requestID"] == answer.headers["x-request-id"]


async def test_a_refusal_at_the_door_keeps_its_status(slow: Slow) -> None:
    slow.go.set()
    async with slow.http() as http:
        late = await http.get("/api/refused")
        stranger = await http.post("/api/slow", headers={"Cookie": ""})
    assert (late.status_code, late.json()["code"]) == (409, "TOO_LATE")
    assert (stranger.status_code, stranger.json()["code"]) == (401, "AUTH_REQUIRED")


async def test_whoever_hangs_up_ends_the_work_between_two_steps(slow: Slow, db: Database) -> None:
    async with slow.http() as http, http.stream("POST", "/api/slow") as answer:
        await anext(lines_of(answer))
    for _ in range(500):
        if slow.ended:
            break
        await asyncio.sleep(0.01)
    assert slow.ended == ["stopped"]
    assert await db.pool.fetchval("SELECT count(*) FROM outbox WHERE task = 'tests.step'") == 1  # the first stays


async def test_a_sign_of_life_while_nothing_new_is_known(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "ALIVE_S", 0.2)
    async with slow.http() as http, http.stream("GET", "/api/refused") as answer:
        lines = lines_of(answer)
        assert await anext(lines) == await anext(lines)


async def test_with_a_key_the_answer_is_kept_whole(slow: Slow) -> None:
    slow.go.set()
    async with slow.http() as http:
        first = await http.post("/api/slow", headers={"Idempotency-Key": "one"})
        again = await http.post("/api/slow", headers={"Idempotency-Key": "one"})
    assert (again.text, again.headers["idempotent-replayed"]) == (first.text, "true")
    assert slow.ended == ["done"]
