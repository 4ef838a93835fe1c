"""`Idempotency-Key` on POST (SPEC 1, Retries): the same request again gets the answer that the first one got."""

import asyncio
import hmac
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from iayos.core import idempotency
from iayos.core.db import Database, Tx
from iayos.core.errors import Conflict, Invalid
from iayos.core.idempotency import AnswerErased, StoredAnswer
from iayos.web.dry import DRY
from iayos.web.request import JSONRequest
from iayos.web.tx import HELD

LONGEST_KEY: Final = 255
WAIT_S: Final = 30.0
NOT_STORED: Final = 500


class StillRunning(Conflict):
    """The first request with this key has not ended yet."""

    code = "IDEMPOTENCY_KEY_IN_USE"
    message = "The first request with this Idempotency-Key is still running. Please ask again in a moment."


class Idempotent:
    """Middleware around each POST of a signed-in account that carries a key; routes with `opt["no_replay"]` ignore it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replay, or run and store."""
        request = JSONRequest(scope, receive, send) if scope["type"] == ScopeType.HTTP else None
        key = request.headers.get("idempotency-key") if request is not None and request.method == "POST" else None
        me = scope.get("user")
        ignored = DRY in scope or scope["route_handler"].opt.get("no_replay")
        if request is None or key is None or me is None or ignored:
            await self.app(scope, receive, send)
            return
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable() or not key.isascii():
            raise Invalid.of("Idempotency-Key", "Expected 1 to 255 printable ASCII characters")
        claim = {
            "scope": f"{me.account_id} POST {scope['path']}",
            "key": key,
            "request_hash": await _hash(request),
        }
        run = _in_transaction if "tx" in scope["route_handler"].parsed_fn_signature.parameters else _under_lease
        answer = await run(self.app, scope, receive, request.app.state.db, claim)
        for message in answer:
            await send(message)


async def _hash(request: JSONRequest) -> bytes:
    """What tells one request from another; a form sent again has another boundary and is the same form.

    Keyed, because from a bare hash an account number or a password could be found by trying.
    """
    body = await request.body()
    boundary = request.content_type[1].get("boundary", "").encode()
    secret: str = request.app.state.settings.secret
    return hmac.digest(secret.encode(), body.replace(boundary, b"") if boundary else body, "sha256")


async def _in_transaction(
    app: ASGIApp, scope: Scope, receive: Receive, db: Database, claim: dict[str, Any]
) -> list[Message]:
    """Key, effect and answer in one transaction: all of it is kept, or none."""
    async with db.transaction() as tx:
        taken = await idempotency.take(tx, leased=False, **claim)
        if isinstance(taken, StoredAnswer):
            return await _replay(scope, taken)
        scope[HELD] = tx  # type: ignore[literal-required]
        answer = await _collect(app, scope, receive)
        await _keep(tx, taken, scope, answer)
        return answer


async def _under_lease(
    app: ASGIApp, scope: Scope, receive: Receive, db: Database, claim: dict[str, Any]
) -> list[Message]:
    """Key first, then a verb with transactions and gateway calls of its own, then the answer."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while True:
        async with db.transaction() as tx:
            taken = await idempotency.take(tx, leased=True, **claim)
        if not isinstance(taken, StoredAnswer):
            break
        if taken.status is not None:
            return await _replay(scope, taken)
        if asyncio.get_running_loop().time() > deadline:
            raise StillRunning
        await asyncio.sleep(0.1)
    answer: list[Message] = []
    try:
        answer = await _collect(app, scope, receive)
    finally:
        async with db.transaction() as tx:
            await _keep(tx, taken, scope, answer)
    return answer


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    answer: list[Message] = []

    async def hold(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, hold)
    return answer


async def _keep(tx: Tx, row_id: int, scope: Scope, answer: list[Message]) -> None:
    status = next((int(m["status"]) for m in answer if m["type"] == "http.response.start"), NOT_STORED)
    if status >= NOT_STORED or status == 429 or scope["route_handler"].opt.get("secret_answer"):  # noqa: PLR2004
        await idempotency.forget(tx, row_id)
        return
    body = b"".join(m["body"] for m in answer if m["type"] == "http.response.body")
    kind = next((v.decode() for m in answer if m["type"] == "http.response.start" for n, v in m["headers"]
                 if n.lower() == b"content-type"), "application/json")  # fmt: skip
    await idempotency.store(tx, row_id, status=status, content_type=kind, body=body)


async def _replay(scope: Scope, stored: StoredAnswer) -> list[Message]:
    """The answer from before, for whoever may ask for it still: its guards have not run."""
    await scope["route_handler"].authorize_connection(ASGIConnection(scope))
    if stored.body is None:
        raise AnswerErased(answered=stored.status)
    headers = [
        (b"content-type", (stored.content_type or "application/json").encode()),
        (b"content-length", str(len(stored.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    start: Any = {"type": "http.response.start", "status": stored.status, "headers": headers}
    body: Any = {"type": "http.response.body", "body": stored.body, "more_body": False}
    return [start, body]
