"""Flow 7 of the reference: a worker completes a profile, step by step, and takes some of it back."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.media.pictures import FORMATS, decoded, exif, picture

Drain = Callable[[], Awaitable[int]]


async def objects(sandbox: Sandbox, bucket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sandbox.http.get(f"/_sandbox/supabase/objects?bucket={bucket}")).json()
    return found


async def test_from_nothing_to_a_hundred_percent_and_back(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    seen = []

    async def step(answer: httpx.Response, status: int = 200) -> Any:
        assert answer.status_code == status, answer.text
        seen.append(answer.json()["profile_completion_percentage"])
        return answer.json()

    await step(await me.get("/api/profile"))
    await step(await me.post("/api/profile/update", {"bio": "Plumber", "description": "Fifteen years of it."}))

    avatar = await step(await me.request("POST", "/api/profile/avatar", files={"photo": picture(exif=exif(6))}))
    assert (await me.get("/api/profile")).json()["avatarURL"] == avatar["avatarURL"]
    assert decoded((await sandbox.http.get(avatar["avatarURL"])).content).size == (32, 48)

    form = {"name": "NC II Plumbing", "issuedBy": "TESDA", "issuedOn": "2024-01-05", "expiresOn": "2029-01-05"}
    files = {"file": picture("PNG")}
    certificate = await step(await me.request("POST", "/api/profile/certifications", data=form, files=files), 201)
    assert certificate["is_verified"] is False
    assert {name: certificate[name] for name in form} == form
    assert (await sandbox.http.get(certificate["fileURL"])).status_code == 200
    assert all(not one["path"].startswith("NC") for one in await objects(sandbox, "certifications"))

    photos = [("photos", picture(kind)) for kind in (*FORMATS, "JPEG")]
    added = await step(await me.request("POST", "/api/mobile/profile/portfolio", files=photos), 201)
    assert len(added["portfolioIDs"]) == 5
    assert all([(await sandbox.http.get(one["url"])).status_code == 200 for one in added["items"]])

    await step(await me.post("/api/profile/specializations", {"categoryIDs": [1, 2]}))
    await step(await me.post("/api/profile/update", {"hourly_rate": 500}))
    assert seen == [0, 28, 43, 57, 71, 85, 100]

    seen.clear()
    await step(await me.request("DELETE", f"/api/profile/certifications/{certificate['certificationID']}"))
    for portfolio_id in added["portfolioIDs"]:
        await step(await me.request("DELETE", f"/api/profile/portfolio/{portfolio_id}"))
    await step(await me.request("DELETE", "/api/profile/avatar"))
    await step(await me.post("/api/profile/specializations", {"categoryIDs": []}))
    await step(await me.post("/api/profile/update", {"bio": "", "description": "", "hourly_rate": None}))
    assert seen == [85, 85, 85, 85, 85, 71, 57, 43, 0]
    await drain()
    assert [await objects(sandbox, name) for name in ("avatars", "certifications", "portfolios")] == [[], [], []]


async def test_one_more_makes_seven_and_any_order_counts_the_same(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "WORKER", trades=(1,)))
    photo = await me.request("POST", "/api/profile/portfolio", files=[("photos", picture())])
    assert photo.json()["profile_completion_percentage"] == 28
    rate = await me.post("/api/profile/update", {"hourly_rate": 500})
    assert rate.json()["profile_completion_percentage"] == 43
