"""Reading identity checks, and showing them: signed addresses are made for whoever asks, in one call for a whole page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, and_, bindparam, func, or_, select, tuple_

from iayos.accounts.models import AccountTable
from iayos.core import clock, page
from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import NotFound
from iayos.core.models import Instant
from iayos.core.page import Page
from iayos.core.principal import Principal
from iayos.kyc.models import KYC, KYCFile, KYCFileTable, KYCLogTable, KYCTable, KYCViewTable
from iayos.kyc.schemas import DecisionOut, KYCCaseOut, KYCFileOut, KYCOut, ReasonOut
from iayos.kyc.states import REQUIRED, DocumentStatus, DocumentType, KYCStatus, KYCType, ReasonCode, UserType
from iayos.media.actions import Files, Links, links
from iayos.media.models import Media, MediaTable

_id = bindparam("kyc_id", type_=BigInteger)
_ids = func.any(bindparam("ids", type_=ARRAY(BigInteger)))
_owner = bindparam("account_id", type_=BigInteger)
ONE = Statement(select(*columns(KYC)).where(KYCTable.id == _id), into=KYC)
ONE_FOR_UPDATE = Statement(select(*columns(KYC)).where(KYCTable.id == _id).with_for_update(), into=KYC)
NEWEST = Statement(
    select(*columns(KYC))
    .where(KYCTable.account_id == _owner, KYCTable.id < bindparam("before", type_=BigInteger))
    .order_by(KYCTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger)),
    into=KYC,
)
FILES = Statement(select(*columns(KYCFile)).where(KYCFileTable.kyc_id == _ids).order_by(KYCFileTable.id), into=KYCFile)
MEDIA = Statement(select(*columns(Media)).where(MediaTable.id == _ids), into=Media)
LAST_LOOK = Statement(
    select(KYCViewTable.version)
    .where(
        KYCViewTable.kyc_id == _id,
        KYCViewTable.staff_id == bindparam("staff_id", type_=BigInteger),
        KYCViewTable.at >= bindparam("since", type_=Instant),
    )
    .order_by(KYCViewTable.id.desc())
    .limit(1)
)
_after = tuple_(bindparam("after_due", type_=Instant), bindparam("after_id", type_=BigInteger))
_QUEUE = (
    select(*columns(KYC))
    .where(tuple_(KYCTable.due_at, KYCTable.id) > _after)
    .order_by(KYCTable.due_at, KYCTable.id)
    .limit(bindparam("limit", type_=BigInteger))
)
_waits = and_(KYCTable.status == KYCStatus.PENDING, KYCTable.is_uploaded)
_free = or_(
    KYCTable.claimed_until.is_(None),
    KYCTable.claimed_until < bindparam("now", type_=Instant),
    KYCTable.claimed_by == bindparam("staff_id", type_=BigInteger),
)
QUEUE = Statement(_QUEUE.where(_waits), into=KYC)
FREE_QUEUE = Statement(_QUEUE.where(_waits, _free), into=KYC)
OF_STATUS = Statement(_QUEUE.where(KYCTable.status == bindparam("status", type_=Text)), into=KYC)


class Person(Row, frozen=True):
    """Whose case it is, or who looks at it."""

    table = AccountTable
    id: int
    first_name: str
    last_name: str
    business_name: str | None
    email: str

    @property
    def name(self) -> str:
        """As it is shown."""
        return self.business_name or f"{self.first_name} {self.last_name}"


class Decision(Row, frozen=True):
    """What staff decided in a round."""

    table = KYCLogTable
    kyc_id: int
    round: int
    decision: str
    reasons: list[dict[str, Any]]
    notes: str | None
    at: datetime


PEOPLE = Statement(select(*columns(Person)).where(AccountTable.id == _ids), into=Person)
DECISIONS = Statement(
    select(*columns(Decision)).where(KYCLogTable.kyc_id == _ids).order_by(KYCLogTable.id), into=Decision
)


async def own(reads: Reads, kyc_id: int, by: Principal) -> KYC:
    """One's own case."""
    found = await reads.one_or_none(ONE, kyc_id=kyc_id)
    if found is None or found.account_id != by.account_id:
        raise NotFound(kycID=kyc_id)
    return found


async def lock_own(tx: Tx, kyc_id: int, by: Principal) -> KYC:
    """The same, locked."""
    found = await tx.one_or_none(ONE_FOR_UPDATE, kyc_id=kyc_id)
    if found is None or found.account_id != by.account_id:
        raise NotFound(kycID=kyc_id)
    return found


async def case(reads: Reads, kyc_id: int) -> KYC:
    """Any case, for staff."""
    found = await reads.one_or_none(ONE, kyc_id=kyc_id)
    if found is None:
        raise NotFound(kycID=kyc_id)
    return found


async def lock_case(tx: Tx, kyc_id: int) -> KYC:
    """The same, locked."""
    found = await tx.one_or_none(ONE_FOR_UPDATE, kyc_id=kyc_id)
    if found is None:
        raise NotFound(kycID=kyc_id)
    return found


async def documents(reads: Reads, kyc_id: int) -> dict[DocumentType, KYCFile]:
    """The documents of a case, by type."""
    found = await reads.all(FILES, ids=[kyc_id])
    return {DocumentType(one.document_type): one for one in found}


def missing(kyc: KYC, files: Mapping[DocumentType, KYCFile]) -> list[DocumentType]:
    """What is still to be uploaded: what never was, and what was rejected."""
    return [
        kind
        for kind in REQUIRED[KYCType(kyc.kyc_type)]
        if kind not in files or files[kind].status == DocumentStatus.REJECTED
    ]


