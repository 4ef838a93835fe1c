"""Xendit's API for payouts, and the control routes that decide what becomes of them."""

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, control_error, json_body, told
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc
from iayos.sandbox.xendit.errors import invalid, require_key, xendit_error
from iayos.sandbox.xendit.payout_channels import PAYOUT_CHANNELS
from iayos.sandbox.xendit.payouts import Auto, shown


class Failure(msgspec.Struct):
    """Why a payout fails."""

    failure_code: str = "REJECTED_BY_CHANNEL"
    webhook: bool = True


class Quietly(msgspec.Struct):
    """Whether a webhook tells of it."""

    webhook: bool = True


@post("/v2/payouts", status_code=200)
async def create_payout(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(sandbox.payouts.create(await json_body(request), request.headers.get("idempotency-key")))


@get("/v2/payouts/{payout_id:str}")
async def get_payout(payout_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(_payout_for_api(sandbox, payout_id))


@get("/v2/payouts")
async def list_payouts(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    reference = request.query_params.get("reference_id")
    if not reference:
        raise invalid("reference_id", "reference_id is required")
    found = sandbox.payouts.all(reference)[::-1]
    return {"data": [shown(each) for each in found], "has_more": False, "links": {}}


@post("/v2/payouts/{payout_id:str}/cancel", status_code=200)
async def cancel_payout(payout_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    payout = _payout_for_api(sandbox, payout_id)
    if payout["status"] != "ACCEPTED":
        raise xendit_error(400, "INVALID_PAYOUT_STATUS", f"A payout that is {payout['status']} can not be cancelled.")
    return shown(sandbox.payouts.cancel(payout))


@get("/payouts_channels")
async def payout_channels(request: AnyRequest) -> Response[list[Doc]]:
    channels = [channel.shown() for channel in PAYOUT_CHANNELS.values()]
    for name in ("currency", "channel_category", "channel_code"):
        wanted = request.query_params.getall(name, [])
        channels = [each for each in channels if not wanted or each[name] in wanted]
    return Response(channels)


def payout_router() -> Router:
    """The API."""
    handlers = [create_payout, get_payout, list_payouts, cancel_payout, payout_channels]
    return Router("/xendit", route_handlers=handlers, guards=[require_key])


@get("/payouts")
async def payouts(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> list[Doc]:
    return [shown(each) for each in sandbox.payouts.all(request.query_params.get("reference_id"))]


@get("/payouts/{payout_id:str}")
async def payout(payout_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(_payout(sandbox, payout_id))


@post("/payouts/{payout_id:str}/succeed", status_code=200)
async def succeed(payout_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    order = await told(request, Quietly)
    return shown(sandbox.payouts.succeed(_payout(sandbox, payout_id), webhook=order.webhook))


@post("/payouts/{payout_id:str}/fail", status_code=200)
async def fail(payout_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    order = await told(request, Failure)
    return shown(sandbox.payouts.fail(_payout(sandbox, payout_id), order.failure_code, webhook=order.webhook))


@post("/payouts/{payout_id:str}/reverse", status_code=200)
async def reverse(payout_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    order = await told(request, Quietly)
    return shown(sandbox.payouts.reverse(_payout(sandbox, payout_id), webhook=order.webhook))


@post("/auto", status_code=200)
async def auto(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Auto:
    sandbox.payouts.set_auto(await told(request, Auto))
    return sandbox.payouts.auto()


def payout_control_router() -> Router:
    """What banks do."""
    return Router("/_sandbox/xendit", route_handlers=[payouts, payout, succeed, fail, reverse, auto])


def _payout(sandbox: Sandbox, payout_id: str) -> Doc:
    found = sandbox.payouts.get(payout_id)
    if found is None:
        raise control_error(404, f"no payout {payout_id}")
    return found


def _payout_for_api(sandbox: Sandbox, payout_id: str) -> Doc:
    found = sandbox.payouts.get(payout_id)
    if found is None:
        raise xendit_error(404, "DATA_NOT_FOUND", "Payout not found")
    return found
