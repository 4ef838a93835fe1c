"""No log, no stored error and no metric repeats what people typed, nor a secret: canaries are planted everywhere."""

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import asyncpg
import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from iayos import runner
from iayos.accounts.models import AccountTable
from iayos.app import create_app
from iayos.core import outbox
from iayos.core.db import Database, Statement
from iayos.core.outbox import Task, later
from iayos.profiles.models import SpecializationTable
from iayos.settings import Settings
from iayos.web.tx import OwnTx
from tests import make
from tests.conftest import Sandbox, free_port, serving
from tests.contract import Contract
from tests.media.pictures import picture
from tests.web.canaries import Cage, Canaries, caught

PASSWORD: Final = "a-long-Passphrase-7"
METHODS: Final = {"get", "post", "put", "patch", "delete"}
ENDS_THE_SESSION: Final = {"/api/accounts/logout", "/api/accounts/switch-profile", "/api/accounts/erase"}
GATEWAY_FAULTS: Final = ("500", "502_html", "bad_json", "429", "401", "drop_before")


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def cage(canaries: Canaries, app: Litestar) -> Iterator[Cage]:
    with caught() as found:
        yield found
    assert not canaries.seen_in(found.text), "\n".join(canaries.seen_in(found.text))
    assert found.lines
    for line in found.lines:
        assert {"event", "level", "timestamp"} <= line.keys(), line
        assert line.get("request_id") or line["event"] != "request", line


@pytest.fixture
def working(app: Litestar, db: Database) -> Callable[[], Awaitable[None]]:
    """Runs what is due, whatever becomes of it."""

    async def work() -> None:
        tasks = runner.tasks(app.state.services)
        while rows := await outbox.claim(db):
            for row in rows:
                with contextlib.suppress(Exception):
                    await outbox.execute(db, tasks, row.id)

    return work


async def no_trace(db: Database, http: httpx.AsyncClient, canaries: Canaries) -> None:
    """Neither what the outbox remembers of failures nor the metrics repeat any."""
    errors = await db.pool.fetchval("SELECT string_agg(last_error, ' ') FROM outbox") or ""
    assert not canaries.seen_in(errors)
    told = await http.get("/metrics")
    assert told.status_code == 200
    assert not canaries.seen_in(told.text)


def with_canaries(value: Any, canaries: Canaries, where: str) -> Any:
    """The same body with a canary in every text."""
    if isinstance(value, dict):
        return {name: with_canaries(part, canaries, f"{where}.{name}") for name, part in value.items()}
    if isinstance(value, list):
        return [with_canaries(part, canaries, where) for part in value]
    if not isinstance(value, str):
        return value
    return f"{canaries.new(where)}@example.com" if "@" in value else canaries.new(where)


