"""Files that nobody uses are swept; files that were let go leave storage."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import ARRAY, BigInteger, and_, bindparam, delete, func, or_, select

from iayos.core import clock
from iayos.core.db import Database, Statement, columns
from iayos.core.errors import GatewayUnavailable
from iayos.core.models import Instant
from iayos.media import actions
from iayos.media.gateway import Refused, Storage
from iayos.media.models import Media, MediaTable

UNUSED_AFTER: Final = timedelta(days=1)
UNFINISHED_AFTER: Final = timedelta(hours=1)
BATCH: Final = 500
log = structlog.get_logger(__name__)

_ids = func.any(bindparam("ids", type_=ARRAY(BigInteger)))
ORPHANS = Statement(
    select(MediaTable.id)
    .where(
        MediaTable.attached_to.is_(None),
        MediaTable.removed_at.is_(None),
        or_(
            MediaTable.created_at < bindparam("unused_before", type_=Instant),
            and_(MediaTable.stored_at.is_(None), MediaTable.created_at < bindparam("unfinished_before", type_=Instant)),
        ),
    )
    .order_by(MediaTable.created_at)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)
TO_GO = Statement(select(*columns(Media)).where(MediaTable.id == _ids, MediaTable.removed_at.is_not(None)), into=Media)
FORGET = Statement(delete(MediaTable).where(MediaTable.id == _ids))


async def sweep(db: Database) -> None:
    """Let go of files that were uploaded a day ago and never used, and of uploads that never ended."""
    moment = clock.now()
    async with db.transaction() as tx:
        found = await tx.all(ORPHANS, unused_before=moment - UNUSED_AFTER, unfinished_before=moment - UNFINISHED_AFTER)
        await actions.discard(tx, [media_id for (media_id,) in found])


async def remove(db: Database, storage: Storage, *, media_ids: list[int]) -> None:
    """Take files that were let go out of storage, then forget them."""
    gone = await db.reads.all(TO_GO, ids=media_ids)
    for bucket in {media.bucket for media in gone}:
        paths = [path for media in gone if media.bucket == bucket for path in (media.path, media.thumb_path) if path]
        await storage.remove(bucket, paths)
    async with db.transaction() as tx:
        await tx.run(FORGET, ids=[media.id for media in gone])


async def prepare(storage: Storage) -> None:
    """Make the buckets when a process starts; while storage is away this waits for it, and keeps nobody waiting."""
    wait = 1.0
    while True:
        try:
            await storage.ensure_buckets()
        except (GatewayUnavailable, Refused) as fault:
            log.warning("buckets are not ready", error=type(fault).__name__)
            await asyncio.sleep(wait)
            wait = min(2 * wait, 60.0)
        else:
            return
