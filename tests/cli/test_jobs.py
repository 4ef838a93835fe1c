import json
from collections.abc import Awaitable, Callable

from tests.admin.test_jobs import funded
from tests.cli.conftest import Iayos
from tests.disputes.test_disputes import disputed
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def test_a_job_is_found_told_and_ended(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    deal = await funded(bench, title="Paint the gate")
    await bench.deal(title="Fix the roof")
    number = str(deal.job.id)
    rows = [line.split("\t") for line in (await iayos("jobs", "list")).out.splitlines()]
    assert [row[2] for row in rows] == ["Fix the roof", "Paint the gate"]
    said = await iayos(
        "jobs", "list", "--held", "--q", "gate", "--status", "IN_PROGRESS", "--account", str(deal.client_id)
    )
    (row,) = [line.split("\t") for line in said.out.splitlines()]
    assert (row[0], row[1], row[4:6]) == (number, "IN_PROGRESS", ["1000.50", "500.25"])
    (raw,) = json.loads((await iayos("jobs", "list", "--held", "--json")).out)
    assert raw["held"] == 500.25

    told = [line.split("\t") for line in (await iayos("jobs", "show", number)).out.splitlines()]
    facts = dict(told)
    assert facts["JOB"] == f"{number} Paint the gate"
    assert facts["BECAUSE"] == "The escrow is paid, and the worker is at work."
    assert facts["WAITING FOR"] == "WORKER mark_complete"
    assert facts["PAYMENT"].endswith("ESCROW by WALLET: ₱525.26, ₱25.01 of it fee, COMPLETED")
    assert facts["ESCROW"].startswith(f"₱500.25 from wallet:{deal.client_id}, payment:")
    assert facts["MOVE"].startswith("pay_escrow: IN_PROGRESS to IN_PROGRESS by itself, 2")
    assert json.loads((await iayos("jobs", "show", number, "--json")).out)["moves"][0]["from"] == "IN_PROGRESS"

    end = ("jobs", "cancel", number, "--reason", "The worker cannot come")
    unasked = await iayos(*end)
    assert (unasked.code, unasked.out) == (2, "")
    assert (await iayos("jobs", "cancel", number, "--yes")).code == 2  # why is not said
    dry = await iayos(*end, "--dry-run")
    facts = dict(line.split("\t") for line in dry.out.splitlines())
    assert (dry.code, facts["STATUS"], facts["REFUND"], facts["FEE BACK"]) == (0, "CANCELLED", "500.25", "25.01")
    assert dry.err == "Nothing was changed: this was a dry run.\n"
    assert await bench.balance(f"escrow:{number}") == 500_25
    done = await iayos(*end, "--yes", "--json")
    assert (done.code, done.err, json.loads(done.out)["status"]) == (0, "", "CANCELLED")
    assert await bench.balance(f"wallet:{deal.client_id}") == 525_26
    again = await iayos(*end, "--yes")
    assert (again.code, again.out) == (5, "")
    assert f"Try:   iayos jobs show {number}" in again.err


async def test_much_money_waits_for_a_second_member(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    deal = await funded(bench, budget=120_000_00)
    end = ("jobs", "cancel", str(deal.job.id), "--reason", "Both asked us", "--yes")
    await signed_in()
    dry = await iayos(*end, "--dry-run")
    assert "would have to say the same" in dry.err
    first = await iayos(*end)
    assert (first.code, dict(line.split("\t") for line in first.out.splitlines())["STATUS"]) == (0, "IN_PROGRESS")
    assert "another member of staff" in first.err
    await signed_in("sam")
    second = await iayos(*end)
    assert (second.code, second.err) == (0, "")
    assert await bench.balance(f"wallet:{deal.client_id}") == 63_000_00


async def test_a_disputed_job_names_the_way(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    deal, dispute = await disputed(bench)
    said = await iayos("jobs", "cancel", str(deal.job.id), "--reason", "Enough", "--yes")
    assert said.code == 5
    assert f"iayos disputes rule {dispute}" in said.err
    assert f"DISPUTE\t{dispute}" in (await iayos("jobs", "show", str(deal.job.id))).out


async def test_what_is_not_there_and_who_may_not(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    assert (await iayos("jobs", "list")).code == 4
    await signed_in()
    for words in (["show", "999"], ["cancel", "999", "--reason", "Because", "--yes"]):
        assert (await iayos("jobs", *words)).code == 3
    assert (await iayos("jobs", "list", "--status", "LOST")).code == 2
    assert (await iayos("jobs", "list")).out == ""
    await signed_in("ana")
    assert (await iayos("jobs", "list")).code == 4
