import httpx
import pytest

from iayos.core.db import Database
from tests import make


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/api/mobile/nowhere", 404, "NOT_FOUND"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_every_refusal_has_the_same_shape(http: httpx.AsyncClient, method: str, path: str, status: int, code: str):
    answer = await http.request(method, path, headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["details"]["requestID"] == answer.headers["X-Request-ID"] == "mine-1"


async def test_the_service_is_ready(http: httpx.AsyncClient, db: Database):
    someone = await make.account(db)
    assert (await make.as_(http, someone).get("/ready")).json() == {"status": "ready"}
