"""Cash proofs looked at and decided at a terminal of 80 by 24."""

from tests.cli.terminal import LEFT, Sit
from tests.cli.terminal import sit as sit  # noqa: PLC0414 - a fixture
from tests.cli.test_cash import SignIn, proof
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture


async def test_a_proof_is_verified_with_one_key_and_a_reason(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    deal, number = await proof(bench)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 500.25})
    person = sit("cash", "show", number)
    screen = (await person.until("[q] leave")).splitlines()
    assert screen[0] == f"Cash proof {number} · ₱500.25 · job {deal.job.id} Fix leaking faucet"
    assert " ₱500.25 · ✓ the worker says ₱500.25 was received" in " ".join(screen[1:3])
    facts = [line for line in screen[1:23] if "▀" not in line]
    assert "640×480, JPEG" in facts[-1]
    assert len(facts) <= 3
    assert screen[23] == "[v] verify  [r] reject  [z] zoom  [w] open in browser  [q] leave"
    person.press("v")
    await person.until("Why verify?")
    person.press("\n")
    await person.until("a decision needs its reason")
    person.press("v")
    await person.until("Why verify?")
    person.press("Receipt signed by both\n")
    assert await person.ended() == 0
    assert "COMPLETED" in person.raw.decode().rpartition(LEFT)[2]
    assert await bench.balance(f"wallet:{deal.worker_id}") == 500_25

    again = sit("cash", "show", number)
    assert await again.ended() == 0
    assert "[v]" not in again.seen
    assert sum("▀" in line for line in again.lines()) >= 20


async def test_what_does_not_agree_is_pointed_out(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    _, first = await proof(bench)
    deal, number = await proof(bench)
    await deal.worker.post(f"/api/jobs/{deal.job.id}/confirm-cash", {"amount": 300})
    fault = [{"match": "supabase.download", "kind": "500", "times": 1}]
    await bench.sandbox.put("/_sandbox/faults", json=fault)
    person = sit("cash", "show", number)
    screen = await person.until("[q] leave")
    assert "The photo could not be fetched: storage answered 500." in screen
    assert "[v]" not in screen
    person.press("t")
    screen = await person.until("[r] reject")
    assert "! the worker says ₱300.00 was received" in screen.replace("\n", " ")
    assert f"! Seen before: payment {first} of job " in screen
    person.press("q")
    assert await person.ended() == 0
    assert "SEEN BEFORE" in person.raw.decode().rpartition(LEFT)[2]
