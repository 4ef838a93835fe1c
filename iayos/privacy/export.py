"""Everything about me as a ZIP: `data.json` with what every slice holds, and my files beside it."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from typing import IO, Any, Final

import msgspec
from sqlalchemy import bindparam, select

from iayos.core import clock
from iayos.core.cipher import Cipher
from iayos.core.db import Reads, Statement, columns
from iayos.core.principal import Principal
from iayos.media.actions import Files
from iayos.media.models import Media, MediaTable
from iayos.payments.models import BankAccount, sealed_for
from iayos.privacy.sections import SECTIONS

CHUNK: Final = 64 * 1024
ABOUT: Final = "Everything that iAyos keeps about this account. Amounts are in centavos, instants in UTC."
FILES: Final = Statement(
    select(*columns(Media))
    .where(MediaTable.owner_id == bindparam("me"), MediaTable.stored_at.is_not(None), MediaTable.removed_at.is_(None))
    .order_by(MediaTable.id),
    into=Media,
)


async def build(reads: Reads, files: Files, *, cipher: Cipher, by: Principal) -> IO[bytes]:
    """The ZIP in a file without a name, at its beginning; one picture at a time is in memory."""
    found: dict[str, Any] = {"about": ABOUT, "exportedAt": clock.now()}
    for name, statement in SECTIONS.items():
        found[name] = await reads.value(statement, me=by.account_id)
    found["withdrawals"] = [_opened(one, cipher) for one in found["withdrawals"]]
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever sends it
    try:
        with zipfile.ZipFile(made, "w") as archive:
            found["files"] = [await _add(archive, files, one) for one in await reads.all(FILES, me=by.account_id)]
            content = msgspec.json.format(msgspec.json.encode(found), indent=2)
            await asyncio.to_thread(archive.writestr, "data.json", content, zipfile.ZIP_DEFLATED)
        made.seek(0)
    except BaseException:
        made.close()
        raise
    return made


def _opened(withdrawal: dict[str, Any], cipher: Cipher) -> dict[str, Any]:
    """The account of a withdrawal as its owner gave it."""
    sealed = withdrawal.pop("account_sealed")
    account = cipher.open(sealed_for(withdrawal["payment_id"]), sealed, BankAccount)
    return withdrawal | {"account_number": account.number, "account_name": account.name}


async def pieces(made: IO[bytes]) -> AsyncIterator[bytes]:
    """The file piece by piece, read off the event loop; closed at its end, also when nobody listens any more."""
    with made:
        while piece := await asyncio.to_thread(made.read, CHUNK):
            yield piece


async def _add(archive: zipfile.ZipFile, files: Files, media: Media) -> dict[str, Any]:
    """Put the file in, as it is, and say where it lies; no name when storage has lost it."""
    told = {
        "mediaID": media.id,
        "purpose": media.purpose,
        "contentType": media.content_type,
        "createdAt": media.created_at,
    }
    content = await files.storage.download(media.bucket, media.path)
    if content is None:
        return told | {"name": None}
    name = f"files/{media.id}-{media.purpose.lower()}{media.path[media.path.rindex('.') :]}"
    await asyncio.to_thread(archive.writestr, name, content, zipfile.ZIP_STORED)
    return told | {"name": name}
