"""Statements and receipts, over HTTP. PDFs are drawn in a thread."""

import asyncio
from typing import Annotated, Final, Literal

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter

from iayos.core.errors import Invalid
from iayos.payments import receipt, statement
from iayos.web.auth import Me, signed_in
from iayos.web.docs import answers
from iayos.web.tx import Reading

PDF: Final = "application/pdf"
CSV: Final = "text/csv"
Format = Literal["pdf", "csv"]


def _file(content: bytes, *, kind: str, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


@get(
    "/accounts/wallet/statement", summary="A month of my wallet, as PDF or CSV", guards=[signed_in],
    media_type=PDF, opt=answers(Invalid),
    responses={200: ResponseSpec(bytes, description="The statement", media_type=PDF, generate_examples=False)},
)  # fmt: skip
async def wallet_statement(
    request: Request[None, None, State], reads: Reading, me: Me,
    month: Annotated[str | None, QueryParameter(max_length=20, description="YYYY-MM in Manila; the present one if none is given.")] = None,
    format: Annotated[Format | None, QueryParameter(description="Else what `Accept` asks for, else PDF.")] = None,  # noqa: A002 - the wire's name
) -> Response[bytes]:  # fmt: skip
    """Opening balance, every movement with what it was, closing balance."""
    found = await statement.of_month(reads, me.account_id, month)
    name = f"iayos-wallet-{found.month}"
    if format == "csv" or (format is None and request.accept.best_match([PDF, CSV]) == CSV):
        return _file(statement.as_csv(found), kind=CSV, name=f"{name}.csv")
    return _file(await asyncio.to_thread(statement.as_pdf, found), kind=PDF, name=f"{name}.pdf")


@get(
    "/payments/{transaction_id:int}/receipt", summary="The receipt of a payment, as PDF", guards=[signed_in],
    media_type=PDF, opt=answers(receipt.NotPaidYet),
    responses={200: ResponseSpec(bytes, description="The receipt", media_type=PDF, generate_examples=False)},
)  # fmt: skip
async def payment_receipt(
    transaction_id: FromPath[int], request: Request[None, None, State], reads: Reading, me: Me
) -> Response[bytes]:
    """An acknowledgement of the payment and, on its second page, the invoice for the platform's fee."""
    services = request.app.state.services
    found = await receipt.receipt_of(
        reads, services.cipher, payment_id=transaction_id, by=me, seller=services.settings.seller
    )
    content = await asyncio.to_thread(receipt.as_pdf, found)
    return _file(content, kind=PDF, name=f"iayos-receipt-{transaction_id}.pdf")


router = Router(path="/api", route_handlers=[wallet_statement, payment_receipt], tags=["payments"])
