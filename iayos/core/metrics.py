"""What this process counts for Prometheus. Labels are names of ours (routes, tasks, providers), never anything sent to us.

Where several processes answer on one port they share a directory, `PROMETHEUS_MULTIPROC_DIR`, which whoever starts them
makes: then each of them tells the sum over all.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from iayos.core.errors import GatewayUnavailable

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
REQUESTS: Final = Counter("iayos_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS: Final = Histogram(
    "iayos_http_request_seconds", "From a request's arrival to the first byte of its answer.", ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
SOCKETS: Final = Gauge("iayos_open_sockets", "WebSockets that are open.", multiprocess_mode="livesum")
CONNECTIONS: Final = Gauge(
    "iayos_database_connections", "Connections of the pools; `limit` is how many there may be.", ["state"],
    multiprocess_mode="livesum",
)  # fmt: skip
CALLS: Final = Histogram(
    "iayos_gateway_seconds", "Calls to third parties; `unavailable` is no answer or an unclear one.",
    ["provider", "call", "outcome"], buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
TASKS: Final = Histogram(
    "iayos_task_seconds", "Tasks run from the outbox; `again` looks again later, `failed` will be tried again or is over.",
    ["task", "outcome"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300),
)  # fmt: skip
SIGN_INS_FAILED: Final = Counter("iayos_sign_in_failures", "Sign-ins refused.", ["reason"])


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """One request more; `route` is the template of its address, so that there are as many as we have routes."""
    requests, latency = _of_route(method if method in METHODS else "OTHER", route, status)
    requests.inc()
    latency.observe(seconds)


@lru_cache(maxsize=4096)
def _of_route(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), SECONDS.labels(method, route)


@contextmanager
def calling(provider: str, call: str) -> Iterator[None]:
    """Time a call to a third party and note how it ended."""
    begun, outcome = time.perf_counter(), "cancelled"
    try:
        yield
        outcome = "ok"
    except GatewayUnavailable:
        outcome = "unavailable"
        raise
    except Exception:
        outcome = "refused"
        raise
    finally:
        CALLS.labels(provider, call, outcome).observe(time.perf_counter() - begun)


@contextmanager
def running(task: str) -> Iterator[Callable[[str], None]]:
    """Time a task; it failed, unless something else is said of its end."""
    begun, said = time.perf_counter(), ["failed"]
    try:
        yield said.append
    finally:
        TASKS.labels(task, said[-1]).observe(time.perf_counter() - begun)


def text(facts: Iterable[Metric]) -> bytes:
    """Everything that was counted, and these facts, in Prometheus's text form."""
    beside = CollectorRegistry()
    beside.register(Facts(facts))
    if os.environ.get(SHARED):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    else:
        counted = REGISTRY
    return generate_latest(counted) + generate_latest(beside)


class Facts(Collector):
    """Facts that were found elsewhere, for one answer."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self.found = list(found)

    def collect(self) -> Iterable[Metric]:
        """As they are."""
        return self.found
