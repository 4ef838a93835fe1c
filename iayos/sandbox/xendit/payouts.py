"""Xendit payouts: once per idempotency key, with the account numbers that decide their own fate."""

import hashlib
from datetime import timedelta
from typing import Final
from uuid import uuid4

import msgspec

from iayos.core import clock
from iayos.sandbox.answers import control_error, iso, now_iso, pesos, seconds
from iayos.sandbox.store import Doc, Store
from iayos.sandbox.webhooks import Webhooks
from iayos.sandbox.xendit.errors import invalid, xendit_error
from iayos.sandbox.xendit.payout_channels import PAYOUT_CHANNELS
from iayos.sandbox.xendit.transactions import BUSINESS_ID, Transactions

OPEN: Final = frozenset({"ACCEPTED", "REQUESTED"})
# Xendit's test mode: these account numbers decide what becomes of a payout
_FAILING: Final = {
    "123456": "TEMPORARY_TRANSFER_ERROR",
    "999999": "REJECTED_BY_CHANNEL",
    "121212": "INVALID_DESTINATION",
}
_STAYS_ACCEPTED: Final = "131313"
_GETS_REVERSED: Final = "654321"
_MAGIC_AFTER_S: Final = 0.5
_KEY_MAX: Final = 100
_ARRIVES_AFTER: Final = timedelta(minutes=15)


class Auto(msgspec.Struct, kw_only=True):
    """Whether payouts settle by themselves, and how long after they were made."""

    payouts: bool = True
    after_s: float = 2.0


