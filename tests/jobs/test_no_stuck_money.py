"""Every reachable combination of job, escrow, dispute and payout: where money is held, something is allowed or scheduled."""

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec

from iayos.core.states import Who
from iayos.disputes.models import Dispute
from iayos.disputes.queries import deadline
from iayos.disputes.states import DISPUTE_MOVES, DisputeStatus, Phase
from iayos.jobs.clocks import next_due
from iayos.jobs.models import Job
from iayos.jobs.states import JOB_MOVES, JobStatus
from iayos.payments.states import PAYMENT_MOVES, PaymentStatus
from tests.jobs.test_states import SETTINGS, over, reachable

OPENED = Dispute(
    id=1, job_id=1, status=DisputeStatus.OPEN, phase=Phase.TALK, reason="", description="", opened_by=1,
    created_at=datetime(2026, 11, 22, tzinfo=UTC), ended_at=None, to_payee=None, to_client=None, ruling=None, ruled_by=None,
)  # fmt: skip


class Payout(msgspec.Struct, frozen=True):
    """A withdrawal as its moves see it."""

    status: str
    is_withdrawal: bool = True
    is_cash: bool = False
    may_complete_late: bool = False


def disputes_of(job: Job) -> list[Dispute | None]:
    """What dispute may stand beside this job: an open one in each of its phases, exactly while the job says so."""
    return [msgspec.structs.replace(OPENED, phase=phase) for phase in Phase] if job.dispute_open else [None]


def holds(job: Job) -> bool:
    """Does its escrow hold something?"""
    return job.escrow_paid and not over(job) and (job.dispute_open or not job.half_released)


def people_may(job: Job, dispute: Dispute | None) -> bool:
    """May somebody who is not the runner do something that ends it?"""
    ends = {"divide", "give_back", "withdraw_dispute", "withdraw_paid"}
    if dispute is not None:
        return any(move.who != Who.SYSTEM for move in DISPUTE_MOVES.allowed(dispute)) and any(
            move.name in ends for move in JOB_MOVES.allowed(job)
        )
    return any(move.who not in {Who.SYSTEM, Who.STAFF} for move in JOB_MOVES.allowed(job))


def runner_will(job: Job, dispute: Dispute | None) -> bool:
    """Does a clock run that leads on?"""
    if dispute is not None:
        return deadline(dispute, SETTINGS) is not None
    return next_due(job, SETTINGS) is not None


def test_money_in_escrow_can_always_move() -> None:
    met = 0
    for job in reachable():
        for dispute in disputes_of(job):
            if holds(job):
                met += 1
                assert people_may(job, dispute) or runner_will(job, dispute), (job, dispute)
    assert met > 10


def test_after_completion_money_moves_without_anybody() -> None:
    for job in reachable():
        if holds(job) and job.worker_marked_complete and not job.dispute_open:
            assert runner_will(job, None), job


def test_a_dispute_ends_with_staff_at_the_latest() -> None:
    for phase in Phase:
        dispute = msgspec.structs.replace(OPENED, phase=phase)
        ends = deadline(dispute, SETTINGS)
        assert (ends is None) is (phase == Phase.STAFF)
        assert "rule" in {move.name for move in DISPUTE_MOVES.allowed(dispute)}
    assert deadline(OPENED, SETTINGS) == OPENED.created_at + timedelta(hours=48)


def test_staff_ends_every_job_but_disputed_ones_and_approved_work() -> None:
    for job in reachable():
        may = [move.name for move in JOB_MOVES.allowed(job) if move.name in {"staff_cancel", "staff_refund"}]
        if over(job) or job.dispute_open or job.status == JobStatus.COMPLETED:
            assert may == [], job
        else:
            assert may == ["staff_refund" if holds(job) else "staff_cancel"], job


def test_a_suspension_finds_a_way_out_of_every_job() -> None:
    """What is open or unpaid ends, what is held comes before staff, who can divide it; what is over or released stays."""
    met = set()
    for job in reachable():
        may = {move.name for move in JOB_MOVES.allowed(job)}
        if job.dispute_open:
            met.add("handed over")
            for phase in (Phase.TALK, Phase.OFFERS):
                dispute = msgspec.structs.replace(OPENED, phase=phase)
                assert "hand_to_staff" in {move.name for move in DISPUTE_MOVES.allowed(dispute)}
            assert {"divide", "give_back"} <= may, job
        elif holds(job):
            met.add("disputed")
            assert job.holds_money, job
            assert "open_dispute" in may, job
        elif not over(job) and not job.escrow_paid:
            met.add("ended")
            assert "staff_cancel" in may, job
    assert met == {"handed over", "disputed", "ended"}


def test_a_withdrawal_always_ends_in_the_wallet_or_outside() -> None:
    for job, status in product(reachable(), PaymentStatus):
        payout = Payout(status=status)
        allowed = {move.target for move in PAYMENT_MOVES.allowed(payout)}
        if status == PaymentStatus.PENDING:
            assert {PaymentStatus.COMPLETED, PaymentStatus.FAILED} <= allowed, job
        if status == PaymentStatus.COMPLETED:
            assert allowed == {PaymentStatus.FAILED}
