"""What a process of the service holds open: the database and the gateways. Used by the API and the runner alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import msgspec

from iayos.accounts.gateway import Mailer
from iayos.accounts.passwords import Passwords
from iayos.core import clock
from iayos.core.cipher import Cipher
from iayos.core.db import Database
from iayos.media.actions import Files
from iayos.media.darkroom import Darkroom
from iayos.media.gateway import TIMEOUT, Storage
from iayos.media.tasks import prepare
from iayos.notifications.gateway import Expo
from iayos.payments.gateway import Xendit
from iayos.settings import Settings


class Services(msgspec.Struct, frozen=True):
    """Opened once, passed in from there."""

    settings: Settings
    db: Database
    cipher: Cipher
    http: httpx.AsyncClient
    """For gateways that speak plain HTTP."""
    xendit: Xendit
    mailer: Mailer
    expo: Expo
    passwords: Passwords
    files: Files


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Open everything; close it all when the block ends."""
    if settings.clock_file:
        clock.share(Path(settings.clock_file))
    xendit = Xendit(url=settings.xendit_url, api_key=settings.xendit_api_key, timeout_s=settings.xendit_timeout_s)
    passwords = Passwords()
    db = await Database.open(settings.database_url, size=settings.database_pool, redis_url=settings.redis_url)
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http, files_of(settings, db) as files:
            mailer = Mailer(
                http,
                url=settings.resend_url,
                api_key=settings.resend_api_key,
                sender=settings.mail_from,
                per_second=settings.resend_per_second,
            )
            expo = Expo(http, url=settings.expo_url, access_token=settings.expo_access_token)
            yield Services(
                settings=settings,
                db=db,
                cipher=Cipher(settings.keys),
                http=http,
                xendit=xendit,
                mailer=mailer,
                expo=expo,
                passwords=passwords,
                files=files,
            )
    finally:
        passwords.close()
        xendit.close()
        await db.close()


@asynccontextmanager
async def files_of(settings: Settings, db: Database) -> AsyncIterator[Files]:
    """What keeps files, with its buckets made in the background where there is a storage."""
    darkroom = Darkroom()
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as http:
        storage = Storage(http, url=settings.supabase_url, key=settings.supabase_key)
        preparing = asyncio.create_task(prepare(storage)) if settings.supabase_key else None
        try:
            yield Files(db=db, storage=storage, darkroom=darkroom)
        finally:
            if preparing is not None:
                preparing.cancel()
                with suppress(asyncio.CancelledError):
                    await preparing
            await darkroom.close()
