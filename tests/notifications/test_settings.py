from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iayos.core import clock
from iayos.core.clock import MANILA
from iayos.notifications import events
from iayos.notifications.channels import AT_ANY_HOUR, KINDS, MAILED
from tests import make
from tests.make import as_
from tests.notifications.conftest import Post

EVERYTHING = {"push": True, "email": True, "kinds": {}, "quietHours": None}
NIGHT = {"from": "22:00", "to": "06:30"}


async def at(hour: int, minute: int = 0) -> datetime:
    """Move the clock to the next time that it is so late in Manila."""
    here = clock.now().astimezone(MANILA)
    then = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    then += timedelta(days=1) if then <= here else timedelta()
    return clock.advance((then - here).total_seconds()).astimezone(MANILA)


async def test_everything_comes_until_something_else_was_said(post: Post) -> None:
    ben, other = await make.account(post.db), await make.account(post.db)
    assert (await as_(post.http, ben).get("/api/notifications/settings")).json() == EVERYTHING
    said: dict[str, Any] = {
        "push": False,
        "email": True,
        "kinds": {"JOB_CREATED": {"push": True, "email": None}, "WALLET_DEPOSIT": {"email": False}},
        "quietHours": NIGHT,
    }
    answer = await post.settings(ben, **said)
    assert answer.status_code == 200, answer.text
    kept = said | {"kinds": {"JOB_CREATED": {"push": True}, "WALLET_DEPOSIT": {"email": False}}}
    assert answer.json() == kept
    assert (await as_(post.http, ben).get("/api/mobile/notifications/settings")).json() == kept
    assert (await as_(post.http, other).get("/api/notifications/settings")).json() == EVERYTHING
    assert (await post.settings(ben, **kept)).json() == kept
    assert (await post.settings(ben)).json() == EVERYTHING


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"push": "no"}, "push"),
        ({"email": 1}, "email"),
        ({"kinds": []}, "kinds"),
        ({"kinds": {"NO_SUCH": {"push": False}}}, "kinds"),
        ({"kinds": {"JOB_CREATED": {"push": "off"}}}, "kinds"),
        ({"kinds": {"JOB_CREATED": False}}, "kinds"),
        ({"quietHours": {"from": "22:00"}}, "quietHours"),
        ({"quietHours": {"from": "24:00", "to": "06:00"}}, "quietHours"),
        ({"quietHours": {"from": "22:00", "to": "6:00"}}, "quietHours"),
        ({"quietHours": {"from": "22:00", "to": "22:00"}}, "quietHours"),
        ({"quietHours": "night"}, "quietHours"),
    ],
)
async def test_wishes_that_make_no_sense_are_refused(post: Post, said: dict[str, Any], field: str) -> None:
    ben = await make.account(post.db)
    answer = await post.settings(ben, **said)
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["field"]) == (
        400,
        "VALIDATION_ERROR",
        field,
    )
    assert (await as_(post.http, ben).get("/api/notifications/settings")).json() == EVERYTHING


@pytest.mark.parametrize(
    ("said", "channels"),
    [
        ({}, {"PUSH", "EMAIL"}),
        ({"push": False}, {"EMAIL"}),
        ({"email": False}, {"PUSH"}),
        ({"push": False, "email": False}, set()),
        ({"kinds": {"ESCROW_PAID": {"push": False}}}, {"EMAIL"}),
        ({"push": False, "email": False, "kinds": {"ESCROW_PAID": {"push": True}}}, {"PUSH"}),
        ({"kinds": {"WALLET_DEPOSIT": {"push": False, "email": False}}}, {"PUSH", "EMAIL"}),
    ],
)
async def test_what_was_turned_off_does_not_come(post: Post, said: dict[str, Any], channels: set[str]) -> None:
    ben = await post.person()
    await post.settings(ben, **said)
    await post.tell(ben, events.ESCROW_PAID, amount=50000, job_title="Fix leak")
    assert {one["channel"] for one in await post.deliveries()} == channels
    await post.drain()
    assert (len(await post.pushes()), len(await post.mails(ben))) == ("PUSH" in channels, "EMAIL" in channels)
    assert (await as_(post.http, ben).get("/api/notifications/unread-count")).json() == {"unreadCount": 1}


