"""What happens to a job by itself, and when (SPEC 3, rulings e and g), as one table; `explain` and the runner read it."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from iayos.core.db import Tx
from iayos.core.outbox import later
from iayos.jobs.models import Job
from iayos.settings import Settings


class Clock(NamedTuple):
    """One clock: it runs while `move` is allowed, from an instant of the job, for a number of days of the settings."""

    name: str
    move: str
    since: str
    days: str
    reminds: str | None
    """Whom to remind on the days before: the client or nobody."""


CLOCKS: Final = {
    clock.name: clock
    for clock in (
        #     name       what the runner does    counted from          days of          reminds
        Clock("invite",  "lapse_invite",         "created_at",         "invite_days",   None),
        Clock("escrow",  "lapse_unpaid",         "accepted_at",        "escrow_days",   None),
        Clock("silence", "approve_by_silence",   "marked_complete_at", "silence_days",  "client"),
        Clock("overdue", "release_half",         "approved_at",        "overdue_days",  "client"),
        Clock("cancel",  "lapse_cancel",         "cancel_asked_at",    "cancel_days",   None),
    )
}  # fmt: skip


def started(clock: Clock, job: Job) -> datetime | None:
    """From when it counts: a dispute that was withdrawn starts it anew. None while it does not run."""
    since: datetime | None = getattr(job, clock.since)
    if since is None or job.moves.find(job, clock.move) is None:
        return None
    return max(since, job.clocks_from or since)


def due_at(clock: Clock, job: Job, settings: Settings) -> datetime | None:
    """When the runner acts; None while it does not run."""
    since = started(clock, job)
    return None if since is None else since + timedelta(days=getattr(settings, clock.days))


def next_due(job: Job, settings: Settings) -> tuple[datetime, str] | None:
    """What happens next by itself: the instant and the move."""
    due = [(at, clock.move) for clock in CLOCKS.values() if (at := due_at(clock, job, settings)) is not None]
    return min(due, default=None)


async def wind(tx: Tx, job: Job, *names: str) -> None:
    """Let the runner watch these clocks; one that does not run is looked at once and forgotten."""
    for name in names:
        await later(tx, "payments.watch", job_id=job.id, clock=name)
