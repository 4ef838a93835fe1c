"""One shape for every refusal, and what stands around every answer (SPEC 1, Errors and Browsers)."""

import asyncio
import json
from typing import Any, Final

import httpx
import msgspec
import pytest
import structlog

from iayos.app import create_app
from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.conftest import free_port, serving
from tests.make import As

CREATE: Final = "/api/jobs/create"
JOB: Final = {
    "title": "Fix leaking faucet", "description": "It drips.", "categoryID": 1, "budget": 1000, "location": "Zamboanga City",
    "jobType": "LISTING",
}  # fmt: skip
HUGE: Final = 10**30


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a refusal in the one shape; its details."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"error", "code", "details"}
    assert answer.json()["error"]
    details: dict[str, Any] = answer.json()["details"]
    assert details["requestID"] == answer.headers["x-request-id"]
    if code == "VALIDATION_ERROR":
        assert details["fields"][0] == {"field": details["field"], "reason": details["reason"]}
    return details


def fields(details: dict[str, Any]) -> set[str]:
    return {fault["field"] for fault in details["fields"]}


async def sent(someone: As, body: str | bytes, path: str = CREATE, kind: str = "application/json") -> httpx.Response:
    return await someone.request("POST", path, content=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/api/mobile/nowhere", 404, "NOT_FOUND"),
        ("GET", "/schema/nowhere", 404, "NOT_FOUND"),
        ("POST", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/api/accounts/me", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/accounts/me", 401, "AUTH_REQUIRED"),
    ],
)
async def test_every_refusal_has_the_same_shape(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    refused(await http.request(method, path), status, code)


async def test_a_wrong_method_names_the_right_ones(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/api/mobile/accounts/me")
    assert {one.strip() for one in answer.headers["allow"].split(",")} >= {"GET", "PATCH"}


@pytest.mark.parametrize(
    "body", ["", "{", "{'title': 1}", "nul", "[" * 100_000, b"\xff\xfe", '{"title": "\\ud800"', "{} {}"]
)
async def test_what_is_no_json(client_account: As, body: str | bytes) -> None:
    refused(await sent(client_account, body), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("body", ["null", "1", '"text"', "[]", "[{}]", "true"])
async def test_json_that_is_no_object(client_account: As, body: str) -> None:
    details = refused(await sent(client_account, body), 400, "VALIDATION_ERROR")
    assert details["field"] == "body"


async def test_all_faulty_fields_are_listed(client_account: As) -> None:
    bad = JOB | {"title": " ", "budget": "1000", "categoryID": "1", "urgency": "NEVER", "latitude": 91, "jobType": None}
    del bad["location"]
    details = refused(await client_account.post(CREATE, bad), 400, "VALIDATION_ERROR")
    assert fields(details) == {"title", "budget", "categoryID", "urgency", "latitude", "jobType", "location"}
    assert all(fault["reason"] for fault in details["fields"])


@pytest.mark.parametrize("budget", ["12", "NaN", "Infinity", "-1", "0", "525.555", "1e400", '"1000"', "true", "null"])
async def test_pesos_are_a_number_above_zero_with_two_decimals_at_most(client_account: As, budget: str) -> None:
    body = json.dumps(JOB | {"budget": 0}).replace('"budget": 0', f'"budget": {budget}')
    refused(await sent(client_account, body), 400, "VALIDATION_ERROR")


async def test_a_body_that_is_no_json_by_its_own_word(client_account: As) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        refused(await sent(client_account, json.dumps(JOB), kind=kind), 415, "UNSUPPORTED_MEDIA_TYPE")
    form = await client_account.request("POST", CREATE, data=JOB)
    refused(form, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert (await sent(client_account, json.dumps(JOB), kind="application/json; charset=utf-8")).status_code == 201


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "big"}])
async def test_a_body_that_is_too_large(client_account: As, headers: dict[str, str]) -> None:
    body = json.dumps(JOB | {"description": "x" * 1_000_001}).encode()
    known = await client_account.request("POST", CREATE, content=body, headers=headers)
    refused(known, 413, "TOO_LARGE")

    async def in_pieces() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    unknown = await client_account.request("POST", CREATE, content=in_pieces(), headers=headers)
    refused(unknown, 413, "TOO_LARGE")
    almost = json.dumps(JOB | {"description": "x" * 900_000})
    refused(await sent(client_account, almost), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("number", [HUGE, 2**63, 2**63 - 1, 0, -1, -HUGE, "1.5", "abc", "%00", "1%2f2"])
async def test_ids_that_nothing_has(client_account: As, number: object) -> None:
    for path in (f"/api/jobs/{number}", f"/api/mobile/payments/status/{number}", f"/api/workers/{number}"):
        refused(await client_account.get(path), 404, "NOT_FOUND")
    answer = await client_account.post(f"/api/jobs/{number}/approve-completion")
    refused(answer, 404, "NOT_FOUND")


@pytest.mark.parametrize("number", [HUGE, 2**63, 0, -1, 1.5, "1", True])
async def test_ids_in_a_body_that_are_none(client_account: As, number: object) -> None:
    asked = {"jobID": number, "paymentMethod": "GCASH"}
    details = refused(await client_account.post("/api/payments/create-escrow", asked), 400, "VALIDATION_ERROR")
    assert fields(details) == {"jobID"}


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "\\udfff"])
@pytest.mark.parametrize("field", ["title", "description", "location"])
async def test_texts_that_no_database_holds(client_account: As, field: str, text: str) -> None:
    body = json.dumps(JOB | {field: "?"}).replace("?", text)
    details = refused(await sent(client_account, body), 400, "VALIDATION_ERROR")
    assert "field" in details


