"""What waits, runs and fails in the outbox; trying again, and giving up."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from iayos.admin import queue_queries as queries
from iayos.admin.held_up import held_up
from iayos.admin.queue_queries import Count, Line
from iayos.admin.queue_schemas import (
    AbortedOut,
    FailureOut,
    QueueOut,
    RetriedOut,
    RunnersOut,
    TaskCountOut,
    TaskOut,
)  # fmt: skip
from iayos.broker import Broker
from iayos.core import clock, runners
from iayos.core.audit import note
from iayos.core.db import Reads, Tx
from iayos.core.errors import Conflict, NotFound
from iayos.core.money import Centavos
from iayos.core.principal import Principal

RECENT: Final = timedelta(hours=1)
TELLING: Final = frozenset({"clock", "invoice_id", "purpose"})
"""Arguments beside ids that say what a task is about."""


class NothingToRetry(Conflict):
    """None of these tasks has failed, or they are being tried at this moment."""

    code = "NOTHING_TO_RETRY"
    message = "None of these tasks has failed, or each is being tried at this moment."


class NothingToAbort(Conflict):
    """All of these tasks are done or were given up before."""

    code, message = "NOTHING_TO_ABORT", "Each of these tasks is done, or was given up before."


async def glance(reads: Reads) -> QueueOut:
    """How much there is to do, and whether anybody does it."""
    moment = clock.now()
    counts = await reads.all(queries.COUNTS, now=moment, since=moment - RECENT)
    pulse = await runners.pulse(reads)
    return QueueOut(
        waiting=sum(one.waiting for one in counts), dueNow=sum(one.due for one in counts),
        oldestDueAt=min((one.oldest_due for one in counts if one.oldest_due), default=None),
        running=await reads.value(queries.RUNNING), failing=sum(one.failing for one in counts),
        failed=sum(one.failed for one in counts), doneLastHour=sum(one.done for one in counts),
        runners=RunnersOut(alive=pulse.alive, lastSeenAt=pulse.seen_at), tasks=[_count(one) for one in counts],
    )  # fmt: skip


async def failures(reads: Reads) -> list[FailureOut]:
    """What fails, by task and kind of error; what holds up most money stands first, then what holds up most people."""
    kinds = await reads.all(queries.FAILURES)
    held = await held_up(reads, {kind.task for kind in kinds})
    found = []
    for kind in kinds:
        of_it = held.get((kind.task, kind.error))
        found.append(
            FailureOut(
                task=kind.task, error=kind.error, count=kind.count, failed=kind.failed, firstAt=kind.first_at,
                lastAt=kind.last_at, amount=Centavos(of_it.amount if of_it else 0), people=of_it.people if of_it else 0,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.amount, -one.people, one.task, one.error))


async def lines(reads: Reads, state: str, *, task: str | None, before: int, limit: int) -> list[Line]:
    """Tasks in one state, newest first."""
    return await reads.all(queries.LINES[state], task=task, before=before, limit=limit)


async def retry(
    tx: Tx, *, ids: Sequence[int] | None = None, task: str | None = None, error: str | None = None, most: int,
    by: Principal, reason: str,
) -> RetriedOut:  # fmt: skip
    """Tasks that failed begin anew at once, with all their tries before them; the oldest first.

    By their ids also those that were given up, each at its own time: what a slip of ours ended must not stay undone.
    """
    if ids is not None:
        await _known(tx, ids)
    taken, fitting = await tx.one(queries.RETRY, ids=ids, task=task, error=error, most=most, now=clock.now())
    if not taken:
        raise NothingToRetry
    await tx.value(queries.WAKE)
    facts = {"taskIDs": taken} | ({"task": task} if task else {}) | ({"error": error} if error else {})
    await note(tx, by, "queue:retry", subject=_subject(taken), reason=reason, after=facts)
    return RetriedOut(taskIDs=taken, remaining=fitting - len(taken))


async def abort(tx: Tx, broker: Broker, *, ids: Sequence[int], by: Principal, reason: str) -> AbortedOut:
    """Tasks that are not done are given up; one that runs is told to stop once that is committed."""
    before = await _known(tx, ids)
    given_up = [row[0] for row in await tx.all(queries.ABORT, ids=ids, now=clock.now())]
    if not given_up:
        raise NothingToAbort
    states = {line.id: line.state for line in before}
    running = sorted(one for one in given_up if states[one] == "running")
    if running:
        tx.afterwards.append(lambda _: broker.stop(running))
    facts = {str(one): states[one] for one in sorted(given_up)}
    await note(
        tx, by, "queue:abort", subject=_subject(given_up), reason=reason, before=facts,
        after={"taskIDs": sorted(given_up)},
    )  # fmt: skip
    return AbortedOut(taskIDs=sorted(given_up), stopping=running)


async def _known(tx: Tx, ids: Collection[int]) -> list[Line]:
    found = await tx.all(queries.LINES_OF, ids=list(ids))
    if missing := set(ids) - {line.id for line in found}:
        raise NotFound(taskIDs=sorted(missing))
    return found


def shown(line: Line) -> TaskOut:
    """On the wire; of its arguments only those that are ids or a word of ours."""
    about = {name: value for name, value in line.args.items() if name in TELLING or name.endswith(("id", "ids"))}
    return TaskOut(
        taskID=line.id, task=line.task, state=line.state, about=about, attempts=line.attempts,  # type: ignore[arg-type]
        error=line.last_error, createdAt=line.created_at, runAt=line.run_after, failingSince=line.failing_since,
        lastFailedAt=line.last_failed_at, endedAt=line.ended_at,
    )  # fmt: skip


def _count(one: Count) -> TaskCountOut:
    return TaskCountOut(
        task=one.task,
        waiting=one.waiting,
        dueNow=one.due,
        failing=one.failing,
        failed=one.failed,
        doneLastHour=one.done,
    )


def _subject(ids: Sequence[int]) -> str:
    return f"task:{ids[0]}" if len(ids) == 1 else "queue"