class Payouts:
    """All payouts of the account."""

    def __init__(self, store: Store, *, auto: Auto, webhooks: Webhooks, transactions: Transactions) -> None:
        self.store = store
        self.default = auto
        self.webhooks = webhooks
        self.transactions = transactions

    def create(self, request: object, key: str | None) -> Doc:
        """A new ACCEPTED payout, or the one that this key made before."""
        if not key or len(key) > _KEY_MAX:
            raise invalid("idempotency-key", f"the header idempotency-key must have 1 to {_KEY_MAX} characters")
        if not isinstance(request, dict):
            raise xendit_error(400, "INVALID_JSON_FORMAT", "The request body is not valid JSON.")
        fingerprint = hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()
        known = self.store.get("payout_key", key)
        if known is not None and known["fingerprint"] != fingerprint:
            raise xendit_error(409, "DUPLICATE_ERROR", "Idempotency key was used for another payout request.")
        if known is not None:
            return self._known(known["payout"])
        payout = self._accept(_checked(request))
        self.store.put("payout_key", key, {"fingerprint": fingerprint, "payout": payout["id"]})
        return payout

    def get(self, payout_id: str) -> Doc | None:
        """One payout."""
        return self.store.get("payout", payout_id)

    def all(self, reference_id: str | None = None) -> list[Doc]:
        """All, or those of one reference, oldest first."""
        return self.store.all("payout", ref=reference_id)

    def succeed(self, payout: Doc, *, webhook: bool = True) -> Doc:
        """The money arrived."""
        return self._decide(payout, "SUCCEEDED", OPEN, webhook=webhook)

    def fail(self, payout: Doc, failure_code: str, *, webhook: bool = True) -> Doc:
        """The money never left, and is back in the balance."""
        return self._decide(payout, "FAILED", OPEN, webhook=webhook, more={"failure_code": failure_code})

    def reverse(self, payout: Doc, *, webhook: bool = True) -> Doc:
        """The receiving bank sent the money back."""
        return self._decide(payout, "REVERSED", frozenset({"SUCCEEDED"}), webhook=webhook)

    def cancel(self, payout: Doc) -> Doc:
        """Taken back before the channel had it; no webhook tells of that."""
        return self._decide(payout, "CANCELLED", frozenset({"ACCEPTED"}), webhook=False)

    def auto(self) -> Auto:
        """Whether payouts settle by themselves now."""
        kept = self.store.get("setting", "payouts.auto")
        return self.default if kept is None else msgspec.convert(kept, Auto)

    def set_auto(self, auto: Auto) -> None:
        """For those that wait as well as for those to come."""
        self.store.put("setting", "payouts.auto", msgspec.to_builtins(auto))
        for payout in self.all():
            if payout["status"] in OPEN:
                self._save(payout, due=self._due(payout))

    def fall_due(self, payout_id: str) -> None:
        """Time has come for a payout to go where its account number sends it."""
        payout = self.get(payout_id)
        if payout is None:
            return
        number = payout["channel_properties"]["account_number"]
        if payout["status"] == "SUCCEEDED":
            self.reverse(payout)
        elif code := self._failure(payout):
            self.fail(payout, code)
        else:
            self.succeed(payout)
            if number == _GETS_REVERSED:
                self._save(payout, due=seconds() + self._after())

    def _known(self, payout_id: str) -> Doc:
        payout = self.get(payout_id)
        if payout is None:
            raise xendit_error(404, "DATA_NOT_FOUND", "Payout not found")
        return payout

    def _accept(self, wanted: Doc) -> Doc:
        now = clock.now()
        channel = PAYOUT_CHANNELS[wanted["channel_code"]]
        payout = {
            "id": f"disb-{uuid4()}",
            "business_id": BUSINESS_ID,
            "reference_id": wanted["reference_id"],
            "channel_code": wanted["channel_code"],
            "channel_properties": wanted["channel_properties"],
            "amount": pesos(wanted["amount"]),
            "currency": "PHP",
            "status": "ACCEPTED",
            "created": iso(now),
            "updated": iso(now),
            "estimated_arrival_time": iso(now + _ARRIVES_AFTER),
        }
        optional = ("description", "receipt_notification", "metadata")
        payout |= {key: wanted[key] for key in optional if wanted.get(key) is not None}
        payout["uncovered"] = payout["amount"] > self.transactions.balance()
        if not payout["uncovered"]:
            self.transactions.payout(payout, category=channel.category)
        self._save(payout, due=self._due(payout))
        return payout

    def _failure(self, payout: Doc) -> str | None:
        if payout["uncovered"]:
            return "INSUFFICIENT_BALANCE"
        return _FAILING.get(payout["channel_properties"]["account_number"])

    def _after(self) -> float:
        auto = self.auto()
        return auto.after_s if auto.payouts else _MAGIC_AFTER_S

    def _due(self, payout: Doc) -> float | None:
        """When a payout moves by itself: any when `auto` is on, those with a fate of their own always."""
        number = payout["channel_properties"]["account_number"]
        fated = self._failure(payout) is not None or number == _GETS_REVERSED
        if number == _STAYS_ACCEPTED or not (self.auto().payouts or fated):
            return None
        return seconds() + self._after()

    def _decide(
        self, payout: Doc, status: str, allowed: frozenset[str], *, webhook: bool, more: Doc | None = None
    ) -> Doc:
        if payout["status"] == status:
            return payout
        if payout["status"] not in allowed:
            message = f"payout {payout['id']} is {payout['status']} and can not become {status}"
            raise control_error(409, message)
        payout |= {"status": status, "updated": now_iso()} | (more or {})
        self._save(payout, due=None)
        if not payout["uncovered"]:
            books = {"SUCCEEDED": "SUCCESS", "CANCELLED": "VOIDED"}
            self.transactions.decide(payout, books.get(status, status))
        if status != "CANCELLED":
            self._tell(payout, lost=not webhook)
        return payout

    def _tell(self, payout: Doc, *, lost: bool) -> None:
        event = f"payout.{payout['status'].lower()}"
        envelope = {"event": event, "business_id": BUSINESS_ID, "created": now_iso(), "data": shown(payout)}
        self.webhooks.emit(envelope, lost=lost)

    def _save(self, payout: Doc, *, due: float | None) -> None:
        self.store.put("payout", payout["id"], payout, ref=payout["reference_id"], due=due)


def shown(payout: Doc) -> Doc:
    """As Xendit shows it."""
    return {key: value for key, value in payout.items() if key != "uncovered"}


def _checked(request: Doc) -> Doc:
    """The request, or Xendit's refusal of it."""
    reference = request.get("reference_id")
    if not isinstance(reference, str) or not reference:
        raise invalid("reference_id", "reference_id is required")
    channel = PAYOUT_CHANNELS.get(str(request.get("channel_code")))
    if channel is None:
        raise xendit_error(400, "CHANNEL_CODE_NOT_SUPPORTED_ERROR", "The channel code is not supported.")
    if request.get("currency") != "PHP":
        raise invalid("currency", "currency must be that of the channel, PHP")
    properties = request.get("channel_properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("account_number"), str):
        raise invalid("channel_properties.account_number", "account_number is required")
    if not properties["account_number"].strip():
        raise xendit_error(400, "RECIPIENT_ACCOUNT_NUMBER_ERROR", "The account number is not valid for the channel.")
    amount = request.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise invalid("amount", "amount is required and must be a number")
    if amount < channel.minimum or round(amount, 2) != amount:
        message = f"The amount must be at least {channel.minimum} and a multiple of 0.01."
        raise xendit_error(400, "RECIPIENT_AMOUNT_ERROR", message)
    if amount > channel.maximum:
        raise xendit_error(400, "MAXIMUM_TRANSFER_LIMIT_ERROR", f"The amount must be at most {channel.maximum}.")
    return request
