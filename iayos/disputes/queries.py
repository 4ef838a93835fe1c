"""Reading disputes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, bindparam, func, or_, select

from iayos.core.db import Reads, Row, Statement, Tx, columns
from iayos.core.errors import GatewayUnavailable, NotFound
from iayos.core.money import Centavos
from iayos.core.principal import Principal
from iayos.disputes.models import Dispute, DisputeTable, EvidenceTable, Offer, OfferTable
from iayos.disputes.schemas import DisputeOut, EvidenceOut, OfferOut, RulingOut
from iayos.disputes.states import DisputeStatus, Phase
from iayos.jobs.models import JobTable
from iayos.ledger.models import LedgerAccountTable
from iayos.media.actions import Files, Links, links
from iayos.media.models import Media, MediaTable
from iayos.settings import Settings


class Shown(Row, frozen=True):
    """A picture with who showed it."""

    dispute_id: int
    by_account_id: int
    media_id: int
    created_at: datetime


class Held(Row, frozen=True):
    """What lies in a job's escrow."""

    job_id: int
    balance: int


_dispute = select(*columns(Dispute))
DISPUTE = Statement(_dispute.where(DisputeTable.id == bindparam("dispute_id")), into=Dispute)
LOCKED = Statement(_dispute.where(DisputeTable.id == bindparam("dispute_id")).with_for_update(), into=Dispute)
SAID = Statement(
    select(
        select(func.max(OfferTable.id)).where(OfferTable.dispute_id == bindparam("dispute_id")).scalar_subquery(),
        select(func.max(EvidenceTable.id)).where(EvidenceTable.dispute_id == bindparam("dispute_id")).scalar_subquery(),
    )
)
"""What the two sides brought forward last."""
OPEN_OF_JOB = Statement(
    _dispute.where(
        DisputeTable.job_id == bindparam("job_id"), DisputeTable.status == DisputeStatus.OPEN.value
    ).with_for_update(),
    into=Dispute,
)
_me = bindparam("account_id", type_=BigInteger)
_newest = (
    _dispute.join(JobTable, JobTable.id == DisputeTable.job_id)
    .where(DisputeTable.id < bindparam("before", type_=BigInteger))
    .order_by(DisputeTable.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
MINE = Statement(
    _newest.where(
        or_(JobTable.client_id == _me, JobTable.assigned_worker_id == _me, JobTable.assigned_agency_id == _me)
    ),
    into=Dispute,
)
ALL = Statement(_newest, into=Dispute)
OPEN_ONES = Statement(_newest.where(DisputeTable.status == DisputeStatus.OPEN.value), into=Dispute)
PARTIES = Statement(
    select(JobTable.client_id, JobTable.assigned_worker_id, JobTable.assigned_agency_id).where(
        JobTable.id == bindparam("job_id")
    )
)
_these = func.any(bindparam("ids", type_=ARRAY(BigInteger)))
OFFERS = Statement(select(*columns(Offer)).where(OfferTable.dispute_id == _these).order_by(OfferTable.id), into=Offer)
OFFER = Statement(
    select(*columns(Offer)).where(
        OfferTable.id == bindparam("offer_id"), OfferTable.dispute_id == bindparam("dispute_id")
    ),
    into=Offer,
)
EVIDENCE = Statement(
    select(EvidenceTable.dispute_id, EvidenceTable.by_account_id, EvidenceTable.media_id, EvidenceTable.created_at)
    .where(EvidenceTable.dispute_id == _these)
    .order_by(EvidenceTable.id),
    into=Shown,
)
FILES = Statement(select(*columns(Media)).where(MediaTable.id == _these, MediaTable.removed_at.is_(None)), into=Media)
HELD = Statement(
    select(JobTable.id, LedgerAccountTable.balance)
    .join(LedgerAccountTable, LedgerAccountTable.code == func.concat("escrow:", JobTable.id))
    .where(JobTable.id == _these),
    into=Held,
)


async def dispute_of(reads: Reads, dispute_id: int, by: Principal) -> Dispute:
    """A dispute of a job in which the caller takes part; staff sees all."""
    dispute = await reads.one_or_none(DISPUTE, dispute_id=dispute_id)
    if dispute is None or not (by.is_staff or by.account_id in await parties(reads, dispute.job_id)):
        raise NotFound
    return dispute


async def parties(reads: Reads, job_id: int) -> set[int]:
    """Everyone who takes part in the job."""
    return {one for one in await reads.one(PARTIES, job_id=job_id) if one is not None}


async def lock_dispute(tx: Tx, dispute_id: int) -> Dispute:
    """The dispute, locked; its job must be locked before."""
    return await tx.one(LOCKED, dispute_id=dispute_id)


def deadline(dispute: Dispute, settings: Settings) -> datetime | None:
    """When the present phase ends by itself."""
    if dispute.status != DisputeStatus.OPEN or dispute.phase == Phase.STAFF:
        return None
    talk = dispute.created_at + timedelta(hours=settings.dispute_talk_hours)
    return talk if dispute.phase == Phase.TALK else talk + timedelta(days=settings.dispute_offer_days)


async def show(
    reads: Reads, files: Files, settings: Settings, dispute: Dispute, *, waiting: bool = False
) -> DisputeOut:
    """One dispute, with everything that belongs to it."""
    return (await show_all(reads, files, settings, [dispute], waiting=waiting))[0]


async def show_all(
    reads: Reads, files: Files, settings: Settings, disputes: Sequence[Dispute], *, waiting: bool = False
) -> list[DisputeOut]:
    """Disputes with offers, evidence and what is held, in a constant number of queries."""
    ids = [dispute.id for dispute in disputes]
    offers = await reads.all(OFFERS, ids=ids)
    evidence = await reads.all(EVIDENCE, ids=ids)
    pictures = await reads.all(FILES, ids=[one.media_id for one in evidence])
    found = await _links(files, pictures)
    held = {one.job_id: one.balance for one in await reads.all(HELD, ids=[dispute.job_id for dispute in disputes])}
    return [
        _out(
            dispute, [one for one in offers if one.dispute_id == dispute.id],
            [one for one in evidence if one.dispute_id == dispute.id], found,
            held=_held(dispute, held.get(dispute.job_id, 0)), ends=deadline(dispute, settings), waiting=waiting,
        )
        for dispute in disputes
    ]  # fmt: skip


async def _links(files: Files, pictures: Sequence[Media]) -> dict[int, Links]:
    """A dispute can be read, and money divided, while storage is away."""
    try:
        return await links(files, pictures)
    except GatewayUnavailable:
        return {}


def _held(dispute: Dispute, in_escrow: int) -> int:
    """What there is, or was, to divide."""
    return (dispute.to_payee or 0) + (dispute.to_client or 0) if dispute.to_payee is not None else in_escrow


def _out(
    dispute: Dispute, offers: Sequence[Offer], evidence: Sequence[Shown], found: dict[int, Links], *, held: int,
    ends: datetime | None, waiting: bool,
) -> DisputeOut:  # fmt: skip
    return DisputeOut(
        disputeID=dispute.id, jobID=dispute.job_id, status=dispute.status, phase=dispute.phase, reason=dispute.reason,  # type: ignore[arg-type]
        description=dispute.description, openedBy=dispute.opened_by, held=Centavos(held),
        offers=[_offer_out(one, held) for one in offers],
        evidence=[_evidence_out(one, found.get(one.media_id)) for one in evidence],
        ruling=_ruling(dispute), deadlineAt=ends, awaitingSecond=waiting, createdAt=dispute.created_at,
        endedAt=dispute.ended_at,
    )  # fmt: skip


def _offer_out(offer: Offer, held: int) -> OfferOut:
    return OfferOut(
        offerID=offer.id, byAccountID=offer.by_account_id, bySide="CLIENT" if offer.by_client else "PAYEE",
        toPayee=Centavos(offer.to_payee), toClient=Centavos(max(0, held - offer.to_payee)),
        accepted=offer.accepted_at is not None, createdAt=offer.created_at,
    )  # fmt: skip


def _evidence_out(one: Shown, where: Links | None) -> EvidenceOut:
    return EvidenceOut(
        mediaID=one.media_id, byAccountID=one.by_account_id, url=where.url if where else None,
        thumbnailURL=where.thumbnail_url if where else None, createdAt=one.created_at,
    )  # fmt: skip


def _ruling(dispute: Dispute) -> RulingOut | None:
    if dispute.to_payee is None or dispute.to_client is None:
        return None
    return RulingOut(toPayee=Centavos(dispute.to_payee), toClient=Centavos(dispute.to_client), reason=dispute.ruling)
