"""The queue's dashboard as staff has it in a browser: sign in, see what fails and what it holds up, try it again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from iayos.core import clock, outbox, runners
from iayos.core.db import Database
from iayos.ledger.actions import post
from iayos.settings import Settings
from tests import make
from tests.admin.test_queue import payment, planted
from tests.admin.test_saq import at_work, running
from tests.browser.conftest import PHONE, Shoot

pytestmark = pytest.mark.browser
Drain = Callable[[], Awaitable[int]]
WIDE = {"width": 1200, "height": 860}


async def sign_in(page: Page, email: str, password: str = make.PASSWORD) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def a_bad_day(db: Database) -> tuple[int, int]:
    """Xendit was away, a mail is refused, and a clock stumbles; the payment and the job behind."""
    ana = await make.account(db, "CLIENT")
    ben = await make.account(db, "WORKER", trades=(1,))
    job = await make.job(db, client=ana, worker=ben, escrow_paid=True)
    async with db.transaction() as tx:
        await post(tx, "made", ("xendit", f"escrow:{job.id}", 500_25))
    deposit = await payment(db, ana, 1250_50)
    for number in range(7):
        await planted(
            db, args={"payment_id": deposit}, error="GatewayUnavailable: A service that we depend on does not answer.",
            failed=number > 1, ago=timedelta(hours=3, minutes=number),
        )  # fmt: skip
    await planted(db, "payments.watch", args={"job_id": job.id, "clock": "silence"},
                  error="KeyError in silence, iayos/payments/clocks.py", ago=timedelta(minutes=4))  # fmt: skip
    await planted(
        db, "accounts.mail_token", args={"account_id": ben.account_id}, error="MailRefused: 422 validation_error"
    )
    async with db.transaction() as tx:
        await outbox.later(tx, "payments.watch", at=clock.now() + timedelta(days=3), job_id=job.id, clock="silence")
        await outbox.later(tx, "media.remove", media_ids=[1])
    return deposit, job.id


async def test_a_failure_is_seen_with_its_pesos_tried_again_and_gone(
    page: Page, shoot: Shoot, db: Database, drain: Drain, settings: Settings
) -> None:
    sam = await make.account(db, None, role="SUPPORT", email="sam@example.com")
    await a_bad_day(db)
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    await page.goto(f"{settings.public_url}/admin")
    assert page.url == f"{settings.public_url}/admin/sign-in?next=/admin/queues"
    await shoot("sign-in")
    await sign_in(page, sam.email)
    await expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("No runner has ever been seen here")

    first = page.locator("article").first
    await expect(first).to_contain_text("payments.check")
    await expect(first).to_contain_text("₱1,250.50 held up")
    await expect(first).to_contain_text("1 person waiting")
    await expect(first).to_contain_text("5 tasks wait for you, 2 tasks are tried again by themselves")
    await shoot("queue-wide")
    await page.set_viewport_size({"width": 390, "height": 844})
    await shoot("queue-phone")

    clocks = page.locator("article").filter(has_text="payments.watch")
    await expect(clocks).to_contain_text("₱500.25 held up")
    await clocks.get_by_role("button", name="Retry").click()  # without a reason the browser refuses
    await expect(page.locator("article")).to_have_count(3)
    await clocks.get_by_label("Reason").fill("The fix is out")
    await clocks.get_by_role("button", name="Retry").click()
    await expect(page.get_by_role("status")).to_have_text("1 task is tried again now.")
    await expect(page.locator("article")).to_have_count(2)
    await first.get_by_label("Reason").fill("Xendit is back")
    await first.get_by_role("button", name="Retry five").click()
    await expect(page.get_by_role("status")).to_have_text("5 tasks are tried again now. 2 more of this kind are left.")
    lines = await db.pool.fetch("SELECT actor_id, action, reason FROM audit_log ORDER BY id")
    assert [tuple(line) for line in lines] == [
        (sam.account_id, "queue:retry", "The fix is out"), (sam.account_id, "queue:retry", "Xendit is back"),
    ]  # fmt: skip

    me = await runners.begin(db, "here:1")
    await drain()
    await expect(page.get_by_text("1 runner is at work.")).to_be_visible(timeout=12_000)  # it renews itself
    await shoot("queue-retried-phone")
    await runners.end(db, me)
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"{settings.public_url}/admin/queues")
    assert page.url.startswith(f"{settings.public_url}/admin/sign-in")


async def test_an_empty_queue_is_said_kindly(page: Page, shoot: Shoot, db: Database, settings: Settings) -> None:
    sam = await make.account(db, None, role="FINANCE", email="sam@example.com")
    await runners.begin(db, "here:1")
    await page.goto(f"{settings.public_url}/admin/sign-in?next=/admin/queues")
    await sign_in(page, sam.email)
    await expect(page.get_by_text("Nothing fails. Whatever was tried went well.")).to_be_visible()
    await shoot("queue-empty-phone")


async def test_whoever_may_not_in_is_told_so_at_the_door(
    chromium: Browser, http: Any, db: Database, settings: Settings, pictures: Path
) -> None:
    sam = await make.account(db, None, role="SUPPORT", email="sam@example.com")
    ana = await make.account(db, "CLIENT", email="ana@example.com")
    context = await chromium.new_context(**PHONE)
    page = await context.new_page()
    await page.goto(f"{settings.public_url}/admin/queues")
    await sign_in(page, sam.email, "not-the-Passphrase-7")
    await expect(page.get_by_role("alert")).to_have_text("The email or the password is wrong.")
    await page.screenshot(path=pictures / "sign-in-wrong.png")
    await sign_in(page, ana.email)
    await expect(page.get_by_role("alert")).to_have_text("This account is not on the staff.")
    await sign_in(page, sam.email)
    await expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    await context.close()


async def test_saqs_own_page_shows_what_runs_and_gives_it_up(
    page: Page, shoot: Shoot, db: Database, settings: Settings, tmp_path: Path
) -> None:
    sam = await make.account(db, None, role="SUPPORT", email="sam@example.com")
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    async with at_work(settings, tmp_path) as seen:
        async with db.transaction() as tx:
            await outbox.later(tx, "slow", name="a", seconds=60)
        await seen("a begun")
        await page.goto(f"{settings.public_url}/admin/queues")
        await sign_in(page, sam.email)
        await expect(page.get_by_text("1 runner is at work.")).to_be_visible()
        await expect(page.get_by_text("What runs now")).to_be_visible()
        await page.get_by_role("link", name="SAQ's own page").click()
        row = page.get_by_role("row").filter(has_text="outbox:")
        await expect(row).to_contain_text("active")
        await shoot("saq-queue")
        await row.get_by_text("outbox:").click()
        await expect(page.get_by_text("Abort")).to_be_visible()
        await shoot("saq-job")

        page.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept("It hangs")))
        async with page.expect_response(lambda answer: answer.url.endswith("/abort")) as aborted:
            await page.get_by_text("Abort").click()
        assert (await aborted.value).status == 200
        async with asyncio.timeout(20):
            while await running(db):
                await asyncio.sleep(0.02)
        line = await db.pool.fetchrow("SELECT actor_id, action, reason FROM audit_log")
        assert line is not None
        assert tuple(line) == (sam.account_id, "queue:abort", "It hangs")
        await page.get_by_role("link", name="Back to what waits and fails").click()
        await expect(page.get_by_text("Nothing fails.")).to_be_visible()
