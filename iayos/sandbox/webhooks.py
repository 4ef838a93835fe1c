"""Xendit's webhook sender: delivery, retries on the shared clock, and everything that can go wrong on the way."""

import asyncio
import random
import time
from typing import Any, Final
from uuid import uuid4

import httpx
import msgspec

from iayos.sandbox.answers import now_iso, seconds
from iayos.sandbox.store import Doc, Store

# from the first attempt; Xendit gives up after the sixth
RETRIES_AFTER_S: Final = (900, 3_600, 10_800, 21_600, 43_200, 86_400)
_TIMEOUT_S: Final = 30.0
_SHUFFLE_WITHIN_S: Final = 0.5
_ANSWER_KEPT: Final = 2_000
_HIDDEN: Final = ("sends", "firstAt", "retries")


class Policy(msgspec.Struct, kw_only=True):
    """What becomes of each event that follows."""

    duplicate: int = 1
    """How many times each is delivered, under one webhook-id."""
    delay_s: float = 0
    """How long after the event, in seconds of the shared clock."""
    shuffle: bool = False
    """Spread each delivery over half a second, so that they arrive in another order."""
    drop: float = 0.0
    """The share that gets lost."""
    seed: int = 1
    """Of the dice for shuffle and drop."""


class Redelivery(msgspec.Struct, kw_only=True):
    """How an event is sent again."""

    times: int = 1
    concurrent: bool = False
    new_webhook_id: bool = False
    token: str | msgspec.UnsetType | None = msgspec.UNSET
    """Absent: the right one; null: no such header."""


class Event(msgspec.Struct, kw_only=True):
    """Any event at all."""

    payload: Any
    token: str | msgspec.UnsetType | None = msgspec.UNSET
    """Absent: the right one; null: no such header."""
    webhook_id: str | msgspec.UnsetType | None = msgspec.UNSET
    """Absent: a new one; null: no such header."""


