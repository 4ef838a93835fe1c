import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from iayos.accounts.gateway import Pace
from iayos.core import clock
from iayos.core.db import Statement
from iayos.core.outbox import Again
from iayos.notifications import events
from iayos.notifications.channels import MAILED
from tests import make
from tests.notifications.conftest import Post

FAULTS = ["delay:0.1", "drop_before", "drop_after", "429", "500", "502_html", "503_empty", "bad_json", "401"]


@pytest.mark.parametrize("language", ["en", "fil"])
@pytest.mark.parametrize(
    "event", [event for event in events.EVENTS if event.type in MAILED], ids=lambda event: event.type
)
async def test_what_concerns_money_and_identity_comes_by_mail_in_the_readers_language(
    post: Post, event: events.Event, language: str
) -> None:
    ben = await make.account(post.db, "WORKER", language=language)
    notice = await post.tell(ben, event, amount=123450, job_title="Fix <b>leak</b>")
    await post.drain()
    (mail,) = await post.mails(ben)
    title, body = (event.title_fil, event.body_fil) if language == "fil" else (event.title, event.body)
    assert mail["subject"] == title
    assert body.format(amount="1,234.50", job_title="Fix <b>leak</b>") in mail["text"]
    assert ("Kumusta Ana," if language == "fil" else "Hello Ana,") in mail["text"]
    assert "<b>" not in mail["html"]
    assert f'href="{post.services.settings.pages_url}"' in mail["html"]
    assert mail["idempotencyKey"] == f"notification/{notice}"
    await post.go()
    assert len(await post.mails(ben)) == 1
    (delivery,) = await post.deliveries()
    assert (delivery["channel"], delivery["fault"], delivery["sent_at"] is not None) == ("EMAIL", None, True)


async def test_other_notices_send_no_mail(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    unconfirmed = await make.account(post.db, "WORKER", verified=False)
    await post.tell(ben)
    await post.tell(unconfirmed, events.KYC_APPROVED)
    assert await post.deliveries() == []
    assert {"ESCROW_PAID", "FINAL_PAYMENT_RECEIVED", "KYC_APPROVED", "KYC_REJECTED", "WALLET_DEPOSIT"} == MAILED


@pytest.mark.parametrize("kind", FAULTS)
async def test_each_fault_of_mailing_is_waited_out_and_the_mail_comes_once(post: Post, kind: str) -> None:
    ben = await make.account(post.db, "WORKER")
    await post.faults(("resend.send", kind, 2))
    await post.tell(ben, events.WALLET_DEPOSIT, amount=50000)
    await post.go()
    assert len(await post.mails(ben)) == 1
    assert [(one["fault"], one["done_at"] is not None) for one in await post.deliveries()] == [(None, True)]
    assert await post.open_tasks() == []


async def test_a_resend_that_hangs_is_given_up_and_the_mail_comes_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iayos.accounts.gateway.TIMEOUT_S", 0.3)
    ben = await make.account(post.db, "WORKER")
    await post.faults(("resend.send", "hang", 1))
    await post.tell(ben, events.WALLET_DEPOSIT, amount=50000)
    await post.try_all()
    assert await post.mails(ben) == []
    (task,) = await post.open_tasks()
    assert (task["task"], task["attempts"]) == ("notifications.mail", 1)
    await post.faults()
    await post.go()
    assert len(await post.mails(ben)) == 1
    assert [(one["fault"], one["done_at"] is not None) for one in await post.deliveries()] == [(None, True)]


async def test_a_mail_whose_answer_was_lost_comes_once_though_the_name_changed_meanwhile(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    await post.faults(("resend.send", "drop_after", 1))
    await post.tell(ben, events.KYC_APPROVED)
    await post.try_all()
    await make.as_(post.http, ben).patch("/api/accounts/me", {"firstName": "Benjamin"})
    await post.go()
    assert len(await post.mails(ben)) == 1
    assert await post.open_tasks() == []


async def test_a_runner_killed_after_the_mail_went_out_sends_no_second_one(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    await post.tell(ben, events.KYC_APPROVED)
    await post.drain()
    async with post.db.transaction() as tx:  # as it was before the runner could write down what it had done
        await tx.run(Statement[Any](text("UPDATE outbox SET done_at = NULL, sent_at = NULL")))
        await tx.run(Statement[Any](text("UPDATE deliveries SET done_at = NULL, sent_at = NULL")))
    await post.drain()
    assert len(await post.requests("/emails")) == 2
    assert len(await post.mails(ben)) == 1


async def test_a_mail_in_doubt_for_a_day_is_not_sent_again(post: Post) -> None:
    ben = await make.account(post.db, "WORKER")
    await post.tell(ben, events.KYC_APPROVED)
    clock.advance(timedelta(hours=24).total_seconds())
    await post.drain()
    assert await post.mails(ben) == []
    assert [one["fault"] for one in await post.deliveries()] == ["TooLate"]


async def test_a_mail_that_resend_will_never_take_is_not_repeated(post: Post) -> None:
    ben = await make.account(post.db, "WORKER", email="no-such-domain@nowhere")
    await post.tell(ben, events.KYC_APPROVED)
    await post.go()
    assert [one["fault"] for one in await post.deliveries()] == ["Refused"]
    assert len(await post.requests("/emails")) == 1


@pytest.mark.parametrize(
    ("status", "headers", "name", "at_least"),
    [
        (429, {"retry-after": "120"}, "rate_limit_exceeded", 120),
        (429, {}, "daily_quota_exceeded", 3600),
        (503, {}, "", 1),
    ],
)
async def test_resend_is_left_alone_for_as_long_as_it_asks(
    post: Post, status: int, headers: dict[str, str], name: str, at_least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = await make.account(post.db, "WORKER")

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, json={"statusCode": status, "name": name, "message": "no"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        monkeypatch.setattr(post.services.mailer, "_http", http)
        await post.tell(ben, events.KYC_APPROVED)
        await post.try_all()
        monkeypatch.undo()
    (task,) = await post.open_tasks()
    assert timedelta(seconds=at_least - 1) < task["run_after"] - clock.now() < timedelta(seconds=at_least * 1.3 + 1)
    await post.go()
    assert len(await post.mails(ben)) == 1


async def test_mails_go_out_at_an_even_pace_and_those_far_back_come_again() -> None:
    pace, times = Pace(20), []
    loop = asyncio.get_running_loop()

    async def one() -> None:
        await pace.turn()
        times.append(loop.time())

    begun = loop.time()
    await asyncio.gather(*(one() for _ in range(8)))
    assert all(at - begun >= place / 20 - 0.01 for place, at in enumerate(sorted(times)))
    slow = Pace(0.5)
    await slow.turn()
    with pytest.raises(Again) as again:
        await slow.turn()
    assert again.value.wait > timedelta(seconds=1)
