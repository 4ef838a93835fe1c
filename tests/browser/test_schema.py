"""The viewer of the OpenAPI document."""

import pytest
from playwright.async_api import Page, expect

from iayos.settings import Settings
from tests.browser.conftest import Shoot
from tests.contract import Contract

pytestmark = pytest.mark.browser


async def test_every_operation_is_listed_and_opens(
    page: Page, settings: Settings, contract: Contract, shoot: Shoot
) -> None:
    await page.goto(f"{settings.public_url}/schema")
    operations = sum(len(item) for item in contract.document["paths"].values())
    await expect(page.locator("details")).to_have_count(operations)
    await shoot("schema")
    create = page.locator("details").filter(has_text="/api/jobs/create")
    await expect(create.get_by_text("EMAIL_UNVERIFIED")).to_be_hidden()
    await create.locator("summary").click()
    await expect(create.get_by_text("EMAIL_UNVERIFIED")).to_be_visible()
    await expect(create.get_by_text('"Fix leaking faucet"').first).to_be_visible()
    await shoot("schema-open")
    await page.get_by_role("link", name="/schema/openapi.json").click()
    await expect(page.locator("body")).to_contain_text("openapi")
