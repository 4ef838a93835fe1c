"""Staff looks at workers' certificates and says whether they are good."""

from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, bindparam, select

from iayos.core import audit, clock, page
from iayos.core.db import Reads, Statement, Tx, columns
from iayos.core.errors import Conflict, Invalid, NotFound
from iayos.core.page import Page
from iayos.core.principal import Principal
from iayos.media.actions import Files
from iayos.profiles.files import show_certifications
from iayos.profiles.models import Certification, CertificationTable
from iayos.profiles.schemas import AdminCertificationOut, CertificationDecision, CertificationOut

_one = select(*columns(Certification)).where(CertificationTable.id == bindparam("row_id", type_=BigInteger))
ONE: Final = Statement(_one, into=Certification)
ONE_FOR_UPDATE: Final = Statement(_one.with_for_update(), into=Certification)
WAITING: Final = Statement(
    select(*columns(Certification))
    .where(CertificationTable.decided_at.is_(None), CertificationTable.id > bindparam("after", type_=BigInteger))
    .order_by(CertificationTable.id)
    .limit(bindparam("limit", type_=BigInteger)),
    into=Certification,
)


class AlreadyVerified(Conflict):
    code, message = "CERTIFICATION_DECIDED", "Staff has decided about this certificate already."


class OwnCertificate(Conflict):
    code, message = "CERTIFICATION_OWN", "Nobody decides about himself."


async def waiting(reads: Reads, *, limit: int, cursor: str | None) -> Page[AdminCertificationOut]:
    """Certificates at which nobody has looked, the oldest first; their files are not shown."""
    (after,) = page.decode(cursor, int) or (0,)
    rows = await reads.all(WAITING, after=after, limit=limit + 1)
    return page.page(rows, limit, shown, lambda row: (row.id,))


async def look(files: Files, certification_id: int, *, purpose: str, by: Principal) -> AdminCertificationOut:
    """The certificate with its file; that, and what for, is on record before anybody sees it."""
    row = await files.db.reads.one_or_none(ONE, row_id=certification_id)
    if row is None:
        raise NotFound(certificationID=certification_id)
    (found,) = await show_certifications(files, [row])
    async with files.db.transaction() as tx:
        await audit.note(tx, by, "certification:look", subject=f"certification:{row.id}", reason=purpose)
    return shown(row, found)


async def decide(tx: Tx, certification_id: int, data: CertificationDecision, *, by: Principal) -> AdminCertificationOut:
    """Good or not, once."""
    row = await tx.one_or_none(ONE_FOR_UPDATE, row_id=certification_id)
    if row is None:
        raise NotFound(certificationID=certification_id)
    if row.account_id == by.account_id:
        raise OwnCertificate(certificationID=row.id)
    if row.decided_at is not None:
        raise AlreadyVerified(certificationID=row.id)
    if not data.approved and not data.notes:
        raise Invalid.of("notes", "Say what is wrong")
    await tx.update(CertificationTable, row.id, is_verified=data.approved, decided_at=clock.now())
    await audit.note(
        tx, by, "certification:verify", subject=f"certification:{row.id}", reason=data.notes or "good",
        before={"is_verified": row.is_verified}, after={"is_verified": data.approved},
    )  # fmt: skip
    return shown(await tx.one(ONE, row_id=row.id))


def shown(row: Certification, found: CertificationOut | None = None) -> AdminCertificationOut:
    """As staff sees it; `found` brings the addresses of its file."""
    more: dict[str, Any] = msgspec.structs.asdict(found) if found else {
        "certificationID": row.id, "name": row.name, "issuedBy": row.issued_by, "issuedOn": row.issued_on,
        "expiresOn": row.expires_on, "is_verified": row.is_verified, "contentType": None, "fileURL": None,
        "thumbnailURL": None, "createdAt": row.created_at,
    }  # fmt: skip
    return AdminCertificationOut(**more, accountID=row.account_id, decidedAt=row.decided_at)