@pytest.mark.parametrize(
    ("quiet", "hour", "waits_hours"),
    [
        (NIGHT, 23, 7.5),
        (NIGHT, 2, 4.5),
        (NIGHT, 6, 0.5),
        (NIGHT, 7, 0),
        (NIGHT, 21, 0),
        (NIGHT, 22, 8.5),
        ({"from": "13:00", "to": "15:00"}, 14, 1),
        ({"from": "13:00", "to": "15:00"}, 15, 0),
        ({"from": "13:00", "to": "15:00"}, 12, 0),
        ({"from": "00:00", "to": "05:00"}, 3, 2),
    ],
)
async def test_quiet_hours_hold_a_push_to_their_end(
    post: Post, quiet: dict[str, str], hour: int, waits_hours: float
) -> None:
    await at(hour, 0)
    ben = await post.person()
    awake = await post.person()
    await post.settings(ben, quietHours=quiet)
    told_at = clock.now()
    await post.tell_each([ben, awake])
    mine = next(one for one in await post.deliveries() if one["due_at"] > told_at or not waits_hours)
    assert abs((mine["due_at"] - told_at).total_seconds() - waits_hours * 3600) < 60
    await post.drain()
    assert len(await post.pushes()) == (1 if waits_hours else 2)
    if waits_hours:
        clock.advance(waits_hours * 3600 - 60)
        await post.drain()
        assert len(await post.pushes()) == 1
        clock.advance(61)
        await post.drain()
    assert sorted(Counter(push["to"] for push in await post.pushes()).values()) == [1, 1]


async def test_money_is_told_at_any_hour_and_mails_do_not_wait(post: Post) -> None:
    await at(23)
    ben = await post.person()
    await post.settings(ben, quietHours=NIGHT)
    await post.tell(ben, events.WALLET_DEPOSIT, amount=50000)
    await post.tell(ben, events.KYC_APPROVED)
    await post.drain()
    assert [push["data"]["type"] for push in await post.pushes()] == ["WALLET_DEPOSIT"]
    assert len(await post.mails(ben)) == 2
    await at(6, 31)
    await post.drain()
    assert [push["data"]["type"] for push in await post.pushes()] == ["WALLET_DEPOSIT", "KYC_APPROVED"]


@pytest.mark.parametrize("event", [one for one in events.EVENTS if one.type in AT_ANY_HOUR], ids=lambda one: one.type)
async def test_whoever_sleeps_is_told_of_money_that_moved(post: Post, event: events.Event) -> None:
    await at(2)
    ben = await post.person()
    await post.settings(ben, quietHours=NIGHT)
    facts = dict.fromkeys(event.facts, "x") | {"amount": 500_00}
    await post.tell(ben, event, **facts)
    await post.drain()
    assert [push["data"]["type"] for push in await post.pushes()] == [event.type]


def test_what_moves_no_money_waits_for_the_morning() -> None:
    assert {
        "ESCROW_PAID", "FINAL_PAYMENT_RECEIVED", "WALLET_DEPOSIT", "PAYMENT_SUCCESS", "PAYMENT_TO_WALLET", "WITHDRAWAL_PAID",
        "WITHDRAWAL_FAILED", "HALF_RELEASED", "REFUNDED", "CASH_VERIFIED", "DISPUTE_SETTLED", "PAYMENT_FLAGGED",
    } == AT_ANY_HOUR  # fmt: skip


async def test_what_was_read_turned_off_or_unregistered_overnight_is_not_pushed_in_the_morning(post: Post) -> None:
    await at(23)
    people = [await post.person() for _ in range(5)]
    for one in people:
        await post.settings(one, quietHours=NIGHT)
    await post.tell_each(people)
    read, off, lost, moved, _ = people
    await as_(post.http, read).post("/api/notifications/read-all")
    await post.settings(off, kinds={"JOB_CREATED": {"push": False}})
    phones = [f"ExponentPushToken[device{number:016}]" for number in range(1, 6)]
    assert (
        await as_(post.http, lost).request("DELETE", "/api/notifications/push-tokens", json={"token": phones[2]})
    ).is_success
    stranger = await make.account(post.db)
    await as_(post.http, stranger).post("/api/notifications/push-tokens", {"token": phones[3]})
    await at(6, 31)
    await post.drain()
    assert [push["to"] for push in await post.pushes()] == [phones[4]]
    assert Counter(one["fault"] for one in await post.deliveries()) == {
        "Read": 1,
        "TurnedOff": 1,
        "DeviceGone": 1,
        None: 1,
    }
    assert moved.account_id != stranger.account_id


def test_what_has_a_way_of_its_own_is_a_kind() -> None:
    assert MAILED | AT_ANY_HOUR <= KINDS
    assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(MANILA).utcoffset() == timedelta(hours=8)
