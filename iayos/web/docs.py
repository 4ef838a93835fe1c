"""The OpenAPI document: Litestar's own, completed with examples and with every error code that an operation can answer."""

import re
from http import HTTPStatus
from types import NoneType
from typing import Any, Final

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from iayos.core import errors, wire
from iayos.core.errors import AppError
from iayos.core.money import Centavos
from iayos.web import dry
from iayos.web.examples import example

ANYBODY: Final = frozenset({"strict.<locals>.guard", "from_own_page"})
"""Guards that let pass who is not signed in."""
EVERYWHERE: Final = (errors.RateLimited, AppError, errors.GatewayUnavailable)
SCHEMAS: Final = "#/components/schemas/"
GENERIC: Final = re.compile(rf"({SCHEMAS})?(\w+)_(?:\w+\.)*(\w+)_")
BIGGEST: Final = 2**63 - 1
JSON: Final = (str, int, float, list, dict, NoneType)
REQUEST_ID: Final = "q1w2e3r4t5y6u7i8"
ERROR_BODY: Final[dict[str, Any]] = {
    "type": "object",
    "title": "ErrorBody",
    "description": "What every error looks like.",
    "properties": {
        "error": {"type": "string", "description": "A sentence for a person."},
        "code": {"type": "string", "description": "For programs, in UPPER_SNAKE."},
        "details": {
            "type": "object",
            "description": "Whatever helps to go on; `requestID` is always there.",
            "properties": {"requestID": {"type": "string"}},
            "required": ["requestID"],
            "additionalProperties": True,
        },
    },
    "required": ["error", "code", "details"],
}
SIGN_INS: Final = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session_id", "description": "Set by /api/accounts/login."},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From /api/mobile/auth/login.",
    },
}
RETRY_KEY: Final = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "The same key and body again within 24 hours get the first answer, with `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}  # fmt: skip


DRY_RUN: Final = {
    "name": dry.PARAMETER, "in": "query", "required": False,
    "description": "Run it and undo it: the answer, with the header `Dry-Run: true`, tells what would come of it.",
    "schema": {"type": "boolean", "default": False},
}  # fmt: skip

IN_LINES: Final = {
    "schema": {"type": "string", "description": "A line of JSON for each step, and last the answer or the error."},
    "example": '{"done": 50000, "of": 180000, "what": "Reading"}\n{"result": {}}\n',
}


class WireSchemas(OpenAPISchemaPlugin):
    """How pesos and bounded texts look in the document."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Texts and pesos."""
        return wire.is_wire_type(value)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002
        """A number with two decimals, or a string with its bounds."""
        kind = field_definition.annotation
        if issubclass(kind, Centavos):
            return Schema(type=OpenAPIType.NUMBER, multiple_of=0.01, description="Pesos, at most two decimals.")
        return Schema(type=OpenAPIType.STRING, min_length=kind.shortest, max_length=kind.longest)


def answers(*kinds: type[AppError], **opt: Any) -> dict[str, Any]:
    """For a route's `opt`: the named errors that its verb can raise, beside those that follow from its shape."""
    return {"errors": kinds, **opt}


def errors_of(handler: HTTPRouteHandler, operation: dict[str, Any]) -> list[type[AppError]]:
    """Every error that a route can answer."""
    guards = _guards(handler)
    parameters = {parameter["in"] for parameter in operation.get("parameters", ())}
    found: list[type[AppError]] = list(handler.opt.get("errors", ()))
    if "requestBody" in operation:
        found += [errors.Invalid, errors.TooLarge]
    if handler.parsed_data_field is not None:
        found.append(errors.UnsupportedMediaType)
    if "query" in parameters:
        found.append(errors.Invalid)
    if "path" in parameters:
        found.append(errors.NotFound)
    found += _of_guards(guards, changes=bool(handler.http_methods - {"GET", "HEAD", "OPTIONS"}))
    if _replays(handler, guards):
        found += _of_retries()
    return list(dict.fromkeys((*found, *EVERYWHERE)))


def _guards(handler: HTTPRouteHandler) -> set[str]:
    return {getattr(guard, "__qualname__", "") for guard in handler.resolve_guards()}


def _replays(handler: HTTPRouteHandler, guards: set[str]) -> bool:
    """Does a repeat with the same `Idempotency-Key` get the first answer?"""
    return bool("POST" in handler.http_methods and guards - ANYBODY and not handler.opt.get("no_replay"))


