from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import text

from iayos.core.db import Database, Statement
from iayos.jobs import tasks
from iayos.jobs.tasks import tell_nearby
from tests import make

TOLD = Statement[tuple[int]](
    text("SELECT account_id FROM notifications WHERE type = 'JOB_CREATED' ORDER BY account_id")
)


async def told(db: Database) -> list[int]:
    return [account_id for (account_id,) in await db.reads.all(TOLD)]


async def test_running_it_again_tells_nobody_twice(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    job = await make.job(db, client=await make.account(db))
    first = [(await make.account(db, "WORKER", trades=(1,), city="Zamboanga City")).account_id for _ in range(3)]
    await tell_nearby(db, job_id=job.id)
    assert await told(db) == first
    late = await make.account(db, "WORKER", trades=(1,), city="Zamboanga City")
    await tell_nearby(db, job_id=job.id)
    assert await told(db) == [*first, late.account_id]


async def test_nobody_is_told_of_a_job_that_is_gone_or_taken(db: Database) -> None:
    worker = await make.account(db, "WORKER", trades=(1,), city="Zamboanga City")
    taken = await make.job(db, client=await make.account(db), worker=worker)
    for job_id in (taken.id, 2**60):
        await tell_nearby(db, job_id=job_id)
    assert await told(db) == []


async def test_a_refused_listing_tells_nobody(
    http: httpx.AsyncClient, db: Database, drain: Callable[[], Awaitable[int]]
) -> None:
    await make.account(db, "WORKER", trades=(1,), city="Zamboanga City")
    refused = await make.as_(http, await make.account(db)).post("/api/jobs/create", {"title": "Fix it"})
    assert refused.status_code == 400
    assert await drain() == 0
    assert await told(db) == []
