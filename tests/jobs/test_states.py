from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from iayos.core.states import Moves, Who
from iayos.jobs.explain import explain
from iayos.jobs.models import Job
from iayos.jobs.states import APPLICATION_MOVES, JOB_MOVES, ApplicationStatus, JobStatus
from iayos.settings import Settings

POSTED: Final = Job(
    id=1, client_id=1, category_id=1, title="", description="", budget=100_00, location="", latitude=None,
    longitude=None, urgency="LOW", preferred_start_date=None, job_type="LISTING", status=JobStatus.ACTIVE,
    invite_status=None, assigned_worker_id=None, assigned_agency_id=None, agreed_price=None, accepted_at=None,
    escrow_paid=False, worker_marked_complete=False, marked_complete_at=None, completion_notes=None,
    client_marked_complete=False, approved_at=None, final_payment_method=None, remaining_paid=False, settled_at=None,
    cancelled_at=None, cancel_reason=None, cancel_asked_by=None, cancel_asked_at=None, dispute_open=False, clocks_from=None,
    half_released=False, cash_confirmed=None, cash_proof_media_id=None, cash_approved=False, created_at=datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip
INVITED: Final = msgspec.structs.replace(POSTED, job_type="INVITE", invite_status="PENDING", assigned_worker_id=2)
INVITED_AGENCY: Final = msgspec.structs.replace(INVITED, assigned_worker_id=None, assigned_agency_id=4)
THEN: Final = datetime(2026, 11, 23, tzinfo=UTC)
EFFECTS: Final[dict[str, dict[str, Any]]] = {
    "accept_application": {"assigned_worker_id": 2, "agreed_price": 100_00, "accepted_at": THEN},
    "accept_invite": {
        "assigned_worker_id": 2,
        "agreed_price": 100_00,
        "accepted_at": THEN,
        "invite_status": "ACCEPTED",
    },
    "reject_invite": {"invite_status": "REJECTED"},
    "lapse_invite": {},
    "reassign": {"assigned_worker_id": 3},
    "pay_escrow": {"escrow_paid": True},
    "mark_complete": {"worker_marked_complete": True, "marked_complete_at": THEN},
    "approve_completion": {
        "client_marked_complete": True,
        "approved_at": THEN,
        "cancel_asked_by": None,
        "cancel_asked_at": None,
    },
    "approve_by_silence": {
        "client_marked_complete": True,
        "approved_at": THEN,
        "cancel_asked_by": None,
        "cancel_asked_at": None,
    },
    "pay_final": {"remaining_paid": True, "settled_at": THEN},
    "release_half": {"half_released": True},
    "ask_cancel": {"cancel_asked_by": 1, "cancel_asked_at": THEN},
    "confirm_cancel": {"settled_at": THEN},
    "lapse_cancel": {"cancel_asked_by": None, "cancel_asked_at": None},
    "open_dispute": {"dispute_open": True},
    "withdraw_dispute": {"dispute_open": False, "clocks_from": THEN},
    "withdraw_paid": {"dispute_open": False, "settled_at": THEN},
    "join_dispute": {"remaining_paid": True},
    "divide": {"dispute_open": False, "settled_at": THEN},
    "give_back": {"dispute_open": False, "settled_at": THEN},
    "lapse_unpaid": {},
    "staff_cancel": {},
    "staff_refund": {"settled_at": THEN},
    "cancel": {},
}
SETTINGS: Final = Settings()


def reachable() -> list[Job]:
    """Every job that moves can make out of a new one."""
    found, ahead = [], [POSTED, INVITED, INVITED_AGENCY]
    while ahead:
        job = ahead.pop()
        if job in found:
            continue
        found.append(job)
        ahead += [
            msgspec.structs.replace(job, status=move.target, **EFFECTS[move.name]) for move in JOB_MOVES.allowed(job)
        ]
    return found


def over(job: Job) -> bool:
    """Nothing is left to do."""
    return job.status == JobStatus.CANCELLED or job.settled_at is not None


@pytest.mark.parametrize(
    ("table", "start", "final", "every"),
    [
        (JOB_MOVES, JobStatus.ACTIVE, {JobStatus.COMPLETED, JobStatus.CANCELLED}, set(JobStatus)),
        (APPLICATION_MOVES, ApplicationStatus.PENDING, set(ApplicationStatus) - {"PENDING"}, set(ApplicationStatus)),
    ],
)
def test_every_state_is_reached_and_every_unfinished_one_has_a_way_out(
    table: Moves, start: str, final: set[str], every: set[str]
) -> None:
    reached, ahead = set[str](), {start}
    while ahead:
        reached |= ahead
        ahead = {move.target for move in table if move.source in ahead} - reached
    assert reached == table.states == every
    for state in every - final:
        assert any(move.source == state and move.target != state for move in table), state


def test_every_reachable_job_can_go_on_or_is_over() -> None:
    jobs = reachable()
    assert {job.status for job in jobs} == set(JobStatus)
    for job in jobs:
        assert bool(JOB_MOVES.allowed(job)) is not over(job), job


def test_no_job_waits_for_staff_alone() -> None:
    for job in reachable():
        others = [move for move in JOB_MOVES.allowed(job) if move.who != Who.STAFF]
        assert bool(others) is not over(job), job


def test_money_is_never_held_while_nobody_may_act() -> None:
    held = [
        job for job in reachable() if job.dispute_open or (job.escrow_paid and not over(job) and not job.half_released)
    ]
    assert held
    for job in held:
        told = explain(job, SETTINGS)
        assert told.waitingFor or told.next, job
        assert job.dispute_open or job.worker_marked_complete is False or told.next, job


def test_explain_has_a_sentence_for_every_reachable_job() -> None:
    for job in reachable():
        told = explain(job, SETTINGS)
        assert told.state == job.status
        assert told.because.endswith(".")
        assert bool(told.waitingFor) is not over(job), job