def _of_retries() -> list[type[AppError]]:
    from iayos.core.idempotency import AnswerErased, KeyReused  # noqa: PLC0415 - only while the document is made
    from iayos.web.idempotency import StillRunning  # noqa: PLC0415

    return [KeyReused, AnswerErased, StillRunning, errors.Invalid, errors.TooLarge]


def _of_guards(names: set[str], *, changes: bool) -> list[type[AppError]]:
    from iayos.web.auth import EmailUnverified, ForeignOrigin, WrongProfile  # noqa: PLC0415 - as above

    found: list[type[AppError]] = []
    if names - ANYBODY:
        found.append(errors.AuthRequired)
    if "acting_as.<locals>.guard" in names:
        found += [WrongProfile, EmailUnverified]
    if "verified" in names:
        found.append(EmailUnverified)
    if "staff.<locals>.guard" in names:
        found += [errors.Forbidden, errors.NotFound]
    if changes and (names - ANYBODY or "from_own_page" in names):
        found.append(ForeignOrigin)
    return found


def complete(app: Litestar, document: dict[str, Any]) -> dict[str, Any]:
    """The document with error answers and an example for every request and answer."""
    tidy = _tidied(document)
    document.update(tidy)
    document["components"]["schemas"]["ErrorBody"] = ERROR_BODY
    document["components"]["securitySchemes"] = SIGN_INS
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        item = document["paths"].get(route.path_format, {})
        for method, (handler, _) in route.route_handler_map.items():
            if operation := item.get(method.lower()):
                _complete_operation(operation, handler, document)
    return document


def _tidied(node: Any, key: str = "") -> Any:
    """Names of generic schemas without their modules, whole bounds of whole numbers, no defaults that are no JSON."""
    if isinstance(node, dict):
        found: dict[str, Any] = {_plain(name): _tidied(part, name) for name, part in node.items()}
        if not isinstance(found.get("default"), JSON):
            del found["default"]
        if found.get("type") == "integer":
            found |= {bound: min(int(found[bound]), BIGGEST) for bound in ("minimum", "maximum") if bound in found}
        return found
    if isinstance(node, list):
        return [_tidied(part, key) for part in node]
    return _plain(node) if key == "$ref" else node


def _plain(name: str) -> str:
    generic = GENERIC.fullmatch(name)
    return f"{generic[1] or ''}{generic[3]}{generic[2]}" if generic else name


def _complete_operation(operation: dict[str, Any], handler: HTTPRouteHandler, document: dict[str, Any]) -> None:
    guards = _guards(handler)
    if guards - ANYBODY:
        operation["security"] = [{"cookie": []}, {"bearer": []}]
    if "request_body" in handler.opt:
        operation["requestBody"] = handler.opt["request_body"]
    if handler.opt.get("dry_run"):
        others = [one for one in operation.get("parameters", ()) if one["name"] != dry.PARAMETER]
        operation["parameters"] = [*others, DRY_RUN]
    kinds = errors_of(handler, operation)
    if _replays(handler, guards):
        others = [one for one in operation.get("parameters", ()) if one["name"] != RETRY_KEY["name"]]
        operation["parameters"] = [*others, RETRY_KEY]
    answered = {k: _plainly(k, v) for k, v in sorted(operation.get("responses", {}).items()) if k.startswith("2")}
    if "progress" in handler.parsed_fn_signature.parameters:
        answered["200"]["content"] |= {"application/x-ndjson": IN_LINES}
    for part in (operation.get("requestBody"), *answered.values()):
        for media in (part or {}).get("content", {}).values():
            media.setdefault("example", example(media.get("schema", {}), document, ()))
    by_status: dict[int, list[type[AppError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    for status, group in sorted(by_status.items()):
        answered[str(status)] = _error_answer(status, group)
    operation["responses"] = answered


def _plainly(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Litestar tells what HTTP's statuses mean in general ("Document created, URL follows")."""
    known = HTTPStatus(int(status))
    return answer | ({"description": known.phrase} if answer.get("description") == known.description else {})


def _error_answer(status: int, group: list[type[AppError]]) -> dict[str, Any]:
    shown = {
        kind.code: {"summary": kind.message, "value": {"error": kind.message, "code": kind.code, "details": {"requestID": REQUEST_ID}}}
        for kind in group
    }  # fmt: skip
    return {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(shown),
        "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}ErrorBody"}, "examples": shown}},
    }
