"""Keeping files: claimed, uploaded, recorded, attached; and letting them go."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, select, update

from iayos.core import clock, tokens
from iayos.core.db import Database, Reads, Statement, Tx, columns
from iayos.core.errors import GatewayUnavailable, Invalid
from iayos.core.models import Instant
from iayos.core.outbox import later
from iayos.media.darkroom import Darkroom
from iayos.media.frames import Developed
from iayos.media.gateway import Storage
from iayos.media.models import Media, MediaTable
from iayos.media.states import BUCKETS, DOCUMENT_PX, JPEG, PICTURE_PX, Purpose

_ids = func.any(bindparam("ids", type_=ARRAY(BigInteger)))
FOR_UPDATE = Statement(
    select(*columns(Media)).where(MediaTable.id == _ids).order_by(MediaTable.id).with_for_update(), into=Media
)
KEPT = Statement(
    select(*columns(Media)).where(MediaTable.id == bindparam("media_id"), MediaTable.removed_at.is_(None)), into=Media
)
ATTACH = Statement(update(MediaTable).where(MediaTable.id == _ids).values(attached_to=bindparam("to", type_=Text)))
DISCARD = Statement(
    update(MediaTable)
    .where(MediaTable.id == _ids, MediaTable.removed_at.is_(None))
    .values(removed_at=bindparam("moment", type_=Instant))
)


class Files(msgspec.Struct, frozen=True):
    """What it takes to keep a file."""

    db: Database
    storage: Storage
    darkroom: Darkroom


class Links(msgspec.Struct, frozen=True):
    """Where a viewer finds a file, and its thumbnail if it has one."""

    url: str
    thumbnail_url: str | None


async def keep(
    files: Files, upload: bytes, *, owner_id: int, purpose: Purpose, document: bool = False, pdf: bool = False,
    field: str = "file",
) -> Media:  # fmt: skip
    """The upload as a picture of our own (or a PDF, where that is allowed), in storage; not attached to anything yet."""
    longest = DOCUMENT_PX if document else PICTURE_PX
    made = await files.darkroom.develop(upload, longest=longest, pdf=pdf, field=field)
    media = await _claimed(files, made, upload, owner_id=owner_id, purpose=purpose)
    await files.storage.upload(media.bucket, media.path, made.content, made.content_type)
    if media.thumb_path and made.thumbnail:
        await files.storage.upload(media.bucket, media.thumb_path, made.thumbnail, JPEG)
    moment = clock.now()
    async with files.db.transaction() as tx:
        await tx.update(MediaTable, media.id, stored_at=moment)
    return msgspec.structs.replace(media, stored_at=moment)


async def attach(
    tx: Tx, media_ids: Collection[int], *, owner_id: int, purpose: Purpose, to: str, field: str = "photos"
) -> list[Media]:
    """These files belong to `to` from now on, in the order given; a 400 unless each is the owner's own, stored and unused."""
    wanted = list(dict.fromkeys(media_ids))
    found = {media.id: media for media in await tx.all(FOR_UPDATE, ids=wanted)}
    for media_id in wanted:
        media = found.get(media_id)
        if media is None or media.owner_id != owner_id or media.purpose != purpose or media.removed_at is not None:
            raise Invalid.of(field, f"There is no such file as {media_id}")
        if media.stored_at is None or media.attached_to is not None:
            raise Invalid.of(field, f"The file {media_id} is used already")
    await tx.run(ATTACH, ids=wanted, to=to)
    return [found[media_id] for media_id in wanted]


async def discard(tx: Tx, media_ids: Collection[int]) -> None:
    """These files go, from storage too, once this transaction has committed."""
    if media_ids:
        await tx.run(DISCARD, ids=list(media_ids), moment=clock.now())
        await later(tx, "media.remove", media_ids=list(media_ids))


async def links(files: Files, media: Collection[Media]) -> dict[int, Links]:
    """Addresses for somebody who may see these files, by id: public ones by their path, private ones signed for five minutes.

    A private file that storage has lost is left out.
    """
    private: dict[str, list[str]] = {}
    for one in media:
        if one.shown_at is None:
            private.setdefault(one.bucket, []).extend(path for path in (one.path, one.thumb_path) if path)
    signed: dict[str, str] = {}
    for bucket, paths in private.items():
        signed |= await files.storage.sign(bucket, paths)
    found = {one.id: (one.shown_at or signed.get(one.path), _thumbnail(one, signed)) for one in media}
    return {media_id: Links(url, thumbnail) for media_id, (url, thumbnail) in found.items() if url}


async def signed_url(files: Files, media: Media) -> str | None:
    """The address of one file for five minutes; None when storage has lost it."""
    found = (await links(files, [media])).get(media.id)
    return found.url if found else None


async def address_of(reads: Reads, files: Files, media_id: int | None) -> str | None:
    """The address of a kept file for somebody who may see it; None without one, or while storage does not answer."""
    if media_id is None:
        return None
    found = await reads.one_or_none(KEPT, media_id=media_id)
    try:
        return await signed_url(files, found) if found else None
    except GatewayUnavailable:
        return None


def _thumbnail(one: Media, signed: Mapping[str, str]) -> str | None:
    return one.thumbnail_at or (signed.get(one.thumb_path) if one.thumb_path else None)


async def _claimed(files: Files, made: Developed, upload: bytes, *, owner_id: int, purpose: Purpose) -> Media:
    bucket = BUCKETS[purpose]
    name = f"{purpose.value.lower()}/{tokens.secret(24)}"
    path = f"{name}.jpg" if made.content_type == JPEG else f"{name}.pdf"
    thumb_path = f"{name}.thumb.jpg" if made.thumbnail else None

    values: dict[str, Any] = {
        "owner_id": owner_id, "purpose": purpose.value, "bucket": bucket.name, "path": path, "thumb_path": thumb_path,
        "content_type": made.content_type,
        "size": len(made.content), "sha256": hashlib.sha256(upload).digest(), "look": made.look,
    }  # fmt: skip
    async with files.db.transaction() as tx:
        media: Media = await tx.insert(Media, **values)
    return media
