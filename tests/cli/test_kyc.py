import json
from collections.abc import Awaitable, Callable

from tests.cli.conftest import Iayos
from tests.kyc.conftest import Bench
from tests.kyc.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def test_a_case_from_the_queue_to_its_second_round(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    who = await bench.person(first_name="Ben", last_name="Santos")
    case = str(await bench.handed_in(who))
    row = (await iayos("kyc", "list")).out.rstrip("\n").split("\t")
    assert [row[0], row[1], row[2], row[3], row[7]] == [case, "Ben Santos", "individual", "1", "PENDING"]
    claimed = json.loads((await iayos("kyc", "claim", case, "--json")).out)
    assert claimed["claimedUntil"] is not None
    shown = dict(line.split("\t") for line in (await iayos("kyc", "show", case)).out.splitlines())
    address = shown["SELFIE"].split()[-1]
    assert (await bench.sandbox.http.get(address)).status_code == 200

    reject = ("kyc", "reject", case, "--reason", "Another face.", "--document", "SELFIE=MISMATCH")
    assert (await iayos(*reject)).code == 2  # nobody can be asked
    dry = await iayos(*reject, "--dry-run")
    assert (dry.code, dry.out.split()[-1]) == (0, "REJECTED")
    assert "this was a dry run" in dry.err
    said = await iayos(*reject, "--yes")
    assert (said.code, said.out.split()[-1]) == (0, "REJECTED")
    again = await iayos("kyc", "approve", case, "--reason", "Fine", "--yes")
    assert again.code == 5
    assert f"Try:   iayos kyc show {case}" in again.err
    await bench.upload(who, int(case), "SELFIE")
    await who.post(f"/api/kyc/{case}/finalize")
    approved = await iayos("kyc", "approve", case, "--reason", "Fine now", "--yes", "--json")
    assert json.loads(approved.out)["status"] == "APPROVED"
    assert await bench.verified(who.someone)
    assert (await iayos("kyc", "list", "--free")).out == ""


async def test_what_cannot_be(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    assert (await iayos("kyc", "show", "999")).code == 3
    assert (await iayos("kyc", "list", "--status", "LOST")).code == 2
    unnamed = await iayos("kyc", "reject", "1", "--reason", "Bad", "--document", "SELFIE", "--yes")
    assert unnamed.code == 2
    assert "SELFIE=MISMATCH" in unnamed.err
    await signed_in("sam")
    assert (await iayos("kyc", "list")).code == 4
