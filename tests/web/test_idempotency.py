"""`Idempotency-Key` (SPEC 1, Retries): the same request again gets the first answer and changes nothing."""

import asyncio
from typing import Any, Final

import httpx
import pytest

from iayos.core import clock, idempotency
from iayos.core.db import Database
from iayos.web import idempotency as edge
from tests import make
from tests.conftest import Sandbox
from tests.make import As

JOB: Final = {
    "title": "Fix leaking faucet", "description": "It drips.", "categoryID": 1, "budget": 1000, "location": "Zamboanga City",
    "jobType": "LISTING",
}  # fmt: skip
CREATE: Final = "/api/jobs/create"
DEPOSIT: Final = "/api/accounts/wallet/deposit"


def key(text: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": text}}


def replayed(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("idempotent-replayed") == "true")


async def rows(db: Database, table: str) -> int:
    return int(await db.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_the_same_request_again_gets_the_first_answer(client_account: As, db: Database) -> None:
    first = await client_account.post(CREATE, JOB, **key("faucet"))
    again = await client_account.post(CREATE, JOB, **key("faucet"))
    assert (first.status_code, replayed(first)) == (201, False)
    assert (again.status_code, replayed(again)) == (201, True)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await rows(db, "jobs") == 1


async def test_without_a_key_or_with_another_it_is_another_request(client_account: As, db: Database) -> None:
    for options in ({}, {}, key("one"), key("two")):
        assert not replayed(await client_account.post(CREATE, JOB, **options))
    assert await rows(db, "jobs") == 4


async def test_a_key_with_another_body_is_refused(client_account: As, db: Database) -> None:
    await client_account.post(CREATE, JOB, **key("faucet"))
    other = await client_account.post(CREATE, JOB | {"budget": 2000}, **key("faucet"))
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert await rows(db, "jobs") == 1


async def test_a_key_belongs_to_one_account_and_one_path(
    client_account: As, http: httpx.AsyncClient, db: Database
) -> None:
    mine = await client_account.post(CREATE, JOB, **key("faucet"))
    someone = make.as_(http, await make.account(db, "CLIENT"))
    theirs = await someone.post(CREATE, JOB, **key("faucet"))
    assert theirs.status_code == 201
    assert theirs.json()["jobID"] != mine.json()["jobID"]
    deposit = await client_account.post(DEPOSIT, {"amount": 500}, **key("faucet"))
    assert (deposit.status_code, replayed(deposit)) == (201, False)


async def test_of_two_at_once_one_runs_and_the_other_waits_for_its_answer(client_account: As, db: Database) -> None:
    answers = await asyncio.gather(*(client_account.post(CREATE, JOB, **key("faucet")) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(replayed(answer) for answer in answers) == [False, *[True] * 5]
    assert await rows(db, "jobs") == 1


async def test_the_same_where_a_third_party_is_called_in_between(
    client_account: As, db: Database, sandbox: Sandbox
) -> None:
    answers = await asyncio.gather(*(client_account.post(DEPOSIT, {"amount": 500}, **key("fill")) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["invoiceURL"] for answer in answers}) == 1
    assert sorted(replayed(answer) for answer in answers) == [False, True, True, True]
    assert replayed(await client_account.post(DEPOSIT, {"amount": 500}, **key("fill")))
    assert (await client_account.post(DEPOSIT, {"amount": 600}, **key("fill"))).status_code == 409
    assert len((await sandbox.http.get("/_sandbox/xendit/invoices")).json()) == await rows(db, "payments") == 1


async def test_a_refusal_is_an_answer_too(client_account: As, db: Database) -> None:
    worker = await make.account(db, "WORKER", trades=(1,))
    job = await make.job(db, client=client_account.someone, worker=worker, escrow_paid=True)
    approve = f"/api/jobs/{job.id}/approve-completion"
    early = await client_account.post(approve, **key("approve"))
    assert (early.status_code, early.json()["code"]) == (409, "JOB_NOT_MARKED_COMPLETE")
    await db.pool.execute("UPDATE jobs SET worker_marked_complete = true, marked_complete_at = now()")
    again = await client_account.post(approve, **key("approve"))
    assert again.content == early.content
    assert replayed(again)
    assert (await client_account.post(approve, **key("approve now"))).status_code == 200
    bad = await client_account.post(CREATE, JOB | {"budget": 1}, **key("cheap"))
    assert bad.status_code == 400
    assert replayed(await client_account.post(CREATE, JOB | {"budget": 1}, **key("cheap")))


async def test_a_third_party_that_was_down_is_asked_again(client_account: As, db: Database, sandbox: Sandbox) -> None:
    fault = [{"match": "xendit.create_invoice", "kind": "500", "times": 9}]
    await sandbox.http.put("/_sandbox/faults", json=fault)
    down = await client_account.post(DEPOSIT, {"amount": 500}, **key("fill"))
    assert (down.status_code, down.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
    await sandbox.http.put("/_sandbox/faults", json=[])
    again = await client_account.post(DEPOSIT, {"amount": 500}, **key("fill"))
    assert (again.status_code, replayed(again)) == (201, False)
    assert await rows(db, "payments") == 1


async def test_a_crash_leaves_neither_effect_nor_answer(breaking: httpx.AsyncClient, db: Database) -> None:
    someone = make.as_(breaking, await make.account(db, "CLIENT"))
    crashed = await someone.post("/api/crash-once", **key("once"))
    assert crashed.status_code == 500
    assert await rows(db, "outbox") == await rows(db, "idempotency_keys") == 0
    again = await someone.post("/api/crash-once", **key("once"))
    assert (again.status_code, again.json(), replayed(again)) == (201, {"call": 2}, False)
    assert replayed(await someone.post("/api/crash-once", **key("once")))
    assert await rows(db, "outbox") == 1


@pytest.mark.parametrize("bad", [b"", b"k" * 256, b"caf\xc3\xa9", b"a\tb"])
async def test_a_key_is_short_and_printable(client_account: As, db: Database, bad: bytes) -> None:
    answer = await client_account.post(CREATE, JOB, headers={"Idempotency-Key": bad})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["details"]["field"] == "Idempotency-Key"
    assert await rows(db, "jobs") == 0


async def test_secrets_are_not_stored(client_account: As, db: Database) -> None:
    switched = await client_account.post("/api/accounts/switch-profile", {"profileType": "WORKER"}, **key("switch"))
    assert switched.status_code == 200
    assert switched.json()["token"]
    assert await rows(db, "idempotency_keys") == 0


async def test_signing_in_is_never_a_replay(client_account: As, http: httpx.AsyncClient, db: Database) -> None:
    body = {"email": client_account.someone.email, "password": make.PASSWORD}
    tokens = set()
    for _ in range(2):
        for as_whom in ({}, {"Cookie": f"session_id={client_account.someone.cookie}"}):
            answer = await http.post("/api/mobile/auth/login", json=body, headers=key("in")["headers"] | as_whom)
            assert (answer.status_code, replayed(answer)) == (200, False)
            tokens.add(answer.json()["token"])
    assert len(tokens) == 4
    assert await rows(db, "idempotency_keys") == 0


async def test_a_key_is_kept_for_a_day(client_account: As, db: Database) -> None:
    first = await client_account.post(CREATE, JOB, **key("faucet"))
    clock.advance(24 * 3600 - 60)
    assert replayed(await client_account.post(CREATE, JOB, **key("faucet")))
    clock.advance(61)
    late = await client_account.post(CREATE, JOB, **key("faucet"))
    assert (late.status_code, replayed(late)) == (201, False)
    assert late.json()["jobID"] != first.json()["jobID"]
    clock.advance(24 * 3600 + 1)
    await idempotency.sweep(db)
    assert await rows(db, "idempotency_keys") == 0


async def test_reading_takes_no_key(client_account: As, db: Database) -> None:
    for _ in range(2):
        assert not replayed(await client_account.get("/api/jobs/my-jobs", **key("read")))
    assert await rows(db, "idempotency_keys") == 0


async def test_a_process_that_died_with_a_key_gives_it_back_in_a_minute(
    client_account: As, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client_account.post(DEPOSIT, {"amount": 500}, **key("fill"))
    unfinished = "UPDATE idempotency_keys SET status = NULL, body = NULL, lease_until = $1"
    await db.pool.execute(unfinished, clock.now() + idempotency.LEASE)
    monkeypatch.setattr(edge, "WAIT_S", 0.2)
    waiting = await client_account.post(DEPOSIT, {"amount": 500}, **key("fill"))
    assert (waiting.status_code, waiting.json()["code"]) == (409, "IDEMPOTENCY_KEY_IN_USE")
    clock.advance(idempotency.LEASE.total_seconds() + 1)
    again = await client_account.post(DEPOSIT, {"amount": 500}, **key("fill"))
    assert (again.status_code, replayed(again)) == (201, False)
