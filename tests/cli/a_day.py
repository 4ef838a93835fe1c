"""What staff finds in the morning: people, papers, cash, a quarrel and a lost webhook, made over HTTP on a real `iayos up`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from cli.demo.papers import PERSONS_PAPERS, handed_in
from cli.demo.people import Person, until
from cli.demo.pictures import drawn

GCASH: Final = "GCASH"
AT_XENDIT: Final = {"GCASH": "GCASH", "BANK": "DD_BPI"}


class Morning:
    """One town, as it was when staff came in."""

    def __init__(self, said: dict[str, Any], api: httpx.Client, sandbox: httpx.Client) -> None:
        self.api, self.sandbox = api, sandbox
        self.said = said
        self.admin = Person(api, said["admin"]["email"]).signed_in(said["admin"]["password"])
        self.trades = {one["name"]: one["categoryID"] for one in self.admin.get("/api/jobs/categories")["items"]}

    @classmethod
    @contextmanager
    def of(cls, said: dict[str, Any]) -> Iterator["Morning"]:
        """As `iayos up` was told to come up."""
        with (
            httpx.Client(base_url=said["api"], timeout=20, trust_env=False) as api,
            httpx.Client(base_url=said["sandbox"], timeout=20, trust_env=False) as sandbox,
        ):
            yield cls(said, api, sandbox)

    def client(self, first: str) -> Person:
        """Somebody who hires."""
        return Person.registered(self.api, self.sandbox, first, "Reyes", profileType="CLIENT")

    def worker(self, first: str) -> Person:
        """A plumber."""
        who = Person.registered(self.api, self.sandbox, first, "Santos", profileType="WORKER")
        who.post("/api/profile/specializations", {"categoryIDs": [self.trades["Plumbing"]]})
        return who

    def demo_worker(self) -> Person:
        """The one whose identity is known from the start."""
        return Person(self.api, self.said["worker"]["email"]).signed_in(self.said["worker"]["password"])

    def agreed(self, client: Person, worker: Person, title: str, budget: float) -> int:
        """An invitation that was accepted."""
        new = {
            "title": title, "description": "As we said on the phone.", "jobType": "INVITE", "budget": budget,
            "categoryID": self.trades["Plumbing"], "location": "Tetuan, Zamboanga City",
            "assignedWorkerID": worker.account_id,
        }  # fmt: skip
        job: int = client.post("/api/jobs/create", new, expect=201)["jobID"]
        worker.post(f"/api/jobs/{job}/accept-invite")
        return job

    def pay_escrow(self, client: Person, job: int, *, channel: str = GCASH, heard: bool = True) -> int:
        """The first half by GCash; the webhook may be lost."""
        begun = client.post("/api/payments/create-escrow", {"jobID": job, "paymentMethod": channel}, expect=201)
        invoice = begun["invoiceURL"].rpartition("/")[2]
        how = {"channel": AT_XENDIT[channel], "webhook": heard}
        self.sandbox.post(f"/_sandbox/xendit/invoices/{invoice}/pay", json=how).raise_for_status()
        number: int = begun["transactionID"]
        if heard:
            status = f"/api/payments/status/{number}"
            until("the escrow to be paid", lambda: client.get(status)["status"] == "COMPLETED")
        return number

    def papers(self, who: Person) -> int:
        """An identity check, handed in."""
        return handed_in(who, "INDIVIDUAL", "WORKER", PERSONS_PAPERS)

    def cash_proof(self, client: Person, worker: Person, job: int, words: str) -> int:
        """The work is approved, and the rest was paid by hand: a photo says so."""
        worker.post(f"/api/jobs/{job}/complete", {})
        client.post(f"/api/jobs/{job}/approve-completion")
        client.post("/api/payments/final-payment", {"jobID": job, "paymentMethod": "CASH"})
        proof = client.send(f"/api/jobs/{job}/upload-cash-proof", {"photo": drawn(words)})
        number: int = proof["transactionID"]
        return number

    def quarrel(self, client: Person, job: int) -> int:
        """The client disputes what was done."""
        said = {"reason": "Half of it is missing", "description": "Two of four taps still drip.", "evidence": []}
        number: int = client.post(f"/api/jobs/{job}/dispute", said, expect=201)["disputeID"]
        return number
