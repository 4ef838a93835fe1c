"""`/metrics`: what is counted, that labels are ours alone, and who may read it."""

import httpx
import msgspec
import pytest
from litestar import Litestar
from prometheus_client.parser import text_string_to_metric_families

from iayos.admin.facts import Facts
from iayos.app import create_app
from iayos.core.db import Database
from iayos.core.outbox import later
from iayos.ledger.actions import post
from iayos.settings import Settings
from tests import make
from tests.conftest import Sandbox, free_port, serving

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def told(http: httpx.AsyncClient) -> Samples:
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0)


@pytest.fixture
def fresh(app: Litestar, db: Database) -> None:
    """Facts that nobody has looked up before."""
    app.state.facts = Facts(db.reads)


async def test_requests_are_counted_by_the_template_of_their_route(http: httpx.AsyncClient, db: Database) -> None:
    someone = make.as_(http, await make.account(db))
    before = await told(http)
    for number in (98_765, 98_766, 98_767):
        await someone.get(f"/api/jobs/{number}")
        await someone.get(f"/api/mobile/jobs/{number}")
        await http.get(f"/nowhere/{number}")
        await http.request(f"ODD{number}", "/health")
    after = await told(http)
    requests = "iayos_http_requests_total"
    for labels, more in (
        ({"method": "GET", "route": "/api/jobs/{job_id}", "status": "404"}, 6),
        ({"method": "GET", "route": "(none)", "status": "404"}, 3),
        ({"method": "OTHER", "route": "(none)", "status": "405"}, 3),
    ):
        assert of(after, requests, **labels) - of(before, requests, **labels) == more
    latency = of(after, "iayos_http_request_seconds_count", method="GET", route="/api/jobs/{job_id}")
    assert latency >= 6
    assert not [labels for _, labels in after if any("9876" in value for _, value in labels)]


async def test_what_waits_and_fails_and_what_is_held(
    http: httpx.AsyncClient, db: Database, settings: Settings, fresh: None
) -> None:
    async with db.transaction() as tx:
        for _ in range(3):
            await later(tx, "tests.nothing")
        await post(tx, "escrow", ("xendit", "escrow:1", 500_25))
        await post(tx, "wallet", ("xendit", "wallet:1", 100_00))
    await db.pool.execute("UPDATE outbox SET run_after = run_after - interval '90 s'")
    one = await db.pool.fetchval("SELECT min(id) FROM outbox")
    await db.pool.execute("UPDATE outbox SET failed_at = now(), failing_since = now() WHERE id = $1", one)
    assert (await http.post("/api/payments/xendit-webhook", headers={"x-callback-token": "no"})).status_code == 401
    found = await told(http)
    assert of(found, "iayos_outbox_waiting", task="tests.nothing") == 2
    assert of(found, "iayos_outbox_due", task="tests.nothing") == 2
    assert of(found, "iayos_outbox_failed", task="tests.nothing") == 1
    assert 89 < of(found, "iayos_outbox_oldest_due_seconds", task="tests.nothing") < 150
    assert of(found, "iayos_ledger_held_pesos", kind="escrow") == 500.25
    assert of(found, "iayos_ledger_held_pesos", kind="wallet") == 100
    assert of(found, "iayos_ledger_imbalance_pesos") == 0
    assert of(found, "iayos_webhooks_refused_total") == 1
    assert of(found, "iayos_runner_seen_seconds") == -1
    assert of(found, "iayos_audit_unsealed") == 0
    assert of(found, "iayos_database_connections", state="limit") == settings.database_pool


async def test_calls_to_third_parties_and_sign_ins_that_fail(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    someone = make.as_(http, await make.account(db))
    before = await told(http)
    assert (await someone.post("/api/accounts/wallet/deposit", {"amount": 500})).status_code == 201
    fault = [{"match": "xendit.create_invoice", "kind": "500", "times": 1}]
    await sandbox.http.put("/_sandbox/faults", json=fault)
    assert (await someone.post("/api/accounts/wallet/deposit", {"amount": 600})).status_code == 503
    nobody = {"email": "nobody@example.com", "password": "a-long-Passphrase-7"}
    assert (await http.post("/api/accounts/login", json=nobody)).status_code == 401
    after = await told(http)
    for name, labels in (
        ("iayos_gateway_seconds_count", {"provider": "xendit", "call": "create_invoice", "outcome": "ok"}),
        ("iayos_gateway_seconds_count", {"provider": "xendit", "call": "create_invoice", "outcome": "unavailable"}),
        ("iayos_sign_in_failures_total", {"reason": "password"}),
    ):
        assert of(after, name, **labels) - of(before, name, **labels) == 1


async def asked(settings: Settings, **headers: str) -> httpx.Response:
    async with serving(create_app(settings), free_port()) as url, httpx.AsyncClient(trust_env=False) as one:
        return await one.get(f"{url}/metrics", headers=headers)


async def test_who_may_read_it(settings: Settings, clean: None) -> None:
    behind_a_proxy = await asked(settings, **{"X-Forwarded-For": "203.0.113.7"})
    assert (behind_a_proxy.status_code, behind_a_proxy.json()["code"]) == (404, "NOT_FOUND")
    production = msgspec.structs.replace(settings, env="production")
    assert (await asked(production)).status_code == 404
    with_token = msgspec.structs.replace(production, metrics_token="t0ken")
    for wrong in ({}, {"Authorization": "Bearer no"}, {"Authorization": "Bearer t0ken2"}):
        refused = await asked(with_token, **wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "AUTH_FAILED")
    assert (await asked(with_token, Authorization="Bearer t0ken")).status_code == 200
