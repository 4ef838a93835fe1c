"""Xendit's own book: one transaction for every payment and every payout, and the balance that follows from them."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from iayos.core import clock
from iayos.sandbox.answers import iso, now_iso, pesos
from iayos.sandbox.store import Doc, Store
from iayos.sandbox.xendit.channels import Channel

BUSINESS_ID: Final = "5f27a14a9bf05c73dd040bc8"
_VAT: Final = 0.12
_PAYOUT_FEE: Final = 10.0
_SETTLES_AFTER: Final = timedelta(days=2)


class Transactions:
    """The account's money, as Xendit counts it."""

    def __init__(self, store: Store, *, opening_balance: float) -> None:
        self.store = store
        self.opening_balance = opening_balance

    def payment(self, invoice: Doc, channel: Channel) -> None:
        """Money came in for an invoice; it reaches the balance when it is settled."""
        amount = invoice["paid_amount"]
        fee = pesos(amount * channel.fee_percent / 100 + channel.fee_fixed)
        transaction = self._add(
            {
                "product_id": invoice["id"],
                "type": "PAYMENT",
                "status": "SUCCESS",
                "channel_category": channel.category,
                "channel_code": channel.code,
                "reference_id": invoice["external_id"],
                "currency": invoice["currency"],
                "amount": amount,
                "cashflow": "MONEY_IN",
                "settlement_status": "PENDING",
                "estimated_settlement_time": iso(clock.now() + _SETTLES_AFTER),
                "fee": _fee(fee, status="PENDING"),
            },
        )
        if transaction["currency"] == "PHP":
            self._move(holding=_net(transaction))

    def payout(self, payout: Doc, *, category: str) -> None:
        """Money is on its way out."""
        transaction = self._add(
            {
                "product_id": payout["id"],
                "type": "DISBURSEMENT",
                "status": "PENDING",
                "channel_category": category,
                "channel_code": payout["channel_code"],
                "account_identifier": payout["channel_properties"]["account_number"],
                "reference_id": payout["reference_id"],
                "currency": payout["currency"],
                "amount": payout["amount"],
                "cashflow": "MONEY_OUT",
                "settlement_status": None,
                "estimated_settlement_time": None,
                "fee": _fee(_PAYOUT_FEE, status="PENDING"),
            },
        )
        self._move(cash=-_cost(transaction))

    def settle(self, invoice: Doc) -> None:
        """The payment for an invoice reaches the balance."""
        transaction = self._of(invoice["id"], invoice["external_id"])
        self._change(transaction, {"settlement_status": "SETTLED"}, fee_status="COMPLETED")
        if transaction["currency"] == "PHP":
            self._move(cash=_net(transaction), holding=-_net(transaction))

    def decide(self, payout: Doc, status: str) -> None:
        """What became of a payout: SUCCESS, or FAILED, VOIDED, REVERSED, and then the money is back."""
        transaction = self._of(payout["id"], payout["reference_id"])
        self._change(transaction, {"status": status}, fee_status="COMPLETED" if status == "SUCCESS" else "REVERSED")
        if status != "SUCCESS":
            self._move(cash=_cost(transaction))

    def get(self, transaction_id: str) -> Doc | None:
        """One transaction."""
        return self.store.get("transaction", transaction_id)

    def all(self, *, reference_id: str | None = None) -> list[Doc]:
        """All, or those of one reference, newest first."""
        return self.store.all("transaction", ref=reference_id)[::-1]

    def balance(self, account_type: str = "CASH") -> float:
        """What is there: CASH settled and not paid out, HOLDING still to be settled, TAX never anything here."""
        return pesos(self._balances().get(account_type.lower(), 0))

    def set_balance(self, amount: float) -> None:
        """Make the CASH balance what a test needs it to be."""
        self.store.put("setting", "xendit.balances", self._balances() | {"cash": amount})

    def _balances(self) -> Doc:
        opening = {"cash": self.opening_balance, "holding": 0.0}
        return self.store.get("setting", "xendit.balances") or opening

    def _move(self, *, cash: float = 0.0, holding: float = 0.0) -> None:
        was = self._balances()
        now = {"cash": was["cash"] + cash, "holding": was["holding"] + holding}
        self.store.put("setting", "xendit.balances", now)

    def _of(self, product_id: str, reference_id: str) -> Doc:
        return next(each for each in self.all(reference_id=reference_id) if each["product_id"] == product_id)

    def _add(self, transaction: Doc) -> Doc:
        now = now_iso()
        full = {
            "id": f"txn_{uuid4()}",
            "account_identifier": None,
            "business_id": BUSINESS_ID,
            "created": now,
            "updated": now,
        } | transaction
        self._save(full)
        return full

    def _change(self, transaction: Doc, change: Doc, *, fee_status: str) -> None:
        transaction |= change | {"updated": now_iso()}
        transaction["fee"]["status"] = fee_status
        self._save(transaction)

    def _save(self, transaction: Doc) -> None:
        self.store.put("transaction", transaction["id"], transaction, ref=transaction["reference_id"])


def _fee(amount: float, *, status: str) -> Doc:
    return {
        "xendit_fee": pesos(amount),
        "value_added_tax": pesos(amount * _VAT),
        "xendit_withholding_tax": 0,
        "third_party_withholding_tax": 0,
        "status": status,
    }


def _net(transaction: Doc) -> float:
    fee = transaction["fee"]
    net: float = transaction["amount"] - fee["xendit_fee"] - fee["value_added_tax"]
    return net


def _cost(transaction: Doc) -> float:
    fee = transaction["fee"]
    cost: float = transaction["amount"] + fee["xendit_fee"] + fee["value_added_tax"]
    return cost
