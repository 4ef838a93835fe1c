import json
from collections.abc import Awaitable, Callable

from tests.cli.conftest import Iayos
from tests.flows.test_flow_4 import choose_cash, upload
from tests.payments.conftest import Bench, Deal
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def proof(bench: Bench, seed: int = 1, **columns: int) -> tuple[Deal, str]:
    """A photo of cash that waits for staff."""
    deal = await bench.approved()
    await choose_cash(deal)
    return deal, str((await upload(deal.client, deal, seed=seed)).json()["transactionID"])


async def test_a_proof_is_listed_looked_at_and_verified(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal, number = await proof(bench)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 500.25})
    said = await iayos("cash", "list")
    (row,) = [line.split("\t") for line in said.out.splitlines()]
    assert (said.code, said.err, row[:4]) == (0, "", [number, str(deal.job.id), "500.25", "PENDING"])
    shown = dict(line.split("\t") for line in (await iayos("cash", "show", number)).out.splitlines())
    assert (shown["WORKER SAYS"], shown["STATUS"]) == ("500.25", "PENDING")
    assert (await bench.sandbox.get(shown["PHOTO"])).status_code == 200

    unasked = await iayos("cash", "verify", number, "--reason", "Signed")
    assert (unasked.code, unasked.out) == (2, "")
    assert "--yes" in unasked.err
    assert (await iayos("cash", "verify", number, "--yes")).code == 2  # why is not said
    dry = await iayos("cash", "verify", number, "--reason", "Signed", "--dry-run")
    assert (dry.code, dry.out.split("\t")[3]) == (0, "COMPLETED")
    assert "this was a dry run" in dry.err
    assert await bench.balance(f"wallet:{deal.worker_id}") == 0
    done = json.loads((await iayos("cash", "verify", number, "--reason", "Signed", "--yes", "--json")).out)
    assert (done["transactionID"], done["status"]) == (int(number), "COMPLETED")
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25
    assert (await iayos("cash", "list")).out == ""

    again = await iayos("cash", "reject", number, "--reason", "Too late", "--yes")
    assert (again.code, again.out) == (5, "")
    assert f"Try:   iayos cash show {number}" in again.err


async def test_a_rejected_photo_and_one_that_was_shown_before(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    _, first = await proof(bench)
    _, second = await proof(bench)
    seen = (await iayos("cash", "show", second)).out
    assert f"SEEN BEFORE\tpayment {first} of job" in seen
    said = await iayos("cash", "reject", second, "--reason", "Shown for another job", "--yes")
    assert said.code == 0
    assert said.out.split("\t")[3] == "FAILED"
    assert len((await iayos("cash", "list", "--status", "FAILED")).out.splitlines()) == 1


async def test_what_is_not_there_and_who_may_not(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    for words in (["show", "999"], ["verify", "999", "--reason", "Because", "--yes"]):
        assert (await iayos("cash", *words)).code == 3
    await signed_in("ana")
    assert (await iayos("cash", "list")).code == 4
