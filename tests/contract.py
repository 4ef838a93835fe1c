"""What the OpenAPI document promises, held against every answer that a test receives."""

import math
import re
from datetime import date, datetime
from typing import Any, Final

import httpx

ANNOTATIONS: Final = frozenset({"title", "description", "default", "deprecated", "examples", "contentMediaType"})
KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,),
    "null": (type(None),),
}  # fmt: skip
FORMATS: Final = {"date-time": datetime.fromisoformat, "date": date.fromisoformat}
LEFT_OUT: Final = frozenset({405, 500})
"""405 belongs to no operation, and a 500 is judged by the test that meets it."""


class BrokenContract(AssertionError):
    """The service answered what its document does not tell."""


class Contract:
    """The document of the service under test."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        literal_first = sorted(document["paths"], key=lambda path: [part.startswith("{") for part in path.split("/")])
        self.paths = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "/?") for path in literal_first}

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that a request meets; None for what is in no document."""
        if path.startswith("/api/mobile/") and not path.startswith("/api/mobile/auth/"):
            path = path.replace("/mobile", "", 1)
        found = next((template for template, form in self.paths.items() if form.fullmatch(path)), None)
        operation: dict[str, Any] | None = self.document["paths"][found].get(method.lower()) if found else None
        return operation

    async def hold(self, response: httpx.Response) -> None:
        """For httpx's event hooks: an answer that is not declared fails the test that got it."""
        request = response.request
        operation = self.operation(request.method, request.url.path)
        if operation is None or response.status_code in LEFT_OUT or response.status_code < 200:
            return
        await response.aread()
        asked = f"{request.method} {request.url.path}"
        declared = operation["responses"].get(str(response.status_code))
        if declared is None:
            raise BrokenContract(f"{asked} does not declare {response.status_code}: {response.text[:200]}")
        if "application/x-ndjson" in declared["content"] and "ndjson" in response.headers["content-type"]:
            return  # told in lines, whose last is the answer that is checked elsewhere
        media = declared["content"].get("application/json")
        if response.is_success and media is not None:
            self.check(response.json(), media["schema"], asked)
        elif not response.is_success and response.json()["code"] not in media["examples"]:
            raise BrokenContract(f"{asked} does not declare {response.status_code} {response.json()['code']}")

    def check(self, value: Any, schema: dict[str, Any], at: str = "") -> None:
        """`value` fits `schema`; what this does not understand of JSON Schema is an error, never passed over."""
        if fault := self.fault(value, schema, at):
            raise BrokenContract(fault)

    def fault(self, value: Any, schema: dict[str, Any], at: str) -> str | None:
        """The first place where `value` does not fit."""
        for word, told in schema.items():
            if word in ANNOTATIONS:
                continue
            found: str | None = getattr(self, f"_{word.lstrip('$')}")(value, told, at, schema)
            if found:
                return found
        return None

    def resolve(self, ref: str) -> Any:
        """What a `$ref` leads to."""
        node: Any = self.document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def _ref(self, value: Any, ref: str, at: str, _: Any) -> str | None:
        return self.fault(value, self.resolve(ref), at)

    def _type(self, value: Any, kinds: str | list[str], at: str, _: Any) -> str | None:
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            if isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool)):
                return None
        return f"{at}: {value!r} is no {kinds}"

    def _oneOf(self, value: Any, options: list[Any], at: str, _: Any) -> str | None:  # noqa: N802 - a word of JSON Schema
        faults = [self.fault(value, option, at) for option in options]
        return None if faults.count(None) == 1 else f"{at}: fits {faults.count(None)} of {len(options)}: {faults}"

    def _anyOf(self, value: Any, options: list[Any], at: str, _: Any) -> str | None:  # noqa: N802
        return None if any(self.fault(value, option, at) is None for option in options) else f"{at}: fits none"

    def _properties(self, value: Any, fields: dict[str, Any], at: str, _: Any) -> str | None:
        present = fields.items() if isinstance(value, dict) else ()
        faults = (self.fault(value[name], part, f"{at}.{name}") for name, part in present if name in value)
        return next((fault for fault in faults if fault), None)

    def _pattern(self, value: Any, form: str, at: str, _: Any) -> str | None:
        return f"{at}: {value!r} is not of {form}" if isinstance(value, str) and not re.search(form, value) else None

    def _required(self, value: Any, names: list[str], at: str, schema: dict[str, Any]) -> str | None:
        lost = set(names) - set(value) if isinstance(value, dict) else set()
        known = set(schema.get("properties", ())) if "additionalProperties" not in schema else set(value)
        unknown = set(value) - known if isinstance(value, dict) else set()
        return f"{at}: lacks {lost}, does not know {unknown}" if lost or unknown else None

    def _additionalProperties(self, value: Any, part: Any, at: str, schema: dict[str, Any]) -> str | None:  # noqa: N802
        rest = set(value) - set(schema.get("properties", ())) if isinstance(value, dict) and part is not True else set()
        faults = (self.fault(value[name], part, f"{at}.{name}") for name in sorted(rest))
        return next((fault for fault in faults if fault), None)

    def _items(self, value: Any, part: dict[str, Any], at: str, _: Any) -> str | None:
        faults = (self.fault(one, part, f"{at}[{i}]") for i, one in enumerate(value if isinstance(value, list) else ()))
        return next((fault for fault in faults if fault), None)

    def _enum(self, value: Any, known: list[Any], at: str, _: Any) -> str | None:
        return None if value in known else f"{at}: {value!r} is not of {known}"

    def _const(self, value: Any, known: Any, at: str, _: Any) -> str | None:
        return None if value == known else f"{at}: {value!r} is not {known!r}"

    def _format(self, value: Any, name: str, at: str, _: Any) -> str | None:
        if not isinstance(value, str) or name not in FORMATS:
            return None
        try:
            FORMATS[name](value)
        except ValueError:
            return f"{at}: {value!r} is no {name}"
        return None

    def _multipleOf(self, value: Any, step: float, at: str, _: Any) -> str | None:  # noqa: N802
        fits = not isinstance(value, int | float) or math.isclose(value / step, round(value / step), abs_tol=1e-6)
        return None if fits else f"{at}: {value} is no multiple of {step}"

    def _minimum(self, value: Any, least: float, at: str, _: Any) -> str | None:
        return f"{at}: {value} < {least}" if isinstance(value, int | float) and value < least else None

    def _maximum(self, value: Any, most: float, at: str, _: Any) -> str | None:
        return f"{at}: {value} > {most}" if isinstance(value, int | float) and value > most else None

    def _minLength(self, value: Any, least: int, at: str, _: Any) -> str | None:  # noqa: N802
        return f"{at}: shorter than {least}" if isinstance(value, str) and len(value) < least else None

    def _maxLength(self, value: Any, most: int, at: str, _: Any) -> str | None:  # noqa: N802
        return f"{at}: longer than {most}" if isinstance(value, str) and len(value) > most else None

    def _minItems(self, value: Any, least: int, at: str, _: Any) -> str | None:  # noqa: N802
        return f"{at}: shorter than {least}" if isinstance(value, list) and len(value) < least else None

    def _maxItems(self, value: Any, most: int, at: str, _: Any) -> str | None:  # noqa: N802
        return f"{at}: more than {most}" if isinstance(value, list) and len(value) > most else None

    def _exclusiveMinimum(self, value: Any, least: float, at: str, _: Any) -> str | None:  # noqa: N802
        return f"{at}: {value} <= {least}" if isinstance(value, int | float) and value <= least else None
