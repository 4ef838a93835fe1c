"""The hosted checkout page of an invoice: for a person with a phone, or a browser test."""

from html import escape
from typing import Final

from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, Refusal
from iayos.sandbox.html import money, page
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc
from iayos.sandbox.xendit.channels import CHANNELS, ON_CHECKOUT
from iayos.sandbox.xendit.invoices import PayOrder

_STATES: Final = {
    "PAID": "This invoice is paid. Thank you.",
    "SETTLED": "This invoice is paid. Thank you.",
    "EXPIRED": "This invoice has expired and can no longer be paid here.",
    "FAILED": "The payment failed. Nothing was charged; you may try again.",
}


@get("/{invoice_id:str}")
async def show(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Response[str]:
    invoice = sandbox.invoices.get(invoice_id)
    if invoice is None:
        return page("No such invoice", "<h1>No such invoice</h1>", status=404)
    if invoice["status"] != "PENDING":
        return _result(invoice, invoice["status"])
    return page(f"Pay {invoice['merchant_name']}", _head(invoice) + _ways_to_pay(invoice))


@post("/{invoice_id:str}/pay")
async def pay(invoice_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Response[str]:
    form = await request.form()
    invoice = sandbox.invoices.get(invoice_id)
    if invoice is None or invoice["status"] != "PENDING":
        return _back(invoice_id)
    try:
        amount = float(form["amount"]) if form.get("amount") else None
        sandbox.invoices.pay(invoice, PayOrder(channel=form.get("channel", "GCASH"), amount=amount))
    except (ValueError, Refusal):
        return _back(invoice_id)
    return _leave(invoice, "success_redirect_url", "PAID")


@post("/{invoice_id:str}/fail")
async def fail(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Response[str]:
    invoice = sandbox.invoices.get(invoice_id)
    # a failed attempt changes nothing at Xendit: the invoice stays PENDING and no webhook tells of it
    return _back(invoice_id) if invoice is None else _leave(invoice, "failure_redirect_url", "FAILED")


@post("/{invoice_id:str}/expire")
async def expire(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Response[str]:
    invoice = sandbox.invoices.get(invoice_id)
    if invoice is None or invoice["status"] != "PENDING":
        return _back(invoice_id)
    return _leave(sandbox.invoices.expire(invoice), "failure_redirect_url", "EXPIRED")


def checkout_router() -> Router:
    """What `invoice_url` points to."""
    return Router("/checkout", route_handlers=[show, pay, fail, expire])


def _head(invoice: Doc) -> str:
    amount = money(invoice["amount"], invoice["currency"])
    return (
        f'<h1>{escape(invoice["merchant_name"])}</h1><p class="amount">{amount}</p>'
        f"<p>{escape(invoice.get('description') or invoice['external_id'])}</p>"
    )


def _ways_to_pay(invoice: Doc) -> str:
    action = f"/checkout/{invoice['id']}"
    buttons = "".join(
        f'<form method="post" action="{action}/pay"><input type="hidden" name="channel" value="{code}">'
        f'<button class="pay">Pay with {escape(CHANNELS[code].label)}</button></form>'
        for code in ON_CHECKOUT
    )
    options = "".join(f'<option value="{code}">{escape(CHANNELS[code].label)}</option>' for code in ON_CHECKOUT)
    other = (
        f'<form method="post" action="{action}/pay"><fieldset><legend>Something else happens</legend>'
        '<label>Other amount, in pesos <input type="number" name="amount" min="0.01" step="0.01" required '
        f'value="{invoice["amount"] / 2:.2f}"></label>'
        f'<label>Channel <select name="channel">{options}</select></label>'
        "<button>Pay a different amount</button></fieldset></form>"
    )
    rest = "".join(
        f'<form method="post" action="{action}/{verb}"><button>{text}</button></form>'
        for verb, text in (("fail", "Fail"), ("expire", "Let it expire"))
    )
    return buttons + other + rest + "<footer>Sandbox: no money moves.</footer>"


def _leave(invoice: Doc, redirect: str, state: str) -> Response[str]:
    """Back to the merchant, or to a page that says how it ended."""
    url = invoice.get(redirect)
    return _result(invoice, state) if not url else _see_other(url)


def _result(invoice: Doc, state: str) -> Response[str]:
    paid = money(invoice["paid_amount"], invoice["currency"]) if "paid_amount" in invoice else ""
    note = f'<p class="note">Paid: {paid}</p>' if paid else ""
    key = "failure_redirect_url" if state in {"EXPIRED", "FAILED"} else "success_redirect_url"
    url = invoice.get(key)
    back = f'<p><a href="{escape(url)}">Back to the merchant</a></p>' if url else ""
    again = f'<p><a href="/checkout/{invoice["id"]}">Try again</a></p>' if state == "FAILED" else ""
    body = f'{_head(invoice)}<p class="state" role="status">{_STATES[state]}</p>{note}{back}{again}'
    return page(f"Invoice {state.lower()}", body)


def _back(invoice_id: str) -> Response[str]:
    return _see_other(f"/checkout/{invoice_id}")


def _see_other(url: str) -> Response[str]:
    return Response("", status_code=303, media_type=MediaType.TEXT, headers={"location": url})
