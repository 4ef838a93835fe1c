"""`/metrics` for Prometheus, and who may read it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sized
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric

from iayos.core import metrics, tokens
from iayos.core.db import Database
from iayos.core.errors import AuthFailed, NotFound
from iayos.settings import Settings
from iayos.web import errors, health
from iayos.web.auth import Connection
from iayos.web.docs import answers
from iayos.web.edge import Edge

SAMPLE_S: Final = 1.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
Facts = Callable[[], Awaitable[Iterable[Metric]]]
"""What is not counted by this process but stands in the database."""


class WrongMetricsToken(AuthFailed):
    """Not the token of `IAYOS_METRICS_TOKEN`."""

    message = "The token for metrics is missing or wrong."


async def may_read(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: whoever has `IAYOS_METRICS_TOKEN`; without one, this machine in development, and else nobody."""
    settings: Settings = connection.app.state.settings
    if settings.metrics_token:
        given = connection.headers.get("authorization", "").removeprefix("Bearer ")
        if not tokens.same(given, settings.metrics_token):
            raise WrongMetricsToken
    elif settings.production or connection.client is None or connection.client.host not in LOOPBACK:
        raise NotFound


@get(
    "/metrics", summary="What Prometheus reads", guards=[may_read], media_type=CONTENT_TYPE_LATEST,
    opt=answers(NotFound, WrongMetricsToken),
)  # fmt: skip
async def tell(state: State) -> Response[bytes]:
    """Counters, gauges and histograms, without anybody's data in a label."""
    facts: Facts | None = state.facts
    found = await facts() if facts else ()
    return Response(await asyncio.to_thread(metrics.text, found), media_type=CONTENT_TYPE_LATEST)


@asynccontextmanager
async def sampled(db: Database, sockets: Sized) -> AsyncIterator[None]:
    """Look once a second at what is open, so that no request has to count it."""

    async def look() -> None:
        while True:
            metrics.SOCKETS.set(len(sockets))
            idle = db.pool.get_idle_size()
            metrics.CONNECTIONS.labels("idle").set(idle)
            metrics.CONNECTIONS.labels("used").set(db.pool.get_size() - idle)
            metrics.CONNECTIONS.labels("limit").set(db.pool.get_max_size())
            await asyncio.sleep(SAMPLE_S)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()


def create_meter(settings: Settings) -> Litestar:
    """What a process without an API shows of itself: `/health` and `/metrics`."""
    app = Litestar(
        route_handlers=[health.health, tell], exception_handlers=errors.HANDLERS, logging_config=None, openapi_config=None,
        state=State({"settings": settings, "facts": None}),
    )  # fmt: skip
    app.asgi_handler = Edge(app.asgi_handler, https=False)
    return app
