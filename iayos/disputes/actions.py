"""Disputes: opened while money is held, settled by an accepted offer or a ruling, and then divided to the centavo (SPEC 3)."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from iayos.accounts.models import AccountTable
from iayos.core import audit, clock
from iayos.core.db import Statement, Tx
from iayos.core.errors import Conflict, Forbidden, Invalid, NotFound
from iayos.core.money import in_words, share_of
from iayos.core.moves import last_move, move
from iayos.core.outbox import later
from iayos.core.principal import Principal
from iayos.core.second import decided_by_two
from iayos.disputes import queries
from iayos.disputes.models import Dispute, EvidenceTable, Offer, OfferTable
from iayos.disputes.schemas import DisputeIn
from iayos.disputes.states import DisputeStatus, Phase
from iayos.jobs import actions as jobs
from iayos.jobs.clocks import wind
from iayos.jobs.models import Job
from iayos.jobs.queries import lock_job
from iayos.ledger import chart
from iayos.ledger.queries import balance
from iayos.media.actions import attach
from iayos.media.states import Purpose
from iayos.notifications import events
from iayos.notifications.actions import notify_each, notify_staff
from iayos.payments import cancel, settle
from iayos.payments import queries as payments
from iayos.payments.posting import post_and_collect

MOST_OFFERS: Final = 3
RULERS: Final = ("SUPPORT", "FINANCE")
WITH_STAFF: Final = "Taken up by our staff"
WITH_STAFF_BECAUSE: Final = (
    "One side cannot go on with this job at present. What is held stays where it is until a member of staff rules."
)
SUSPENDED_SIDE: Final = Statement(
    select(AccountTable.id).where(
        AccountTable.id == func.any(bindparam("sides", type_=ARRAY(BigInteger))), AccountTable.suspended_at.is_not(None)
    )
)
OFFERS_MADE = Statement(
    select(func.count()).where(
        OfferTable.dispute_id == bindparam("dispute_id"), OfferTable.by_client == bindparam("by_client")
    )
)


class NothingHeld(Conflict):
    """There is nothing to divide."""

    code, message = "NOTHING_HELD", "A dispute can be opened while the escrow is held; nothing is held for this job."


class DisputeClosed(Conflict):
    """It ended already."""

    code, message = "DISPUTE_CLOSED", "This dispute is settled already."


class TooManyOffers(Conflict):
    """Each side has three."""

    code, message = "TOO_MANY_OFFERS", "Your side has made all of its three offers."


class OwnOffer(Forbidden):
    """The other side accepts."""

    code, message = "OWN_OFFER", "The other side has to accept this offer."


class NotTheOpener(Forbidden):
    """Only who opened it takes it back."""

    code, message = "NOT_THE_OPENER", "Only whoever opened the dispute can withdraw it."


class SideSuspended(Conflict):
    """Money does not leave by agreement with somebody who may not act."""

    code, message = "SIDE_SUSPENDED", "One side's account is suspended; a member of staff rules on this dispute."


async def open_dispute(tx: Tx, job_id: int, data: DisputeIn, *, by: Principal) -> Dispute:
    """One side disputes the deal: everything else of the job stops until this is settled."""
    job = await lock_job(tx, job_id)
    if job is None or by.account_id not in job.participants:
        raise NotFound
    jobs.refuse_disputed(job)
    if not job.holds_money:
        raise NothingHeld
    dispute = await begin(tx, job, opened_by=by.account_id, reason=data.reason, description=data.description, by=by)
    await _keep_evidence(tx, dispute, data.evidence, by=by)
    return dispute


async def begin(
    tx: Tx, job: Job, *, opened_by: int, reason: str, description: str, by: Principal | None, phase: Phase = Phase.TALK
) -> Dispute:
    """Open a dispute about a job whose money is held; `job` is locked by the caller."""
    await move(tx, job, "open_dispute", by=by, dispute_open=True, cancel_asked_by=None, cancel_asked_at=None)
    dispute: Dispute = await tx.insert(
        Dispute, job_id=job.id, status=DisputeStatus.OPEN.value, phase=phase.value, reason=reason,
        description=description, opened_by=opened_by, created_at=clock.now(),
    )  # fmt: skip
    await later(tx, "disputes.watch", dispute_id=dispute.id)
    data = {"jobID": job.id, "disputeID": dispute.id}
    await notify_each(tx, job.participants - {opened_by}, events.DISPUTE_OPENED, data=data, job_title=job.title)
    return dispute


async def begin_with_staff(tx: Tx, job: Job, *, by: Principal) -> Dispute:
    """One side is suspended: what is held waits for a ruling, and nobody but staff ends it. `job` is locked by the caller."""
    dispute = await begin(
        tx, job, opened_by=by.account_id, reason=WITH_STAFF, description=WITH_STAFF_BECAUSE, by=by, phase=Phase.STAFF
    )
    await tell_of_staff(tx, job, dispute)
    return dispute


async def hand_to_staff(tx: Tx, job: Job, dispute: Dispute, *, by: Principal | None) -> Dispute:
    """A member of staff will rule; both sides and those who rule are told. Both rows are locked by the caller."""
    dispute = await move(tx, dispute, "hand_to_staff", by=by, phase=Phase.STAFF.value)
    await tell_of_staff(tx, job, dispute)
    return dispute


async def tell_of_staff(tx: Tx, job: Job, dispute: Dispute) -> None:
    """The two sides learn that staff will rule, and staff that it should."""
    data = {"jobID": job.id, "disputeID": dispute.id}
    await notify_each(tx, job.participants, events.DISPUTE_WITH_STAFF, data=data, job_title=job.title)
    await notify_staff(tx, RULERS, events.DISPUTE_TO_RULE, data=data, dispute_id=dispute.id, job_title=job.title)


async def add_evidence(tx: Tx, dispute_id: int, media_ids: Sequence[int], *, by: Principal) -> Dispute:
    """One side shows pictures."""
    _, dispute = await _locked(tx, dispute_id, by)
    await _keep_evidence(tx, dispute, media_ids, by=by)
    return dispute


async def offer(tx: Tx, dispute_id: int, to_payee: int, *, by: Principal) -> Dispute:
    """One side would settle for this split; at most three times."""
    job, dispute = await _locked(tx, dispute_id, by)
    held = await balance(tx, chart.escrow(job.id))
    if to_payee > held:
        raise Invalid.of("toPayee", f"Only {in_words(held)} is held")
    by_client = by.account_id == job.client_id
    if await tx.value(OFFERS_MADE, dispute_id=dispute.id, by_client=by_client) >= MOST_OFFERS:
        raise TooManyOffers
    await tx.insert(
        OfferTable, dispute_id=dispute.id, by_account_id=by.account_id, by_client=by_client, to_payee=to_payee,
        created_at=clock.now(),
    )  # fmt: skip
    others = {job.client_id} if not by_client else job.participants - {job.client_id}
    data = {"jobID": job.id, "disputeID": dispute.id}
    await notify_each(tx, others, events.DISPUTE_OFFERED, data=data, amount=to_payee, job_title=job.title)
    return dispute


async def accept_offer(tx: Tx, dispute_id: int, offer_id: int, *, by: Principal) -> Dispute:
    """The other side agrees, and what is held is divided at once."""
    job, dispute = await _locked(tx, dispute_id, by)
    made: Offer | None = await tx.one_or_none(queries.OFFER, offer_id=offer_id, dispute_id=dispute.id)
    if made is None:
        raise NotFound
    if made.by_client == (by.account_id == job.client_id):
        raise OwnOffer
    await _refuse_suspended(tx, job)
    await tx.update(OfferTable, made.id, accepted_at=clock.now())
    return await _divide(tx, job, dispute, "agree", to_payee=made.to_payee, by=by)


async def withdraw(tx: Tx, dispute_id: int, *, by: Principal) -> Dispute:
    """Whoever opened it takes it back: the job goes on, its clocks start anew."""
    job, dispute = await _locked(tx, dispute_id, by)
    if dispute.opened_by != by.account_id:
        raise NotTheOpener
    await _refuse_suspended(tx, job)
    moment = clock.now()
    dispute = await move(tx, dispute, "withdraw", by=by, ended_at=moment)
    if job.paid_in_dispute:
        job = await move(tx, job, "withdraw_paid", by=by, dispute_open=False, settled_at=moment)
        await settle.release(tx, job)
    else:
        job = await move(tx, job, "withdraw_dispute", by=by, dispute_open=False, clocks_from=moment)
        await wind(tx, job, "silence", "overdue")
    data = {"jobID": job.id, "disputeID": dispute.id}
    await notify_each(tx, job.participants, events.DISPUTE_WITHDRAWN, data=data, job_title=job.title)
    return dispute


async def rule(tx: Tx, dispute_id: int, *, to_payee: int, reason: str, by: Principal) -> tuple[Dispute, bool]:
    """A member of staff divides what is held; above ₱50,000 a second one repeats it. True: it waits for the second."""
    job, dispute = await _locked_by_staff(tx, dispute_id)
    jobs.refuse_own(job, by)
    held = await balance(tx, chart.escrow(job.id))
    if to_payee > held:
        raise Invalid.of("toPayee", f"Only {in_words(held)} is held")
    before, facts = {"held": held}, {"toPayee": to_payee, "held": held, "status": dispute.status}
    all_of_it = {**facts, **await _since_when(tx, job, dispute)}
    if not await decided_by_two(tx, f"dispute:{dispute.id}", amount=held, by=by, facts=all_of_it):
        await audit.note(
            tx, by, "disputes:rule:first", subject=f"dispute:{dispute.id}", reason=reason, before=before, after=facts
        )
        return dispute, True
    dispute = await _divide(tx, job, dispute, "rule", to_payee=to_payee, by=by, ruling=reason, ruled_by=by.account_id)
    after = {"toPayee": to_payee, "toClient": held - to_payee}
    await audit.note(
        tx, by, "disputes:rule", subject=f"dispute:{dispute.id}", reason=reason, before=before, after=after
    )
    return dispute, False


async def _since_when(tx: Tx, job: Job, dispute: Dispute) -> dict[str, Any]:
    """What either side has done or said last: a first decision did not know what came after it."""
    said = await tx.one(queries.SAID, dispute_id=dispute.id)
    return {"said": list(said), "moved": [await last_move(tx, job), await last_move(tx, dispute)]}


async def _divide(
    tx: Tx, job: Job, dispute: Dispute, name: str, *, to_payee: int, by: Principal, ruling: str | None = None,
    ruled_by: int | None = None,
) -> Dispute:  # fmt: skip
    """Split the escrow exactly, return the fee in proportion to the client's share, and end job and dispute (ruling i)."""
    held = await balance(tx, chart.escrow(job.id))
    to_client, moment = held - to_payee, clock.now()
    fee = share_of(await tx.value(payments.FEES_PAID, job_id=job.id), to_client, held)
    dispute = await move(
        tx,
        dispute,
        name,
        by=by,
        to_payee=to_payee,
        to_client=to_client,
        ended_at=moment,
        ruling=ruling,
        ruled_by=ruled_by,
    )
    ended = {"dispute_open": False, "settled_at": moment}
    if to_payee:
        job = await move(tx, job, "divide", by=by, **ended)
    else:
        job = await move(tx, job, "give_back", by=by, cancelled_at=moment, **ended)
    await cancel.end_attempts(tx, job, by=None)
    await _pay_out(tx, job, dispute, to_payee=to_payee, to_client=to_client, fee=fee)
    data = {"jobID": job.id, "disputeID": dispute.id}
    await notify_each(tx, job.participants, events.DISPUTE_SETTLED, data=data, amount=to_payee, job_title=job.title)
    return dispute


