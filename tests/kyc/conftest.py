"""A case at each stage."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.make import As, Someone
from tests.media.pictures import picture

Drain = Callable[[], Awaitable[int]]
INDIVIDUAL = ("FRONTID", "BACKID", "SELFIE")


class Bench:
    """What tests of identity checks do all the time."""

    def __init__(self, http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain) -> None:
        self.http, self.db, self.sandbox, self.drain = http, db, sandbox, drain

    async def person(self, kind: str = "WORKER", **columns: Any) -> As:
        return make.as_(self.http, await make.account(self.db, kind, **columns))

    async def reviewer(self, role: str = "KYC_REVIEWER") -> As:
        return make.as_(self.http, await make.account(self.db, None, role=role))

    async def upload(self, me: As, kyc_id: int, kind: str, content: bytes | None = None) -> httpx.Response:
        files = {"file": content or picture()}
        return await me.request("POST", f"/api/kyc/{kyc_id}/upload-file", data={"documentType": kind}, files=files)

    async def opened(self, me: As, kyc_type: str = "INDIVIDUAL", user_type: str = "WORKER") -> int:
        answer = await me.post("/api/kyc/submit", {"kycType": kyc_type, "userType": user_type})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["kycID"])

    async def handed_in(self, me: As) -> int:
        kyc_id = await self.opened(me)
        for kind in INDIVIDUAL:
            assert (await self.upload(me, kyc_id, kind)).status_code == 201
        assert (await me.post(f"/api/kyc/{kyc_id}/finalize")).status_code == 200
        return kyc_id

    async def case(self) -> tuple[As, int]:
        me = await self.person()
        return me, await self.handed_in(me)

    async def objects(self) -> int:
        return len((await self.sandbox.http.get("/_sandbox/supabase/objects?bucket=kyc-documents")).json())

    async def notices(self, who: As) -> list[tuple[str, Any]]:
        return [(one["type"], one["data"]) for one in (await who.get("/api/notifications")).json()["items"]]

    async def verified(self, someone: Someone) -> bool:
        me = make.as_(self.http, someone)
        return bool((await me.get("/api/accounts/me")).json()["KYCVerified"])


@pytest.fixture
def bench(http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain) -> Bench:
    return Bench(http, db, sandbox, drain)
