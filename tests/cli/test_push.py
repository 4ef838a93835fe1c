import json
from collections.abc import Awaitable, Callable

from iayos.core.db import Database
from tests import make
from tests.cli.conftest import Iayos
from tests.conftest import Sandbox
from tests.notifications.conftest import Post
from tests.notifications.conftest import post as post  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]


async def test_a_push_reaches_a_phone_or_says_why_not(post: Post, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    someone = await post.person()
    number = str(someone.account_id)
    sent = await iayos("push", "test", number, "--title", "Kumusta", "--body", "Nababasa mo ba ito?")
    assert (sent.code, sent.err) == (0, "")
    assert sent.out.split("\t")[1:3] == ["android", "ok"]
    (push,) = await post.pushes()
    assert (push["title"], push["body"]) == ("Kumusta", "Nababasa mo ba ito?")

    await post.device(push["to"], "DeviceNotRegistered")
    gone = await iayos("push", "test", number, "--json")
    assert gone.code == 1
    assert json.loads(gone.out)["devices"][0]["error"] == "DeviceNotRegistered"
    assert "no phone took it" in gone.err
    none = await iayos("push", "test", number)
    assert (none.code, none.out) == (5, "")
    assert "NO_DEVICES" in none.err
    assert f"Try:   iayos users show {number}" in none.err


async def test_expo_that_does_not_answer(post: Post, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    someone = await post.person()
    await post.faults(("expo.send", "500", 1))
    said = await iayos("push", "test", str(someone.account_id))
    assert (said.code, said.out) == (1, "")
    assert "GATEWAY_UNAVAILABLE" in said.err
    assert "Try:   again in" in said.err


async def test_what_is_not_there_and_who_may_not(
    db: Database, sandbox: Sandbox, iayos: Iayos, signed_in: SignIn
) -> None:
    assert (await iayos("push", "test", "7")).code == 4
    await signed_in()
    assert (await iayos("push", "test", "999999")).code == 3
    assert (await iayos("push", "test", "0")).code == 2
    someone = await make.account(db)
    await signed_in("ana")
    assert (await iayos("push", "test", str(someone.account_id))).code == 4