async def _pay_out(tx: Tx, job: Job, dispute: Dispute, *, to_payee: int, to_client: int, fee: int) -> None:
    payee, held, home = settle.payee_of(job), chart.escrow(job.id), chart.wallet(job.client_id)
    reference = f"dispute:{dispute.id}"
    await post_and_collect(
        tx, reference, (held, chart.wallet(payee), to_payee), (held, home, to_client), (chart.FEES, home, fee)
    )
    if to_client:
        await cancel.refund(tx, job, reference, base=to_client, fee=fee)
    if to_payee:
        await settle.earned(tx, job, to_payee)


async def _keep_evidence(tx: Tx, dispute: Dispute, media_ids: Sequence[int], *, by: Principal) -> None:
    if not media_ids:
        return
    kept = await attach(
        tx, media_ids, owner_id=by.account_id, purpose=Purpose.EVIDENCE, to=f"dispute:{dispute.id}", field="evidence"
    )
    for one in kept:
        await tx.insert(
            EvidenceTable, dispute_id=dispute.id, by_account_id=by.account_id, media_id=one.id, created_at=clock.now()
        )


async def _refuse_suspended(tx: Tx, job: Job) -> None:
    if await tx.value(SUSPENDED_SIDE, sides=[job.client_id, settle.payee_of(job)]) is not None:
        raise SideSuspended(jobID=job.id)


async def _locked(tx: Tx, dispute_id: int, by: Principal) -> tuple[Job, Dispute]:
    """An open dispute and its job, locked in that order: job first; NotFound for strangers."""
    job, dispute = await _lock_both(tx, dispute_id)
    if by.account_id not in job.participants:
        raise NotFound
    if dispute.status != DisputeStatus.OPEN:
        raise DisputeClosed(status=dispute.status)
    return job, dispute


async def _locked_by_staff(tx: Tx, dispute_id: int) -> tuple[Job, Dispute]:
    job, dispute = await _lock_both(tx, dispute_id)
    if dispute.status != DisputeStatus.OPEN:
        raise DisputeClosed(status=dispute.status)
    return job, dispute


async def _lock_both(tx: Tx, dispute_id: int) -> tuple[Job, Dispute]:
    seen = await tx.one_or_none(queries.DISPUTE, dispute_id=dispute_id)
    job = await lock_job(tx, seen.job_id) if seen else None
    if job is None:
        raise NotFound
    return job, await queries.lock_dispute(tx, dispute_id)
