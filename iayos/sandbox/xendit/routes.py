"""Xendit's API for invoices, transactions and the balance, as xendit-python 7 speaks it."""

from typing import Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, epoch, json_body
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc
from iayos.sandbox.xendit.errors import invalid, require_key, xendit_error
from iayos.sandbox.xendit.invoices import shown

_LIST_MAX: Final = 100
_DATES: Final = {
    "created_after": ("created", 1), "created_before": ("created", -1),
    "paid_after": ("paid_at", 1), "paid_before": ("paid_at", -1),
    "expired_after": ("expiry_date", 1), "expired_before": ("expiry_date", -1),
}  # fmt: skip


@post("/v2/invoices", status_code=200)
async def create_invoice(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(sandbox.invoices.create(await json_body(request)))


@get("/v2/invoices/{invoice_id:str}")
async def get_invoice(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(_invoice(sandbox, invoice_id))


@get("/v2/invoices")
async def list_invoices(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Response[list[Doc]]:
    found = sandbox.invoices.all(request.query_params.get("external_id"))[::-1]
    statuses, channels = many(request, "statuses"), many(request, "payment_channels")
    found = [each for each in found if not statuses or each["status"] in statuses]
    found = [each for each in found if not channels or each.get("payment_channel") in channels]
    for name, (field, direction) in _DATES.items():
        if moment := request.query_params.get(name):
            found = [each for each in found if _after(each.get(field), moment, direction)]
    if last := request.query_params.get("last_invoice"):
        ids = [each["id"] for each in found]
        found = found[ids.index(last) + 1 :] if last in ids else []
    return Response([shown(each) for each in found[: limit(request, maximum=_LIST_MAX)]])


@post("/invoices/{invoice_id:str}/expire!", status_code=200)
async def expire_invoice(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    invoice = _invoice(sandbox, invoice_id)
    if invoice["status"] != "PENDING":
        # the code is not documented; that it is a 400 is the most that others have seen
        message = f"Invoice with status {invoice['status']} can not be expired."
        raise xendit_error(400, "INVALID_INVOICE_STATUS_ERROR", message)
    return shown(sandbox.invoices.expire(invoice))


@get("/transactions")
async def list_transactions(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    query = request.query_params
    found = sandbox.transactions.all(reference_id=query.get("reference_id"))
    for name, field in (("types", "type"), ("statuses", "status"), ("channel_categories", "channel_category")):
        wanted = many(request, name)
        found = [each for each in found if not wanted or each[field] in wanted]
    for name in ("product_id", "account_identifier", "currency"):
        found = [each for each in found if query.get(name) in {None, each[name]}]
    if amount := query.get("amount"):
        found = [each for each in found if each["amount"] == float(amount)]
    found = _between(request, found)
    return _page(request, found)


@get("/transactions/{transaction_id:str}")
async def get_transaction(transaction_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    transaction = sandbox.transactions.get(transaction_id)
    if transaction is None:
        raise xendit_error(404, "DATA_NOT_FOUND", "Transaction not found")
    return transaction


@get("/balance")
async def get_balance(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    return {"balance": sandbox.transactions.balance(request.query_params.get("account_type") or "CASH")}


def invoice_router() -> Router:
    """Everything but payouts."""
    handlers = [
        create_invoice, get_invoice, list_invoices, expire_invoice, list_transactions, get_transaction, get_balance,
    ]  # fmt: skip
    return Router("/xendit", route_handlers=handlers, guards=[require_key])


def many(request: AnyRequest, name: str) -> list[str]:
    """An array in the query: the key repeated, or one JSON list."""
    values = [*request.query_params.getall(name, []), *request.query_params.getall(f"{name}[]", [])]
    if len(values) != 1 or not values[0].startswith("["):
        return values
    try:
        return msgspec.json.decode(values[0], type=list[str])
    except msgspec.DecodeError as fault:
        raise invalid(name, f"{name} must be a list of texts") from fault


def limit(request: AnyRequest, *, maximum: int) -> int:
    """The page size; the SDK sends it as a float."""
    text = request.query_params.get("limit", "10")
    try:
        wanted = int(float(text))
    except ValueError:
        wanted = 0
    if not 1 <= wanted <= maximum:
        raise invalid("limit", f"limit must be between 1 and {maximum}")
    return wanted


def _invoice(sandbox: Sandbox, invoice_id: str) -> Doc:
    invoice = sandbox.invoices.get(invoice_id)
    if invoice is None:
        raise xendit_error(404, "INVOICE_NOT_FOUND_ERROR", "Could not find invoice by id.")
    return invoice


def _after(value: str | None, moment: str, direction: int) -> bool:
    return value is not None and (epoch(value) - epoch(moment.replace(" ", "+"))) * direction >= 0


def _between(request: AnyRequest, found: list[Doc]) -> list[Doc]:
    """Those within `created[gte]` … `updated[lte]`."""
    for field in ("created", "updated"):
        for bound, direction in (("gte", 1), ("lte", -1)):
            if moment := request.query_params.get(f"{field}[{bound}]"):
                found = [each for each in found if _after(each[field], moment, direction)]
    return found


def _page(request: AnyRequest, found: list[Doc]) -> Doc:
    """`{has_more, data, links}`, newest first."""
    size, after = limit(request, maximum=50), request.query_params.get("after_id")
    if after:
        ids = [each["id"] for each in found]
        found = found[ids.index(after) + 1 :] if after in ids else []
    data, has_more = found[:size], len(found) > size
    links: list[dict[str, Any]] = []
    if has_more:
        links.append({"href": f"/transactions?limit={size}&after_id={data[-1]['id']}", "rel": "next", "method": "GET"})
    return {"has_more": has_more, "data": data, "links": links}
