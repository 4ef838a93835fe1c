"""Xendit, through its own SDK: blocking calls in threads of our own, with time limits, answers parsed by us.

The SDK's habits that this works around (reference/providers.md A.1): no default timeout, hidden retries on GET, response
models that refuse documented values, exceptions of five families. Its traffic needs no global state, so there is none.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
import structlog

from iayos.core import metrics
from iayos.core.errors import GatewayUnavailable, Plain

PAID: Final = frozenset({"PAID", "SETTLED"})
EXPIRED: Final = "EXPIRED"
PENDING: Final = "PENDING"
THREADS: Final = 16
INVOICE_PAGE: Final = 100
COSTS: Final = ("xendit_fee", "value_added_tax", "xendit_withholding_tax", "third_party_withholding_tax")
log = structlog.get_logger(__name__)


class Refused(Plain):
    """Xendit understood and said no: a fact, not a failure."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class Invoice(msgspec.Struct, frozen=True):
    """An invoice as Xendit shows it; amounts in centavos."""

    id: str
    external_id: str
    status: str
    amount: int
    currency: str
    url: str
    expires_at: datetime
    paid_amount: int | None


class Transaction(msgspec.Struct, frozen=True):
    """A movement on our Xendit account; amounts in centavos."""

    id: str
    status: str
    type: str
    amount: int
    currency: str
    product_id: str
    reference: str
    created: datetime
    cost: int
    """What Xendit takes for it, taxes included."""
    cost_status: str


class Payout(msgspec.Struct, frozen=True):
    """A payout as Xendit shows it; amount in centavos."""

    id: str
    reference: str
    status: str
    """ACCEPTED, REQUESTED, SUCCEEDED, FAILED, REVERSED, CANCELLED, or one that Xendit invents tomorrow."""
    amount: int
    currency: str
    failure_code: str | None


class PayoutChannel(msgspec.Struct, frozen=True):
    """A bank or e-wallet that Xendit pays out to; amounts in centavos."""

    code: str
    name: str
    category: str
    """BANK, EWALLET or OTC."""
    least: int
    most: int
    step: int


