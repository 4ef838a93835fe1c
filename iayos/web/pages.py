"""Small pages of this API itself: the viewer of the OpenAPI document, and where a payment leads back to in development."""

from html import escape
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.params import QueryParameter

from iayos.core import wire
from iayos.web.docs import complete
from iayos.web.errors import UnknownAddress

METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5d6b7a;--line:#d9dfe6;--accent:#0b7a5c;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e7ecf2;--soft:#9aa8b7;--line:#2c3845;--accent:#4fd1a8;--paper:#12181f}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;text-transform:capitalize}
details{border:1px solid var(--line);border-radius:8px;margin:.4rem 0;padding:.5rem .8rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}pre{overflow:auto;padding:.6rem;border:1px solid var(--line)}
b{display:inline-block;min-width:4.2rem;color:var(--accent)}span{color:var(--soft)}a{color:var(--accent)}
code{overflow-wrap:anywhere}summary span{display:block;margin:.15rem 0 0 1.1rem}details p{margin:.5rem 0}
"""


class Documents(JsonRenderPlugin):
    """Serves the completed document as `/schema/openapi.json`."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON; Litestar keeps the result."""
        return msgspec.json.encode(complete(request.app, openapi_schema), enc_hook=wire.encode)


class Viewer(OpenAPIRenderPlugin):
    """A page to read the document at `/schema`, with nothing loaded from elsewhere."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Every operation with its example and its errors."""
        document = complete(request.app, openapi_schema)
        rows: dict[str, list[str]] = {}
        for path, item in document["paths"].items():
            for verb in sorted(METHODS & item.keys()):
                group = (item[verb].get("tags") or ["service"])[0]
                rows.setdefault(group, []).append(_operation(path, verb, item[verb]))
        parts = "".join(f"<h2>{escape(group)}</h2>{''.join(found)}" for group, found in sorted(rows.items()))
        intro = "<p>The document itself: <a href='/schema/openapi.json'>/schema/openapi.json</a> (OpenAPI 3.1)</p>"
        return html("iAyos API", f"<h1>iAyos API</h1>{intro}{parts}").encode()


def schema_router() -> Router:
    """Where both stand; Litestar answers other addresses under it with a page of its own, and we as everywhere."""

    def as_everywhere(answer: Response[Any]) -> Response[Any]:
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise UnknownAddress
        return answer

    return Router("/schema", route_handlers=[], include_in_schema=False, after_request=as_everywhere)


def _operation(path: str, verb: str, operation: dict[str, Any]) -> str:
    codes = "".join(
        f"<p><code>{status}</code> <span>{escape(answer['description'])}</span></p>"
        for status, answer in operation["responses"].items()
    )
    shown = "".join(
        f"<p>{title}</p><pre>{escape(msgspec.json.format(msgspec.json.encode(media['example']), indent=2).decode())}</pre>"
        for title, part in (("Body", operation.get("requestBody")), *(("Answer", operation["responses"].get(c)) for c in ("200", "201")))
        for media in (part or {}).get("content", {}).values()
        if "example" in media
    )  # fmt: skip
    told = "".join(f"<p>{escape(operation[part])}</p>" for part in ("description",) if part in operation)
    asks = ", ".join(f"<code>{escape(one['name'])}</code>" for one in operation.get("parameters", ()))
    takes = f"<p>Parameters: {asks}</p>" if asks else ""
    head = f"<b>{verb.upper()}</b><code>{escape(path)}</code> <span>{escape(operation.get('summary', ''))}</span>"
    return f"<details><summary>{head}</summary>{told}{takes}{shown}{codes}</details>"


def html(title: str, body: str) -> str:
    """A whole small HTML page; the edge adds the policy that keeps it to itself."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style><body>{body}"
    )


@get(
    ["/payments/success", "/payments/failed"], include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML
)
def payment_return(
    request: Request[Any, Any, Any],
    transaction_id: Annotated[str | None, QueryParameter(name="transactionID", max_length=40)] = None,
) -> str:
    """Where the checkout leads back to when there is no web app; the app itself asks for the payment's status."""
    known = f" {escape(transaction_id)}" if transaction_id else ""
    if request.url.path.endswith("success"):
        return html(
            "Payment received", f"<h1>Thank you</h1><p>Payment{known} is being confirmed. You can close this page.</p>"
        )
    return html(
        "Payment not completed",
        f"<h1>Not paid</h1><p>Payment{known} was not completed. Nothing was taken; you can try again.</p>",
    )
