"""A verified worker with money in the wallet, and the sandbox's hand on payouts."""

from typing import Any

import httpx
import msgspec

from tests import make
from tests.make import As, as_
from tests.payments.conftest import Bench

WITHDRAW = "/api/accounts/wallet/withdraw"
GCASH: dict[str, Any] = {"channelCode": "PH_GCASH", "accountNumber": "09171234567", "accountName": "Ben Santos"}
BANK: dict[str, Any] = {"channelCode": "PH_BPI", "accountNumber": "1234567890", "accountName": "Ben Santos"}


class Ben(msgspec.Struct, frozen=True):
    """A worker who has earned something."""

    api: As
    id: int
    bench: Bench

    async def withdraw(self, amount: float = 500, *, status: int = 201, **fields: Any) -> dict[str, Any]:
        """Ask for a withdrawal."""
        answer = await self.ask(amount, **fields)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ask(self, amount: float = 500, **fields: Any) -> httpx.Response:
        """The same, whatever the answer."""
        headers = fields.pop("headers", {})
        return await self.api.post(WITHDRAW, GCASH | {"amount": amount} | fields, headers=headers)

    async def wallet(self) -> tuple[float, float]:
        """Balance and what is on its way out."""
        found = (await self.api.get("/api/accounts/wallet")).json()
        return found["balance"], found["pendingWithdrawal"]

    async def status(self, transaction: dict[str, Any]) -> tuple[str, str | None]:
        """How a withdrawal stands."""
        seen = await self.bench.status(self.api, transaction)
        return seen["status"], seen["failureReason"]

    async def notices(self) -> list[str]:
        """What Ben was told, newest first."""
        return await self.bench.notices(self.api)


async def ben(bench: Bench, *, pesos: int = 1000, **columns: Any) -> Ben:
    """Ben with so many pesos."""
    found = await make.account(bench.db, "WORKER", **({"kyc_verified": True} | columns))
    if pesos:
        await bench.fill(found.account_id, pesos * 100)
    return Ben(as_(bench.http, found), found.account_id, bench)


async def payouts(bench: Bench) -> list[dict[str, Any]]:
    """What Xendit has been asked to pay."""
    found: list[dict[str, Any]] = (await bench.sandbox.get("/_sandbox/xendit/payouts")).json()
    return found


async def decide(bench: Bench, verb: str, **body: Any) -> None:
    """What the bank does with the newest payout."""
    newest = (await payouts(bench))[-1]["id"]
    answer = await bench.sandbox.post(f"/_sandbox/xendit/payouts/{newest}/{verb}", json=body)
    assert answer.status_code == 200, answer.text
