"""create_sandbox: one loopback server that speaks the wires of Xendit, Resend, Supabase Storage and Expo Push."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import Scope

from iayos.sandbox.answers import Refusal, render_refusal
from iayos.sandbox.config import SandboxConfig
from iayos.sandbox.control import control_router
from iayos.sandbox.expo import expo_control_router, expo_router
from iayos.sandbox.pages import page_routes
from iayos.sandbox.resend import messages as mail_messages
from iayos.sandbox.resend import resend_router
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.supabase.buckets import bucket_router, object_control_router
from iayos.sandbox.supabase.routes import object_router
from iayos.sandbox.wire import Wire
from iayos.sandbox.xendit.checkout import checkout_router
from iayos.sandbox.xendit.control import invoice_control_router
from iayos.sandbox.xendit.payout_routes import payout_control_router, payout_router
from iayos.sandbox.xendit.routes import invoice_router

_log: Final = logging.getLogger(__name__)

__all__ = ["Sandbox", "SandboxConfig", "create_sandbox"]


async def _report(fault: Exception, scope: Scope) -> None:
    """Say what broke inside the sandbox; refusals are answers and no news."""
    if not isinstance(fault, Refusal | HTTPException):
        _log.error("%s broke", scope["path"], exc_info=fault)


def create_sandbox(config: SandboxConfig) -> Litestar:
    """The server; its parts are on `app.state.sandbox`, where a test may change `webhook_url`."""
    if os.environ.get("IAYOS_ENV", "").lower() == "production":
        raise RuntimeError("the sandbox does not run in production")
    sandbox = Sandbox(config)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        async with sandbox.running():
            yield

    app = Litestar(
        route_handlers=[
            control_router(), invoice_control_router(), invoice_router(), payout_router(), payout_control_router(),
            checkout_router(), resend_router(),
            mail_messages, expo_router(), expo_control_router(), object_router(), bucket_router(), object_control_router(),
            *page_routes(),
        ],
        dependencies={
            "sandbox": Provide(lambda: sandbox, sync_to_thread=False),
            "webhooks": Provide(lambda: sandbox.webhooks, sync_to_thread=False),
            "faults": Provide(lambda: sandbox.faults, sync_to_thread=False),
            "mailbox": Provide(lambda: sandbox.mailbox, sync_to_thread=False),
            "pushes": Provide(lambda: sandbox.pushes, sync_to_thread=False),
            "objects": Provide(lambda: sandbox.objects, sync_to_thread=False),
            "signer": Provide(lambda: sandbox.signer, sync_to_thread=False),
        },
        exception_handlers={Refusal: render_refusal},
        lifespan=[running],
        after_exception=[_report],
        openapi_config=None,
        logging_config=None,  # whoever starts it decides; Litestar would turn on every request of httpx
        request_max_body_size=None,
    )  # fmt: skip
    app.state.sandbox = sandbox
    app.asgi_handler = Wire(app.asgi_handler, log=sandbox.log, faults=sandbox.faults, fall_due=sandbox.fall_due)
    return app
