"""The OpenAPI document: Litestar's own, completed with examples and with every error code that an operation can answer."""

from http import HTTPStatus
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

ANYBODY: Final = frozenset({"strict.<locals>.guard", "from_own_page"})
"""Guards that let pass who is not signed in."""
EVERYWHERE: Final = (errors.RateLimited, AppError)
EXAMPLES: Final[dict[str, Any]] = {
    "email": "ana@example.com", "password": "a-long-Passphrase-7", "firstName": "Ana", "lastName": "Reyes",
    "businessName": "Ayos Builders", "contactNum": "+639171234567", "city": "Zamboanga City",
    "province": "Zamboanga del Sur", "latitude": 6.9214, "longitude": 122.079, "title": "Fix leaking faucet",
    "description": "The kitchen faucet leaks.", "location": "Zamboanga City", "category": "Plumbing",
    "proposalMessage": "I can come this afternoon.", "comment": "Quick and clean.", "rating": 5, "language": "en",
    "nextCursor": None, "currency": "PHP", "createdAt": "2026-11-22T08:30:00Z", "reason": "Found somebody else",
    "invoiceURL": "https://checkout.example/inv_6a1", "profileType": "CLIENT", "profileTypes": ["CLIENT"],
    "role": None, "name": "Ben Santos", "avatarURL": None, "notes": "Replaced the washer.", "photos": [],
    "near": "6.9214,122.079", "sort": "newest", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "data": {"jobID": 1042},
}  # fmt: skip


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


def errors_of(handler: HTTPRouteHandler, path: str) -> list[type[AppError]]:
    """Every error that a route can answer."""
    found: list[type[AppError]] = list(handler.opt.get("errors", ()))
    if handler.opt.get("error_guards"):
        found += handler.opt["error_guards"]
    if handler.parsed_data_field is not None:
        found += [errors.Invalid, errors.UnsupportedMediaType, errors.TooLarge]
    elif handler.parsed_fn_signature.parameters.keys() & {"limit", "cursor"} or "{" in path:
        found += [errors.Invalid]
    if "{" in path:
        found.append(errors.NotFound)
    guards = {getattr(guard, "__qualname__", "") for guard in handler.resolve_guards()}
    if guards - ANYBODY:
        found.append(errors.AuthRequired)
    found += _of_guards(guards, handler)
    return list(dict.fromkeys((*found, *EVERYWHERE)))


def _of_guards(names: set[str], handler: HTTPRouteHandler) -> list[type[AppError]]:
    from iayos.core.idempotency import KeyReused  # noqa: PLC0415 - only while the document is made
    from iayos.web.auth import EmailUnverified, ForeignOrigin, WrongProfile  # noqa: PLC0415
    from iayos.web.idempotency import StillRunning  # noqa: PLC0415

    found: list[type[AppError]] = []
    changes = bool(handler.http_methods - {"GET", "HEAD", "OPTIONS"})
    if "acting_as.<locals>.guard" in names:
        found += [WrongProfile, EmailUnverified]
    if "verified" in names:
        found.append(EmailUnverified)
    if "staff.<locals>.guard" in names:
        found += [errors.Forbidden, errors.NotFound]
    if "from_own_page" in names:
        found.append(ForeignOrigin)
    if names - ANYBODY and changes:
        found.append(ForeignOrigin)
        if "POST" in handler.http_methods and not handler.opt.get("no_replay"):
            found += [KeyReused, StillRunning, errors.Invalid]
    return found


def complete(app: Litestar, document: dict[str, Any]) -> dict[str, Any]:
    """The document with error answers and an example for every request and answer."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        item = document["paths"].get(route.path_format, {})
        for method, (handler, _) in route.route_handler_map.items():
            if operation := item.get(method.lower()):
                _complete_operation(operation, errors_of(handler, route.path), document)
    return document


def _complete_operation(operation: dict[str, Any], kinds: list[type[AppError]], document: dict[str, Any]) -> None:
    answers_of = {k: v for k, v in operation.get("responses", {}).items() if k.startswith("2")}
    for part in (operation.get("requestBody"), *answers_of.values()):
        for media in (part or {}).get("content", {}).values():
            media["example"] = example(media.get("schema", {}), document, ())
    by_status: dict[int, list[type[AppError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    for status, group in sorted(by_status.items()):
        answers_of[str(status)] = _error_answer(status, group)
    operation["responses"] = answers_of


def _error_answer(status: int, group: list[type[AppError]]) -> dict[str, Any]:
    shown = {
        kind.code: {"summary": kind.message, "value": {"error": kind.message, "code": kind.code, "details": {"requestID": "q1w2e3"}}}
        for kind in group
    }  # fmt: skip
    return {
        "description": f"{HTTPStatus(status).phrase}: " + ", ".join(shown),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}, "examples": shown}},
    }


def example(schema: dict[str, Any], document: dict[str, Any], above: tuple[str, ...], name: str = "") -> Any:
    """An example made from the names and types of a schema; the same each time."""
    if "$ref" in schema:
        ref = schema["$ref"].rpartition("/")[2]
        return None if ref in above else example(document["components"]["schemas"][ref], document, (*above, ref), name)
    if name in EXAMPLES:
        return EXAMPLES[name]
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for option in schema.get("oneOf", schema.get("anyOf", ())):
        if option.get("type") != "null":
            return example(option, document, above, name)
    return _example_of_type(schema, document, above, name)


def _example_of_type(schema: dict[str, Any], document: dict[str, Any], above: tuple[str, ...], name: str) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
    if kind == "object":
        return {key: example(part, document, above, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}), document, above, name)]
    if kind == "string":
        formats = {"date-time": "2026-11-22T08:30:00Z", "date": "2026-11-22"}
        return formats.get(schema.get("format", ""), "text")
    return {"integer": 1042, "number": 525.5, "boolean": True}.get(kind)
