"""create_sandbox: one loopback server that speaks the wires of Xendit, Resend, Supabase Storage and Expo Push."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide

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

__all__ = ["Sandbox", "SandboxConfig", "create_sandbox"]


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
        openapi_config=None,
        request_max_body_size=None,
    )  # fmt: skip
    app.state.sandbox = sandbox
    app.asgi_handler = Wire(app.asgi_handler, log=sandbox.log, faults=sandbox.faults, fall_due=sandbox.fall_due)
    return app
