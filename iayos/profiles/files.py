"""A profile's files: its picture, a worker's certificates and pictures of earlier work."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, delete, func, select

from iayos.accounts.models import AccountTable
from iayos.core import page
from iayos.core.db import Reads, Statement, Tx, columns
from iayos.core.errors import Conflict, Invalid, NotFound
from iayos.core.principal import WORKER, Principal
from iayos.core.wire import PublicFile
from iayos.media.actions import Files, Links, attach, discard, keep, links
from iayos.media.models import Media, MediaTable
from iayos.media.states import Purpose
from iayos.profiles.models import (
    Certification,
    CertificationTable,
    PortfolioPicture,
    PortfolioTable,
    Profile,
    ProfileTable,
)  # fmt: skip
from iayos.profiles.queries import PROFILE, PROFILE_FOR_UPDATE, completion_of, worker_profile
from iayos.profiles.schemas import AvatarOut, CertificationOut, PictureOut
from iayos.web.auth import WrongProfile

MOST_CERTIFICATIONS: Final = 50
MOST_PICTURES: Final = 100
MOST_AT_ONCE: Final = 20

_owner = bindparam("account_id", type_=BigInteger)
_before = bindparam("before", type_=BigInteger)
_limit = bindparam("limit", type_=BigInteger)
CERTIFICATIONS = Statement(
    select(*columns(Certification))
    .where(CertificationTable.account_id == _owner, CertificationTable.id < _before)
    .order_by(CertificationTable.id.desc())
    .limit(_limit),
    into=Certification,
)
PICTURES = Statement(
    select(*columns(PortfolioPicture))
    .where(PortfolioTable.account_id == _owner, PortfolioTable.id < _before)
    .order_by(PortfolioTable.id.desc())
    .limit(_limit),
    into=PortfolioPicture,
)
_one = bindparam("row_id", type_=BigInteger)
CERTIFICATION = Statement(
    select(*columns(Certification)).where(CertificationTable.id == _one, CertificationTable.account_id == _owner),
    into=Certification,
)
PICTURE = Statement(
    select(*columns(PortfolioPicture)).where(PortfolioTable.id == _one, PortfolioTable.account_id == _owner),
    into=PortfolioPicture,
)
DROP_CERTIFICATION = Statement(
    delete(CertificationTable)
    .where(CertificationTable.id == _one, CertificationTable.account_id == _owner)
    .returning(CertificationTable.media_id)
)
DROP_PICTURE = Statement(
    delete(PortfolioTable)
    .where(PortfolioTable.id == _one, PortfolioTable.account_id == _owner)
    .returning(PortfolioTable.media_id)
)
HOW_MANY = {
    table: Statement(select(func.count()).select_from(table).where(table.account_id == _owner))
    for table in (CertificationTable, PortfolioTable)
}
MEDIA = Statement(
    select(*columns(Media)).where(MediaTable.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))), into=Media
)
IS_WORKER = Statement(
    select(AccountTable.id).where(
        AccountTable.id == _owner,
        bindparam("worker", WORKER, type_=Text) == func.any(AccountTable.profile_types),
        AccountTable.suspended_at.is_(None),
    )
)


class TooManyFiles(Conflict):
    code, message = "TOO_MANY_FILES", "There is no room for more. Delete one first."


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of a certificate."""

    name: str
    issued_by: str | None
    issued_on: date | None
    expires_on: date | None


async def set_avatar(files: Files, upload: bytes, *, by: Principal) -> Profile:
    """The picture of the profile that I act in; the one before goes."""
    await _profile(files.db.reads, by)
    media = await keep(files, upload, owner_id=by.account_id, purpose=Purpose.AVATAR, field="photo")
    async with files.db.transaction() as tx:
        profile = await _profile(tx, by, lock=True)
        await attach(tx, [media.id], owner_id=by.account_id, purpose=Purpose.AVATAR, to=f"profile:{profile.id}")
        await _drop_avatar(tx, profile)
        await tx.update(ProfileTable, profile.id, avatar_path=media.shown_at, avatar_media_id=media.id)
        return await _profile(tx, by)


