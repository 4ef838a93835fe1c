"""Flow 4 of the reference: the second half in cash, with a photo that staff verifies."""

from decimal import Decimal

from cli.demo.hired import half, invite
from cli.demo.people import Cast, check
from cli.demo.pictures import drawn
from cli.demo.telling import Money
from cli.demo.world import World


def cash(world: World, cast: Cast) -> None:
    """Ana pays Dina the rest by hand."""
    ana, dina, staff = cast.ana, cast.dina, world.admin
    tell, job = world.telling, 0

    def money() -> Money:
        look = world.balance
        return Money(
            wallet=look(f"wallet:{dina.account_id}"), escrow=look(f"escrow:{job}"),
            due=-look(f"cash-fees-due:{ana.account_id}"),
        )  # fmt: skip

    tell.title("Ana pays the rest in cash, ₱1,000.50", money, wallet="Dina has", escrow="escrow", due="Ana owes")
    with tell.step("Ana invites Dina and pays half by GCash", escrow="500.25"):
        job = invite(world, ana, "Clear the drain", "Plumbing", 1000.5, assignedWorkerID=dina.account_id)
        dina.post(f"/api/jobs/{job}/accept-invite")
        world.pay(ana, "/api/payments/create-escrow", half(job), amount="525.26")
    with tell.step("Dina does it, Ana approves and chooses cash", escrow="500.25"):
        dina.post(f"/api/jobs/{job}/complete", {})
        ana.post(f"/api/jobs/{job}/approve-completion")
        chosen = ana.post("/api/payments/final-payment", {"jobID": job, "method": "CASH"})
        check("how the rest is paid", chosen["finalPaymentMethod"], expected="CASH")
    with tell.step("Ana sends a photo that is none: refused; then a real one", escrow="500.25"):
        path = f"/api/jobs/{job}/upload-cash-proof"
        ana.send(path, {"photo": ("p.jpg", b"no picture", "image/jpeg")}, expect=400)
        proof = ana.send(path, {"photo": drawn("₱500.25 received")})
        check("the proof", (proof["status"], proof["paymentMethod"]), expected=("PENDING", "CASH"))
    number = proof["transactionID"]
    with tell.step("Dina says that she got ₱500.25; staff sees both", escrow="500.25"):
        dina.post(f"/api/jobs/{job}/confirm-cash", {"amount": 500.25})
        seen = staff.get(f"/api/admin/cash/{number}")
        check("what Dina says", (seen["confirmedByWorker"], seen["earlierUses"]), expected=(Decimal("500.25"), []))
        check("the photo", world.sandbox.get(seen["photoURL"]).status_code, expected=200)
    with tell.step("Staff verifies; the held half is Dina's", wallet="500.25", due="25.01"):
        verdict = {"approved": True, "notes": "The receipt is signed."}
        done = staff.post(f"/api/admin/payments/{number}/verify-cash", verdict)
        check("the payment", done["status"], expected="COMPLETED")
        staff.refused(f"/api/admin/payments/{number}/verify-cash", verdict, expect=409, code="CASH_ALREADY_DECIDED")
