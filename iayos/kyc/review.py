"""Staff's side of an identity check: claimed for a quarter of an hour, looked at, decided."""

from datetime import timedelta
from typing import Any, Final

from iayos.accounts.models import AccountTable
from iayos.accounts.queries import lock_account
from iayos.core import audit, clock
from iayos.core.db import Tx
from iayos.core.errors import Conflict, Invalid
from iayos.core.moves import move
from iayos.core.principal import Principal
from iayos.kyc.models import KYC, KYCFile, KYCLogTable, KYCTable, KYCViewTable
from iayos.kyc.queries import LAST_LOOK, case, documents, lock_case, show_to_staff
from iayos.kyc.schemas import KYCCaseOut, ReviewIn
from iayos.kyc.states import REQUIRED, DocumentType, KYCStatus, KYCType, ReasonCode
from iayos.media.actions import Files
from iayos.notifications.actions import notify
from iayos.notifications.events import KYC_APPROVED, KYC_REJECTED

LEASE: Final = timedelta(minutes=15)


class NotHandedIn(Conflict):
    code, message = "KYC_NOT_FINALIZED", "The documents are not handed in yet."


class AlreadyDecided(Conflict):
    code, message = "KYC_DECIDED", "This check is decided already."


class HeldByAnother(Conflict):
    code, message = "KYC_CLAIMED", "Another member of staff is looking at this."


class Changed(Conflict):
    code, message = "KYC_CHANGED", "A document was changed after you opened this. Please look again."


class OwnCase(Conflict):
    code, message = "KYC_OWN_CASE", "Nobody decides about himself."


async def claim(tx: Tx, kyc_id: int, *, by: Principal) -> KYC:
    """The case is mine for 15 minutes; claiming it again begins them anew."""
    kyc = await _lock_open(tx, kyc_id, by)
    await _hold(tx, kyc, by)
    await audit.note(tx, by, "kyc:claim", subject=f"kyc:{kyc.id}", reason="claim")
    return await case(tx, kyc.id)


async def release(tx: Tx, kyc_id: int, *, by: Principal) -> KYC:
    """The case is free again for whoever comes next; nothing changes when I did not hold it."""
    kyc = await _lock_open(tx, kyc_id, by)
    if kyc.claimed_by != by.account_id:
        return kyc
    await tx.update(KYCTable, kyc.id, claimed_by=None, claimed_until=None)
    await audit.note(tx, by, "kyc:release", subject=f"kyc:{kyc.id}", reason="release")
    return await case(tx, kyc.id)


async def look(files: Files, kyc_id: int, *, purpose: str, by: Principal) -> KYCCaseOut:
    """The case with its documents to be seen; that, and what for, is on record before anybody sees them."""
    kyc = await case(files.db.reads, kyc_id)
    (shown,) = await show_to_staff(files, [kyc], signed=True)
    async with files.db.transaction() as tx:
        await _record(tx, kyc, by, purpose=purpose, kinds=[one.documentType for one in shown.files])
    return shown


async def review(tx: Tx, kyc_id: int, data: ReviewIn, *, by: Principal) -> KYC:
    """Approve, or reject with what is wrong; void when a document changed since the reviewer looked."""
    kyc = await _lock_open(tx, kyc_id, by)
    found = await documents(tx, kyc.id)
    wrong = _wrong(kyc, data)
    await _refuse_changed(tx, kyc, data, by)
    await _judge(tx, found, wrong, by)
    kyc = await move(
        tx, kyc, "approve" if data.approved else "reject", by=by, is_uploaded=data.approved, notes=data.notes or None,
        decided_at=clock.now(), claimed_by=None, claimed_until=None,
    )  # fmt: skip
    await _write_down(tx, kyc, data, wrong, by)
    if data.approved:
        await lock_account(tx, kyc.account_id)
        await tx.update(AccountTable, kyc.account_id, kyc_verified=True)
    event = KYC_APPROVED if data.approved else KYC_REJECTED
    await notify(tx, kyc.account_id, event, data={"kycID": kyc.id})
    return kyc