@pytest.mark.parametrize("value", ["%00", "a%00b", "%ED%A0%80", "%FF", "%C0%80"])
async def test_queries_that_no_database_holds(client_account: As, value: str) -> None:
    for asked in (
        "/api/jobs?q=",
        "/api/workers?q=",
        "/api/jobs?cursor=",
        "/api/jobs?near=",
        "/api/notifications?cursor=",
    ):
        answer = await client_account.get(asked + value)
        assert answer.status_code in {200, 400}, answer.text
        if "%00" in value:
            refused(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "limit=1e3", f"limit={HUGE}", "cursor=x", "cursor=bnVsbA", "cursor=%F0%9F"],
)
async def test_queries_that_do_not_fit(client_account: As, query: str) -> None:
    for path in ("/api/jobs", "/api/jobs/my-jobs", "/api/notifications", "/api/accounts/wallet/transactions"):
        refused(await client_account.get(f"{path}?{query}"), 400, "VALIDATION_ERROR")


async def test_a_crash_says_nothing_of_the_inside(breaking: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await breaking.get("/api/crash")
    details = refused(answer, 500, "INTERNAL_ERROR")
    assert set(details) == {"requestID"}
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    (entry,) = [one for one in logged if one["event"] == "request crashed"]
    assert entry["log_level"] == "error"
    assert isinstance(entry["exc_info"], RuntimeError)


async def test_a_request_keeps_its_id(http: httpx.AsyncClient) -> None:
    answer = await http.get("/nowhere", headers={"X-Request-ID": "mine-1"})
    assert refused(answer, 404, "NOT_FOUND")["requestID"] == "mine-1"
    for bad in (b"", b"a b", b"x" * 65, b"<script>", b"\xff"):
        own = await http.get("/health", headers={b"X-Request-ID": bad})
        assert own.headers["x-request-id"].encode("latin-1") != bad
        assert own.headers["x-request-id"]


async def test_headers_that_keep_browsers_safe(client_account: As, http: httpx.AsyncClient) -> None:
    for answer in (
        await client_account.get("/api/accounts/me"), await http.get("/nowhere"), await http.get("/schema"),
        await http.get("/payments/success?transactionID=<b>8"),
    ):  # fmt: skip
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "&lt;b&gt;8" in (await http.get("/payments/success?transactionID=<b>8")).text
    personal = await client_account.get("/api/accounts/me")
    assert personal.headers["cache-control"] == "no-store"
    assert (await http.get("/api/accounts/me")).headers["cache-control"] == "no-store"


async def test_only_listed_origins_may_read_with_a_cookie(
    settings: Settings, http: httpx.AsyncClient, db: Database
) -> None:
    port, ours = free_port(), "https://app.iayos.example"
    with_web = msgspec.structs.replace(settings, web_origins=f"{ours}, https://staging.iayos.example/")
    async with serving(create_app(with_web), port) as url, httpx.AsyncClient(base_url=url, trust_env=False) as web:
        someone = make.as_(web, await make.account(db, "CLIENT"))
        for origin in (ours, "https://staging.iayos.example"):
            answer = await someone.get("/api/accounts/me", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert "origin" in answer.headers["vary"].lower()
            assert (await someone.post(CREATE, JOB, headers={"Origin": origin})).status_code == 201
        for foreign in ("https://evil.example", "https://app.iayos.example.evil.example", "null", "http://["):
            answer = await someone.get("/api/accounts/me", headers={"Origin": foreign})
            assert "access-control-allow-origin" not in answer.headers
            refused(await someone.post(CREATE, JOB, headers={"Origin": foreign}), 403, "FOREIGN_ORIGIN")
        refused(await someone.post(CREATE, JOB, headers={"Sec-Fetch-Site": "cross-site"}), 403, "FOREIGN_ORIGIN")


async def test_a_browser_asks_first(settings: Settings, http: httpx.AsyncClient) -> None:
    port, ours = free_port(), "https://app.iayos.example"
    with_web = msgspec.structs.replace(settings, web_origins=ours)
    async with serving(create_app(with_web), port) as url, httpx.AsyncClient(base_url=url, trust_env=False) as web:
        asks = {
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "content-type,idempotency-key",
        }
        yes = await web.options("/api/accounts/me", headers=asks | {"Origin": ours})
        assert yes.status_code in {200, 204}
        assert yes.headers["access-control-allow-origin"] == ours
        assert yes.headers["access-control-allow-credentials"] == "true"
        assert "PATCH" in yes.headers["access-control-allow-methods"]
        assert "idempotency-key" in yes.headers["access-control-allow-headers"].lower()
        no = await web.options("/api/accounts/me", headers=asks | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in no.headers


async def test_both_prefixes_are_the_same_route(client_account: As) -> None:
    web, mobile = await asyncio.gather(
        client_account.get("/api/accounts/me"), client_account.get("/api/mobile/accounts/me")
    )
    assert web.json() == mobile.json()


async def test_the_service_is_up_and_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ok"}
    assert (await http.get("/ready")).json() == {"status": "ready"}
