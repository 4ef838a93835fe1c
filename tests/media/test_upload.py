import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from iayos.core import clock
from iayos.core.db import Database, Statement
from iayos.core.errors import GatewayUnavailable
from iayos.media import tasks
from iayos.media.models import MediaTable
from tests import make
from tests.conftest import Sandbox
from tests.media.pictures import PLANTED, decoded, exif, picture

FILE = "/_sandbox/supabase/objects"
MEDIA_IDS = Statement(select(MediaTable.id).order_by(MediaTable.id))
Drain = Callable[[], Awaitable[int]]


async def send(me: make.As, purpose: str = "JOB_PHOTO", content: bytes | None = None, **more: Any) -> httpx.Response:
    body = picture() if content is None else content
    return await me.request("POST", "/api/media", data={"purpose": purpose}, files={"file": ("../a.exe", body)}, **more)


async def stored(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sandbox.http.get(FILE)).json()
    return found


async def test_a_public_picture_is_kept_as_a_picture_of_our_own(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    answer = await send(me, content=picture("JPEG", 1500, 600, exif=exif(6)))
    assert answer.status_code == 201, answer.text
    media = answer.json()
    assert (media["purpose"], media["contentType"]) == ("JOB_PHOTO", "image/jpeg")
    seen = await sandbox.http.get(media["url"])
    image = decoded(seen.content)
    assert (image.size, image.format, len(seen.content)) == ((480, 1200), "JPEG", media["size"])
    assert PLANTED not in seen.content
    assert b"Exif" not in seen.content
    assert image.getpixel((470, 5))[0] > 200  # type: ignore[index]
    thumbnail = decoded((await sandbox.http.get(media["thumbnailURL"])).content)
    assert max(thumbnail.size) == 320
    assert [(one["bucket"], one["contentType"]) for one in await stored(sandbox)] == [("job-photos", "image/jpeg")] * 2
    assert all(re.fullmatch(r"job_photo/[\w-]{32}(\.thumb)?\.jpg", one["path"]) for one in await stored(sandbox))


@pytest.mark.parametrize("purpose", ["EVIDENCE", "CHAT"])
async def test_a_private_picture_is_reached_by_a_signed_address_alone(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, purpose: str
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    media = (await send(me, purpose)).json()
    assert (await sandbox.http.get(media["url"])).status_code == 200
    bare = media["url"].partition("?")[0].replace("/sign/", "/public/")
    assert (await sandbox.http.get(bare)).status_code == 400
    clock.advance(301)
    assert (await sandbox.http.get(media["url"])).status_code == 400


async def test_who_may_upload(http: httpx.AsyncClient, db: Database) -> None:
    assert (await http.post("/api/media", data={"purpose": "CHAT"}, files={"file": b"x"})).status_code == 401
    unverified = make.as_(http, await make.account(db, "CLIENT", verified=False))
    assert (await send(unverified)).json()["code"] == "EMAIL_UNVERIFIED"


async def test_forms_that_do_not_fit(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    json = await me.post("/api/media", {"purpose": "CHAT", "file": "x"})
    assert (json.status_code, json.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    other = await send(me, "KYC")
    assert (other.status_code, other.json()["details"]["field"]) == (400, "purpose")
    nameless = await me.request("POST", "/api/media", files={"file": picture()})
    assert (nameless.status_code, nameless.json()["details"]["field"]) == (400, "purpose")
    fileless = await me.request("POST", "/api/media", data={"purpose": "CHAT", "file": "text"}, files={"other": b"x"})
    assert (fileless.status_code, fileless.json()["details"]["field"]) == (400, "file")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    broken = await me.request("POST", "/api/media", content=b"--y\r\nnonsense", headers=headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "VALIDATION_ERROR")
    boundless = await me.request("POST", "/api/media", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert (boundless.status_code, boundless.json()["code"]) == (400, "VALIDATION_ERROR")


async def test_a_file_over_10_mb_and_a_body_over_the_limit(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    large = await send(me, content=picture() + bytes(10_000_000))
    assert (large.status_code, large.json()["code"], large.json()["details"]["reason"]) == (
        400,
        "BAD_FILE",
        "TOO_LARGE",
    )
    larger = await send(me, content=bytes(12_000_000))
    assert (larger.status_code, larger.json()["code"]) == (413, "TOO_LARGE")
    assert await stored(sandbox) == []


@pytest.mark.parametrize("kind", ["drop_after", "bad_json"])
async def test_an_upload_whose_answer_is_lost_is_found_again(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, kind: str
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.upload", "kind": kind, "times": 2}])
    assert (await send(me)).status_code == 201
    assert len(await stored(sandbox)) == 2


@pytest.mark.parametrize("kind", ["500", "502_html", "503_empty", "401", "429", "drop_before"])
async def test_a_storage_that_fails_is_said_so_and_asking_again_goes_on(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, kind: str
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.upload", "kind": kind}])
    away = await send(me, headers={"Idempotency-Key": "one"})
    assert (away.status_code, away.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")
    assert int(away.headers["Retry-After"]) > 0
    assert (await send(me, headers={"Idempotency-Key": "one"})).status_code == 201


async def test_a_bucket_that_is_missing_is_made(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    key = {"apikey": sandbox.config.supabase_key, "Authorization": f"Bearer {sandbox.config.supabase_key}"}
    await sandbox.http.request("DELETE", "/supabase/storage/v1/bucket/chat", json={}, headers=key)
    assert (await send(make.as_(http, await make.account(db, "CLIENT")), "CHAT")).status_code == 201
    buckets = {one["id"]: one for one in (await sandbox.http.get("/supabase/storage/v1/bucket", headers=key)).json()}
    assert {name for name, one in buckets.items() if one["public"]} >= {"avatars", "portfolios", "job-photos"}
    assert not buckets["kyc-documents"]["public"]
    assert (buckets["chat"]["public"], buckets["chat"]["file_size_limit"]) == (False, 10_000_000)
    assert buckets["chat"]["allowed_mime_types"] == ["image/jpeg"]
    assert buckets["certifications"]["allowed_mime_types"] == ["image/jpeg", "application/pdf"]


async def test_when_signing_fails_the_upload_can_be_asked_for_again(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.sign", "kind": "500"}])
    assert (await send(me, "CHAT")).status_code == 503
    assert (await send(me, "CHAT")).status_code == 201


async def test_the_same_key_with_the_same_file_is_the_same_upload(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    key = {"Idempotency-Key": "photo-1"}
    first, again = await send(me, headers=key), await send(me, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    other = await send(me, headers=key, content=picture("PNG"))
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert len(await stored(sandbox)) == 2


async def test_what_nobody_uses_is_swept_after_a_day(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    someone = await make.account(db, "CLIENT")
    me = make.as_(http, someone)
    kept, unused = (await send(me)).json()["mediaID"], (await send(me)).json()["mediaID"]
    async with db.transaction() as tx:
        await tx.update(MediaTable, kept, attached_to="job:1")
    clock.advance(timedelta(hours=23).total_seconds())
    await tasks.sweep(db)
    await drain()
    assert len(await stored(sandbox)) == 4
    clock.advance(timedelta(hours=2).total_seconds())
    await tasks.sweep(db)
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.remove", "kind": "500"}])
    with pytest.raises(GatewayUnavailable):
        await drain()
    assert await db.reads.all(MEDIA_IDS) == [(kept,), (unused,)]
    clock.advance(10)
    await drain()
    assert await db.reads.all(MEDIA_IDS) == [(kept,)]
    assert len(await stored(sandbox)) == 2


async def test_an_upload_that_never_ended_is_swept_with_what_had_arrived(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    await send(me)
    await sandbox.http.delete("/_sandbox/faults")
    await sandbox.http.put(
        "/_sandbox/faults",
        json=[{"match": "supabase.info", "kind": "500"}, {"match": "supabase.upload", "kind": "drop_after"}],
    )
    assert (await send(me)).status_code == 503
    assert len(await stored(sandbox)) == 3
    clock.advance(timedelta(minutes=61).total_seconds())
    await tasks.sweep(db)
    await drain()
    assert len(await stored(sandbox)) == 2
