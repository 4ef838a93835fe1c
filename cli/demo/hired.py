"""Flows 2 and 3 of the reference: a client invites one worker, and an agency that sends an employee."""

from decimal import Decimal
from typing import Any

from cli.demo.papers import AGENCY_PAPERS, handed_in
from cli.demo.people import Cast, Person, check
from cli.demo.telling import Money
from cli.demo.world import HERE, World


def invite(world: World, client: Person, title: str, trade: str, budget: float, **whom: int) -> int:
    """A job for one worker, or for one agency, alone."""
    new = {
        "title": title, "description": "As we said on the phone.", "jobType": "INVITE", "budget": budget,
        "categoryID": world.trades[trade], "location": "Tetuan, Zamboanga City",
    }  # fmt: skip
    job = client.post("/api/jobs/create", new | whom, expect=201)
    check("the invitation", (job["status"], job["inviteStatus"]), expected=("ACTIVE", "PENDING"))
    number: int = job["jobID"]
    return number


def half(job: int, method: str = "GCASH") -> dict[str, Any]:
    """What is asked for when a half is to be paid."""
    return {"jobID": job, "paymentMethod": method}


def invitation(world: World, cast: Cast) -> None:
    """Ana wants Carlo and nobody else."""
    ana, ben, carlo = cast.ana, cast.ben, cast.carlo
    tell, before, job = world.telling, world.balance("fees"), 0

    def money() -> Money:
        look = world.balance
        wallet, escrow = look(f"wallet:{carlo.account_id}"), look(f"escrow:{job}")
        return Money(wallet=wallet, escrow=escrow, fees=look("fees") - before)

    tell.title("Ana invites one worker, ₱2,000.01", money, wallet="Carlo has", escrow="escrow", fees="fees")
    with tell.step("Ana invites Carlo to “Repair gate”; nobody else sees it"):
        job = invite(world, ana, "Repair gate", "Plumbing", 2000.01, assignedWorkerID=carlo.account_id)
        ben.get(f"/api/jobs/{job}", expect=404)
        ana.refused("/api/payments/create-escrow", half(job), expect=409, code="JOB_NOT_ACCEPTED")
    with tell.step("Ben answers in his place: there is nothing for him"):
        ben.post(f"/api/jobs/{job}/accept-invite", expect=404)
    with tell.step("Carlo accepts; Ana is told"):
        accepted = carlo.post(f"/api/jobs/{job}/accept-invite")
        said = (accepted["status"], accepted["agreedPrice"])
        check("the job", said, expected=("IN_PROGRESS", Decimal("2000.01")))
        carlo.refused(f"/api/jobs/{job}/accept-invite", expect=409, code="INVITE_NOT_PENDING")
    with tell.step("Ana pays half: ₱1,050.00 (₱50.00 fee)", escrow="1000.00", fees="50.00"):
        world.pay(ana, "/api/payments/create-escrow", half(job), amount="1050.00")
    with tell.step("Carlo does it, Ana approves", escrow="1000.00", fees="50.00"):
        carlo.post(f"/api/jobs/{job}/complete", {})
        ana.post(f"/api/jobs/{job}/approve-completion")
    with tell.step("Ana pays the rest, the odd centavo in it; Carlo is paid", wallet="2000.01", fees="100.00"):
        world.pay(ana, "/api/payments/final-payment", half(job), amount="1050.01")


def agency(world: World, cast: Cast) -> None:
    """Ana hires Ayos Builders, who send Dina and get all of the money."""
    ana, dina = cast.ana, cast.dina
    tell, before, job = world.telling, world.balance("fees"), 0
    boss: Person | None = None

    def money() -> Money:
        look = world.balance
        wallet = look(f"wallet:{boss.account_id}") if boss else Decimal(0)
        return Money(wallet=wallet, escrow=look(f"escrow:{job}"), fees=look("fees") - before)

    tell.title("Ana hires an agency, ₱15,000.01", money, wallet="Ayos has", escrow="escrow", fees="fees")
    with tell.step("Ayos Builders register; Dina joins them"):
        boss = world.person("Bos", "Lim", "AGENCY", businessName="Ayos Builders", **HERE)
        boss.post("/api/agency/employees", {"email": dina.email, "role": "Electrician"}, expect=201)
        (asked,) = dina.get("/api/agency/invitations")["items"]
        dina.post(f"/api/agency/invitations/{asked['employeeID']}/accept")
    send = {"assignedWorkerID": dina.account_id}
    with tell.step("Ana invites them; without papers they cannot accept"):
        job = invite(world, ana, "Wire the shop", "Electrical", 15000.01, assignedAgencyFK=boss.account_id)
        boss.refused(f"/api/agency/jobs/{job}/accept", send, expect=403, code="KYC_REQUIRED")
    with tell.step("They hand in their papers, and staff verifies them"):
        case = handed_in(boss, "AGENCY", "AGENCY", AGENCY_PAPERS)
        world.admin.post(f"/api/admin/kyc/{case}/review", {"approved": True})
    with tell.step("They accept and send Dina; Ana is told"):
        job_now = boss.post(f"/api/agency/jobs/{job}/accept", send)
        said = (job_now["status"], job_now["worker"]["name"])
        check("the job", said, expected=("IN_PROGRESS", "Dina Santos"))
    with tell.step("Ana pays half: ₱7,875.00 (₱375.00 fee)", escrow="7500.00", fees="375.00"):
        world.pay(ana, "/api/payments/create-escrow", half(job), amount="7875.00")
    with tell.step("Dina does the work, Ana approves", escrow="7500.00", fees="375.00"):
        dina.post(f"/api/jobs/{job}/complete", {"notes": "All twelve outlets work."})
        ana.post(f"/api/jobs/{job}/approve-completion")
    with tell.step("Ana pays the rest; the agency gets it, not Dina", wallet="15000.01", fees="750.00"):
        world.pay(ana, "/api/payments/final-payment", half(job), amount="7875.01")
        check("Dina's wallet", dina.get("/api/accounts/wallet")["balance"], expected=Decimal(0))
