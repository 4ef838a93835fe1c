"""What all stories share: the service, staff, the checkout, and the ledger to look into."""

from decimal import Decimal
from typing import Any, Final

import httpx

from cli.demo.people import Person, check, until
from cli.demo.telling import Telling

HERE: Final = {"city": "Zamboanga City", "province": "Zamboanga del Sur", "latitude": 6.9214, "longitude": 122.079}
MANILA: Final = {"city": "Manila", "province": "Metro Manila", "latitude": 14.5995, "longitude": 120.9842}
NOTHING: Final = Decimal(0)


class World:
    """One fresh iAyos, for as long as the stories are told."""

    def __init__(self, api: httpx.Client, sandbox: httpx.Client, admin: Person, telling: Telling) -> None:
        self.api = api
        self.sandbox = sandbox
        self.admin = admin
        self.telling = telling
        self.trades: dict[str, int] = {}

    def person(self, first: str, last: str, kind: str, **more: Any) -> Person:
        """Somebody new."""
        return Person.registered(self.api, self.sandbox, first, last, profileType=kind, **more)

    def plumber(self, first: str, **place: Any) -> Person:
        """A worker with a trade."""
        who = self.person(first, "Santos", "WORKER", **place)
        who.post("/api/profile/specializations", {"categoryIDs": [self.trades["Plumbing"]]})
        return who

    def pay(self, payer: Person, path: str, body: dict[str, Any], *, amount: str) -> int:
        """Ask for an invoice, pay it at the checkout by GCash, and poll as a phone does."""
        begun = payer.post(path, body, expect=201)
        check("to pay", begun["amount"], expected=Decimal(amount))
        check("its status", begun["status"], expected="PENDING")
        invoice = begun["invoiceURL"].rpartition("/")[2]
        self.sandbox.post(f"/_sandbox/xendit/invoices/{invoice}/pay", json={"channel": "GCASH"}).raise_for_status()
        return self.completed(payer, begun)

    def completed(self, payer: Person, begun: dict[str, Any]) -> int:
        """Poll until a payment has gone through."""
        number: int = begun["transactionID"]
        status = f"/api/mobile/payments/status/{number}"
        until("the payment to be COMPLETED", lambda: payer.get(status)["status"] == "COMPLETED")
        return number

    def balance(self, code: str) -> Decimal:
        """What lies on one ledger account; one that was never used holds nothing."""
        answer = self.admin.find(f"/api/admin/ledger/accounts/{code}")
        return NOTHING if answer is None else Decimal(answer["balance"])

    def prove(self) -> None:
        """The books, said and checked."""
        proof = self.admin.get("/api/admin/ledger/verify")
        total = sum(one["balance"] for one in self.admin.get("/api/admin/ledger/balances", limit=100)["items"])
        self.telling.end(proof | {"sum": total})
        check("the sum of all ledger accounts", total, expected=NOTHING)
        check("faults in the ledger", [one for one in proof["checks"] if not one["ok"]], expected=[])
