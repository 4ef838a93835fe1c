"""Expo Push: tickets at once, receipts later, devices that answer as told."""

import re
from typing import Final
from uuid import uuid4

import msgspec
from litestar import Router, get, post, put
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, Refusal, now_iso, seconds, told
from iayos.sandbox.config import SandboxConfig
from iayos.sandbox.store import Doc, Store
from iayos.sandbox.wire import unpacked

_RECIPIENTS_MAX: Final = 100
_RECEIPTS_MAX: Final = 1_000
_PAYLOAD_MAX: Final = 4_096
_KEPT_S: Final = 86_400
_TOKEN: Final = re.compile(
    r"^(?:Expo(?:nent)?PushToken\[.+\]|(?i:[a-z\d]{8}-[a-z\d]{4}-[a-z\d]{4}-[a-z\d]{4}-[a-z\d]{12}))$"
)
_GONE: Final = "DeviceNotRegistered"


class Device(msgspec.Struct):
    """How a device answers: `ok`, or one of Expo's errors."""

    state: str = "ok"
    project: str = ""
    """Devices of different projects may not share a request; empty is the project of all others."""


class Timing(msgspec.Struct):
    """How long receipts stay hidden, in seconds of the shared clock."""

    receipt_delay_s: float = 900


class Pushes:
    """Every push that was accepted or refused, one for each recipient."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def send(self, body: object) -> Doc:
        """Tickets in the order of the recipients; a single message to one recipient gets a single ticket."""
        messages = [_message(each) for each in (body if isinstance(body, list) else [body])]
        pairs = [(message, token) for message in messages for token in _recipients(message)]
        if len(pairs) > _RECIPIENTS_MAX:
            count = f"{len(pairs)} were received, {_RECIPIENTS_MAX} is the most."
            raise expo_error(400, "PUSH_TOO_MANY_NOTIFICATIONS", f"Too many notifications in one request: {count}")
        self._check_projects([token for _, token in pairs])
        tickets = [self._accept(message, token) for message, token in pairs]
        alone = isinstance(body, dict) and not isinstance(body.get("to"), list)
        return {"data": tickets[0] if alone else tickets}

    def receipts(self, ids: list[str]) -> Doc:
        """Those that are out by now; the others are simply absent."""
        if len(ids) > _RECEIPTS_MAX:
            raise expo_error(400, "PUSH_TOO_MANY_RECEIPTS", f"At most {_RECEIPTS_MAX} receipts in one request.")
        found = {each: self._receipt(each) for each in ids}
        return {"data": {each: receipt for each, receipt in found.items() if receipt is not None}}

    def all(self) -> list[Doc]:
        """As the control route shows them, oldest first."""
        return self.store.all("push")

    def device(self, token: str) -> Device:
        """How a device answers now."""
        kept = self.store.get("device", token)
        return Device() if kept is None else msgspec.convert(kept, Device)

    def set_device(self, token: str, device: Device) -> None:
        """From now on."""
        self.store.put("device", token, msgspec.to_builtins(device))

    def timing(self) -> Timing:
        """How long receipts take."""
        kept = self.store.get("setting", "expo.timing")
        return Timing() if kept is None else msgspec.convert(kept, Timing)

    def set_timing(self, timing: Timing) -> None:
        """Of receipts that are still hidden, too."""
        self.store.put("setting", "expo.timing", msgspec.to_builtins(timing))

    def _accept(self, message: Doc, token: str) -> Doc:
        ticket: Doc = {"status": "ok", "id": str(uuid4())}
        if not _TOKEN.match(token) or self.device(token).state == _GONE:
            ticket = _error(f'"{token}" is not a registered push notification recipient', _GONE)
            ticket["details"]["expoPushToken"] = token
        push = message | {"to": token, "receivedAt": now_iso(), "at": seconds(), "ticket": ticket}
        push["tooBig"] = len(msgspec.json.encode(message | {"to": token})) > _PAYLOAD_MAX
        self.store.put("push", ticket.get("id") or str(uuid4()), push, ref=token)
        return ticket

    def _receipt(self, ticket_id: str) -> Doc | None:
        push = self.store.get("push", ticket_id)
        if push is None:
            return None
        age = seconds() - push["at"]
        if not self.timing().receipt_delay_s <= age < _KEPT_S:
            return None
        if push["tooBig"]:
            return _error("The push notification payload is too large", "MessageTooBig")
        state = self.device(push["to"]).state
        return {"status": "ok"} if state == "ok" else _error(f"The push service answered: {state}", state)

    def _check_projects(self, tokens: list[str]) -> None:
        projects: dict[str, list[str]] = {}
        for token in tokens:
            projects.setdefault(self.device(token).project or "@iayos/app", []).append(token)
        if len(projects) > 1:
            refusal = expo_error(400, "PUSH_TOO_MANY_EXPERIENCE_IDS", "All messages must be for the same project.")
            refusal.body["errors"][0]["details"] = projects
            raise refusal


def expo_error(status: int, code: str, message: str) -> Refusal:
    """How Expo refuses a whole request."""
    return Refusal(status, {"errors": [{"code": code, "message": message}]})


def require_token(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A bearer token, but only when "enhanced push security" is on."""
    config: SandboxConfig = connection.app.state.sandbox.config
    sent = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if config.expo_access_token and sent != config.expo_access_token:
        raise expo_error(401, "UNAUTHORIZED", "Insufficient permissions to send push notifications.")


