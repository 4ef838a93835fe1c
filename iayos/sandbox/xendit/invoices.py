"""Xendit invoices: what becomes of them, and what is told about it."""

import re
import secrets
from datetime import timedelta
from typing import Final
from uuid import uuid4

import msgspec

from iayos.core import clock
from iayos.sandbox.answers import control_error, epoch, iso, now_iso, pesos
from iayos.sandbox.store import Doc, Store
from iayos.sandbox.webhooks import Webhooks
from iayos.sandbox.xendit.channels import CHANNELS, Channel
from iayos.sandbox.xendit.errors import invalid, xendit_error
from iayos.sandbox.xendit.transactions import BUSINESS_ID, Transactions

MERCHANT: Final = "iAyos (sandbox)"
_DAY_S: Final = 86_400
_YEAR_S: Final = 31_536_000
_TEXT_MAX: Final = 255
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_OPTIONAL: Final = (
    "payer_email", "description", "locale", "success_redirect_url", "failure_redirect_url",
    "should_authenticate_credit_card", "items", "fees", "customer", "customer_notification_preference",
    "channel_properties", "metadata", "mid_label", "payment_methods",
)  # fmt: skip
_HIDDEN: Final = ("late_payment_id",)


class PayOrder(msgspec.Struct, kw_only=True):
    """How an invoice is paid; amounts are pesos, and None means the amount asked for."""

    channel: str = "GCASH"
    amount: float | None = None
    currency: str | None = None
    webhook: bool = True


class Invoices:
    """All invoices of the account."""

    def __init__(self, store: Store, *, base_url: str, webhooks: Webhooks, transactions: Transactions) -> None:
        self.store = store
        self.base_url = base_url
        self.webhooks = webhooks
        self.transactions = transactions

    def create(self, request: object) -> Doc:
        """A new PENDING invoice, with all that Xendit always answers."""
        wanted = _checked(request)
        now = clock.now()
        invoice_id = f"{int(now.timestamp()):08x}{secrets.token_hex(8)}"
        invoice = {
            "id": invoice_id,
            "external_id": wanted["external_id"],
            "user_id": BUSINESS_ID,
            "status": "PENDING",
            "merchant_name": MERCHANT,
            "merchant_profile_picture_url": f"{self.base_url}/logo.svg",
            "amount": pesos(wanted["amount"]),
            "currency": wanted.get("currency") or "PHP",
            "expiry_date": iso(now + timedelta(seconds=wanted.get("invoice_duration") or _DAY_S)),
            "invoice_url": f"{self.base_url}/checkout/{invoice_id}",
            **_available(wanted.get("payment_methods")),
            "should_exclude_credit_card": False,
            "should_send_email": False,
            "created": iso(now),
            "updated": iso(now),
        }
        invoice |= {key: wanted[key] for key in _OPTIONAL if wanted.get(key) is not None}
        self._save(invoice)
        return invoice

    def get(self, invoice_id: str) -> Doc | None:
        """One invoice."""
        return self.store.get("invoice", invoice_id)

    def all(self, external_id: str | None = None) -> list[Doc]:
        """All, or those of one external id, oldest first."""
        return self.store.all("invoice", ref=external_id)

    def pay(self, invoice: Doc, order: PayOrder) -> Doc:
        """Money arrives: a PENDING invoice is PAID; an EXPIRED one stays so, but the payment is real all the same."""
        channel = CHANNELS.get(order.channel)
        if channel is None:
            raise control_error(400, f"unknown channel {order.channel!r}; one of {', '.join(CHANNELS)}")
        if invoice["status"] not in {"PENDING", "EXPIRED"} or invoice.get("late_payment_id"):
            raise control_error(409, f"invoice {invoice['id']} is {invoice['status']} and was paid already")
        amount = pesos(invoice["amount"] if order.amount is None else order.amount)
        if amount <= 0:
            raise control_error(400, "amount must be above zero")
        paid = _payment(invoice, channel, amount, currency=order.currency or invoice["currency"])
        if invoice["status"] == "PENDING":
            invoice |= paid
        else:
            invoice["late_payment_id"] = paid["payment_id"]
        self._save(invoice)
        self.transactions.payment(invoice | paid, channel)
        self.webhooks.emit(_event(invoice | paid), invoice_id=invoice["id"], lost=not order.webhook)
        return invoice

    def expire(self, invoice: Doc, *, webhook: bool = True) -> Doc:
        """A PENDING invoice can no longer be paid on its page."""
        invoice |= {"status": "EXPIRED", "updated": now_iso()}
        self._save(invoice)
        self.webhooks.emit(_event(invoice), invoice_id=invoice["id"], lost=not webhook)
        return invoice

    def fall_due(self, invoice_id: str) -> None:
        """The expiry date of a PENDING invoice has come."""
        invoice = self.get(invoice_id)
        if invoice is not None and invoice["status"] == "PENDING":
            self.expire(invoice)

    def settle(self, invoice: Doc) -> Doc:
        """The money of a PAID invoice reaches the balance."""
        if invoice["status"] != "PAID":
            raise control_error(409, f"invoice {invoice['id']} is {invoice['status']}; only a PAID one is settled")
        invoice |= {"status": "SETTLED", "updated": now_iso()}
        self._save(invoice)
        self.transactions.settle(invoice)
        return invoice

    def _save(self, invoice: Doc) -> None:
        due = epoch(invoice["expiry_date"]) if invoice["status"] == "PENDING" else None
        self.store.put("invoice", invoice["id"], invoice, ref=invoice["external_id"], due=due)


