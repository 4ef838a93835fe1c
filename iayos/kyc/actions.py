"""The owner's side of an identity check: opened, filled with documents, handed in."""

from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, delete, select

from iayos.accounts.queries import account_of, lock_self
from iayos.core import clock
from iayos.core.db import Reads, Statement, Tx, columns
from iayos.core.errors import Conflict, Invalid
from iayos.core.moves import move
from iayos.core.principal import AGENCY, Principal
from iayos.kyc.calendar import business_days_after
from iayos.kyc.models import KYC, KYCFile, KYCFileTable, KYCTable
from iayos.kyc.queries import documents, lock_own, missing, own
from iayos.kyc.schemas import SubmissionIn
from iayos.kyc.states import MAY_BE_PDF, REQUIRED, DocumentStatus, DocumentType, KYCStatus, KYCType, UserType
from iayos.media.actions import Files, attach, discard, keep
from iayos.media.models import Media
from iayos.media.states import Purpose
from iayos.notifications.actions import notify_staff
from iayos.notifications.events import KYC_SUBMITTED

DUE_DAYS: Final = 3
AGAIN_AFTER: Final = timedelta(days=30)
"""How long after the last of its rounds was rejected an account may open another case."""
REVIEWERS: Final = ("KYC_REVIEWER",)

LATEST = Statement(
    select(*columns(KYC))
    .where(KYCTable.account_id == bindparam("account_id", type_=BigInteger))
    .order_by(KYCTable.id.desc())
    .limit(1),
    into=KYC,
)
DROP_FILE = Statement(delete(KYCFileTable).where(KYCFileTable.id == bindparam("file_id", type_=BigInteger)))


class AlreadyOpen(Conflict):
    code, message = "KYC_ALREADY_OPEN", "A check of your identity is open already. Please go on with that one."


class AlreadyVerified(Conflict):
    code, message = "KYC_ALREADY_VERIFIED", "Your identity is verified already."


class RoundsUsed(Conflict):
    code, message = "KYC_ROUNDS_USED", "Your documents were rejected five times. You can start anew later."


class Decided(Conflict):
    code, message = "KYC_DECIDED", "This check is decided already."


class DocumentAccepted(Conflict):
    code, message = "KYC_DOCUMENT_ACCEPTED", "This document is fine as it is. Please upload only what was rejected."


class AlreadyFinalized(Conflict):
    code, message = "KYC_ALREADY_FINALIZED", "Your documents lie with our staff already."


class Incomplete(Invalid):
    code, message = "KYC_INCOMPLETE", "Some documents are still missing."


async def submit(tx: Tx, data: SubmissionIn, *, by: Principal) -> KYC:
    """Open a case; an account has one at a time, and none once it is verified."""
    account = await lock_self(tx, by)
    if data.userType not in account.profile_types:
        raise Invalid.of("userType", "Expected a profile that you have")
    if (data.kycType is KYCType.AGENCY) is not (data.userType is UserType.AGENCY):
        raise Invalid.of("kycType", f"Expected {AGENCY} for an agency, INDIVIDUAL for a person")
    if account.kyc_verified:
        raise AlreadyVerified
    latest = await tx.one_or_none(LATEST, account_id=by.account_id)
    if latest is not None:
        _refuse_second(latest)
    kyc: KYC = await tx.insert(
        KYC, account_id=by.account_id, kyc_type=data.kycType.value, user_type=data.userType.value,
        status=KYCStatus.PENDING.value,
    )  # fmt: skip
    return kyc


async def upload(
    files: Files, kyc_id: int, kind: DocumentType, content: bytes, *, by: Principal
) -> tuple[KYCFile, Media]:
    """A document of one's own case, in place of the one before."""
    await _may_upload(files.db.reads, await own(files.db.reads, kyc_id, by), kind)
    media = await keep(
        files, content, owner_id=by.account_id, purpose=Purpose.KYC, document=True, pdf=kind in MAY_BE_PDF
    )
    async with files.db.transaction() as tx:
        kyc = await lock_own(tx, kyc_id, by)
        before = await _may_upload(tx, kyc, kind)
        if before is not None:
            await tx.run(DROP_FILE, file_id=before.id)
            await discard(tx, [before.media_id])
        added: KYCFile = await tx.insert(
            KYCFile, kyc_id=kyc.id, document_type=kind.value, media_id=media.id, status=DocumentStatus.PENDING.value
        )
        await attach(tx, [media.id], owner_id=by.account_id, purpose=Purpose.KYC, to=f"kyc:{kyc.id}", field="file")
        await tx.update(KYCTable, kyc.id, version=kyc.version + 1)
    return added, media


async def finalize(tx: Tx, kyc_id: int, *, by: Principal) -> KYC:
    """Hand the documents in; staff is told, and decides within three business days."""
    kyc = await lock_own(tx, kyc_id, by)
    if kyc.status == KYCStatus.APPROVED:
        raise Decided(kycID=kyc.id)
    if kyc.is_uploaded:
        raise AlreadyFinalized(kycID=kyc.id)
    if kyc.status == KYCStatus.REJECTED and not kyc.has_rounds_left:
        raise RoundsUsed(kycID=kyc.id)
    if absent := missing(kyc, await documents(tx, kyc.id)):
        raise Incomplete(missing=absent, kycID=kyc.id)
    again = kyc.status == KYCStatus.REJECTED
    kyc = await move(
        tx, kyc, "resubmit" if again else "finalize", by=by, is_uploaded=True, round=kyc.round + again, notes=None,
        handed_in_at=clock.now(), due_at=business_days_after(clock.now(), DUE_DAYS), decided_at=None, claimed_by=None, claimed_until=None,
    )  # fmt: skip
    account = await account_of(tx, by.account_id)
    await notify_staff(tx, REVIEWERS, KYC_SUBMITTED, data={"kycID": kyc.id}, name=account.name)
    return kyc


async def _may_upload(reads: Reads, kyc: KYC, kind: DocumentType) -> KYCFile | None:
    """The document that a new one takes the place of, if a new one may come."""
    if kind not in REQUIRED[KYCType(kyc.kyc_type)]:
        raise Invalid.of("documentType", f"Expected one of {', '.join(REQUIRED[KYCType(kyc.kyc_type)])}")
    if kyc.status == KYCStatus.APPROVED:
        raise Decided(kycID=kyc.id)
    before = (await documents(reads, kyc.id)).get(kind)
    if kyc.status == KYCStatus.REJECTED and not kyc.has_rounds_left:
        raise RoundsUsed(kycID=kyc.id)
    if before is not None and before.status == DocumentStatus.APPROVED:
        raise DocumentAccepted(kycID=kyc.id, documentType=kind)
    return before


def _refuse_second(latest: KYC) -> None:
    if latest.status == KYCStatus.PENDING or (latest.status == KYCStatus.REJECTED and latest.has_rounds_left):
        raise AlreadyOpen(kycID=latest.id)
    if latest.decided_at is not None and latest.status == KYCStatus.REJECTED:
        again_at = latest.decided_at + AGAIN_AFTER
        if clock.now() < again_at:
            raise RoundsUsed(kycID=latest.id, againAt=again_at)
