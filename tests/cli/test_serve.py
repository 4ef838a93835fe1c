"""`iayos serve` as a process: what it counts and logs, and how it ends."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.conftest import Sandbox

DEPOSIT = "/api/accounts/wallet/deposit"


class Serving:
    """A process that serves, and what it said on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self.log = process, log

    async def until(self, look: Any, *, within: float = 20) -> Any:
        async with asyncio.timeout(within):
            while not (found := look()):
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.02)
            return found

    def lines(self) -> list[dict[str, Any]]:
        """Every line is one JSON object."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    async def url(self) -> str:
        """Where it serves, once it answers."""
        found = await self.until(lambda: self.log.exists() and self.log.read_text().partition("\n")[0])
        url: str = json.loads(found)["url"]
        await self.until(lambda: ready(url))
        return url

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 40)


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def environment(settings: Settings, **more: str) -> Mapping[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IAYOS_")}
    ours = {f"IAYOS_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items()}
    return clean | ours | {"IAYOS_DATABASE_POOL": "4"} | more


@contextmanager
def iayos(settings: Settings, log: Path, *words: str, **env: str) -> Iterator[Serving]:
    with log.open("wb") as told:
        command = [sys.executable, "-m", "cli.main", *words, "--port", "0"]
        with subprocess.Popen(command, env=environment(settings, **env), stderr=told) as process:
            try:
                yield Serving(process, log)
            finally:
                if process.poll() is None:
                    process.kill()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_stop_finishes_what_is_in_flight_closes_sockets_and_takes_nothing_new(
    http: httpx.AsyncClient, db: Database, settings: Settings, sandbox: Sandbox, tmp_path: Path, workers: str
) -> None:
    someone = await make.account(db, "CLIENT")
    cookie = {"Cookie": f"session_id={someone.cookie}"}
    slow = [{"match": "xendit.create_invoice", "kind": "delay:2", "times": 1}]
    assert (await sandbox.http.put("/_sandbox/faults", json=slow)).is_success
    with iayos(settings, tmp_path / "log", "serve", "--workers", workers) as serving:
        url = await serving.url()
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as other,
            connect(url.replace("http", "ws", 1) + "/ws/", additional_headers=cookie, proxy=None) as socket,
        ):
            paying = asyncio.create_task(other.post(DEPOSIT, json={"amount": 500}, headers=cookie))
            await serving.until(lambda: not sandbox.state.faults.all())  # it waits for Xendit now
            serving.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionClosed):
                    while True:
                        await socket.recv()
            assert socket.close_code == 1012
            await serving.until(lambda: not ready(url), within=5)
            assert not paying.done()
            answer = await paying
        assert answer.status_code == 201, answer.text
        assert await serving.ended() == 0, serving.log.read_text()
    said = serving.lines()
    assert all({"event", "level", "timestamp"} <= line.keys() for line in said)
    [request] = [line for line in said if line.get("path") == DEPOSIT]
    assert request["request_id"] == answer.headers["x-request-id"]
    assert request["status"] == 201
    assert not [line for line in said if line["level"] in {"error", "critical", "warning"}]
    status = await make.as_(http, someone).get(f"/api/payments/status/{answer.json()['transactionID']}")
    assert status.json()["status"] == "PENDING"


async def test_several_processes_on_one_port_count_together(
    http: httpx.AsyncClient, settings: Settings, tmp_path: Path
) -> None:
    with iayos(settings, tmp_path / "log", "serve", "--workers", "2", IAYOS_METRICS_TOKEN="t0ken") as serving:
        url = await serving.url()
        await serving.until(lambda: len(psutil.Process(serving.process.pid).children()) == 2)
        for _ in range(40):  # each on a connection of its own, so that both processes get some
            answer = httpx.get(f"{url}/health", trust_env=False)
            assert "server" not in answer.headers
        told = httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer t0ken"}, trust_env=False)
        assert 'iayos_http_requests_total{method="GET",route="/health",status="200"} 40.0' in told.text
        victim = psutil.Process(serving.process.pid).children()[0]
        victim.kill()
        await serving.until(lambda: "is started again" in serving.log.read_text())
        told = httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer t0ken"}, trust_env=False)
        assert 'iayos_http_requests_total{method="GET",route="/health",status="200"} 40.0' in told.text
        serving.process.send_signal(signal.SIGTERM)
        assert await serving.ended() == 0, serving.log.read_text()


async def test_a_runner_shows_its_health_and_its_metrics_when_asked_to(
    http: httpx.AsyncClient, settings: Settings, tmp_path: Path
) -> None:
    with iayos(settings, tmp_path / "log", "runner", IAYOS_METRICS_TOKEN="t0ken") as running:
        found = await running.until(lambda: running.log.exists() and running.log.read_text().partition("\n")[0])
        url = json.loads(found)["url"]
        await running.until(lambda: running.log.read_text().count("\n") > 1)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as other:
            assert (await other.get("/health")).json() == {"status": "ok"}
            refused = await other.get("/metrics")
            assert (refused.status_code, refused.json()["code"]) == (401, "AUTH_FAILED")
            told = await other.get("/metrics", headers={"Authorization": "Bearer t0ken"})
            assert "iayos_task_seconds" in told.text
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0, running.log.read_text()
    assert all({"event", "level", "timestamp"} <= line.keys() for line in running.lines())


@pytest.mark.parametrize(
    ("word", "env", "code", "words"),
    [
        ("serve", {"IAYOS_DATABASE_URL": "postgresql://x:s3cret@127.0.0.1:1/y"}, 1, "cannot be reached: 127.0.0.1:1/y"),
        ("runner", {"IAYOS_DATABASE_URL": "postgresql://x:s3cret@127.0.0.1:1/y"}, 1, "is it running?"),
        ("serve", {"IAYOS_DATABASE_URL": "postgresql:///y?host=/nowhere"}, 1, "cannot be reached: a local socket/y"),
        ("serve", {"IAYOS_DATABASE_URL": "s3cret"}, 2, "no address of a PostgreSQL"),
        ("runner", {"IAYOS_REDIS_URL": "redis://:s3cret@127.0.0.1:1/0"}, 1, "Redis cannot be reached: 127.0.0.1:1/0"),
        ("serve", {"IAYOS_REDIS_URL": "s3cret"}, 2, "no address of a Redis"),
        ("serve", {"IAYOS_DATABASE_URL": "empty"}, 5, "iayos db migrate"),
        ("serve", {"IAYOS_DATABASE_URL": "absent"}, 1, "there is no such database"),
    ],
)
async def test_what_is_missing_at_the_start_is_said_in_a_sentence(
    settings: Settings, tmp_path: Path, word: str, env: dict[str, str], code: int, words: str
) -> None:
    elsewhere = {"empty": "/postgres?", "absent": "/absent?"}.get(env.get("IAYOS_DATABASE_URL", ""))
    if elsewhere:
        env = {"IAYOS_DATABASE_URL": re.sub(r"/test_\w+\?", elsewhere, settings.database_url)}
    with iayos(settings, tmp_path / "log", word, **env) as ending:
        assert await ending.ended() == code
    said = ending.log.read_text()
    assert said.startswith("Error: ")
    assert words in said
    assert "s3cret" not in said
    assert "Traceback" not in said


async def test_redis_without_its_package_names_the_extra(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "redis.py").write_text("raise ImportError('no redis here')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    env = {"IAYOS_REDIS_URL": "redis://127.0.0.1:1/0", "PYTHONPATH": path}
    with iayos(settings, tmp_path / "log", "serve", **env) as ending:
        assert await ending.ended() == 1
    assert "pip install 'iayos[redis]'" in ending.log.read_text()
