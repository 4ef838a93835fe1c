from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from iayos.core.states import Moves
from iayos.jobs.explain import explain
from iayos.jobs.models import Job
from iayos.jobs.states import APPLICATION_MOVES, JOB_MOVES, ApplicationStatus, JobStatus

POSTED: Final = Job(
    id=1, client_id=1, category_id=1, title="", description="", budget=100_00, location="", latitude=None,
    longitude=None, urgency="LOW", preferred_start_date=None, job_type="LISTING", status=JobStatus.ACTIVE,
    invite_status=None, assigned_worker_id=None, assigned_agency_id=None, agreed_price=None, accepted_at=None,
    escrow_paid=False, worker_marked_complete=False, marked_complete_at=None, completion_notes=None,
    client_marked_complete=False, approved_at=None, final_payment_method=None, remaining_paid=False, settled_at=None,
    cancelled_at=None, cancel_reason=None, created_at=datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip
EFFECTS: Final[dict[str, dict[str, Any]]] = {
    "accept_application": {"assigned_worker_id": 2, "agreed_price": 100_00},
    "pay_escrow": {"escrow_paid": True},
    "mark_complete": {"worker_marked_complete": True},
    "approve_completion": {"client_marked_complete": True},
    "pay_final": {"remaining_paid": True},
    "cancel": {},
}


def reachable() -> list[Job]:
    """Every job that moves can make out of a new one."""
    found, ahead = [], [POSTED]
    while ahead:
        job = ahead.pop()
        if job in found:
            continue
        found.append(job)
        ahead += [
            msgspec.structs.replace(job, status=move.target, **EFFECTS[move.name]) for move in JOB_MOVES.allowed(job)
        ]
    return found


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
        over = job.status == JobStatus.CANCELLED or job.remaining_paid
        assert bool(JOB_MOVES.allowed(job)) is not over, job


def test_money_is_never_held_while_nobody_may_act() -> None:
    held = [job for job in reachable() if job.escrow_paid and not job.remaining_paid]
    assert held
    assert all(explain(job).waitingFor for job in held)


def test_explain_has_a_sentence_for_every_reachable_job() -> None:
    for job in reachable():
        told = explain(job)
        assert told.state == job.status
        assert told.because.endswith(".")
        over = job.status == JobStatus.CANCELLED or job.remaining_paid
        assert bool(told.waitingFor) is not over