def _wrong(kyc: KYC, data: ReviewIn) -> dict[DocumentType, ReasonCode]:
    """What is wrong with which document; a rejection that only has notes is about all of them."""
    asked = REQUIRED[KYCType(kyc.kyc_type)]
    reasons = {one.documentType: one.code for one in data.reasons or ()}
    if data.approved:
        if reasons:
            raise Invalid.of("reasons", "Only a rejection has reasons")
        return {}
    if any(kind not in asked for kind in reasons):
        raise Invalid.of("reasons", f"Expected some of {', '.join(asked)}")
    if not reasons and not data.notes:
        raise Invalid.of("notes", "Say what is wrong, in notes or by reasons")
    return reasons or dict.fromkeys(asked, ReasonCode.OTHER)


async def _lock_open(tx: Tx, kyc_id: int, by: Principal) -> KYC:
    kyc = await lock_case(tx, kyc_id)
    if kyc.account_id == by.account_id:
        raise OwnCase(kycID=kyc.id)
    if kyc.status != KYCStatus.PENDING:
        raise AlreadyDecided(kycID=kyc.id, status=kyc.status)
    if not kyc.is_uploaded:
        raise NotHandedIn(kycID=kyc.id)
    if (
        kyc.claimed_by not in {None, by.account_id}
        and kyc.claimed_until is not None
        and kyc.claimed_until > clock.now()
    ):
        raise HeldByAnother(kycID=kyc.id, claimedUntil=kyc.claimed_until)
    return kyc


async def _refuse_changed(tx: Tx, kyc: KYC, data: ReviewIn, by: Principal) -> None:
    """What counts is the version that the reviewer names, else the one seen last since the case was handed in."""
    seen = data.version
    if seen is None:
        seen = await tx.value(LAST_LOOK, kyc_id=kyc.id, staff_id=by.account_id, since=kyc.handed_in_at)
    if seen is not None and seen != kyc.version:
        raise Changed(kycID=kyc.id, version=kyc.version)


async def _hold(tx: Tx, kyc: KYC, by: Principal) -> None:
    await tx.update(KYCTable, kyc.id, claimed_by=by.account_id, claimed_until=clock.now() + LEASE)
    await _record(tx, kyc, by, purpose="CLAIM", kinds=[])


async def _record(tx: Tx, kyc: KYC, by: Principal, *, purpose: str, kinds: list[DocumentType]) -> None:
    await tx.insert(
        KYCViewTable, kyc_id=kyc.id, staff_id=by.account_id, document_types=[kind.value for kind in kinds],
        version=kyc.version, purpose=purpose, at=clock.now(),
    )  # fmt: skip


async def _judge(
    tx: Tx, found: dict[DocumentType, KYCFile], wrong: dict[DocumentType, ReasonCode], by: Principal
) -> None:
    for kind, document in found.items():
        code = wrong.get(kind)
        await move(tx, document, "refuse" if code else "accept", by=by, reason_code=code.value if code else None)


async def _write_down(tx: Tx, kyc: KYC, data: ReviewIn, wrong: dict[DocumentType, ReasonCode], by: Principal) -> None:
    decision = "APPROVED" if data.approved else "REJECTED"
    reasons: list[dict[str, Any]] = [{"documentType": kind.value, "code": code.value} for kind, code in wrong.items()]
    await tx.insert(
        KYCLogTable, kyc_id=kyc.id, reviewer_id=by.account_id, decision=decision, round=kyc.round,
        notes=data.notes or None, reasons=reasons, at=clock.now(),
    )  # fmt: skip
    told = ", ".join(f"{one['documentType']} {one['code']}" for one in reasons)
    await audit.note(
        tx, by, "kyc:review", subject=f"kyc:{kyc.id}", reason=data.notes or told or decision,
        before={"status": KYCStatus.PENDING}, after={"status": decision, "reasons": reasons},
    )  # fmt: skip