@post("/--/api/v2/push/send", status_code=200)
async def send(request: AnyRequest, pushes: NamedDependency[Pushes]) -> Doc:
    return pushes.send(await _body(request))


@post("/--/api/v2/push/getReceipts", status_code=200)
async def receipts(request: AnyRequest, pushes: NamedDependency[Pushes]) -> Doc:
    body = await _body(request)
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise _malformed('"ids" must be a list of texts.')
    return pushes.receipts(ids)


def expo_router() -> Router:
    """Expo's API."""
    return Router("/expo", route_handlers=[send, receipts], guards=[require_token])


@get("/messages")
async def messages(pushes: NamedDependency[Pushes]) -> list[Doc]:
    hidden = {"at", "tooBig"}
    return [{key: value for key, value in push.items() if key not in hidden} for push in pushes.all()]


@put("/devices/{token:str}")
async def device(token: FromPath[str], request: AnyRequest, pushes: NamedDependency[Pushes]) -> Device:
    pushes.set_device(token, await told(request, Device))
    return pushes.device(token)


@put("/")
async def timing(request: AnyRequest, pushes: NamedDependency[Pushes]) -> Timing:
    pushes.set_timing(await told(request, Timing))
    return pushes.timing()


def expo_control_router() -> Router:
    """What devices do."""
    return Router("/_sandbox/expo", route_handlers=[messages, device, timing])


async def _body(request: AnyRequest) -> object:
    content = unpacked(await request.body(), request.headers.get("content-encoding", ""))
    try:
        body: object = msgspec.json.decode(content)
    except msgspec.DecodeError as fault:
        raise _malformed("The request body is not JSON.") from fault
    return body


def _message(message: object) -> Doc:
    if not isinstance(message, dict):
        raise _malformed("A message is an object.")
    if not isinstance(message.get("data", {}), dict):
        raise _malformed('"data" must be an object.')
    return message


def _recipients(message: Doc) -> list[str]:
    """Who a message is for, or a refusal of the whole request."""
    to = message.get("to")
    tokens = to if isinstance(to, list) else [to]
    if not tokens or not all(isinstance(token, str) and token for token in tokens):
        raise _malformed('"to" is required: a push token, or a list of them.')
    return [str(token) for token in tokens]


def _malformed(message: str) -> Refusal:
    return expo_error(400, "VALIDATION_ERROR", message)


def _error(message: str, code: str) -> Doc:
    return {"status": "error", "message": message, "details": {"error": code}}