def shown(invoice: Doc) -> Doc:
    """As Xendit shows it."""
    return {key: value for key, value in invoice.items() if key not in _HIDDEN}


def _payment(invoice: Doc, channel: Channel, amount: float, *, currency: str) -> Doc:
    """What a payment adds to an invoice."""
    now = now_iso()
    payment: Doc = {
        "status": "PAID",
        "currency": currency,
        "paid_amount": amount,
        "paid_at": now,
        "updated": now,
        "payment_method": channel.method,
        "payment_channel": channel.code,
        "payment_id": f"{channel.payment_prefix}{uuid4() if channel.payment_prefix else secrets.token_hex(12)}",
        "payment_method_id": f"pm-{uuid4()}",
        "payment_destination": invoice["id"],
    }
    if channel.method == "EWALLET":
        payment["ewallet_type"] = channel.code
    if channel.method == "CREDIT_CARD":
        payment["credit_card_charge_id"] = payment["payment_id"]
    return payment


_EVENT_FIELDS: Final = (
    "id", "external_id", "user_id", "status", "merchant_name", "amount", "paid_amount", "paid_at", "created", "updated",
    "currency", "payment_method", "payment_channel", "payment_id", "payment_method_id", "payment_destination",
    "ewallet_type", "credit_card_charge_id", "payer_email", "description", "items", "fees", "success_redirect_url",
    "failure_redirect_url",
)  # fmt: skip


def _event(invoice: Doc) -> Doc:
    """The webhook's payload: flat, and without the fields that have no value."""
    return {"is_high": False} | {key: invoice[key] for key in _EVENT_FIELDS if key in invoice}


def _available(methods: list[str] | None) -> Doc:
    """The channels that an invoice offers, by the lists that Xendit sorts them into."""
    offered = [CHANNELS[code] for code in methods or CHANNELS]

    def codes(method: str) -> list[str]:
        return [channel.code for channel in offered if channel.method == method]

    return {
        "available_banks": [],
        "available_retail_outlets": [{"retail_outlet_name": code} for code in codes("RETAIL_OUTLET")],
        "available_ewallets": [{"ewallet_type": code} for code in codes("EWALLET")],
        "available_qr_codes": [{"qr_code_type": code} for code in codes("QR_CODE")],
        "available_direct_debits": [{"direct_debit_type": code} for code in codes("DIRECT_DEBIT")],
        "available_paylaters": [{"paylater_type": code} for code in codes("PAYLATER")],
    }


def _checked(request: object) -> Doc:
    """The request, or Xendit's refusal of it."""
    if not isinstance(request, dict):
        raise xendit_error(400, "INVALID_JSON_FORMAT", "The request body is not valid JSON.")
    _check_text(request, "external_id", required=True)
    for name in ("description", "success_redirect_url", "failure_redirect_url"):
        _check_text(request, name, limit=None if name == "description" else _TEXT_MAX)
    amount = request.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise invalid("amount", "amount is required and must be a number")
    if amount < 1:
        raise invalid("amount", "amount must be at least 1")
    duration = request.get("invoice_duration", _DAY_S)
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not 1 <= duration <= _YEAR_S:
        raise invalid("invoice_duration", f"invoice_duration must be between 1 and {_YEAR_S}")
    if request.get("payer_email") and not _EMAIL.fullmatch(str(request["payer_email"])):
        raise xendit_error(400, "EMAIL_FORMAT_ERROR", "The payer email format is invalid.")
    if (request.get("currency") or "PHP") != "PHP":
        raise xendit_error(400, "UNSUPPORTED_CURRENCY", "The currency is not supported by this account.")
    _check_methods(request.get("payment_methods"), amount)
    return request


def _check_text(request: Doc, name: str, *, required: bool = False, limit: int | None = _TEXT_MAX) -> None:
    value = request.get(name)
    if value is None and not required:
        return
    if not isinstance(value, str) or not value or (limit is not None and len(value) > limit):
        raise invalid(name, f"{name} must be a text of 1 to {limit or 'any number of'} characters")


def _check_methods(methods: object, amount: float) -> None:
    if methods is not None and not (isinstance(methods, list) and all(isinstance(code, str) for code in methods)):
        raise invalid("payment_methods", "payment_methods must be a list of texts")
    codes = methods or list(CHANNELS)
    unknown = [code for code in codes if code not in CHANNELS]
    if unknown:
        message = f"The payment method choices did not match with the available one on this business: {unknown[0]}"
        raise xendit_error(400, "UNAVAILABLE_PAYMENT_METHOD_ERROR", message)
    if not any(CHANNELS[code].minimum <= amount <= CHANNELS[code].maximum for code in codes):
        raise xendit_error(400, "NO_COLLECTION_METHODS_ERROR", "No payment method can take this amount.")
