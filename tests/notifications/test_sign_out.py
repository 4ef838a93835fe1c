"""A phone gets the pushes of whoever is signed in on it, and of nobody when nobody is."""

from typing import Any

import pytest

from iayos.accounts import tasks as account_tasks
from iayos.core import clock
from tests import make
from tests.accounts.people import PASSWORD, Person
from tests.make import as_
from tests.notifications.conftest import Post

TOKENS = "/api/mobile/notifications/push-tokens"
PHONE, TABLET = "ExponentPushToken[phone]", "ExponentPushToken[tablet]"
NEW = "another-long-Passphrase-8"


async def sign_in(post: Post, someone: make.Someone, token: str = PHONE, password: str = PASSWORD) -> Person:
    """A phone that signs in and says where it is."""
    answer = await post.http.post("/api/mobile/auth/login", json={"email": someone.email, "password": password})
    assert answer.status_code == 200, answer.text
    person = Person(post.http, token=answer.json()["token"], refresh=answer.json()["refreshToken"])
    assert (await person.post(TOKENS, {"token": token})).status_code == 201
    return person


async def reached(post: Post, someone: make.Someone) -> set[str]:
    """The phones that a notice comes to."""
    before = len(await post.pushes())
    await post.tell(someone)
    await post.drain()
    return {push["to"] for push in (await post.pushes())[before:]}


async def test_signing_out_takes_the_phone_off_and_leaves_the_others(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    phone, _ = await sign_in(post, ben), await sign_in(post, ben, TABLET)
    assert await reached(post, ben) == {PHONE, TABLET}
    assert (await phone.post("/api/mobile/auth/logout")).status_code == 200
    assert await reached(post, ben) == {TABLET}
    again = await sign_in(post, ben)
    assert await reached(post, ben) == {PHONE, TABLET}
    assert (await again.post("/api/mobile/auth/logout")).status_code == 200
    assert await reached(post, ben) == {TABLET}


async def test_what_was_on_its_way_stops_too(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    phone = await sign_in(post, ben)
    await post.tell(ben)
    await phone.post("/api/mobile/auth/logout")
    await post.drain()
    assert await post.pushes() == []
    assert [one["fault"] for one in await post.deliveries()] == ["DeviceGone"]


async def test_the_next_one_on_the_phone_gets_his_own_and_keeps_them_when_the_first_one_leaves(post: Post) -> None:
    ben, ana = await make.account(post.db, "WORKER"), await make.account(post.db)
    first = await sign_in(post, ben)
    await sign_in(post, ana)
    assert (await reached(post, ben), await reached(post, ana)) == (set(), {PHONE})
    await first.post("/api/mobile/auth/logout")
    assert await reached(post, ana) == {PHONE}


@pytest.mark.parametrize("how", ["suspended", "reset", "reused", "expired"])
async def test_however_the_sign_in_ends_the_phone_hears_no_more(post: Post, how: str) -> None:
    ben = await make.account(post.db, "WORKER")
    phone = await sign_in(post, ben)
    await end(post, ben, phone, how)
    assert await reached(post, ben) == set()
    row = await post.db.pool.fetchrow("SELECT retired_at FROM push_tokens WHERE token = $1", PHONE)
    assert row is not None
    assert row["retired_at"] is not None


async def end(post: Post, someone: make.Someone, phone: Person, how: str) -> None:
    """One of the ways in which a sign-in ends without a word from the phone."""
    if how == "suspended":
        staff = as_(post.http, await make.account(post.db, None, role="SUPPORT"))
        answer = await staff.post(f"/api/admin/users/{someone.account_id}/suspend", {"reason": "Not who he says"})
        assert answer.status_code == 200, answer.text
    elif how == "reset":
        await post.http.post("/api/accounts/forgot-password", json={"email": someone.email})
        await post.drain()
        mail: dict[str, Any] = (await post.mails(someone))[-1]
        token = mail["text"].split("/reset-password?token=")[1].split()[0]
        answer = await post.http.post("/api/accounts/reset-password", json={"token": token, "password": NEW})
        assert answer.status_code == 200, answer.text
    elif how == "reused":
        renewed = await post.http.post("/api/mobile/auth/refresh", json={"refreshToken": phone.refresh})
        assert renewed.status_code == 200
        clock.advance(11)
        reused = await post.http.post("/api/mobile/auth/refresh", json={"refreshToken": phone.refresh})
        assert reused.status_code == 401
    else:
        clock.advance(31 * 86_400)
        await account_tasks.sweep(post.db)


async def test_a_new_password_or_profile_on_the_phone_leaves_the_phone_and_takes_off_all_others(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    phone, _ = await sign_in(post, ben), await sign_in(post, ben, TABLET)
    changed = await phone.post(
        "/api/mobile/accounts/change-password", {"currentPassword": PASSWORD, "newPassword": NEW}
    )
    assert changed.status_code == 200, changed.text
    assert await reached(post, ben) == {PHONE}
    phone = Person(post.http, token=changed.json()["token"])
    switched = await phone.post("/api/mobile/accounts/switch-profile", {"profileType": "CLIENT"})
    assert switched.status_code == 200, switched.text
    assert await reached(post, ben) == {PHONE}
    await Person(post.http, token=switched.json()["token"]).post("/api/mobile/auth/logout")
    assert await reached(post, ben) == set()


async def test_a_phone_that_expo_gave_up_does_not_come_back_by_a_new_password(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    phone = await sign_in(post, ben)
    await post.db.pool.execute("UPDATE push_tokens SET retired_at = $1", clock.now())
    clock.advance(1)
    await phone.post("/api/mobile/accounts/change-password", {"currentPassword": PASSWORD, "newPassword": NEW})
    assert await reached(post, ben) == set()