async def delete_avatar(tx: Tx, *, by: Principal) -> Profile:
    """No picture any more; that there was none changes nothing."""
    profile = await _profile(tx, by, lock=True)
    await _drop_avatar(tx, profile)
    await tx.update(ProfileTable, profile.id, avatar_path=None, avatar_media_id=None)
    return await _profile(tx, by)


async def avatar_of(reads: Reads, by: Principal) -> AvatarOut:
    """The picture of the profile that I act in."""
    return await show_avatar(reads, await _profile(reads, by))


async def show_avatar(reads: Reads, profile: Profile) -> AvatarOut:
    """On the wire."""
    done = await completion_of(reads, profile) if profile.profile_type == WORKER else None
    return AvatarOut(avatarURL=PublicFile.at(profile.avatar_path), profile_completion_percentage=done)


async def add_certification(files: Files, upload: bytes, about: About, *, by: Principal) -> Certification:
    """A certificate, which staff have yet to look at."""
    if about.issued_on and about.expires_on and about.expires_on < about.issued_on:
        raise Invalid.of("expiresOn", "Expected a day after issuedOn")
    await _refuse_full(files.db.reads, CertificationTable, 1, by)
    media = await keep(files, upload, owner_id=by.account_id, purpose=Purpose.CERTIFICATION, document=True, pdf=True)
    async with files.db.transaction() as tx:
        await worker_profile(tx, by, lock=True)
        await _refuse_full(tx, CertificationTable, 1, by)
        added: Certification = await tx.insert(
            Certification,
            account_id=by.account_id,
            media_id=media.id,
            is_verified=False,
            **msgspec.structs.asdict(about),
        )
        await attach(
            tx, [media.id], owner_id=by.account_id, purpose=Purpose.CERTIFICATION, to=f"certification:{added.id}"
        )
    return added


async def add_pictures(files: Files, uploads: Sequence[bytes], *, by: Principal) -> list[PortfolioPicture]:
    """Pictures of earlier work: all of them, or none when one is bad."""
    if not 0 < len(uploads) <= MOST_AT_ONCE:
        raise Invalid.of("photos", f"Expected 1 to {MOST_AT_ONCE} pictures")
    await _refuse_full(files.db.reads, PortfolioTable, len(uploads), by)
    media = [
        await keep(files, upload, owner_id=by.account_id, purpose=Purpose.PORTFOLIO, field="photos")
        for upload in uploads
    ]
    async with files.db.transaction() as tx:
        await worker_profile(tx, by, lock=True)
        await _refuse_full(tx, PortfolioTable, len(uploads), by)
        ids = [one.id for one in media]
        await attach(tx, ids, owner_id=by.account_id, purpose=Purpose.PORTFOLIO, to=f"portfolio:{by.account_id}")
        return [await tx.insert(PortfolioPicture, account_id=by.account_id, media_id=media_id) for media_id in ids]


async def delete_certification(tx: Tx, certification_id: int, *, by: Principal) -> Profile:
    """One's own certificate goes, with its file."""
    return await _delete(tx, DROP_CERTIFICATION, certification_id, by=by)


async def delete_picture(tx: Tx, portfolio_id: int, *, by: Principal) -> Profile:
    """One's own picture goes, with its file."""
    return await _delete(tx, DROP_PICTURE, portfolio_id, by=by)


async def certification_of(reads: Reads, certification_id: int, by: Principal) -> Certification:
    """One's own certificate."""
    await worker_profile(reads, by)
    found = await reads.one_or_none(CERTIFICATION, row_id=certification_id, account_id=by.account_id)
    if found is None:
        raise NotFound(certificationID=certification_id)
    return found


