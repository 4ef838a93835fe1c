"""Supabase Storage, as storage3 sees it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from storage3 import AsyncStorageClient
from storage3.exceptions import StorageApiError

KEY = "sandbox-service-role-key"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
async def storage(sandbox: Any) -> AsyncIterator[AsyncStorageClient]:
    headers = {"apikey": KEY, "Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        client = AsyncStorageClient(f"{sandbox.url}/supabase/storage/v1/", headers, http_client=http)
        for bucket in await client.list_buckets():
            await client.empty_bucket(bucket.id)
            await client.delete_bucket(bucket.id)
        yield client


@pytest.fixture
async def proofs(storage: AsyncStorageClient) -> Any:
    options: Any = {"public": False, "file_size_limit": 1000, "allowed_mime_types": ["image/*", "application/pdf"]}
    await storage.create_bucket("cash-proofs", options=options)
    return storage.from_("cash-proofs")


async def refusal(call: Any) -> tuple[str, str]:
    with pytest.raises(StorageApiError) as refused:
        await call
    return str(refused.value.status), refused.value.code


async def test_bytes_come_back_as_they_went(proofs: Any, sandbox: Any) -> None:
    options = {"content-type": "image/png", "metadata": {"jobID": 7}, "cache-control": "60"}
    stored = await proofs.upload("jobs/7/a b+c.png", PNG, options)
    assert stored.full_path == "cash-proofs/jobs/7/a b+c.png"
    assert await proofs.download("jobs/7/a b+c.png") == PNG
    about = await proofs.info("jobs/7/a b+c.png")
    assert (about["size"], about["content_type"], about["metadata"]) == (len(PNG), "image/png", {"jobID": 7})
    assert await proofs.exists("jobs/7/a b+c.png")
    assert not await proofs.exists("jobs/7/b.png")
    (shown,) = sandbox.control("GET", "/supabase/objects?bucket=cash-proofs")
    assert {key: shown[key] for key in ("bucket", "path", "size", "contentType")} == {
        "bucket": "cash-proofs", "path": "jobs/7/a b+c.png", "size": len(PNG), "contentType": "image/png",
    }  # fmt: skip
    assert sandbox.http.get("/_sandbox/supabase/objects/cash-proofs/jobs/7/a b+c.png").content == PNG
    assert sandbox.http.get("/_sandbox/supabase/objects/cash-proofs/b.png").status_code == 404


async def test_upload_refusals(proofs: Any, storage: AsyncStorageClient) -> None:
    png = {"content-type": "image/png"}
    await proofs.upload("a.png", PNG, png)
    assert await refusal(proofs.upload("a.png", PNG, png)) == ("409", "Duplicate")
    assert (await proofs.upload("a.png", b"2", png | {"upsert": "true"})).path == "a.png"
    assert (await proofs.update("a.png", b"3", png)).path == "a.png"
    assert await proofs.download("a.png") == b"3"
    assert await refusal(proofs.upload("b.html", b"<p>", {"content-type": "text/html"})) == ("415", "invalid_mime_type")
    assert await refusal(proofs.upload("b.png", b"x" * 1001, png)) == ("413", "Payload too large")
    assert await refusal(proofs.upload("résumé.png", PNG, png)) == ("400", "InvalidKey")
    assert await refusal(storage.from_("none").upload("a", b"")) == ("404", "Bucket not found")
    assert await refusal(proofs.download("none.png")) == ("404", "not_found")


async def test_a_signed_address_dies_at_its_hour(proofs: Any, sandbox: Any) -> None:
    await proofs.upload("jobs/7/a.png", PNG, {"content-type": "image/png"})
    signed = (await proofs.create_signed_url("jobs/7/a.png", 60))["signedURL"]
    answer = sandbox.http.get(signed)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert sandbox.http.get(signed.replace("a.png", "b.png")).json()["error"] == "InvalidSignature"
    assert sandbox.http.get(signed + "x").json()["error"] == "InvalidJWT"
    named = (await proofs.create_signed_url("jobs/7/a.png", 60, {"download": "proof.png"}))["signedURL"]
    assert "proof.png" in sandbox.http.get(named).headers["content-disposition"]
    sandbox.control("POST", "/clock/advance", {"seconds": 61})
    expired = sandbox.http.get(signed)
    assert (expired.status_code, expired.json()["error"]) == (400, "InvalidJWT")
    assert await refusal(proofs.create_signed_url("none", 60)) == ("404", "not_found")
    found, missing = await proofs.create_signed_urls(["jobs/7/a.png", "none"], 60)
    assert sandbox.http.get(found["signedURL"]).content == PNG
    assert (missing["signedURL"], bool(missing["error"])) == (None, True)


async def test_signed_uploads(proofs: Any, sandbox: Any) -> None:
    to = await proofs.create_signed_upload_url("new.png")
    await proofs.upload_to_signed_url("new.png", to["token"], PNG, {"content-type": "image/png"})
    assert await proofs.download("new.png") == PNG
    again = proofs.upload_to_signed_url("new.png", to["token"], PNG, {"content-type": "image/png"})
    assert await refusal(again) == ("409", "Duplicate")
    assert await refusal(proofs.create_signed_upload_url("new.png")) == ("409", "Duplicate")
    raw = await proofs.create_signed_upload_url("raw.png")
    put = sandbox.http.put(raw["signed_url"], content=PNG, headers={"content-type": "image/png"})
    assert put.status_code == 200
    assert await proofs.download("raw.png") == PNG


async def test_only_public_buckets_are_public(proofs: Any, storage: AsyncStorageClient, sandbox: Any) -> None:
    await storage.create_bucket("avatars", options={"public": True})
    await storage.from_("avatars").upload("a.png", PNG, {"content-type": "image/png"})
    await proofs.upload("a.png", PNG, {"content-type": "image/png"})
    assert sandbox.http.get(await storage.from_("avatars").get_public_url("a.png")).content == PNG
    assert sandbox.http.get(await proofs.get_public_url("a.png")).json()["statusCode"] == "404"
    bare = sandbox.http.get("/supabase/storage/v1/object/avatars/a.png")
    assert (bare.status_code, bare.json()["statusCode"]) == (400, "403")


async def test_listing_moving_and_removing(proofs: Any) -> None:
    for name in ("a.png", "jobs/1.png", "jobs/2.png"):
        await proofs.upload(name, name.encode(), {"content-type": "image/png"})
    top = await proofs.list()
    assert [(each["name"], each["id"] is None) for each in top] == [("a.png", False), ("jobs", True)]
    assert [each["name"] for each in await proofs.list("jobs", {"sortBy": {"order": "desc"}})] == ["2.png", "1.png"]
    page = await proofs.list_v2({"limit": 2})
    assert (page.hasNext, [each.name for each in page.objects]) == (True, ["a.png", "jobs/1.png"])
    assert [each.name for each in (await proofs.list_v2({"cursor": page.nextCursor})).objects] == ["jobs/2.png"]
    await proofs.move("a.png", "b.png")
    await proofs.copy("b.png", "c.png")
    assert await proofs.download("c.png") == b"a.png"
    gone = await proofs.remove(["b.png", "never.png", "c.png"])
    assert [each["name"] for each in gone] == ["b.png", "c.png"]
    assert not await proofs.exists("b.png")


async def test_buckets(storage: AsyncStorageClient, proofs: Any) -> None:
    assert await refusal(storage.create_bucket("cash-proofs")) == ("409", "Duplicate")
    await storage.update_bucket("cash-proofs", {"public": True, "file_size_limit": 5})
    bucket = await storage.get_bucket("cash-proofs")
    assert (bucket.public, bucket.file_size_limit) == (True, 5)
    await proofs.upload("a.png", b"1", {"content-type": "image/png"})
    assert (await refusal(storage.delete_bucket("cash-proofs")))[0] == "409"
    await storage.empty_bucket("cash-proofs")
    await storage.delete_bucket("cash-proofs")
    assert await storage.list_buckets() == []


async def test_an_upload_whose_answer_is_lost_is_there(proofs: Any, sandbox: Any) -> None:
    sandbox.control("PUT", "/faults", [{"match": "supabase.upload", "kind": "drop_after"}])
    with pytest.raises(httpx.RemoteProtocolError):
        await proofs.upload("a.png", PNG, {"content-type": "image/png"})
    assert await refusal(proofs.upload("a.png", PNG, {"content-type": "image/png"})) == ("409", "Duplicate")
    assert (await proofs.info("a.png"))["size"] == len(PNG)
    names = [each["name"] for each in sandbox.control("GET", "/requests?provider=supabase")][-3:]
    assert names == ["supabase.upload", "supabase.upload", "supabase.info"]


async def test_reset_keeps_the_buckets_and_no_files(proofs: Any, storage: AsyncStorageClient, sandbox: Any) -> None:
    await proofs.upload("a.png", PNG, {"content-type": "image/png"})
    sandbox.control("POST", "/reset")
    assert [bucket.id for bucket in await storage.list_buckets()] == ["cash-proofs"]
    assert sandbox.control("GET", "/supabase/objects") == []
