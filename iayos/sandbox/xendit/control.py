"""Control routes for Xendit: what payers and banks do."""

import msgspec
from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, control_error, told
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc
from iayos.sandbox.xendit.invoices import PayOrder, shown


class Quietly(msgspec.Struct):
    """Whether a webhook tells of it."""

    webhook: bool = True


class Balance(msgspec.Struct):
    """What the account is to hold, in pesos."""

    amount: float


@get("/invoices")
async def invoices(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> list[Doc]:
    return [shown(each) for each in sandbox.invoices.all(request.query_params.get("external_id"))]


@get("/invoices/{invoice_id:str}")
async def invoice(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(_invoice(sandbox, invoice_id))


@post("/invoices/{invoice_id:str}/pay", status_code=200)
async def pay(invoice_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    order = await told(request, PayOrder)
    return shown(sandbox.invoices.pay(_invoice(sandbox, invoice_id), order))


@post("/invoices/{invoice_id:str}/expire", status_code=200)
async def expire(invoice_id: FromPath[str], request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    order = await told(request, Quietly)
    found = _invoice(sandbox, invoice_id)
    if found["status"] != "PENDING":
        raise control_error(409, f"invoice {invoice_id} is {found['status']}; only a PENDING one expires")
    return shown(sandbox.invoices.expire(found, webhook=order.webhook))


@post("/invoices/{invoice_id:str}/settle", status_code=200)
async def settle(invoice_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Doc:
    return shown(sandbox.invoices.settle(_invoice(sandbox, invoice_id)))


@get("/transactions")
async def transactions(sandbox: NamedDependency[Sandbox]) -> list[Doc]:
    return sandbox.transactions.all()[::-1]


@put("/balance")
async def set_balance(request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Doc:
    sandbox.transactions.set_balance((await told(request, Balance)).amount)
    return {"balance": sandbox.transactions.balance()}


def invoice_control_router() -> Router:
    """Everything but payouts."""
    handlers = [invoices, invoice, pay, expire, settle, transactions, set_balance]
    return Router("/_sandbox/xendit", route_handlers=handlers)


def _invoice(sandbox: Sandbox, invoice_id: str) -> Doc:
    found = sandbox.invoices.get(invoice_id)
    if found is None:
        raise control_error(404, f"no invoice {invoice_id}")
    return found
