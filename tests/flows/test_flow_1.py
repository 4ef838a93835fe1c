"""Flow 1 of the reference: a listing job from registration to both reviews, with the books after each step."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from iayos.ledger.queries import balance
from iayos.payments.verify import verify
from tests import make
from tests.conftest import Sandbox

PASSWORD = "a-long-Passphrase-7"
Drain = Callable[[], Awaitable[int]]


class Person:
    """Somebody with a phone."""

    def __init__(self, http: httpx.AsyncClient, email: str) -> None:
        self.http, self.email, self.token, self.account_id = http, email, "", 0

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.http.request(method, f"/api/mobile{path}", json=body, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    async def get(self, path: str, *, status: int = 200) -> Any:
        return await self.call("GET", path, status=status)

    async def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        return await self.call("POST", path, body, status=status)

    async def notices(self) -> list[tuple[str, str]]:
        return [(one["title"], one["body"]) for one in (await self.get("/notifications"))["items"]]


class Story:
    """The people, the third parties and the books."""

    def __init__(self, http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain) -> None:
        self.http, self.db, self.sandbox, self.drain = http, db, sandbox.http, drain

    async def person(self, first: str, kind: str, **more: Any) -> Person:
        """Registers, verifies by the link in the mail, signs in."""
        who = Person(self.http, f"{first.lower()}@example.com")
        body = {"email": who.email, "password": PASSWORD, "profileType": kind, "firstName": first, "lastName": "Santos"}
        who.account_id = (await who.post("/auth/register", body | more, status=201))["accountID"]
        await self.drain()
        (mail,) = (await self.sandbox.get("/_sandbox/resend/messages", params={"to": who.email})).json()
        found = re.search(r"/verify-email\?token=([^\s\"<&]+)", mail["text"])
        assert found
        await who.post("/accounts/verify-email", {"token": found[1]})
        who.token = (await who.post("/auth/login", {"email": who.email, "password": PASSWORD}))["token"]
        return who

    async def paid(self, who: Person, transaction: dict[str, Any]) -> None:
        """Pays the invoice at the checkout, then polls as a phone does."""
        path = "/_sandbox/xendit/invoices"
        number = f"-{transaction['transactionID']}"
        (invoice,) = [one for one in (await self.sandbox.get(path)).json() if one["external_id"].endswith(number)]
        await self.sandbox.post(f"{path}/{invoice['id']}/pay", json={"channel": "GCASH"})
        for _ in range(300):
            await self.drain()
            if (await who.get(f"/payments/status/{transaction['transactionID']}"))["status"] == "COMPLETED":
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the payment never completed")

    async def books(self, **expected: int) -> None:
        """These ledger accounts hold these centavos, and everything adds up."""
        found = {name: await balance(self.db.reads, name.replace("_", ":")) for name in expected}
        assert found == expected
        proof = await verify(self.db)
        assert proof.ok, proof.checks


@pytest.fixture
def story(http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain) -> Story:
    return Story(http, db, sandbox, drain)


async def test_a_leaking_faucet_from_registration_to_both_reviews(story: Story) -> None:
    ana = await story.person("Ana", "CLIENT", city="Zamboanga City")
    ben = await story.person("Ben", "WORKER", city="Zamboanga City")
    carl = await story.person("Carl", "WORKER", city="Zamboanga City")
    far = await story.person("Dan", "WORKER", city="Davao City")
    for worker in (ben, carl, far):
        await worker.post("/profile/specializations", {"categoryIDs": [1]})

    # posted, and the workers nearby are told
    listing = {
        "title": "Fix leaking faucet", "description": "Kitchen faucet leaking", "categoryID": 1, "budget": 1000,
        "location": "Zamboanga City", "urgency": "MEDIUM", "jobType": "LISTING",
    }  # fmt: skip
    await ben.post("/jobs/create", listing, status=403)
    job = (await ana.post("/jobs/create", listing, status=201))["jobID"]
    await story.drain()
    told = ("New job in your area", "Plumbing job - ₱1,000.00")
    assert await ben.notices() == await carl.notices() == [told]
    assert await far.notices() == await ana.notices() == []

    # applications, one of them accepted
    offer = {"proposalMessage": "I can come today", "proposedBudget": 1000.5}
    await ana.post(f"/jobs/{job}/apply", offer, status=403)
    application = (await ben.post(f"/jobs/{job}/apply", offer, status=201))["applicationID"]
    assert (await ben.post(f"/jobs/{job}/apply", offer, status=409))["code"] == "ALREADY_APPLIED"
    await carl.post(f"/jobs/{job}/apply", offer | {"proposedBudget": 900}, status=201)
    assert (await ana.notices())[-1] == ("New job application", "Ben Santos applied to Fix leaking faucet")
    assert (await ana.post("/payments/create-escrow", {"jobID": job, "paymentMethod": "GCASH"}, status=409))[
        "code"
    ] == ("JOB_NOT_ACCEPTED")
    await ben.post(f"/jobs/applications/{application}/accept", status=403)
    await ana.post(f"/jobs/applications/{application}/accept")
    await ana.post(f"/jobs/applications/{application}/accept", status=409)
    seen = await ana.get(f"/jobs/{job}")
    assert (seen["status"], seen["assignedWorkerID"], seen["agreedPrice"]) == ("IN_PROGRESS", ben.account_id, 1000.5)
    assert seen["conversationID"]
    assert (await ben.notices())[0][0] == "Application accepted!"
    assert (await carl.notices())[0] == (
        "Application not selected", "Your application for Fix leaking faucet was not selected",
    )  # fmt: skip

    # half of it into escrow
    assert (await ben.post(f"/jobs/{job}/complete", {}, status=409))["code"] == "ESCROW_UNPAID"
    escrow = await ana.post("/payments/create-escrow", {"jobID": job, "paymentMethod": "GCASH"}, status=201)
    assert escrow["amount"] == 525.26
    await story.books(**{f"escrow_{job}": 0, "fees": 0})
    await story.paid(ana, escrow)
    await story.books(**{f"escrow_{job}": 500_25, "fees": 25_01, f"wallet_{ben.account_id}": 0, "xendit": -525_26})
    assert (await ben.notices())[0] == ("Payment received", "Client paid ₱500.25 escrow for Fix leaking faucet")
    assert (await ana.get("/accounts/wallet"))["held"] == 500.25
    quote = await ana.get(f"/jobs/{job}/cancel-quote")
    assert (quote["needs"], quote["toClient"], quote["feeKept"]) == ("OTHER_SIDE", 500.25, 25.01)

    # done, approved
    await ana.post(f"/jobs/{job}/approve-completion", status=409)
    await carl.post(f"/jobs/{job}/complete", {}, status=404)
    await ben.post(f"/jobs/{job}/complete", {"notes": "New washer", "photos": []})
    assert (await ana.notices())[0] == (
        "Job completion pending approval", "Ben Santos marked Fix leaking faucet as complete",
    )  # fmt: skip
    await ben.post(f"/jobs/{job}/approve-completion", status=403)
    approved = await ana.post(f"/jobs/{job}/approve-completion")
    assert (approved["status"], approved["settledAt"], approved["remainingPayment"]) == ("COMPLETED", None, 500.25)
    assert (await ana.post(f"/jobs/{job}/approve-completion", status=409))["code"] == "JOB_ALREADY_COMPLETED"
    assert (await ben.notices())[0] == ("Job completed!", "Ana Santos approved completion of Fix leaking faucet")
    review = {"rating": 5, "comment": "Quick and clean"}
    assert (await ana.post(f"/jobs/{job}/review", review, status=409))["code"] == "JOB_NOT_SETTLED"

    # the rest, and the worker is paid
    final = await ana.post("/payments/final-payment", {"jobID": job, "method": "GCASH"}, status=201)
    await story.paid(ana, final)
    await story.books(**{f"escrow_{job}": 0, "fees": 50_02, f"wallet_{ben.account_id}": 1000_50, "xendit": -1050_52})
    assert (await ben.notices())[0] == ("Payment received", "You received ₱1,000.50 for Fix leaking faucet")
    assert (await ben.get("/accounts/wallet"))["balance"] == 1000.5
    assert (await ben.get("/profile"))["totalEarningGross"] == 1000.5
    assert (await ana.post("/payments/final-payment", {"jobID": job, "method": "GCASH"}, status=409))[
        "code"
    ] == "ALREADY_PAID"

    # both reviews, hidden until both are in
    await ana.post(f"/jobs/{job}/review", review, status=201)
    await ana.post(f"/jobs/{job}/review", review, status=409)
    await carl.post(f"/jobs/{job}/review", review, status=404)
    assert (await ben.get("/profile"))["reviewsCount"] == 0
    await ben.post(f"/jobs/{job}/review", {"rating": 4, "comment": "Paid at once"}, status=201)
    profile = await ben.get("/profile")
    assert (profile["rating"], profile["reviewsCount"]) == (5, 1)
    assert (await ben.notices())[0] == ("New review", "Ana Santos left you a 5-star review")
    assert (await ana.notices())[0] == ("New review", "Ben Santos left you a 4-star review")


async def test_staff_sees_right_books_after_the_story(story: Story) -> None:
    admin = await make.account(story.db, None, role="ADMIN")
    proof = await make.as_(story.http, admin).get("/api/admin/ledger/verify")
    assert proof.json()["ok"] is True
