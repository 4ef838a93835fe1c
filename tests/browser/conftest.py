"""A real Chromium, as a phone has it; it drives the service and the sandbox that the other tests know too."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, async_playwright

from iayos.core.db import Database
from tests import make
from tests.make import As

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
    "locale": "en-PH", "timezone_id": "Asia/Manila",
}  # fmt: skip


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium for the whole run, with a profile of its own."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go; pytest keeps the last three runs."""
    return tmp_path_factory.mktemp("pictures")


Shoot = Callable[[str], Awaitable[None]]


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page on a phone; an error of its scripts, or anything that it asks of elsewhere, fails the test."""
    context = await chromium.new_context(**PHONE)
    one = await context.new_page()
    faults: list[str] = []
    one.on("pageerror", lambda error: faults.append(str(error)))
    one.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    one.on("request", lambda request: None if is_near(request.url) else faults.append(f"asks {request.url}"))
    yield one
    await context.close()
    assert faults == []


def is_near(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "about:"))


@pytest.fixture
def shoot(page: Page, pictures: Path) -> Shoot:
    """Takes a screenshot of the whole page, and sees that nothing hangs out at its side."""

    async def take(name: str) -> None:
        await page.screenshot(path=pictures / f"{name}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{name} is {wide} pixels wider than the screen"

    return take


@pytest.fixture
async def payer(http: Any, db: Database) -> As:
    """A client with an accepted job of ₱1,000.50."""
    client, worker = await make.account(db, "CLIENT"), await make.account(db, "WORKER", trades=(1,))
    await make.job(db, client=client, worker=worker, budget=1000_50)
    return make.as_(http, client)
