import json
from collections.abc import Awaitable, Callable

from tests import make
from tests.cli.conftest import Iayos
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.payments.payout_bench import ben

SignIn = Callable[..., Awaitable[None]]
WHY = ("--reason", "Nobody came, twice")


def told(out: str) -> dict[str, str]:
    """Facts, as they are piped."""
    return dict(line.split("\t") for line in out.splitlines())


async def test_an_account_is_found_and_shown(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    who = await ben(bench, first_name="Benedikto", last_name="Santos", city="Zamboanga City")
    listed = await iayos("users", "list", "--find", "kto san")
    (line,) = listed.out.splitlines()
    assert (listed.code, listed.err) == (0, "")
    assert line.split("\t")[:4] == [str(who.id), "Benedikto Santos", who.api.someone.email, "worker"]
    shown = await iayos("users", "show", str(who.id))
    facts = told(shown.out)
    assert (shown.code, shown.err) == (0, "")
    assert (facts["WALLET"], facts["IDENTITY"], facts["SIGN-INS"], facts["PLACE"]) == (
        "1000.00", "verified", "1", "Zamboanga City",
    )  # fmt: skip
    assert json.loads((await iayos("users", "show", str(who.id), "--json")).out)["balance"] == 1000
    staff = (await iayos("users", "list", "--role", "SUPPORT")).out
    assert [line.split("\t")[2] for line in staff.splitlines()] == ["sam@example.com"]
    assert (await iayos("users", "list", "--role", "BOSS")).code == 2
    assert (await iayos("users", "list", "--suspended")).out == ""


async def test_a_suspension_and_its_end(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    who = await ben(bench)
    await who.withdraw()
    deal = await bench.approved()
    number, other = str(who.id), str(deal.client_id)
    for words in (("suspend", number, "--yes"), ("suspend", number, *WHY), ("restore", number, "--yes")):
        unasked = await iayos("users", *words)
        assert (unasked.code, unasked.out) == (2, "")

    dry = await iayos("users", "suspend", number, *WHY, "--dry-run")
    assert (dry.code, told(dry.out)["WITHDRAWALS FROZEN"]) == (0, "1")
    assert "Nothing was changed" in dry.err
    done = await iayos("users", "suspend", number, *WHY, "--yes")
    assert (done.code, done.err) == (0, "")
    facts = told(done.out)
    assert (facts["BECAUSE"], facts["WITHDRAWALS FROZEN"], facts["LISTINGS CANCELLED"]) == (WHY[1], "1", "0")
    held = await iayos("users", "suspend", other, *WHY, "--yes", "--json")
    assert json.loads(held.out)["closed"]["disputesOpened"] == 1
    assert "iayos disputes list" in held.err
    listed = (await iayos("users", "list", "--suspended")).out
    assert [line.split("\t")[0] for line in listed.splitlines()] == [other, number]

    again = await iayos("users", "suspend", number, *WHY, "--yes")
    assert (again.code, again.out) == (5, "")
    assert "ALREADY_SUSPENDED" in again.err
    assert f"Try:   iayos users show {number}" in again.err

    dry = await iayos("users", "restore", number, *WHY, "--dry-run")
    assert (dry.code, dry.out.split("\t")[5].strip()) == (0, "")
    assert (await iayos("users", "show", number)).out.splitlines()[3].startswith("SUSPENDED\t20")
    restored = await iayos("users", "restore", number, *WHY, "--yes")
    assert (restored.code, restored.err, restored.out.split("\t")[0]) == (0, "", number)
    assert (await iayos("users", "restore", number, *WHY, "--yes")).code == 5


async def test_who_is_on_the_staff(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    someone = await make.account(bench.db)
    number = str(someone.account_id)
    dry = await iayos("users", "role", number, "FINANCE", *WHY, "--dry-run")
    assert (dry.code, dry.out.split("\t")[3]) == (0, "FINANCE, client")
    assert (await iayos("users", "role", number, "none", *WHY, "--yes")).code == 5
    given = await iayos("users", "role", number, "FINANCE", *WHY, "--yes")
    assert (given.code, given.out.split("\t")[3]) == (0, "FINANCE, client")
    taken = await iayos("users", "role", number, "none", *WHY, "--yes")
    assert (taken.code, taken.out.split("\t")[3]) == (0, "client")
    assert (await iayos("users", "role", number, "KING", *WHY, "--yes")).code == 2

    me = json.loads((await iayos("whoami", "--json")).out)["accountID"]
    for words in (("suspend", str(me)), ("role", str(me), "none")):
        assert (await iayos("users", *words, *WHY, "--yes")).code == 5
    await signed_in("sam")
    refused = await iayos("users", "role", number, "ADMIN", *WHY, "--yes")
    assert (refused.code, refused.out) == (4, "")
    assert (await iayos("users", "suspend", str(me), *WHY, "--yes")).code == 4


async def test_what_is_not_there_and_who_may_not(iayos: Iayos, signed_in: SignIn) -> None:
    assert (await iayos("users", "list")).code == 4
    await signed_in()
    assert (await iayos("users", "show", "999999")).code == 3
    for words in (("suspend", "999999"), ("restore", "999999"), ("role", "999999", "none")):
        assert (await iayos("users", *words, *WHY, "--yes")).code == 3
    await signed_in("ana")
    outside = await iayos("users", "list")
    assert (outside.code, outside.out) == (4, "")
    assert "not on the staff" in outside.err
