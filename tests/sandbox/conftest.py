"""The sandbox on a real port, its SDKs, and somebody who receives its webhooks."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import uvicorn
import xendit
from xendit.apis import BalanceApi, InvoiceApi, PayoutApi, TransactionApi

from iayos.core import clock
from iayos.sandbox.app import Sandbox, SandboxConfig, create_sandbox

TOKEN = "callback-token-of-the-tests"


class Receiver:
    """Takes webhooks in and answers as told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.got.append({"headers": {k.lower(): v for k, v in self.headers.items()}, "body": body})
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Running:
    """A sandbox on a port of its own, with a control client."""

    def __init__(self, **settings: Any) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_sandbox(SandboxConfig(base_url=self.url, webhook_token=TOKEN, **settings))
        self.sandbox: Sandbox = app.state.sandbox
        config = uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listening]})
        self.thread.start()
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=10)

    def xendit(self, api_key: str = "xnd_development_sandbox") -> Any:
        configuration = xendit.Configuration(host=f"{self.url}/xendit", api_key=api_key)
        configuration.retries = False
        return xendit.ApiClient(configuration)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_sandbox{path}", json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    def close(self) -> None:
        self.http.close()
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    running = Running()
    deadline = time.monotonic() + 5
    while not running.server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield running
    running.close()


@pytest.fixture(scope="session")
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def sandbox(running: Running) -> Iterator[Running]:
    running.sandbox.webhook_url = ""
    running.control("POST", "/reset")
    yield running
    clock.reset()


@pytest.fixture
def receiver(sandbox: Running, receiving: Receiver) -> Receiver:
    receiving.got, receiving.answers = [], []
    sandbox.sandbox.webhook_url = receiving.url
    return receiving


@pytest.fixture
def invoices(sandbox: Running) -> Any:
    return InvoiceApi(sandbox.xendit())


@pytest.fixture
def transactions(sandbox: Running) -> Any:
    return TransactionApi(sandbox.xendit())


@pytest.fixture
def payouts(sandbox: Running) -> Any:
    return PayoutApi(sandbox.xendit())


@pytest.fixture
def balance(sandbox: Running) -> Callable[[], float]:
    api = BalanceApi(sandbox.xendit())
    return lambda: float(api.get_balance(account_type="CASH", _request_timeout=5)["balance"])


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Ask until the answer is true, for a few seconds at most."""

    def wait(ask: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 5
        while True:
            answer = ask()
            if answer or time.monotonic() > deadline:
                assert answer
                return answer
            time.sleep(0.02)

    return wait
