"""A test push: phone by phone, at once, whatever the account wishes."""

from typing import Any

import httpx
import pytest

from iayos.admin.push import send_test
from iayos.admin.users_schemas import PushTestIn
from iayos.core.errors import GatewayUnavailable
from iayos.core.principal import Principal
from iayos.notifications.gateway import Expo
from tests import make
from tests.accounts.conftest import limited as limited  # noqa: PLC0414 - a fixture
from tests.make import As, as_
from tests.notifications.conftest import Post, token
from tests.notifications.conftest import post as post  # noqa: PLC0414 - a fixture


async def staff(post: Post, role: str = "SUPPORT") -> As:
    return as_(post.http, await make.account(post.db, None, role=role))


async def pushed(me: As, account_id: int, **said: Any) -> list[dict[str, Any]]:
    """Send it; what Expo said of each phone."""
    answer = await me.post(f"/api/admin/users/{account_id}/push-test", said)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["devices"]
    return found


async def test_every_phone_is_told_and_the_answer_says_which(post: Post) -> None:
    me, ana, other = await staff(post), await post.person(), await post.person()
    second = await post.phone(ana)
    assert (await post.settings(ana, push=False)).status_code == 200
    assert await pushed(me, ana.account_id) == [
        {"token": f"ExponentPushToken[…{one[-5:-1]}]", "deviceType": "android", "status": "ok", "error": None}
        for one in (second, token(1))
    ]
    pushes = await post.pushes()
    assert {one["to"] for one in pushes} == {token(1), second}
    assert other.account_id != ana.account_id
    assert await post.db.pool.fetchval("SELECT count(*) FROM notifications") == 0
    line = await post.db.pool.fetchrow("SELECT subject, action, after FROM audit_log")
    assert line is not None
    assert (line["subject"], line["action"], len(line["after"]["phones"])) == (
        f"account:{ana.account_id}", "push:test", 2,
    )  # fmt: skip


async def test_a_phone_that_is_gone_gets_none_any_more(post: Post) -> None:
    me, ana = await staff(post), await post.person()
    second = await post.phone(ana)
    await post.device(token(1), "DeviceNotRegistered")
    errors = [one["error"] for one in await pushed(me, ana.account_id)]
    assert errors == [None, "DeviceNotRegistered"]
    assert len(await pushed(me, ana.account_id)) == 1
    left = await post.db.pool.fetch("SELECT token FROM push_tokens WHERE retired_at IS NULL")
    assert [row[0] for row in left] == [second]


async def test_phones_of_several_projects_are_told_one_by_one(post: Post) -> None:
    me, ana = await staff(post), await post.person()
    second = await post.phone(ana)
    await post.device(second, "ok", project="another")
    assert [one["status"] for one in await pushed(me, ana.account_id)] == ["ok", "ok"]
    assert len(await post.pushes()) == 2


async def test_nobody_to_tell(post: Post) -> None:
    me, ana = await staff(post), await make.account(post.db)
    path = f"/api/admin/users/{ana.account_id}/push-test"
    none = await me.post(path, {})
    assert (none.status_code, none.json()["code"]) == (409, "NO_DEVICES")
    assert (await me.post(f"/api/admin/users/{2**62}/push-test", {})).status_code == 404
    for wrong in ({"title": "x" * 201}, {"body": ""}, {"title": 7}):
        assert (await me.post(path, wrong)).status_code == 400
    assert await post.db.pool.fetchval("SELECT count(*) FROM audit_log") == 0


@pytest.mark.parametrize("kind", ["500", "429", "drop_before"])
async def test_an_expo_that_is_down_is_said_to_be(post: Post, kind: str) -> None:
    me, ana = await staff(post, "ADMIN"), await post.person()
    await post.faults(("expo.send", kind, 1))
    path = f"/api/admin/users/{ana.account_id}/push-test"
    down = await me.post(path, {})
    assert (down.status_code, down.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
    assert int(down.headers["retry-after"]) >= 1
    assert len(await pushed(me, ana.account_id)) == 1


async def test_an_expo_that_wants_to_be_left_alone_is(post: Post) -> None:
    me, ana = await make.account(post.db, None, role="SUPPORT"), await post.person()
    by = Principal(
        account_id=me.account_id, email=me.email, profile_type=None, role="SUPPORT", email_verified=True,
        kyc_verified=False, session_id=1, session_kind="WEB",
    )  # fmt: skip
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(429, headers={"retry-after": "120"}, json={"errors": [{"code": "TOO_MANY_REQUESTS"}]})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        expo = Expo(http, url="https://expo.test", access_token="secret")
        for _ in range(3):
            with pytest.raises(GatewayUnavailable) as refused:
                await send_test(post.db, expo, ana.account_id, PushTestIn(), by=by)
            assert refused.value.retry_after is not None
            assert 100 < refused.value.retry_after <= 120
    assert asked == 1


async def test_sparingly(limited: httpx.AsyncClient, post: Post) -> None:
    ana, me = await post.person(), await make.account(post.db, None, role="SUPPORT")
    path = f"/api/admin/users/{ana.account_id}/push-test"
    outside = await make.account(post.db)
    for _ in range(6):
        assert (await as_(limited, me).post(path, {})).status_code == 200
        assert (await as_(limited, outside).post(path, {})).status_code == 404  # and is not counted
    over = await as_(limited, me).post(path, {})
    assert (over.status_code, over.json()["code"]) == (429, "RATE_LIMITED")
    assert len(await post.pushes()) == 6
