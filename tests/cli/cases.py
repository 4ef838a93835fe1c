"""How each command of staff is typed: so that it works, finds nothing, comes too late, and by whom it may not be."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from iayos.core import clock
from iayos.core.outbox import later
from iayos.notifications.models import PushTokenTable
from tests.admin.test_queue import payment, planted
from tests.cli.test_certificates import certificate
from tests.cli.world import World
from tests.disputes.test_disputes import disputed as opened
from tests.flows.test_flow_4 import choose_cash, upload
from tests.make import as_
from tests.notifications.conftest import token
from tests.payments.conftest import Deal
from tests.payments.payout_bench import ben

WHY: Final = ["--reason", "Looked at it with care"]
DECIDE: Final = [*WHY, "--yes"]
Arrange = Callable[[World], Awaitable[list[str]]]


class Case(NamedTuple):
    """A command."""

    arrange: Arrange
    """What makes it work, and the words after it; asked anew for each run if it `changes` something."""
    changes: bool = False
    absent: list[str] | None = None
    """Words for something that is not there: exit 3."""
    late: list[str] | None = None
    """Words that, after it worked, make it too late once more: exit 5; None where that cannot be."""
    again: bool = False
    """The same words once more are too late."""
    wrong: str | None = None
    """Who is on the staff and may not: exit 4."""
    exits: int = 0
    """Reconciling exits 5 while differences remain."""
    eyes: bool = True
    """Drawn for eyes, and its drawing is told here; else by a test of its own."""
    form: bool = True
    """It has --json."""


CASES: Final[dict[str, Case]] = {}


def case(name: str, **options: object) -> Callable[[Arrange], Arrange]:
    """Register."""

    def register(arrange: Arrange) -> Arrange:
        CASES[name] = Case(arrange, **options)  # type: ignore[arg-type]
        return arrange

    return register


# ── sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@case("whoami")
async def _(_: World) -> list[str]:
    return []


# ── identity checks ───────────────────────────────────────────────────────────────────────────────────────────────────


async def handed_in(world: World, **columns: Any) -> str:
    """A case that waits."""
    who = await world.papers.person(**({"first_name": "Ben", "last_name": "Santos"} | columns))
    return str(await world.papers.handed_in(who))


@case("kyc list", wrong="dora")
async def _(world: World) -> list[str]:
    first = await handed_in(world)
    await handed_in(world, first_name="Dan\x1b[31m", last_name="Cruz")
    kim = world.people["kim"]
    await as_(world.http, kim).post(f"/api/admin/kyc/{first}/claim")
    return []


@case("kyc show", absent=["99"], wrong="dora")
async def _(world: World) -> list[str]:
    return [await handed_in(world)]


@case("kyc claim", absent=["99"], wrong="dora", changes=True)
async def _(world: World) -> list[str]:
    return [await handed_in(world)]


@case("kyc approve", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await handed_in(world), *DECIDE]


@case("kyc reject", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await handed_in(world), *DECIDE, "--document", "SELFIE=MISMATCH"]


@case("kyc open", absent=["99"], wrong="dora", eyes=False)
async def _(world: World) -> list[str]:
    return [await handed_in(world)]


@case("kyc next", wrong="dora", eyes=False, exits=2, changes=True)
async def _(world: World) -> list[str]:
    return []


# ── certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────


@case("certificates list", wrong="dora")
async def _(world: World) -> list[str]:
    await certificate(world.http, world.db)
    await certificate(world.http, world.db, "Welding, advanced")
    return []


@case("certificates show", absent=["99"], wrong="dora", eyes=False)
async def _(world: World) -> list[str]:
    return [await certificate(world.http, world.db)]


@case("certificates verify", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await certificate(world.http, world.db), *DECIDE]


@case("certificates reject", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await certificate(world.http, world.db), *DECIDE]


# ── cash ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def proof(world: World) -> tuple[Deal, str]:
    """A photo of cash that waits."""
    deal = await world.money.approved()
    await choose_cash(deal)
    shown = await upload(deal.client, deal, seed=next(world.seeds))
    return deal, str(shown.json()["transactionID"])


@case("cash list", wrong="kim")
async def _(world: World) -> list[str]:
    await proof(world)
    await proof(world)
    return []


@case("cash show", absent=["99"], wrong="kim", eyes=False)
async def _(world: World) -> list[str]:
    deal, number = await proof(world)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 480})
    return [number]


@case("cash verify", absent=["99", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [(await proof(world))[1], *DECIDE]


@case("cash reject", absent=["99", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [(await proof(world))[1], *DECIDE]


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@case("users list")
async def _(world: World) -> list[str]:
    return []


@case("users show", absent=["99"])
async def _(world: World) -> list[str]:
    deal = await world.money.approved()
    await world.money.fill(deal.worker_id, 1234_50)
    return [str(deal.worker_id)]


@case("users suspend", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [str((await world.money.approved()).worker_id), *DECIDE]


@case("users restore", absent=["99", *DECIDE], wrong="dora", changes=True, again=True)
async def _(world: World) -> list[str]:
    deal = await world.money.deal()
    await as_(world.http, world.people["maria"]).post(
        f"/api/admin/users/{deal.worker_id}/suspend", {"reason": "Nobody came, twice"}
    )
    return [str(deal.worker_id), *DECIDE]


@case("users role", absent=["99", "SUPPORT", *DECIDE], wrong="sam", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [str((await world.money.deal()).worker_id), "SUPPORT", *DECIDE]


@case("push test", absent=["99"], wrong="dora")
async def _(world: World) -> list[str]:
    deal = await world.money.deal()
    session = await world.db.pool.fetchval("SELECT id FROM sessions WHERE account_id = $1", deal.worker_id)
    async with world.db.transaction() as tx:
        await tx.insert(
            PushTokenTable, account_id=deal.worker_id, session_id=session, token=token(1), device_type="android",
            registered_at=clock.now(),
        )  # fmt: skip
    return [str(deal.worker_id)]


# ── jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@case("jobs list", wrong="kim")
async def _(world: World) -> list[str]:
    await disputed(world)
    await world.money.approved()
    await world.money.deal()
    return []


@case("jobs show", absent=["99"], wrong="kim")
async def _(world: World) -> list[str]:
    return [str((await world.money.approved()).job.id)]


@case("jobs cancel", absent=["99", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [str((await world.money.deal()).job.id), *DECIDE]


@case("stats")
async def _(world: World) -> list[str]:
    await proof(world)
    await handed_in(world)
    await disputed(world)
    await failed(world)
    return []


# ── Xendit ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def asked(world: World, *, paid: bool = False, heard: bool = False) -> Deal:
    """An escrow that was asked for, and perhaps paid, and perhaps we know of it."""
    deal = await world.money.deal()
    transaction = await world.money.ask(deal)
    if paid:
        await world.money.pay(transaction, webhook=heard)
    if heard:
        await world.money.hear()
    return deal


@case("xendit reconcile", wrong="sam", exits=5)
async def _(world: World) -> list[str]:
    await asked(world)
    await asked(world, paid=True)
    return ["--since", "24h", "--dry-run"]


@case("xendit invoices", wrong="sam")
async def _(world: World) -> list[str]:
    await asked(world, paid=True, heard=True)
    await asked(world)
    return []


@case("xendit payouts", wrong="sam")
async def _(world: World) -> list[str]:
    await (await ben(world.money)).withdraw(300.5)
    return []


@case("xendit events", wrong="sam")
async def _(world: World) -> list[str]:
    await asked(world, paid=True, heard=True)
    return []


@case("xendit replay", wrong="sam")
async def _(world: World) -> list[str]:
    await asked(world, paid=True, heard=True)
    return ["--since", "24h"]


# ── disputes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def disputed(world: World) -> str:
    """A dispute with an offer."""
    deal, number = await opened(world.money)
    await deal.worker.post(f"/api/disputes/{number}/offers", {"toPayee": 400})
    return str(number)


@case("disputes list", wrong="kim")
async def _(world: World) -> list[str]:
    await disputed(world)
    await disputed(world)
    return []


@case("disputes show", absent=["99"])
async def _(world: World) -> list[str]:
    return [await disputed(world)]


@case("disputes rule", absent=["99", "--to-payee", "1", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await disputed(world), "--to-payee", "333.33", *DECIDE]


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────────


@case("ledger verify", wrong="sam")
async def _(world: World) -> list[str]:
    await proof(world)
    return []


@case("ledger balances", wrong="sam")
async def _(world: World) -> list[str]:
    await disputed(world)
    return []


@case("ledger account", absent=["wallet:99"], wrong="sam")
async def _(world: World) -> list[str]:
    deal = await asked(world, paid=True, heard=True)
    return [f"escrow:{deal.job.id}"]


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def failed(world: World) -> str:
    """A task that failed for good."""
    owed = await payment(world.db, world.people["ana"], 1000_00)
    return str(await planted(world.db, args={"payment_id": owed}, error=f"GatewayUnavailable: no answer to {owed}"))


async def waiting(world: World) -> None:
    """A task that is due."""
    async with world.db.transaction() as tx:
        await later(tx, "media.remove", media_ids=[1])


@case("queue stats", wrong="kim")
async def _(world: World) -> list[str]:
    await failed(world)
    await waiting(world)
    return []


@case("queue list", wrong="kim")
async def _(world: World) -> list[str]:
    await failed(world)
    await failed(world)
    return []


@case("queue retry", absent=["99", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await failed(world), *DECIDE]


@case("queue abort", absent=["99", *DECIDE], wrong="kim", changes=True, again=True)
async def _(world: World) -> list[str]:
    return [await failed(world), *DECIDE]


@case("queue watch", wrong="kim", eyes=False)
async def _(world: World) -> list[str]:
    await failed(world)
    return ["--times", "1"]


# ── the audit log ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def done(world: World) -> None:
    """Something that is kept on record."""
    number = await failed(world)
    await as_(world.http, world.people["sam"]).post(
        "/api/admin/queue/abort", {"ids": [int(number)], "reason": "The account is gone"}
    )


@case("audit list", wrong="sam")
async def _(world: World) -> list[str]:
    await done(world)
    return []


@case("audit verify", wrong="sam")
async def _(world: World) -> list[str]:
    await done(world)
    return []
