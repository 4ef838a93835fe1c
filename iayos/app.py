"""The only list of routers, plugins and error handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from litestar import Litestar, MediaType
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from iayos.accounts.queries import find_principal
from iayos.accounts.routes import router as accounts
from iayos.admin.audit_routes import router as audit
from iayos.admin.facts import Facts
from iayos.admin.jobs_routes import router as admin_jobs
from iayos.admin.queue_pages import router as queue_pages
from iayos.admin.queue_routes import router as queue
from iayos.admin.saq_pages import router as saq_pages
from iayos.admin.sign_in_pages import router as staff_sign_in
from iayos.admin.stats_routes import router as admin_stats
from iayos.admin.users_routes import router as users
from iayos.agencies.routes import router as agencies
from iayos.broker import looked_at
from iayos.chat.demo import routes as chat_demo
from iayos.chat.live import Live
from iayos.chat.routes import router as chat
from iayos.chat.sockets import routes as sockets
from iayos.core import wire
from iayos.core.money import Centavos
from iayos.disputes.routes import router as disputes
from iayos.jobs.routes import router as jobs
from iayos.kyc.admin import router as kyc_cases
from iayos.kyc.routes import router as kyc
from iayos.media.gateway import public_address
from iayos.media.routes import router as media
from iayos.notifications.routes import router as notifications
from iayos.payments.admin import router as ledger
from iayos.payments.admin_xendit import router as xendit
from iayos.payments.cash_routes import router as cash
from iayos.payments.paper_routes import router as papers
from iayos.payments.routes import router as payments
from iayos.payments.withdraw_routes import router as withdrawals
from iayos.privacy.routes import router as privacy
from iayos.profiles.admin import router as certificates
from iayos.profiles.routes import router as profiles
from iayos.reviews.routes import router as reviews
from iayos.services import opened
from iayos.settings import Settings
from iayos.web import auth, docs, errors, health, limits, metrics, pages, progress, tx
from iayos.web.dry import DryRuns
from iayos.web.edge import Edge
from iayos.web.idempotency import Idempotent
from iayos.web.request import JSONRequest

BODY_LIMIT = 1_000_000
log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> Litestar:
    """The service; it opens its database when it starts and closes it when it stops."""
    app = Litestar(
        route_handlers=[
            health.health, health.ready, metrics.tell, pages.payment_return,
            accounts,
            agencies,
            chat, *sockets, *([] if settings.production else chat_demo),
            jobs,
            kyc, kyc_cases,
            media,
            notifications,
            profiles, certificates,
            reviews,
            payments, cash, withdrawals, papers, ledger, xendit, disputes,
            privacy,
            audit,
            queue, queue_pages, saq_pages, staff_sign_in,
            admin_jobs, admin_stats,
            users,
        ],
        lifespan=[resources],
        state=State({"settings": settings}),
        dependencies={
            "tx": Provide(tx.provide_tx),
            "db": Provide(tx.provide_db),
            "reads": Provide(tx.provide_reads),
            "me": Provide(auth.provide_me),
            "progress": Provide(progress.provide_progress),
        },
        middleware=[auth.Authenticate, limits.Generous, DryRuns, Idempotent, progress.Watched],
        exception_handlers=errors.HANDLERS,
        request_class=JSONRequest,
        request_max_body_size=BODY_LIMIT,
        type_decoders=[(wire.is_wire_type, wire.decode)],
        type_encoders={
            Centavos: wire.encode, wire.Text: str, wire.PublicFile: partial(public_address, settings.supabase_url),
        },
        plugins=[docs.WireSchemas()],
        logging_config=None,
        cors_config=_cors(settings),
        openapi_config=_openapi(),
    )  # fmt: skip
    app.asgi_handler = Edge(app.asgi_handler, https=settings.production)
    return app


@asynccontextmanager
async def resources(app: Litestar) -> AsyncIterator[None]:
    """What the service holds open while it runs; why it cannot is in the log, for uvicorn says no more than that."""
    try:
        async with _opened(app):
            yield
    except Exception:
        log.exception("the service cannot run")
        raise


@asynccontextmanager
async def _opened(app: Litestar) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    app.state.find_principal = partial(find_principal, secret=settings.secret)
    async with opened(settings) as services:
        app.state.services = services
        app.state.db = services.db
        app.state.live = Live(services.db, settings)
        app.state.facts = Facts(services.db.reads)
        async with (
            app.state.live.running(),
            metrics.sampled(services.db, app.state.live.lines),
            looked_at(services.db, redis_url=settings.redis_url) as app.state.broker,
        ):
            yield


def _cors(settings: Settings) -> CORSConfig:
    return CORSConfig(
        allow_origins=settings.origins, allow_credentials=True, max_age=600,
        expose_headers=["X-Request-ID", "Retry-After", "Idempotent-Replayed"],
    )  # fmt: skip


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="iAyos", version="0.1.0", openapi_router=pages.schema_router(), use_handler_docstrings=True,
        render_plugins=[pages.Viewer(path="/viewer", media_type=MediaType.HTML), pages.Documents(path="/openapi.json")],
    )  # fmt: skip
