"""Flow 1 of the reference over real HTTP: a leaking faucet, from registration to both reviews."""

import time
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any, Final

import httpx

from cli import show
from cli.demo import cash, hired, papers, wallet
from cli.demo.people import Cast, Person, Unexpected, check, until
from cli.demo.stage import complaints, stage
from cli.demo.telling import Money, Telling
from cli.demo.world import HERE, MANILA, NOTHING, World
from cli.faults import Fault

TIMEOUT_S: Final = 20


def tell(*, everything: bool = False) -> None:
    """Play it on a stage of its own; a check that does not hold ends it."""
    begun = time.monotonic()
    with ExitStack() as stack:
        with show.waiting("a fresh iAyos comes up: database, API, runner, sandbox"):
            place = stack.enter_context(stage())
        api = stack.enter_context(httpx.Client(base_url=place["api"], trust_env=False, timeout=TIMEOUT_S))
        sandbox = stack.enter_context(httpx.Client(base_url=place["sandbox"], trust_env=False, timeout=TIMEOUT_S))
        admin = Person(api, place["admin"]["email"]).signed_in(place["admin"]["password"])
        try:
            play(World(api, sandbox, admin, Telling(begun=begun)), everything=everything)
        except (Unexpected, httpx.HTTPError) as error:
            raise Fault(
                f"the story does not go as it must.\n{error}\n{complaints(place['dataDir'])}".rstrip()
            ) from None


def play(world: World, *, everything: bool) -> None:
    """The first story, or all of them, and the books at the end."""
    cast = Story(world).play()
    for story in (hired.invitation, hired.agency, cash.cash, papers.identity, wallet.wallet, papers.profile):
        if everything:
            story(world, cast)
    world.prove()