async def picture_of(reads: Reads, portfolio_id: int, by: Principal) -> PortfolioPicture:
    """One's own picture."""
    await worker_profile(reads, by)
    found = await reads.one_or_none(PICTURE, row_id=portfolio_id, account_id=by.account_id)
    if found is None:
        raise NotFound(portfolioID=portfolio_id)
    return found


async def certifications(
    files: Files, account_id: int, *, limit: int, cursor: str | None
) -> page.Page[CertificationOut]:
    """A page of a worker's certificates, newest first."""
    (before,) = page.decode(cursor, int) or (page.BIGGEST,)
    rows = await files.db.reads.all(CERTIFICATIONS, account_id=account_id, before=before, limit=limit + 1)
    shown = {one.certificationID: one for one in await show_certifications(files, rows[:limit])}
    return page.page(rows, limit, lambda row: shown[row.id], lambda row: (row.id,))


async def pictures(reads: Reads, account_id: int, *, limit: int, cursor: str | None) -> page.Page[PictureOut]:
    """A page of a worker's pictures, newest first; 404 for who is no worker."""
    if await reads.value(IS_WORKER, account_id=account_id) is None:
        raise NotFound(accountID=account_id)
    (before,) = page.decode(cursor, int) or (page.BIGGEST,)
    rows = await reads.all(PICTURES, account_id=account_id, before=before, limit=limit + 1)
    shown = {one.portfolioID: one for one in await show_pictures(reads, rows[:limit])}
    return page.page(rows, limit, lambda row: shown[row.id], lambda row: (row.id,))


async def show_certifications(files: Files, rows: Sequence[Certification]) -> list[CertificationOut]:
    """On the wire, with addresses signed in one call."""
    media = {one.id: one for one in await files.db.reads.all(MEDIA, ids=[row.media_id for row in rows])}
    found = await links(files, media.values())
    lost = Links("", None)
    return [
        CertificationOut(
            certificationID=row.id, name=row.name, issuedBy=row.issued_by, issuedOn=row.issued_on,
            expiresOn=row.expires_on, is_verified=row.is_verified, contentType=media[row.media_id].content_type,
            fileURL=found.get(row.media_id, lost).url or None,
            thumbnailURL=found.get(row.media_id, lost).thumbnail_url, createdAt=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


async def show_pictures(reads: Reads, rows: Sequence[PortfolioPicture]) -> list[PictureOut]:
    """On the wire."""
    media = {one.id: one for one in await reads.all(MEDIA, ids=[row.media_id for row in rows])}
    return [
        PictureOut(
            portfolioID=row.id, url=media[row.media_id].shown_at or "", thumbnailURL=media[row.media_id].thumbnail_at,
            createdAt=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


async def _profile(reads: Reads, by: Principal, *, lock: bool = False) -> Profile:
    if by.profile_type is None:
        raise WrongProfile(needs=["CLIENT", "WORKER", "AGENCY"])
    statement = PROFILE_FOR_UPDATE if lock else PROFILE
    return await reads.one(statement, account_id=by.account_id, profile_type=by.profile_type)


async def _drop_avatar(tx: Tx, profile: Profile) -> None:
    if profile.avatar_media_id is not None:
        await discard(tx, [profile.avatar_media_id])


async def _refuse_full(reads: Reads, table: type[Any], more: int, by: Principal) -> None:
    await worker_profile(reads, by)
    most = MOST_CERTIFICATIONS if table is CertificationTable else MOST_PICTURES
    if await reads.value(HOW_MANY[table], account_id=by.account_id) + more > most:
        raise TooManyFiles(most=most)


async def _delete(tx: Tx, drop: Statement[Any], row_id: int, *, by: Principal) -> Profile:
    profile = await worker_profile(tx, by, lock=True)
    media_id = await tx.value(drop, row_id=row_id, account_id=by.account_id)
    if media_id is None:
        raise NotFound
    await discard(tx, [media_id])
    return profile
