"""The statements behind the queue's pages."""
# ruff: noqa: S608 - what is put into these texts are constants of ours

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text

from iayos.admin.held_up import FAILING
from iayos.core import outbox
from iayos.core.db import Row, Statement
from iayos.core.models import Instant

# classid and objid are the two halves of the lock's number
HELD: Final = f"""
held AS (
    SELECT (CAST(classid AS bigint) << 32 | CAST(objid AS bigint)) - {outbox.HOLD} AS id FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (CAST(classid AS bigint) << 32 | CAST(objid AS bigint)) BETWEEN {outbox.HOLD + 1} AND {outbox.HOLD + (1 << 48) - 1}
)
"""
STATE: Final = """
    CASE WHEN done_at IS NOT NULL THEN 'done' WHEN aborted_at IS NOT NULL THEN 'aborted'
    WHEN failed_at IS NOT NULL THEN 'failed' WHEN held.id IS NOT NULL THEN 'running' ELSE 'waiting' END
"""
OF_STATE: Final = {
    "waiting": "done_at IS NULL AND failed_at IS NULL AND aborted_at IS NULL AND held.id IS NULL",
    "running": "done_at IS NULL AND failed_at IS NULL AND aborted_at IS NULL AND held.id IS NOT NULL",
    "failing": "failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL",
    "failed": "failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL AND failed_at IS NOT NULL",
    "done": "done_at IS NOT NULL",
    "aborted": "aborted_at IS NOT NULL AND done_at IS NULL",
}


class Count(Row, frozen=True):
    """How many of a task there are."""

    task: str
    waiting: int
    due: int
    oldest_due: datetime | None
    failing: int
    failed: int
    done: int


class Line(Row, frozen=True):
    """A task in the outbox."""

    id: int
    task: str
    state: str
    args: dict[str, Any]
    attempts: int
    last_error: str | None
    created_at: datetime
    run_after: datetime
    failing_since: datetime | None
    last_failed_at: datetime | None
    ended_at: datetime | None


class Failure(Row, frozen=True):
    """Tasks that fail in one way."""

    task: str
    error: str
    count: int
    failed: int
    first_at: datetime
    last_at: datetime


COUNTS: Final = Statement(
    text(f"""
    SELECT task, count(*) FILTER (WHERE open), count(*) FILTER (WHERE open AND run_after <= :now),
        min(run_after) FILTER (WHERE open AND run_after <= :now),
        count(*) FILTER (WHERE open AND failing_since IS NOT NULL),
        count(*) FILTER (WHERE NOT open AND NOT done), count(*) FILTER (WHERE done)
    FROM (
        SELECT task, true AS open, false AS done, run_after, failing_since FROM outbox
        WHERE done_at IS NULL AND failed_at IS NULL AND aborted_at IS NULL
        UNION ALL SELECT task, false, false, run_after, failing_since FROM outbox WHERE {OF_STATE["failed"]}
        UNION ALL SELECT task, false, true, run_after, failing_since FROM outbox WHERE done_at > :since
    ) AS rows GROUP BY task ORDER BY task
    """).bindparams(bindparam("now", type_=Instant), bindparam("since", type_=Instant)),
    into=Count,
)
RUNNING: Final = Statement(text(f"WITH {HELD} SELECT count(*) FROM held"))
FAILURES: Final = Statement(
    text(f"""
    WITH {FAILING} SELECT task, error, count(*), count(failed_at), min(failing_since), max(last_failed_at)
    FROM failing GROUP BY task, error
    """),
    into=Failure,
)
_LINE: Final = f"""
    SELECT outbox.id, task, {STATE}, args, attempts, last_error, created_at, run_after, failing_since, last_failed_at,
        coalesce(done_at, aborted_at)
    FROM outbox LEFT JOIN held ON held.id = outbox.id
"""


def _lines(state: str) -> Statement[Line]:
    return Statement(
        text(
            f"WITH {HELD} {_LINE} WHERE {OF_STATE[state]} AND outbox.id < :before AND (:task IS NULL OR task = :task)"
            " ORDER BY outbox.id DESC LIMIT :limit"
        ).bindparams(
            bindparam("before", type_=BigInteger), bindparam("task", type_=Text), bindparam("limit", type_=BigInteger)
        ),
        into=Line,
    )


LINES: Final = {state: _lines(state) for state in OF_STATE}
_ids = bindparam("ids", type_=ARRAY(BigInteger))
LINES_OF: Final = Statement(
    text(f"WITH {HELD} {_LINE} WHERE outbox.id = ANY (:ids) ORDER BY outbox.id").bindparams(_ids), into=Line
)
_chosen = text(f"""
    WITH {FAILING}, fitting AS (
        SELECT id FROM failing WHERE sent_at IS NULL AND (:ids IS NULL OR id = ANY (:ids))
        AND (:task IS NULL OR task = :task) AND (:error IS NULL OR error = :error)
        UNION ALL SELECT id FROM outbox WHERE id = ANY (:ids) AND aborted_at IS NOT NULL AND done_at IS NULL
    ), chosen AS (
        SELECT id FROM outbox WHERE id IN (SELECT id FROM fitting) AND done_at IS NULL
        AND (sent_at IS NULL OR aborted_at IS NOT NULL) ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ), again AS (
        UPDATE outbox SET failed_at = NULL, failing_since = NULL, aborted_at = NULL, sent_at = NULL, attempts = 0,
            run_after = CASE WHEN aborted_at IS NULL THEN :now ELSE run_after END
        WHERE id IN (SELECT id FROM chosen) RETURNING id
    )
    SELECT coalesce((SELECT array_agg(id ORDER BY id) FROM again), '{{}}'), (SELECT count(*) FROM fitting)
""")
RETRY: Final = Statement(
    _chosen.bindparams(
        _ids, bindparam("task", type_=Text), bindparam("error", type_=Text), bindparam("most", type_=BigInteger),
        bindparam("now", type_=Instant),
    )
)  # fmt: skip
WAKE: Final = Statement(text(f"SELECT pg_notify('{outbox.CHANNEL}', '')"))
ABORT: Final = Statement(
    text(
        "UPDATE outbox SET aborted_at = :now WHERE id = ANY (:ids) AND done_at IS NULL AND aborted_at IS NULL RETURNING id"
    ).bindparams(_ids, bindparam("now", type_=Instant))
)
