"""Two people on the demo page: what one writes the other sees, also after a broken connection."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from iayos.chat.actions import open_conversation
from iayos.core.db import Database
from iayos.settings import Settings
from tests import make

pytestmark = pytest.mark.browser


async def sign_in(page: Page, side: str, email: str) -> None:
    await page.fill(f"#{side} input[name=email]", email)
    await page.fill(f"#{side} input[name=password]", make.PASSWORD)
    await page.click(f"#{side} [data-login] button")
    await expect(page.locator(f"#{side} [data-state]")).to_contain_text("connected")


async def say(page: Page, side: str, text: str) -> None:
    await page.fill(f"#{side} input[name=message]", text)
    await page.press(f"#{side} input[name=message]", "Enter")


async def test_two_people_talk_and_a_broken_connection_resumes(
    page: Page, shoot: Callable[[str], Awaitable[None]], db: Database, settings: Settings
) -> None:
    client = await make.account(db, "CLIENT", first_name="Ana", last_name="Reyes")
    worker = await make.account(db, "WORKER", first_name="Ben", last_name="Santos")
    job = await make.job(db, client=client, worker=worker)
    async with db.transaction() as tx:
        await open_conversation(tx, job.id, [client.account_id, worker.account_id])
    await page.set_viewport_size({"width": 1100, "height": 760})
    await page.goto(f"{settings.public_url}/demo/chat")
    await sign_in(page, "left", client.email)
    await sign_in(page, "right", worker.email)
    await expect(page.locator("#left h2")).to_have_text("Ana Reyes")
    left, right = page.locator("#left li"), page.locator("#right li")

    await say(page, "left", "Good morning! Is 9 o'clock fine?")
    await expect(right).to_have_count(1)
    await expect(left.first).to_contain_text("read")  # Ben's side has marked it
    await page.fill("#right input[name=message]", "Yes")
    await expect(page.locator("#left [data-typing]")).to_contain_text("typing")
    await shoot("chat-typing")
    await say(page, "right", "Yes, I bring the washer. <b>₱50</b>")
    await expect(left.nth(1)).to_contain_text("<b>₱50</b>")

    await page.click("#right [data-break]")
    await expect(page.locator("#right [data-state]")).to_contain_text("broken")
    await say(page, "left", "The gate is open.")
    await say(page, "left", "Mind the dog!")
    await say(page, "right", "On my way")  # waits until the connection is back
    await expect(page.locator("#left [data-typing]")).to_contain_text("offline")
    await shoot("chat-broken")
    await expect(page.locator("#right [data-state]")).to_contain_text("resumed 3 to")
    for side in (left, right):
        await expect(side).to_have_count(5)
        assert [await one.get_attribute("data-seq") for one in await side.all()] == ["1", "2", "3", "4", "5"]
        await expect(side.nth(4)).to_contain_text("On my way")
    await shoot("chat-resumed")


async def test_the_page_fits_a_phone_and_says_what_is_wrong(
    page: Page, shoot: Callable[[str], Awaitable[None]], db: Database, settings: Settings
) -> None:
    lonely = await make.account(db, "CLIENT")
    await page.goto(f"{settings.public_url}/demo/chat")
    await page.fill("#left input[name=email]", lonely.email)
    await page.fill("#left input[name=password]", make.PASSWORD)
    await page.click("#left [data-login] button")
    await expect(page.locator("#left [data-state]")).to_contain_text("no conversation yet")
    await shoot("chat-phone")
