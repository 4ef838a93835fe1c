"""The checkout page, opened from a real escrow invoice and paid by a click."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from iayos.core.db import Database
from iayos.settings import Settings
from tests.browser.conftest import Shoot
from tests.conftest import Sandbox
from tests.make import As

pytestmark = pytest.mark.browser
Drain = Callable[[], Awaitable[int]]


async def invoice(payer: As) -> dict[str, Any]:
    job = (await payer.get("/api/jobs/my-jobs")).json()["items"][0]
    asked = await payer.post("/api/payments/create-escrow", {"jobID": job["jobID"], "paymentMethod": "GCASH"})
    assert asked.status_code == 201, asked.text
    found: dict[str, Any] = asked.json()
    return found


async def heard(db: Database, drain: Drain) -> None:
    """Wait for the webhook and apply it, as the runner does."""
    for _ in range(500):
        if await db.pool.fetchval("SELECT count(*) FROM xendit_events"):
            break
        await asyncio.sleep(0.01)
    await drain()


async def status(payer: As, asked: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await payer.get(f"/api/payments/status/{asked['transactionID']}")).json()
    return found


async def test_a_click_on_gcash_pays_the_escrow(
    page: Page, payer: As, db: Database, drain: Drain, sandbox: Sandbox, settings: Settings, shoot: Shoot
) -> None:
    asked = await invoice(payer)
    assert asked["status"] == "PENDING"
    await page.goto(asked["invoiceURL"])
    await expect(page.get_by_text("₱525.26")).to_be_visible()
    await expect(page.get_by_text("Escrow payment for job Fix leaking faucet")).to_be_visible()
    await shoot("checkout")
    box = await page.get_by_role("button", name="Pay with GCash").bounding_box()
    assert box is not None
    assert box["height"] >= 44, "too small for a thumb"
    await page.get_by_role("button", name="Pay with GCash").click()
    await page.wait_for_url(f"{settings.public_url}/payments/success?transactionID={asked['transactionID']}")
    await expect(page.get_by_role("heading")).to_have_text("Thank you")
    await shoot("success")
    await heard(db, drain)
    assert (await status(payer, asked))["status"] == "COMPLETED"
    job = (await payer.get(f"/api/jobs/{asked['jobID']}")).json()
    assert job["escrowPaid"] is True
    await page.goto(asked["invoiceURL"])
    await expect(page.get_by_role("status")).to_contain_text("is paid")
    await expect(page.get_by_role("button")).to_have_count(0)
    await shoot("paid")


async def test_a_payment_that_fails_can_be_tried_again(
    page: Page, payer: As, sandbox: Sandbox, settings: Settings, shoot: Shoot
) -> None:
    asked = await invoice(payer)
    await page.goto(asked["invoiceURL"])
    await page.get_by_role("button", name="Fail", exact=True).click()
    await page.wait_for_url(f"{settings.public_url}/payments/failed?transactionID={asked['transactionID']}")
    await expect(page.get_by_role("heading")).to_have_text("Not paid")
    await shoot("failed")
    assert (await status(payer, asked))["status"] == "PENDING"
    again = await payer.post("/api/payments/create-escrow", {"jobID": asked["jobID"], "paymentMethod": "GCASH"})
    assert (again.status_code, again.json()["invoiceURL"]) == (200, asked["invoiceURL"])


async def test_an_invoice_that_expires_ends_the_attempt(
    page: Page, payer: As, db: Database, drain: Drain, sandbox: Sandbox, settings: Settings, shoot: Shoot
) -> None:
    asked = await invoice(payer)
    await page.goto(asked["invoiceURL"])
    await page.get_by_role("button", name="Let it expire").click()
    await page.wait_for_url(f"{settings.public_url}/payments/failed?transactionID={asked['transactionID']}")
    await heard(db, drain)
    ended = await status(payer, asked)
    assert (ended["status"], ended["failureReason"]) == ("FAILED", "EXPIRED")
    await page.goto(asked["invoiceURL"])
    await expect(page.get_by_role("status")).to_contain_text("has expired")
    await shoot("expired")


async def test_a_wrong_amount_is_not_taken_for_the_escrow(
    page: Page, payer: As, db: Database, drain: Drain, sandbox: Sandbox, settings: Settings
) -> None:
    asked = await invoice(payer)
    await page.goto(asked["invoiceURL"])
    await page.get_by_label("Other amount, in pesos").fill("100")
    await page.get_by_role("button", name="Pay a different amount").click()
    await page.wait_for_url(f"{settings.public_url}/payments/**")
    await heard(db, drain)
    ended = await status(payer, asked)
    assert (ended["status"], ended["failureReason"]) == ("FAILED", "AMOUNT_MISMATCH")
    assert (await payer.get("/api/accounts/wallet")).json()["balance"] == 100


async def test_the_sandbox_shows_what_came_in(
    page: Page, payer: As, db: Database, drain: Drain, sandbox: Sandbox, shoot: Shoot
) -> None:
    asked = await invoice(payer)
    await page.goto(sandbox.url)
    await shoot("sandbox")
    row = page.get_by_role("row").filter(has_text=f"job-{asked['jobID']}-escrow-{asked['transactionID']}")
    await expect(row.first).to_contain_text("PENDING")
    await row.first.get_by_role("link", name="checkout").click()
    await page.get_by_role("button", name="Pay with Maya").click()
    await heard(db, drain)
    await page.goto(sandbox.url)
    await expect(row.first).to_contain_text("PAID")
    await page.set_viewport_size({"width": 1280, "height": 800})
    await shoot("sandbox-wide")