class Webhooks:
    """Every event and its deliveries."""

    def __init__(self, store: Store, *, url: str, token: str) -> None:
        self.store = store
        self.url = url
        self.token = token
        self.http: httpx.AsyncClient | None = None
        self.busy: dict[str, asyncio.Task[None]] = {}
        self.dice = random.Random(self.policy().seed)  # noqa: S311 - reproducible on purpose

    def open(self) -> None:
        """Start to send."""
        # the pool may be waited for as long as it takes: the thirty seconds are for the receiver alone
        self.http = httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(_TIMEOUT_S, pool=None))

    async def close(self) -> None:
        """Stop sending; what was under way is sent again after the next start."""
        await self.stop()
        if self.http is not None:
            await self.http.aclose()

    async def stop(self) -> None:
        """Break off whatever is under way."""
        tasks = list(self.busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.busy.clear()

    def policy(self) -> Policy:
        """What becomes of the next event."""
        kept = self.store.get("setting", "webhooks.policy")
        return Policy() if kept is None else msgspec.convert(kept, Policy)

    def set_policy(self, policy: Policy) -> None:
        """For all events that follow; throws the dice anew."""
        self.store.put("setting", "webhooks.policy", msgspec.to_builtins(policy))
        self.dice = random.Random(policy.seed)  # noqa: S311 - reproducible on purpose

    def all(self) -> list[Doc]:
        """As the control routes show them, oldest first."""
        return [shown(webhook) for webhook in self.store.all("webhook")]

    def emit(self, payload: Doc, *, invoice_id: str | None = None, lost: bool = False) -> None:
        """An event happened: keep it, and send it in the background unless it gets lost."""
        policy, now = self.policy(), seconds()
        lost = lost or self.dice.random() < policy.drop
        # without a URL nothing is sent, nor tried again later, as at Xendit
        copies = 0 if lost or not self.url else policy.duplicate
        sends = [now + policy.delay_s + self._spread(policy) for _ in range(copies)]
        webhook = self._new(payload, invoice_id=invoice_id) | {"sends": sends, "lost": lost}
        self._save(webhook)
        self.start(webhook["id"])

    def start(self, webhook_id: str) -> None:
        """Send whatever of an event has fallen due, unless that is being done already."""
        if webhook_id in self.busy or not self.store.get("webhook", webhook_id):
            return
        self.busy[webhook_id] = asyncio.create_task(self._send_due(webhook_id))

    async def redeliver(self, webhook: Doc, order: Redelivery) -> list[Doc]:
        """Send an event again and wait for the answers."""
        all_headers = [self._headers_again(webhook, order) for _ in range(order.times)]
        if order.concurrent:
            return list(await asyncio.gather(*(self._deliver(webhook, headers) for headers in all_headers)))
        return [await self._deliver(webhook, headers) for headers in all_headers]

    async def send(self, event: Event) -> Doc:
        """Send any event and wait for the answer."""
        invoice_id = event.payload.get("id") if isinstance(event.payload, dict) else None
        webhook = self._new(event.payload, invoice_id=invoice_id)
        if event.webhook_id is not msgspec.UNSET:
            _put(webhook["headers"], "webhook-id", event.webhook_id)
        if event.token is not msgspec.UNSET:
            _put(webhook["headers"], "x-callback-token", event.token)
        self._save(webhook)
        await self._deliver(webhook, webhook["headers"])
        return self.one(webhook["id"]) or webhook

    def one(self, webhook_id: str) -> Doc | None:
        """One event with its deliveries."""
        return self.store.get("webhook", webhook_id)

    def _new(self, payload: object, *, invoice_id: str | None) -> Doc:
        webhook_id = str(uuid4())
        headers = {"content-type": "application/json", "x-callback-token": self.token, "webhook-id": webhook_id}
        return {
            "id": webhook_id,
            "invoiceID": invoice_id,
            "payload": payload,
            "headers": headers,
            "attempts": [],
            "createdAt": now_iso(),
            "lost": False,
            "sends": [],
            "firstAt": None,
            "retries": 0,
        }

    def _save(self, webhook: Doc) -> None:
        due = min(webhook["sends"], default=None)
        self.store.put("webhook", webhook["id"], webhook, ref=webhook["invoiceID"] or "", due=due)

    def _spread(self, policy: Policy) -> float:
        return self.dice.uniform(0, _SHUFFLE_WITHIN_S) if policy.shuffle else 0.0

    def _headers_again(self, webhook: Doc, order: Redelivery) -> dict[str, str]:
        headers = dict(webhook["headers"])
        if order.new_webhook_id:
            headers["webhook-id"] = str(uuid4())
        if order.token is not msgspec.UNSET:
            _put(headers, "x-callback-token", order.token)
        return headers

    async def _send_due(self, webhook_id: str) -> None:
        """Every copy that is due, at once; only an attempt that was written down is taken off the list."""
        try:
            webhook = self.one(webhook_id)
            if webhook is None or not self.url:
                return
            now = seconds()
            due = [moment for moment in webhook["sends"] if moment <= now]
            attempts = await asyncio.gather(*(self._deliver(webhook, webhook["headers"]) for _ in due))
            self._settle(webhook_id, due, attempts)
        finally:
            self.busy.pop(webhook_id, None)

    def _settle(self, webhook_id: str, done: list[float], attempts: list[Doc]) -> None:
        """Take the copies sent off the list, and plan the next try if none was accepted."""
        webhook = self.one(webhook_id)
        if webhook is None or not attempts:
            return
        webhook["sends"] = [moment for moment in webhook["sends"] if moment not in done]
        webhook["firstAt"] = webhook["firstAt"] or min(done)
        timed_out = any(attempt["error"] == "timeout" for attempt in attempts)
        accepted = any(_accepted(attempt) for attempt in webhook["attempts"])
        if not accepted and not timed_out and not webhook["sends"] and webhook["retries"] < len(RETRIES_AFTER_S):
            webhook["sends"] = [webhook["firstAt"] + RETRIES_AFTER_S[webhook["retries"]]]
            webhook["retries"] += 1
        self._save(webhook)

    async def _deliver(self, webhook: Doc, headers: dict[str, str]) -> Doc:
        attempt = await self._post(msgspec.json.encode(webhook["payload"]), headers)
        attempt["webhookID"] = headers.get("webhook-id")
        kept = self.one(webhook["id"])
        if kept is not None:
            kept["attempts"].append(attempt)
            if _accepted(attempt) and kept["retries"]:
                kept["sends"] = []
            self._save(kept)
        return attempt

    async def _post(self, body: bytes, headers: dict[str, str]) -> Doc:
        started = time.perf_counter()
        attempt: Doc = {"at": now_iso(), "status": None, "answer": None, "error": None}
        if self.http is None or not self.url:
            return attempt | {"error": "no URL registered"}
        try:
            response = await self.http.post(self.url, content=body, headers=headers)
            attempt |= {"status": response.status_code, "answer": response.text[:_ANSWER_KEPT]}
        except httpx.TimeoutException:
            attempt["error"] = "timeout"
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            attempt["error"] = type(fault).__name__
        attempt["durationMs"] = round((time.perf_counter() - started) * 1000, 1)
        return attempt


def shown(webhook: Doc) -> Doc:
    """Without what only the sender needs."""
    return {key: value for key, value in webhook.items() if key not in _HIDDEN}


def _accepted(attempt: Doc) -> bool:
    return attempt["status"] is not None and httpx.codes.is_success(attempt["status"])


def _put(headers: dict[str, str], name: str, value: str | None) -> None:
    if value is None:
        headers.pop(name, None)
    else:
        headers[name] = value
