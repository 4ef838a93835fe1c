"""The queue over HTTP, for staff."""

from typing import Annotated, Literal

from litestar import Router, get, post
from litestar.datastructures import State as AppState
from litestar.params import JSONBody, QueryParameter

from iayos.admin import queue
from iayos.admin.queue_schemas import AbortedOut, AbortIn, FailuresOut, QueueOut, RetriedOut, RetryIn, TaskOut
from iayos.core import page
from iayos.core.errors import Invalid, NotFound
from iayos.core.page import Page
from iayos.core.wire import Title
from iayos.web.auth import Me, staff
from iayos.web.docs import answers
from iayos.web.dry import DRY_RUN
from iayos.web.tx import InTx, Reading

Wanted = Literal["waiting", "running", "failing", "failed", "done", "aborted"]


@get("/", summary="The queue at a glance")
async def glance(reads: Reading) -> QueueOut:
    """What waits, runs and fails, by task, and whether a runner is alive."""
    return await queue.glance(reads)


@get("/tasks", summary="Tasks of the queue")
async def list_tasks(
    reads: Reading,
    wanted: Annotated[
        Wanted,
        QueryParameter(
            name="state", description="`failing`: failed at least once, whether or not it is tried again by itself."
        ),
    ] = "failing",
    task: Annotated[Title | None, QueryParameter(description="Only of this name.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=page.MAX_LIMIT)] = page.DEFAULT_LIMIT,
    cursor: Annotated[str | None, QueryParameter(max_length=500)] = None,
) -> Page[TaskOut]:
    """Newest first."""
    place = page.decode(cursor, int)
    before = place[0] if place else page.BIGGEST
    rows = await queue.lines(reads, wanted, task=task, before=before, limit=limit + 1)
    return page.page(rows, limit, queue.shown, lambda line: (line.id,))


@get("/failures", summary="What fails, and what that holds up")
async def list_failures(reads: Reading) -> FailuresOut:
    """By task and kind of error, with the pesos and people behind; what holds up most stands first."""
    return FailuresOut(items=await queue.failures(reads))


@post(
    "/retry", status_code=200, summary="Try failed tasks again", opt=answers(NotFound, queue.NothingToRetry) | DRY_RUN
)
async def retry(tx: InTx, me: Me, data: JSONBody[RetryIn]) -> RetriedOut:
    """At once, the oldest first, with all their tries before them."""
    if (data.ids is None) == (data.task is None):
        raise Invalid.of("ids", "Expected either ids or a task")
    return await queue.retry(
        tx, ids=data.ids, task=data.task, error=data.error, most=data.most, by=me, reason=data.reason
    )


@post("/abort", status_code=200, summary="Give tasks up", opt=answers(NotFound, queue.NothingToAbort) | DRY_RUN)
async def abort(tx: InTx, me: Me, state: AppState, data: JSONBody[AbortIn]) -> AbortedOut:
    """They are not run any more; one that is running is told to stop."""
    return await queue.abort(tx, state.broker, ids=data.ids, by=me, reason=data.reason)


router = Router(
    "/api/admin/queue", route_handlers=[glance, list_tasks, list_failures, retry, abort],
    guards=[staff("SUPPORT", "FINANCE")], tags=["admin"],
)  # fmt: skip