class Xendit:
    """Our account at Xendit."""

    def __init__(self, *, url: str, api_key: str, timeout_s: float) -> None:
        self._url, self._api_key, self._timeout = url, api_key, timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="xendit")
        self._client: Any = None

    async def create_invoice(self, **request: Any) -> Invoice:
        """Ask for a payment. Not idempotent: whoever repeats this looks it up by `external_id` before."""
        return _invoice(
            await self._call("create_invoice", lambda: self._invoices().create_invoice(request, **self._raw()))
        )

    async def invoice(self, invoice_id: str) -> Invoice | None:
        """One invoice, or None when Xendit does not know it."""
        try:
            return _invoice(
                await self._call("get_invoice", lambda: self._invoices().get_invoice_by_id(invoice_id, **self._raw()))
            )
        except Refused as no:
            if no.status in {400, 404}:
                return None
            raise

    async def invoices_of(self, external_id: str) -> list[Invoice]:
        """Every invoice with our reference."""
        found = await self._call(
            "list_invoices", lambda: self._invoices().get_invoices(external_id=external_id, **self._raw())
        )
        return [_invoice(one) for one in found]

    async def expire(self, invoice_id: str) -> None:
        """End an invoice; `Refused` when it is not pending any more."""
        await self._call("expire_invoice", lambda: self._invoices().expire_invoice(invoice_id, **self._raw()))

    async def payments_of(self, external_id: str) -> list[Transaction]:
        """Payments that arrived with our reference, also after the invoice had expired."""
        found = await self._call(
            "list_transactions",
            lambda: self._transactions().get_all_transactions(reference_id=external_id, limit=50.0, **self._raw()),
        )
        return [_transaction(one) for one in found["data"] if one["status"] == "SUCCESS" and one["type"] == "PAYMENT"]

    async def invoices_since(self, since: datetime) -> AsyncIterator[list[Invoice]]:
        """Every invoice made since then, newest first, by pages."""
        more: dict[str, Any] = {}
        while True:
            page = await self._invoice_page(created_after=since, **more)
            yield page
            if len(page) < INVOICE_PAGE:
                return
            more = {"last_invoice": page[-1].id}

    async def _invoice_page(self, **where: Any) -> list[Invoice]:
        raw = await self._call(
            "list_invoices", lambda: self._invoices().get_invoices(limit=float(INVOICE_PAGE), **where, **self._raw())
        )
        return [_invoice(one) for one in raw]

    async def transactions_since(self, since: datetime) -> AsyncIterator[list[Transaction]]:
        """Every movement since then, newest first, by pages.

        The SDK writes a date filter into the query as a Python dict, which Xendit cannot read: pages are read until they
        are older.
        """
        after: str | None = None
        while True:
            page, more = await self._transaction_page(after)
            yield [one for one in page if one.created >= since]
            if not more or page[-1].created < since:
                return
            after = page[-1].id

    async def _transaction_page(self, after: str | None) -> tuple[list[Transaction], bool]:
        where = {"after_id": after} if after else {}
        raw = await self._call(
            "list_transactions", lambda: self._transactions().get_all_transactions(limit=50.0, **where, **self._raw())
        )
        page = [_transaction(one) for one in raw["data"]]
        return page, bool(raw.get("has_more")) and bool(page)

    async def create_payout(self, key: str, request: dict[str, Any]) -> Payout:
        """Send money out, once for a key: asking again with the same key and request answers the same payout."""
        raw = await self._call(
            "create_payout", lambda: self._payouts().create_payout(key, create_payout_request=request, **self._raw())
        )
        return _payout(raw)

    async def payout(self, payout_id: str) -> Payout | None:
        """One payout, or None when Xendit does not know it."""
        try:
            return _payout(
                await self._call("get_payout", lambda: self._payouts().get_payout_by_id(payout_id, **self._raw()))
            )
        except Refused as no:
            if no.status in {400, 404}:
                return None
            raise

    async def payouts_of(self, reference: str) -> list[Payout]:
        """Every payout with our reference. The guide shows an array, the SDK expects pages: both are read."""
        found = await self._call("list_payouts", lambda: self._payouts().get_payouts(reference, **self._raw()))
        return [_payout(one) for one in (found if isinstance(found, list) else found["data"])]

    async def payout_channels(self) -> list[PayoutChannel]:
        """Where Xendit pays out pesos, and how much at a time."""
        found = await self._call(
            "list_payout_channels", lambda: self._payouts().get_payout_channels(currency="PHP", **self._raw())
        )
        return [_channel(one) for one in found]

    def close(self) -> None:
        """Let the threads end; a call that hangs keeps its own until its time is over."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _raw(self) -> dict[str, Any]:
        return {"_preload_content": False, "_request_timeout": (min(self._timeout, 5.0), self._timeout)}

    def _invoices(self) -> Any:
        from xendit.invoice.invoice_api import InvoiceApi  # noqa: PLC0415 - a slow import, needed by few processes

        return InvoiceApi(self._connected())

    def _transactions(self) -> Any:
        from xendit.balance_and_transaction.transaction_api import TransactionApi  # noqa: PLC0415 - as above

        return TransactionApi(self._connected())

    def _payouts(self) -> Any:
        from xendit.payout.payout_api import PayoutApi  # noqa: PLC0415 - as above

        return PayoutApi(self._connected())

    def _connected(self) -> Any:
        if self._client is None:
            import xendit  # noqa: PLC0415 - as above

            configuration = xendit.Configuration(host=self._url.rstrip("/"), api_key=self._api_key)
            configuration.retries = False
            self._client = xendit.ApiClient(configuration)
        return self._client

    async def _call(self, name: str, request: Callable[[], Any]) -> Any:
        """Run in a thread; a refusal is `Refused`, anything unclear is `GatewayUnavailable`."""
        loop = asyncio.get_running_loop()
        with metrics.calling("xendit", name):
            return await loop.run_in_executor(self._threads, copy_context().run, _answer, request)


def _answer(request: Callable[[], Any]) -> Any:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with the SDK
    from xendit import XenditSdkException  # noqa: PLC0415 - as above
    from xendit.exceptions import OpenApiException  # noqa: PLC0415 - as above

    try:
        return msgspec.json.decode(request().data)
    except XenditSdkException as no:
        status = int(no.status or 0)
        if 400 <= status < 500 and status not in {401, 403, 408, 429}:  # noqa: PLR2004 - the family of refusals
            raise Refused(status, str(no.errorCode)) from None
        log.warning("xendit unavailable", status=status, code=str(no.errorCode))
        raise GatewayUnavailable from None
    except (OpenApiException, HTTPError, TypeError, ValueError, OSError) as unclear:
        log.warning("xendit unavailable", error=type(unclear).__name__)
        raise GatewayUnavailable from None


def _centavos(pesos: Any) -> int:
    return int((Decimal(str(pesos)) * 100).to_integral_value())


def _invoice(raw: dict[str, Any]) -> Invoice:
    paid = raw.get("paid_amount")
    return Invoice(
        id=raw["id"], external_id=raw["external_id"], status=raw["status"], amount=_centavos(raw["amount"]),
        currency=raw.get("currency") or "PHP", url=raw["invoice_url"],
        expires_at=datetime.fromisoformat(raw["expiry_date"]), paid_amount=None if paid is None else _centavos(paid),
    )  # fmt: skip


def _transaction(raw: dict[str, Any]) -> Transaction:
    fee = raw.get("fee") or {}
    return Transaction(
        id=raw["id"], status=raw["status"], type=raw["type"], amount=_centavos(raw["amount"]),
        currency=raw["currency"], product_id=str(raw.get("product_id") or ""), reference=raw.get("reference_id") or "",
        created=datetime.fromisoformat(raw["created"]), cost=sum(_centavos(fee.get(name) or 0) for name in COSTS),
        cost_status=str(fee.get("status") or ""),
    )  # fmt: skip


def _payout(raw: dict[str, Any]) -> Payout:
    return Payout(
        id=raw["id"], reference=raw["reference_id"], status=raw["status"], amount=_centavos(raw["amount"]),
        currency=raw["currency"], failure_code=raw.get("failure_code"),
    )  # fmt: skip


def _channel(raw: dict[str, Any]) -> PayoutChannel:
    limits = raw["amount_limits"]
    return PayoutChannel(
        code=raw["channel_code"], name=raw["channel_name"], category=raw["channel_category"],
        least=_centavos(limits["minimum"]), most=_centavos(limits["maximum"]),
        step=max(1, _centavos(limits.get("minimum_increment") or "0.01")),
    )  # fmt: skip
