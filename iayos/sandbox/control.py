"""Control routes that belong to no single provider: reset, log, webhooks, faults, clock."""

from typing import Final

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.core import clock
from iayos.sandbox.answers import AnyRequest, control_error, now_iso, seconds, told
from iayos.sandbox.faults import Fault, Faults
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc
from iayos.sandbox.webhooks import Event, Policy, Redelivery, Webhooks, shown

_FAULTS: Final = msgspec.json.Decoder(list[Fault])


class Advance(msgspec.Struct):
    """How far the clock moves forward."""

    seconds: float


class Registration(msgspec.Struct):
    """Where webhooks go; empty means nowhere."""

    url: str


@post("/reset", status_code=200)
async def reset(sandbox: NamedDependency[Sandbox]) -> Doc:
    await sandbox.reset()
    return {"now": now_iso()}


@get("/requests")
async def requests(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> list[Doc]:
    try:
        return sandbox.log.since(request.query_params.get("provider"), request.query_params.get("since"))
    except ValueError as fault:
        raise control_error(400, "since is the id of a request, or an instant in ISO 8601") from fault


@get("/webhooks")
async def webhooks(webhooks: NamedDependency[Webhooks]) -> list[Doc]:
    return webhooks.all()


@get("/webhooks/policy")
async def policy(webhooks: NamedDependency[Webhooks]) -> Policy:
    return webhooks.policy()


@put("/webhooks/policy")
async def set_policy(request: AnyRequest, webhooks: NamedDependency[Webhooks]) -> Policy:
    webhooks.set_policy(await told(request, Policy))
    return webhooks.policy()


@put("/webhooks/url")
async def register(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    sandbox.webhook_url = (await told(request, Registration)).url
    return {"url": sandbox.webhook_url}


@post("/webhooks/send", status_code=200)
async def send(request: AnyRequest, webhooks: NamedDependency[Webhooks]) -> Doc:
    return shown(await webhooks.send(await told(request, Event)))


@post("/webhooks/{webhook_id:str}/redeliver", status_code=200)
async def redeliver(webhook_id: FromPath[str], request: AnyRequest, webhooks: NamedDependency[Webhooks]) -> Doc:
    webhook = webhooks.one(webhook_id)
    if webhook is None:
        raise control_error(404, f"no webhook {webhook_id}")
    delivered = await webhooks.redeliver(webhook, await told(request, Redelivery))
    return shown(webhooks.one(webhook_id) or webhook) | {"delivered": delivered}


@get("/faults")
async def faults(faults: NamedDependency[Faults]) -> list[Fault]:
    return faults.all()


@put("/faults")
async def set_faults(request: AnyRequest, faults: NamedDependency[Faults]) -> list[Fault]:
    try:
        faults.set(_FAULTS.decode(await request.body()))
    except msgspec.DecodeError as fault:
        raise control_error(400, str(fault)) from fault
    return faults.all()


@delete("/faults", status_code=204)
async def clear_faults(faults: NamedDependency[Faults]) -> None:
    faults.set([])


@get("/clock")
async def show_clock() -> Doc:
    return {"now": now_iso(), "epoch": seconds()}


@post("/clock/advance", status_code=200)
async def advance(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    try:
        clock.advance((await told(request, Advance)).seconds)
    except ValueError as fault:
        raise control_error(400, str(fault)) from fault
    sandbox.fall_due()
    return {"now": now_iso(), "epoch": seconds()}


def control_router() -> Router:
    """Everything under /_sandbox that is nobody's in particular."""
    handlers = [
        reset, requests, webhooks, policy, set_policy, register, send, redeliver, faults, set_faults, clear_faults,
        show_clock, advance,
    ]  # fmt: skip
    return Router("/_sandbox", route_handlers=handlers)
