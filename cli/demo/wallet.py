"""Flow 6 of the reference: money goes into a wallet, pays a job, and leaves by a payout."""

from decimal import Decimal
from typing import Final

from cli.demo.hired import half, invite
from cli.demo.people import Cast, check
from cli.demo.telling import Money
from cli.demo.world import World

GCASH: Final = {"channelCode": "PH_GCASH", "accountNumber": "09171234567", "accountName": "Ben Santos"}


def wallet(world: World, cast: Cast) -> None:
    """Ana fills her wallet and pays Ben's next job out of it; Ben takes his money home."""
    ana, ben = cast.ana, cast.ben
    tell, job = world.telling, 0

    def money() -> Money:
        look = world.balance
        return Money(
            ana=look(f"wallet:{ana.account_id}"), escrow=look(f"escrow:{job}"), ben=look(f"wallet:{ben.account_id}")
        )  # fmt: skip

    tell.title("Wallets and a payout", money, ana="Ana has", escrow="escrow", ben="Ben has")
    with tell.step("Ana deposits ₱2,000; the ₱25.01 that she owes go first", ana="1974.99", ben="1000.50"):
        world.pay(ana, "/api/accounts/wallet/deposit", {"amount": 2000}, amount="2000.00")
    with tell.step("Ana invites Ben, who accepts", ana="1974.99", ben="1000.50"):
        job = invite(world, ana, "New sink", "Plumbing", 1000.5, assignedWorkerID=ben.account_id)
        ben.post(f"/api/jobs/{job}/accept-invite")
    with tell.step("She pays half from her wallet, at once", ana="1449.73", escrow="500.25", ben="1000.50"):
        paid = ana.post("/api/payments/create-escrow", half(job, "WALLET"), expect=201)
        check("the payment", (paid["status"], paid["invoiceURL"]), expected=("COMPLETED", None))
    with tell.step("Ben does it; the rest comes from her wallet too", ana="924.47", ben="2001.00"):
        ben.post(f"/api/jobs/{job}/complete", {})
        ana.post(f"/api/jobs/{job}/approve-completion")
        ana.post("/api/payments/final-payment", half(job, "WALLET"), expect=201)
    with tell.step("Ben withdraws more than he has: refused", ana="924.47", ben="2001.00"):
        ben.refused("/api/accounts/wallet/withdraw", GCASH | {"amount": 2001.01}, expect=409, code="INSUFFICIENT_FUNDS")
    with tell.step("Ben withdraws ₱2,000.00 to GCash; it arrives", ana="924.47", ben="1.00"):
        asked = ben.post("/api/accounts/wallet/withdraw", GCASH | {"amount": 2000}, expect=201)
        world.completed(ben, asked)
        check("still leaving", ben.get("/api/accounts/wallet")["pendingWithdrawal"], expected=Decimal(0))
