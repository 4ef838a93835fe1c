"""Storage moves, or comes up on another port: what was kept before is shown at the new place."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from iayos.app import create_app
from iayos.core import migrate
from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.conftest import TEMPLATE, Sandbox, free_port, serving
from tests.make import As
from tests.media.pictures import picture

ELSEWHERE = "http://127.0.0.1:1/moved"
PUBLIC = "/storage/v1/object/public/"


@pytest.fixture
async def moved(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The same service on the same database, with its storage somewhere else."""
    port = free_port()
    there = msgspec.structs.replace(settings, supabase_url=ELSEWHERE, public_url=f"http://127.0.0.1:{port}")
    async with serving(create_app(there), port) as url, httpx.AsyncClient(base_url=url, trust_env=False) as one:
        yield one


def addresses(found: Any) -> list[str]:
    """Every address of a public file in an answer."""
    if isinstance(found, dict):
        return [url for value in found.values() for url in addresses(value)]
    if isinstance(found, list):
        return [url for value in found for url in addresses(value)]
    return [found] if isinstance(found, str) and PUBLIC in found else []


async def test_every_public_file_is_shown_where_storage_is_now(
    http: httpx.AsyncClient, moved: httpx.AsyncClient, db: Database, sandbox: Sandbox, settings: Settings
) -> None:
    client, worker = await make.account(db, "CLIENT"), await make.account(db, "WORKER", trades=(1,))
    job = (await make.job(db, client=client)).id
    ana, ben = make.as_(http, client), make.as_(http, worker)
    for me in (ana, ben):
        assert (await me.request("POST", "/api/profile/avatar", files={"photo": picture()})).status_code == 200
    assert (await ben.request("POST", "/api/profile/portfolio", files=[("photos", picture())])).status_code == 201
    photos = await ana.request("POST", f"/api/jobs/{job}/photos", files=[("photos", picture())])
    assert photos.status_code == 201, photos.text
    offer = {"proposalMessage": "I can come.", "proposedBudget": 1000}
    application = (await ben.post(f"/api/jobs/{job}/apply", offer)).json()["applicationID"]
    assert (await ana.post(f"/api/jobs/applications/{application}/accept")).status_code == 200

    seen = 0
    for path in (
        "/api/profile", "/api/profile/avatar", "/api/profile/portfolio", f"/api/workers/{worker.account_id}", "/api/workers",
        f"/api/jobs/{job}", "/api/jobs/my-jobs", "/api/chat/conversations",
    ):  # fmt: skip
        here = addresses((await ben.get(path)).json())
        there = addresses((await As(moved, worker).get(path)).json())
        assert here, path
        assert [url.partition(PUBLIC)[0] for url in there] == [ELSEWHERE] * len(here)
        assert [url.partition(PUBLIC)[2] for url in here] == [url.partition(PUBLIC)[2] for url in there]
        for url in here:
            assert url.startswith(settings.supabase_url)
            assert (await sandbox.http.get(url)).status_code == 200
        seen += len(here)
    assert seen >= 15


YESTERDAY = """
INSERT INTO accounts (id, email, password_hash, profile_type, profile_types, first_name, last_name, kyc_verified, language, created_at,
    updated_at)
VALUES (1, 'a@example.com', 'x', 'CLIENT', '{CLIENT,WORKER}', 'Ana', 'Reyes', true, 'en', now(), now());
INSERT INTO media (id, owner_id, purpose, bucket, path, thumb_path, url, thumb_url, content_type, size, sha256, created_at)
VALUES (1, 1, 'AVATAR', 'avatars', 'avatar/new.jpg', 'avatar/new.thumb.jpg', 'http://old/storage/v1/object/public/avatars/avatar/new.jpg',
    'http://old/storage/v1/object/public/avatars/avatar/new.thumb.jpg', 'image/jpeg', 1, 'x', now());
UPDATE profiles SET avatar_media_id = 1, avatar_url = 'http://old/storage/v1/object/public/avatars/avatar/new.jpg'
WHERE profile_type = 'CLIENT';
UPDATE profiles SET avatar_url = 'http://older/storage/v1/object/public/avatars/avatar/lost.jpg' WHERE profile_type = 'WORKER'
"""


async def test_what_was_kept_by_its_address_is_known_by_its_path(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await asyncpg.connect(postgres.replace(f"/{TEMPLATE}?", "/postgres?"))
    await admin.execute("DROP DATABASE IF EXISTS moved_yesterday WITH (FORCE)")
    await admin.execute("CREATE DATABASE moved_yesterday")
    url = postgres.replace(f"/{TEMPLATE}?", "/moved_yesterday?")
    await asyncio.to_thread(migrate.commands(url).upgrade, "0008")
    connection = await asyncpg.connect(url)
    await connection.execute(YESTERDAY)
    await asyncio.to_thread(migrate.upgrade, url)
    paths = await connection.fetch("SELECT avatar_path FROM profiles ORDER BY profile_type")
    assert [row[0] for row in paths] == ["avatars/avatar/new.jpg", "avatars/avatar/lost.jpg"]

    monkeypatch.setenv("IAYOS_SUPABASE_URL", "http://new/")
    await asyncio.to_thread(migrate.commands(url).downgrade, "0008")
    assert await connection.fetchval("SELECT thumb_url FROM media") == f"http://new{PUBLIC}avatars/avatar/new.thumb.jpg"
    avatar = await connection.fetchval("SELECT avatar_url FROM profiles WHERE profile_type = 'CLIENT'")
    assert avatar == f"http://new{PUBLIC}avatars/avatar/new.jpg"
    await connection.close()
    await admin.execute("DROP DATABASE moved_yesterday WITH (FORCE)")
    await admin.close()