def variants(operation: dict[str, Any], canaries: Canaries, name: str) -> Iterator[dict[str, Any]]:
    """Bodies of an operation: one canary at a time where the rest is as the document shows it, all at once, and nonsense."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        if kind.startswith("multipart"):
            content = b"\x89PNG" + canaries.new(f"{name} file").encode()
            files = {
                field: (f"{canaries.new(f'{name} filename')}.png", content, "image/png")
                for field in ("file", "photo", "photos")
            }
            yield {
                "files": files,
                "data": {one: canaries.new(f"{name} {one}") for one in ("name", "documentType", "purpose")},
            }
            continue
        good = media.get("example")
        if isinstance(good, dict):
            yield {"json": with_canaries(good, canaries, name)}
            for field, value in good.items():
                if isinstance(value, str):
                    yield {"json": good | {field: with_canaries(value, canaries, f"{name}.{field}")}}
        headers = {"Content-Type": "application/json"}
        yield {"content": f'{{"x": "{canaries.new(f"{name} broken")}"'.encode(), "headers": headers}
        yield {"content": canaries.new(f"{name} text").encode(), "headers": {"Content-Type": "text/plain"}}
    yield {
        "params": {key: canaries.new(f"{name} ?{key}") for key in ("token", "q", "cursor", "limit", "email", "status")}
    }
    odd = {
        "Authorization": f"Bearer {canaries.new(f'{name} bearer')}", "Cookie": f"session_id={canaries.new(f'{name} cookie')}",
        "x-callback-token": canaries.new(f"{name} callback"), "webhook-id": canaries.new(f"{name} webhook-id"),
        "User-Agent": canaries.new(f"{name} agent"), "Referer": f"https://{canaries.new(f'{name} referer')}.example/",
        "Idempotency-Key": canaries.new(f"{name} key"), "Origin": f"https://{canaries.new(f'{name} origin')}.example",
    }  # fmt: skip
    yield {"headers": odd}


async def test_no_operation_repeats_what_it_was_sent(
    http: httpx.AsyncClient, db: Database, contract: Contract, sandbox: Sandbox, canaries: Canaries, cage: Cage,
    working: Callable[[], Awaitable[None]],
) -> None:  # fmt: skip
    people = [
        await make.account(db, kind, role=role, kyc_verified=True, first_name=canaries.new("name"),
                           email=f"{canaries.new('email').lower()}@example.com", contact_num=canaries.digits("phone"))
        for kind, role in (("CLIENT", None), ("WORKER", None), ("AGENCY", None), (None, "ADMIN"))
    ]  # fmt: skip
    for someone in people:
        canaries.plant(someone.email, "email")
    job = await make.job(db, client=people[0], worker=people[1], title=canaries.new("title"))
    asked = 0
    for path, item in contract.document["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            people = [await make.signed_in_again(db, someone) for someone in people]
            sent = list(variants(operation, canaries, name))
            for number, options in enumerate(sent):
                who = people[3 if path.startswith("/api/admin/") else number % 3]
                place = str(job.id) if number % 3 else canaries.new(f"{name} path")
                headers = {"Cookie": f"session_id={who.cookie}"} | options.pop("headers", {})
                if path in ENDS_THE_SESSION:
                    headers = {}
                answer = await http.request(
                    method, re.sub(r"\{\w+\}", place, path), headers=headers, **options, timeout=30
                )
                assert answer.status_code < 500 or answer.status_code == 503, (name, answer.text)
                asked += 1
    assert asked > 500
    await working()
    await no_trace(db, http, canaries)
    answers = Counter(line["status"] for line in cage.lines if line["event"] == "request")
    assert answers.total() > 500
    assert answers[401] < answers.total() / 3, answers  # most of them went further than the door


async def test_a_life_leaves_no_trace_in_the_log(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, settings: Settings, canaries: Canaries, cage: Cage,
    working: Callable[[], Awaitable[None]],
) -> None:  # fmt: skip
    """Two people register, sign in on both ways, agree on a job, talk, pay, are paid and send files, while gateways fail."""
    ana, ben = [await registered(http, sandbox, canaries, working, kind) for kind in ("CLIENT", "WORKER")]
    worker = await db.pool.fetchval("SELECT max(id) FROM accounts")
    await db.pool.execute("UPDATE accounts SET kyc_verified = true WHERE id = $1", worker)
    async with db.transaction() as tx:
        await tx.insert(SpecializationTable, account_id=worker, category_id=1)
    job = {
        "title": canaries.new("title"), "description": canaries.new("description"), "categoryID": 1, "budget": 1000,
        "location": canaries.new("address"), "jobType": "LISTING",
    }  # fmt: skip
    job_id = (await said(http, ana, "/api/jobs/create", job))["jobID"]
    offer = {"proposalMessage": canaries.new("proposal"), "proposedBudget": 1000}
    application = (await said(http, ben, f"/api/jobs/{job_id}/apply", offer))["applicationID"]
    device = f"ExponentPushToken[{canaries.new('push token')}]"
    await said(http, ben, "/api/notifications/push-tokens", {"token": device, "deviceType": "ios"})
    await said(http, ana, f"/api/jobs/applications/{application}/accept", {})
    await talk(db, settings, ana, ben, canaries)
    for kind in GATEWAY_FAULTS:
        faults = [{"match": f"{one}.*", "kind": kind, "times": 30} for one in ("xendit", "supabase", "expo", "resend")]
        (await sandbox.http.put("/_sandbox/faults", json=faults)).raise_for_status()
        await pay_and_send(http, ana, ben, job_id, canaries)
        await working()
    await sandbox.http.delete("/_sandbox/faults")
    await pay_and_send(http, ana, ben, job_id, canaries)
    await db.pool.execute("UPDATE outbox SET run_after = now() WHERE done_at IS NULL")
    await working()
    await hear_webhooks(http, settings, canaries)
    await working()
    await no_trace(db, http, canaries)


Headers = dict[str, str]


async def said(http: httpx.AsyncClient, headers: Headers, path: str, body: Any) -> Any:
    answer = await http.post(path, json=body, headers=headers)
    assert answer.is_success, (path, answer.text)
    return answer.json()


async def registered(
    http: httpx.AsyncClient, sandbox: Sandbox, canaries: Canaries, working: Callable[[], Awaitable[None]], kind: str
) -> Headers:
    """A new account, through every door: verification, both sign-ins, a refresh, a new password."""
    email, password = f"{canaries.new('email').lower()}@example.com", canaries.new("password")
    canaries.plant(email, "email")
    me = {
        "email": email, "password": password, "profileType": kind, "firstName": canaries.new("first name"),
        "lastName": canaries.new("last name"), "contactNum": canaries.digits("phone"), "city": canaries.new("city"),
        "province": canaries.new("province"),
    }  # fmt: skip
    await said(http, {}, "/api/accounts/register", me)
    await working()
    await said(http, {}, "/api/accounts/verify-email", {"token": await mailed(sandbox, email, canaries)})
    for wrong in (
        me | {"password": canaries.new("wrong password")},
        me | {"email": f"{canaries.new('nobody')}@example.com"},
    ):
        answer = await http.post("/api/accounts/login", json={"email": wrong["email"], "password": wrong["password"]})
        assert answer.status_code == 401
    await said(http, {}, "/api/accounts/forgot-password", {"email": email})
    await working()
    password = canaries.new("new password")
    token = await mailed(sandbox, email, canaries)
    await said(http, {}, "/api/accounts/reset-password", {"token": token, "password": password})
    web = await http.post("/api/accounts/login", json={"email": email, "password": password})
    canaries.plant(web.cookies["session_id"], "cookie")
    pair = await said(http, {}, "/api/mobile/auth/login", {"email": email, "password": password})
    fresh = await said(http, {}, "/api/mobile/auth/refresh", {"refreshToken": pair["refreshToken"]})
    for one in (pair, fresh):
        canaries.plant(one["token"], "access token")
        canaries.plant(one["refreshToken"], "refresh token")
    http.cookies.clear()
    return {"Authorization": f"Bearer {fresh['token']}"}


async def mailed(sandbox: Sandbox, email: str, canaries: Canaries) -> str:
    mails = (await sandbox.http.get("/_sandbox/resend/messages", params={"to": email})).json()
    token = re.findall(r"\?token=(\S+)", " ".join(mail["text"] for mail in mails))[-1]
    return canaries.plant(token, "token in a mail")


async def talk(db: Database, settings: Settings, ana: Headers, ben: Headers, canaries: Canaries) -> None:
    """Sockets, good and bad."""
    number = await db.pool.fetchval("SELECT max(id) FROM conversations")
    url = settings.public_url.replace("http", "ws", 1)
    query = f"?token={canaries.new('token in the address of a socket')}"
    for path, headers in (
        (f"/ws/chat/{number}/{query}", ana),
        ("/ws/", ben),
        (f"/ws/chat/{number}/", {}),
        ("/ws/", {}),
    ):
        bearer = headers.get("Authorization", canaries.new("no token")).removeprefix("Bearer ")
        async with connect(f"{url}{path}", subprotocols=["iayos", f"bearer.{bearer}"], proxy=None) as socket:  # type: ignore[list-item]
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                await socket.send(json.dumps({"message": canaries.new("message"), "conversationID": number}))
                await socket.send(f'{{"message": "{canaries.new("broken frame")}')
                await socket.send(
                    json.dumps({"type": canaries.new("frame type"), "clientID": canaries.new("client id")})
                )
                await socket.send(canaries.new("binary frame").encode())
                async with asyncio.timeout(0.5):
                    while True:
                        await socket.recv()


async def pay_and_send(http: httpx.AsyncClient, ana: Headers, ben: Headers, job_id: int, canaries: Canaries) -> None:
    """Everything that calls a third party, from requests and from tasks; it may be refused."""
    await http.post("/api/payments/create-escrow", json={"jobID": job_id, "paymentMethod": "GCASH"}, headers=ana)
    await http.post("/api/accounts/wallet/deposit", json={"amount": 500}, headers=ana)
    account = {"accountNumber": canaries.digits("account number"), "accountName": canaries.new("account name")}
    payout = {"amount": 100, "channelCode": "PH_GCASH", **account}
    await http.post("/api/accounts/wallet/withdraw", json=payout, headers=ben)
    name = f"{canaries.new('file name')}.jpg"
    for content in (picture(), canaries.new("no picture").encode()):
        await http.post("/api/profile/avatar", files={"photo": (name, content, "image/jpeg")}, headers=ben)
        await http.post(
            "/api/media", data={"purpose": "CHAT"}, files={"file": (name, content, "image/jpeg")}, headers=ben
        )
    await http.post("/api/accounts/forgot-password", json={"email": f"{canaries.new('stranger')}@example.com"})


async def hear_webhooks(http: httpx.AsyncClient, settings: Settings, canaries: Canaries) -> None:
    """Forged, foreign and broken ones."""
    event = {
        "id": canaries.new("invoice"),
        "external_id": canaries.new("reference"),
        "payer_email": canaries.new("payer"),
        "status": "PAID",
    }
    right = settings.xendit_callback_token
    canaries.plant(right, "callback token")
    for token in (canaries.new("forged callback token"), right):
        headers = {"x-callback-token": token, "webhook-id": canaries.new("webhook id")}
        for body in (
            json.dumps(event),
            canaries.new("broken webhook"),
            json.dumps({"event": "payout.succeeded", "data": event}),
        ):
            await http.post("/api/payments/xendit-webhook", content=body, headers=headers)


@pytest.fixture
async def crashing(settings: Settings, canaries: Canaries, clean: None) -> AsyncIterator[httpx.AsyncClient]:
    """The same service with handlers that crash while they hold personal data."""

    @get("/api/crash/{secret:str}")
    async def crash(secret: FromPath[str]) -> None:
        local = canaries.new("local variable")
        try:
            int(f"{local} {secret}")
        except ValueError as error:
            error.add_note(canaries.new("note of an exception"))
            raise RuntimeError(canaries.new("message of an exception")) from error

    @get("/api/twice")
    async def twice(db: OwnTx) -> None:
        someone = await make.account(db, email=f"{canaries.new('email of a row').lower()}@example.com")
        canaries.plant(someone.email, "email of a row")
        await make.account(db, email=someone.email)

    @get("/api/cast")
    async def cast(db: OwnTx) -> None:
        await db.reads.value(Statement[Any](f"SELECT '{canaries.new('value of a query')}'::bigint"))

    @get("/api/elsewhere")
    async def elsewhere(db: OwnTx) -> None:
        async with httpx.AsyncClient(trust_env=False) as other:
            answer = await other.get(f"{settings.xendit_url}/?key={canaries.new('address of a call')}")
            answer.raise_for_status()

    port = free_port()
    app = create_app(settings)
    for handler in (crash, twice, cast, elsewhere):
        app.register(handler)
    async with serving(app, port) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as one:
        yield one


async def test_a_crash_tells_where_and_what_kind_and_no_values(
    crashing: httpx.AsyncClient, canaries: Canaries, cage: Cage
) -> None:
    asked = [f"/api/crash/{canaries.new('path')}", "/api/twice", "/api/cast", "/api/elsewhere"]
    ids = [(await crashing.get(path)).headers["x-request-id"] for path in asked]
    crashes = {line["request_id"]: line["exception"] for line in cage.lines if line["event"] == "request crashed"}
    assert list(crashes) == ids
    for words, number in zip(
        ("ValueError", "UniqueViolationError 23505 accounts", "InvalidTextRepresentationError 22P02", "HTTPStatusError"), ids,
        strict=True,
    ):  # fmt: skip
        assert words in crashes[number]
        assert "test_canary.py:" in crashes[number]


async def test_a_task_that_fails_keeps_its_secret(
    http: httpx.AsyncClient, db: Database, canaries: Canaries, cage: Cage
) -> None:
    async def twice() -> None:
        someone = await make.account(db, email=f"{canaries.new('email of a row').lower()}@example.com")
        canaries.plant(someone.email, "email of a row")
        async with db.transaction() as tx:
            await tx.insert(
                AccountTable, **dict.fromkeys(("email",), someone.email), password_hash="x", profile_types=[]
            )

    async def plain() -> None:
        raise LookupError(canaries.new("message of a task"))

    tasks = {"twice": Task("twice", twice), "plain": Task("plain", plain)}
    async with db.transaction() as tx:
        await later(tx, "twice")
        await later(tx, "plain")
    for row in await outbox.claim(db):
        with pytest.raises((asyncpg.PostgresError, LookupError)):
            await outbox.execute(db, tasks, row.id)
    failed = [line for line in cage.lines if line["event"] == "task failed"]
    assert {line["task"] for line in failed} == {"twice", "plain"}
    assert all(line["outbox_id"] for line in failed)
    await no_trace(db, http, canaries)
