"""The one statement behind every notice: what is told in the app, what goes out by which way and when, and the tasks for it.

Told, planned and queued in one round trip, so that a notice costs its caller no more than before, and a rollback tells nobody.
"""

import re
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, BindParameter, Text, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from iayos.core import outbox
from iayos.core.db import Statement
from iayos.core.models import Instant
from iayos.notifications.channels import AT_ANY_HOUR, MAILED

MOST: Final = 1000
"""Pushes that one task looks after; a fan-out to 10,000 becomes ten tasks."""
TOGETHER: Final = 3
"""Notices, each of its own, that one statement takes."""
CROWD: Final = 10
"""More than so many at once are a fan-out."""
PUSH: Final = "notifications.push"
MAIL: Final = "notifications.mail"


def _quoted(types: frozenset[str]) -> str:
    return ", ".join(f"'{one}'" for one in sorted(types))


# A push waits for the end of quiet hours, which run on Manila's clock and may lie around midnight, unless its kind goes at any hour.
# A device that Expo asked to spare waits too. One task for up to a thousand pushes that are due at one moment; one for each mail.
SQL: Final = f"""
WITH told AS (
    INSERT INTO notifications (account_id, type, title, body, data, once_key, created_at)
    SELECT accounts.id, {{its}}type, CASE accounts.language WHEN 'fil' THEN {{its}}title_fil ELSE {{its}}title END,
        CASE accounts.language WHEN 'fil' THEN {{its}}body_fil ELSE {{its}}body END, {{its}}data, {{once_key}}, :created_at
    FROM {{whom}} ORDER BY accounts.id
    ON CONFLICT (once_key) DO NOTHING
    RETURNING id, account_id, type
), here AS (
    SELECT timezone('Asia/Manila', :created_at) AS local
), wishes AS (
    SELECT told.id, told.account_id, told.type,
        coalesce((wish.kinds -> told.type ->> 'push')::boolean, wish.push, true) AS push,
        coalesce((wish.kinds -> told.type ->> 'email')::boolean, wish.email, true) AS email,
        CASE
            WHEN told.type IN ({_quoted(AT_ANY_HOUR)}) OR wish.quiet_from IS NULL OR NOT CASE
                WHEN wish.quiet_from < wish.quiet_to
                THEN local::time >= wish.quiet_from AND local::time < wish.quiet_to
                ELSE local::time >= wish.quiet_from OR local::time < wish.quiet_to
            END THEN :created_at
            ELSE timezone('Asia/Manila', local::date + wish.quiet_to
                + CASE WHEN local::time < wish.quiet_to THEN interval '0' ELSE interval '1 day' END)
        END AS push_at
    FROM told CROSS JOIN here LEFT JOIN notification_settings AS wish ON wish.account_id = told.account_id
), planned AS (
    INSERT INTO deliveries (notification_id, channel, push_token_id, crowd, created_at, due_at)
    SELECT wishes.id, 'PUSH', device.id, (SELECT count(*) > {CROWD} FROM told), :created_at, greatest(push_at, device.rests_until)
    FROM wishes JOIN push_tokens AS device ON device.account_id = wishes.account_id
    WHERE wishes.push AND device.retired_at IS NULL
    UNION ALL
    SELECT wishes.id, 'EMAIL', NULL, false, :created_at, :created_at
    FROM wishes JOIN accounts ON accounts.id = wishes.account_id
    WHERE wishes.type IN ({_quoted(MAILED)}) AND wishes.email AND accounts.email_verified_at IS NOT NULL
    ORDER BY 1, 3
    RETURNING id, channel, due_at
), shared AS (
    SELECT id, channel, due_at, (row_number() OVER (PARTITION BY channel, due_at ORDER BY id) - 1)
        / CASE channel WHEN 'PUSH' THEN {MOST} ELSE 1 END AS share
    FROM planned
), queued AS (
    INSERT INTO outbox (task, args, created_at, run_after)
    SELECT CASE channel WHEN 'PUSH' THEN '{PUSH}' ELSE '{MAIL}' END, jsonb_build_object('ids', jsonb_agg(id ORDER BY id)),
        :created_at, due_at
    FROM shared GROUP BY channel, due_at, share
    RETURNING run_after
)
SELECT (SELECT count(*) FROM told),
    (SELECT count(pg_notify('{outbox.CHANNEL}', '')::text) FROM queued WHERE run_after <= :created_at)
"""  # noqa: S608 - constants of ours
# The limit is for the planner, which would expect a hundred rows of JSON and read whole tables for them.
SEVERAL: Final = (
    "(SELECT * FROM jsonb_to_recordset(:notices) AS given (account_id bigint, type text, title text, body text,"  # noqa: S608 - constants of ours
    f" title_fil text, body_fil text, data jsonb, once_key text) LIMIT {TOGETHER})"
    " AS one JOIN accounts ON accounts.id = one.account_id"
)
EACH: Final = "accounts WHERE accounts.id = ANY (:account_ids)"
STAFF: Final = (
    "accounts WHERE accounts.suspended_at IS NULL AND (accounts.role = 'ADMIN' OR accounts.role = ANY (:roles))"
)
PREFIXED: Final = ":once_prefix || ':' || accounts.id"
TYPES: Final[dict[str, Any]] = {
    "account_ids": ARRAY(BigInteger), "roles": ARRAY(Text), "data": JSONB, "notices": JSONB, "created_at": Instant,
}  # fmt: skip


def _telling(whom: str, *, its: str, once_key: str) -> Statement[None]:
    """`its` is what stands before the name of a notice's part: a row's, or the statement's own argument."""
    clause = text(SQL.format(whom=whom, its=its, once_key=once_key))
    names = set(re.findall(r"(?<!:):(\w+)", clause.text))
    binds: list[BindParameter[Any]] = [
        bindparam(name, type_=TYPES.get(name, Text), required=True) for name in sorted(names)
    ]
    return Statement(clause.bindparams(*binds))


TELL = _telling(SEVERAL, its="one.", once_key="one.once_key")
TELL_EACH = _telling(EACH, its=":", once_key=PREFIXED)
TELL_STAFF = _telling(STAFF, its=":", once_key=PREFIXED)