async def mine(files: Files, by: Principal, *, limit: int, cursor: str | None) -> Page[KYCOut]:
    """My cases, newest first."""
    (before,) = page.decode(cursor, int) or (page.BIGGEST,)
    rows = await files.db.reads.all(NEWEST, account_id=by.account_id, before=before, limit=limit + 1)
    shown = {one.kycID: one for one in await show(files, rows[:limit])}
    return page.page(rows, limit, lambda row: shown[row.id], lambda row: (row.id,))


async def show(files: Files, cases: Sequence[KYC], *, signed: bool = True) -> list[KYCOut]:
    """As their owner sees them."""
    return [KYCOut(**facts) for facts in await _facts(files, cases, signed=signed)]


async def show_to_staff(files: Files, cases: Sequence[KYC], *, signed: bool) -> list[KYCCaseOut]:
    """As staff sees them; with `signed` the documents can be looked at, and the caller logs that."""
    reads = files.db.reads
    wanted = {kyc.account_id for kyc in cases} | {kyc.claimed_by for kyc in cases if kyc.claimed_by}
    people = {one.id: one for one in await reads.all(PEOPLE, ids=sorted(wanted))}
    decided: dict[int, list[DecisionOut]] = {kyc.id: [] for kyc in cases}
    for one in await reads.all(DECISIONS, ids=list(decided)):
        decided[one.kyc_id].append(_decision(one))
    facts = await _facts(files, cases, signed=signed)
    return [_case(kyc, people, decided[kyc.id], fact) for kyc, fact in zip(cases, facts, strict=True)]


def _decision(one: Decision) -> DecisionOut:
    reasons = msgspec.convert(one.reasons, list[ReasonOut])
    decision: Any = one.decision
    return DecisionOut(round=one.round, decision=decision, reasons=reasons, notes=one.notes, at=one.at)


def _case(kyc: KYC, people: Mapping[int, Person], decided: list[DecisionOut], facts: dict[str, Any]) -> KYCCaseOut:
    person = people[kyc.account_id]
    held = kyc.claimed_until is not None and kyc.claimed_until > clock.now()
    holder = people[kyc.claimed_by] if held and kyc.claimed_by else None
    return KYCCaseOut(
        **facts,
        accountID=person.id, name=person.name, email=person.email,
        claimedBy=holder.id if holder else None, claimedByName=holder.name if holder else None,
        claimedUntil=kyc.claimed_until if held else None, handedInAt=kyc.handed_in_at, decisions=decided,
        overdue=kyc.status == KYCStatus.PENDING and kyc.due_at is not None and kyc.due_at < clock.now(),
        version=kyc.version,
    )  # fmt: skip


async def _facts(files: Files, cases: Sequence[KYC], *, signed: bool) -> list[dict[str, Any]]:
    reads = files.db.reads
    rows = await reads.all(FILES, ids=[kyc.id for kyc in cases])
    media = {one.id: one for one in await reads.all(MEDIA, ids=[row.media_id for row in rows])}
    found = await links(files, media.values()) if signed else {}
    of_case: dict[int, list[KYCFile]] = {kyc.id: [] for kyc in cases}
    for row in rows:
        of_case[row.kyc_id].append(row)
    return [
        {
            "kycID": kyc.id, "kycType": KYCType(kyc.kyc_type), "userType": UserType(kyc.user_type),
            "status": KYCStatus(kyc.status), "isUploaded": kyc.is_uploaded, "notes": kyc.notes, "round": kyc.round,
            "files": [file_out(row, media[row.media_id], found.get(row.media_id)) for row in of_case[kyc.id]],
            "missing": missing(kyc, {DocumentType(row.document_type): row for row in of_case[kyc.id]}),
            "dueAt": kyc.due_at, "createdAt": kyc.created_at,
        }
        for kyc in cases
    ]  # fmt: skip


def file_out(row: KYCFile, media: Media, found: Links | None) -> KYCFileOut:
    """A document on the wire."""
    return KYCFileOut(
        fileID=row.id, documentType=DocumentType(row.document_type), status=DocumentStatus(row.status),
        reasonCode=ReasonCode(row.reason_code) if row.reason_code else None, contentType=media.content_type,
        fileURL=found.url if found else None, createdAt=row.created_at,
    )  # fmt: skip


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases staff wants to see: what waits (all, or what is free), or what was decided."""

    status: KYCStatus | None = None
    free: bool = False


async def queue(files: Files, search: Search, by: Principal, *, limit: int, cursor: str | None) -> Page[KYCCaseOut]:
    """Cases in the order in which they are due; no document is shown."""
    due, after = page.decode(cursor, datetime, int) or (None, 0)
    place = {"after_due": due or clock.now().replace(year=2000, month=1, day=1), "after_id": after, "limit": limit + 1}
    reads = files.db.reads
    if search.status is not None and search.status is not KYCStatus.PENDING:
        rows = await reads.all(OF_STATUS, status=search.status.value, **place)
    elif search.free:
        rows = await reads.all(FREE_QUEUE, now=clock.now(), staff_id=by.account_id, **place)
    else:
        rows = await reads.all(QUEUE, **place)
    shown = {one.kycID: one for one in await show_to_staff(files, rows[:limit], signed=False)}
    return page.page(rows, limit, lambda row: shown[row.id], lambda row: (row.due_at, row.id))
