"""The page to try the chat is there for developers alone."""

import httpx
import msgspec

from iayos.app import create_app
from iayos.settings import Settings


async def test_the_page_and_its_script_are_served_here(http: httpx.AsyncClient) -> None:
    page, script = await http.get("/demo/chat"), await http.get("/demo/chat.js")
    assert (page.status_code, script.status_code) == (200, 200)
    assert script.headers["content-type"].startswith("text/javascript")
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_production_has_no_such_page(settings: Settings) -> None:
    app = create_app(msgspec.structs.replace(settings, env="production"))
    assert not [route.path for route in app.routes if route.path.startswith("/demo")]
    assert [route.path for route in create_app(settings).routes if route.path.startswith("/demo")]