class Story:
    """Ana has a leaking faucet; Ben is a plumber nearby."""

    ana: Person
    ben: Person
    carlo: Person
    dina: Person
    job: int

    def __init__(self, world: World) -> None:
        self.world = world
        self.telling = world.telling

    def play(self) -> Cast:
        """From the first step to the last."""
        heads = {"wallet": "wallet Ben", "escrow": "escrow", "fees": "fees"}
        self.telling.title("A leaking faucet in Zamboanga, ₱1,000.50", self.money, **heads)
        self.people_and_job()
        self.hiring()
        self.escrow()
        self.work()
        self.final_payment()
        self.reviews()
        return Cast(self.ana, self.ben, self.carlo, self.dina)

    def people_and_job(self) -> None:
        """Everybody registers, and Ana posts her job."""
        with self.telling.step("Ana registers and verifies her email"):
            self.ana = self.world.person("Ana", "Reyes", "CLIENT", **HERE)
        self.world.trades = trades = {
            one["name"]: one["categoryID"] for one in self.ana.get("/api/jobs/categories")["items"]
        }
        with self.telling.step("Ben and 2 plumbers nearby register; Efren in Manila too"):
            near = [self.world.plumber(first, **HERE) for first in ("Ben", "Carlo", "Dina")]
            far = self.world.plumber("Efren", **MANILA)
        self.ben, self.carlo, self.dina = near
        with self.telling.step("Ana posts “Fix leaking faucet”; 3 workers nearby are told"):
            new = {
                "title": "Fix leaking faucet", "description": "The kitchen faucet drips day and night.", "jobType": "LISTING",
                "categoryID": trades["Plumbing"], "budget": 1000.5, "location": "Tetuan, Zamboanga City", "urgency": "HIGH",
                "latitude": 6.9163, "longitude": 122.0884,
            }  # fmt: skip
            self.ben.refused("/api/jobs/create", new, expect=403, code="WRONG_PROFILE")
            self.job = self.ana.post("/api/jobs/create", new, expect=201)["jobID"]
            for worker in near:
                until(f"a notice to {worker.email}", partial(worker.told, "JOB_CREATED"))
            check("notices to Efren, who is too far away", len(far.told("JOB_CREATED")), expected=0)

    def hiring(self) -> None:
        """Two apply, one is chosen."""
        with self.telling.step("Ben offers ₱1,000.50, Carlo ₱1,200.00; Ana is told"):
            offer = {"proposalMessage": "I can come this afternoon.", "proposedBudget": 1000.5}
            chosen = self.ben.post(f"/api/jobs/{self.job}/apply", offer, expect=201)["applicationID"]
            self.carlo.post(f"/api/jobs/{self.job}/apply", offer | {"proposedBudget": 1200}, expect=201)
            self.ben.post(f"/api/jobs/{self.job}/apply", offer, expect=409)
            check("applications that Ana hears of", len(self.ana.told("APPLICATION_RECEIVED")), expected=2)
        with self.telling.step("Ana accepts Ben; Carlo is told that he was not chosen"):
            self.ana.post(f"/api/jobs/applications/{chosen}/accept")
            self.ana.post(f"/api/jobs/applications/{chosen}/accept", expect=409)
            check("notices of acceptance to Ben", len(self.ben.told("APPLICATION_ACCEPTED")), expected=1)
            check("notices of rejection to Carlo", len(self.carlo.told("APPLICATION_REJECTED")), expected=1)
            self.job_is(status="IN_PROGRESS", assignedWorkerID=self.ben.account_id, escrowPaid=False)
        with self.telling.step("Ben reports it done before the escrow is paid: refused"):
            self.ben.refused(f"/api/jobs/{self.job}/complete", {}, expect=409, code="ESCROW_UNPAID")

    def escrow(self) -> None:
        """The first half goes into escrow, once."""
        held = {"escrow": "500.25", "fees": "25.01"}
        with self.telling.step("Ana pays half by GCash: ₱525.26 (₱25.01 fee)", **held):
            paid = self.pay("/api/payments/create-escrow", {"jobID": self.job, "paymentMethod": "GCASH"})
            self.job_is(escrowPaid=True)
            check("notices of the escrow to Ben", len(self.ben.told("ESCROW_PAID")), expected=1)
        with self.telling.step("The webhook comes 3 times more, and forged: no effect", **held):
            webhook = self.world.sandbox.get("/_sandbox/webhooks").raise_for_status().json()[-1]["id"]
            again = {"times": 3, "concurrent": True}
            self.world.sandbox.post(f"/_sandbox/webhooks/{webhook}/redeliver", json=again).raise_for_status()
            forged = {"times": 1, "token": "a guess"}
            self.world.sandbox.post(f"/_sandbox/webhooks/{webhook}/redeliver", json=forged).raise_for_status()
            check("its status", self.ana.get(f"/api/mobile/payments/status/{paid}")["status"], expected="COMPLETED")

    def work(self) -> None:
        """Ben works, Ana approves."""
        held = {"escrow": "500.25", "fees": "25.01"}
        with self.telling.step("Ben fixes the faucet and marks the job complete", **held):
            self.ana.refused(f"/api/jobs/{self.job}/approve-completion", expect=409, code="JOB_NOT_MARKED_COMPLETE")
            self.ben.post(f"/api/jobs/{self.job}/complete", {"notes": "New washer, new seal.", "photos": []})
            check("notices to Ana", len(self.ana.told("JOB_COMPLETED_BY_WORKER")), expected=1)
        with self.telling.step("Ana approves; the second half falls due", **held):
            self.ana.post(f"/api/jobs/{self.job}/approve-completion")
            self.job_is(
                status="COMPLETED", remainingPaymentPaid=False, settledAt=None, remainingPayment=Decimal("500.25")
            )

    def final_payment(self) -> None:
        """The second half, and Ben has his money."""
        with self.telling.step("Ana pays the rest; Ben is paid", wallet="1000.50", fees="50.02"):
            self.pay("/api/payments/final-payment", {"jobID": self.job, "paymentMethod": "GCASH"})
            self.job_is(remainingPaymentPaid=True)
            check("Ben's wallet", self.ben.get("/api/accounts/wallet")["balance"], expected=Decimal("1000.50"))
            check("notices of the payment to Ben", len(self.ben.told("FINAL_PAYMENT_RECEIVED")), expected=1)

    def reviews(self) -> None:
        """Each says what the other was like, and neither sees it before both have."""
        paid = {"wallet": "1000.50", "fees": "50.02"}
        path = f"/api/jobs/{self.job}/review"
        with self.telling.step("Ana gives five stars; hidden until Ben has written too", **paid):
            self.ana.post(path, {"rating": 5, "comment": "Quick, clean and friendly."}, expect=201)
            self.ana.post(path, {"rating": 1, "comment": "Again."}, expect=409)
            check("reviews on Ben's card", self.card()["reviewsCount"], expected=0)
            check("notices of a review to Ben", len(self.ben.told("REVIEW_RECEIVED")), expected=0)
        with self.telling.step("Ben gives four; now both are published", **paid):
            self.ben.post(path, {"rating": 4, "comment": "Clear instructions, paid at once."}, expect=201)
            until("a notice of the review to Ben", lambda: self.ben.told("REVIEW_RECEIVED"))
            until("a notice of the review to Ana", lambda: self.ana.told("REVIEW_RECEIVED"))
            card = self.card()
            check("Ben's stars", (card["rating"], card["reviewsCount"]), expected=(5, 1))

    def pay(self, path: str, body: dict[str, Any]) -> int:
        """Ana pays one half by GCash."""
        return self.world.pay(self.ana, path, body, amount="525.26")

    def job_is(self, **facts: Any) -> None:
        """The job, as Ana sees it."""
        seen = self.ana.get(f"/api/jobs/{self.job}")
        check("the job", {name: seen[name] for name in facts}, expected=facts)

    def card(self) -> dict[str, Any]:
        """What Ana sees of Ben."""
        seen: dict[str, Any] = self.ana.get(f"/api/workers/{self.ben.account_id}")
        return seen

    def money(self) -> Money:
        """What the ledger says, read by staff."""
        look = self.world.balance
        return Money(
            wallet=look(f"wallet:{self.ben.account_id}") if hasattr(self, "ben") else NOTHING,
            escrow=look(f"escrow:{getattr(self, 'job', 0)}"), fees=look("fees"),
        )  # fmt: skip
