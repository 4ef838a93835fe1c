"""What a task that fails holds up: how much money, and whom. One row here for each task of the runner; a test sees to it."""

from typing import Final

from sqlalchemy import text

from iayos.core.db import Reads, Row, Statement

FAILING: Final = """
failing AS (
    SELECT id, task, args, attempts, failed_at, sent_at, failing_since, last_failed_at,
        coalesce(last_error, '') AS error
    FROM outbox WHERE failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL
)
"""
"""Tasks that failed and will be tried again, or that were given up by the runner. What is kept of an error names its kind and
holds no values (`core.errors.told`), so that equal errors are one group."""
PAYMENT: Final = """
    SELECT task, error, payments.id AS thing, payments.amount, ARRAY[payments.payer_id] AS people
    FROM failing JOIN payments ON payments.id = CAST(args ->> 'payment_id' AS bigint)
"""
INVOICE: Final = """
    SELECT task, error, payments.id AS thing, payments.amount, ARRAY[payments.payer_id] AS people
    FROM failing JOIN payments ON payments.invoice_id = args ->> 'invoice_id'
"""
EVENT: Final = """
    SELECT task, error, payments.id AS thing, payments.amount, ARRAY[payments.payer_id] AS people
    FROM failing JOIN xendit_events AS event ON event.id = CAST(args ->> 'event_id' AS bigint)
    JOIN payments ON payments.external_id = event.reference
        OR payments.id = CAST(substring(event.reference FROM '^withdrawal-([0-9]{1,18})$') AS bigint)
"""
OF_JOB: Final = """
    SELECT task, error, jobs.id AS thing, coalesce(escrow.balance, 0) AS amount,
        array_remove(ARRAY[jobs.client_id, jobs.assigned_worker_id, jobs.assigned_agency_id], NULL) AS people
"""
HELD: Final = "LEFT JOIN ledger_accounts AS escrow ON escrow.code = 'escrow:' || jobs.id"
JOB: Final = f"{OF_JOB} FROM failing JOIN jobs ON jobs.id = CAST(args ->> 'job_id' AS bigint) {HELD}"
DISPUTE: Final = (
    f"{OF_JOB} FROM failing JOIN disputes ON disputes.id = CAST(args ->> 'dispute_id' AS bigint)"
    f" JOIN jobs ON jobs.id = disputes.job_id {HELD}"
)
IDS: Final = "CROSS JOIN LATERAL jsonb_array_elements_text(args -> '{name}') AS one (id)"
NOTICE: Final = f"""
    SELECT task, error, deliveries.id AS thing, 0 AS amount, ARRAY[notices.account_id] AS people
    FROM failing {IDS.format(name="ids")} JOIN deliveries ON deliveries.id = CAST(one.id AS bigint)
    JOIN notifications AS notices ON notices.id = deliveries.notification_id
"""  # noqa: S608 - constants of ours, here and above
FILE: Final = f"""
    SELECT task, error, media.id AS thing, 0 AS amount, ARRAY[media.owner_id] AS people
    FROM failing {IDS.format(name="media_ids")} JOIN media ON media.id = CAST(one.id AS bigint)
"""  # noqa: S608
ACCOUNT: Final = """
    SELECT task, error, accounts.id AS thing, 0 AS amount, ARRAY[accounts.id] AS people
    FROM failing JOIN accounts ON accounts.id = CAST(args ->> 'account_id' AS bigint)
"""
NOBODY: Final = ""
HOLDS_UP: Final = {
    "accounts.mail_token": ACCOUNT,
    "accounts.mail_password_changed": ACCOUNT,
    "accounts.mail_standing": ACCOUNT,
    "jobs.tell_nearby": JOB,
    "media.remove": FILE,
    "notifications.mail": NOTICE,
    "notifications.push": NOTICE,
    "notifications.receipts": NOTICE,
    "payments.apply_event": EVENT,
    "payments.check": PAYMENT,
    "payments.check_payout": PAYMENT,
    "payments.end_invoice": INVOICE,
    "payments.refresh_channels": NOBODY,
    "payments.send_payout": PAYMENT,
    "payments.watch": JOB,
    "disputes.watch": DISPUTE,
    "privacy.erase_again": ACCOUNT,
    "reviews.publish": JOB,
}
"""Which people and money belong to a task, by its arguments. Something that several tasks name counts once for each kind."""


class Held(Row, frozen=True):
    """What one kind of failure holds up."""

    task: str
    error: str
    amount: int
    people: int


def _statement(things: str) -> Statement[Held]:
    tasks = ", ".join(f"'{task}'" for task, kind in HOLDS_UP.items() if kind == things)
    return Statement(
        text(f"""
        WITH {FAILING}, held AS (SELECT DISTINCT * FROM ({things} WHERE task IN ({tasks})) AS things),
        sums AS (SELECT task, error, CAST(sum(amount) AS bigint) AS amount FROM held GROUP BY task, error)
        SELECT task, error, sums.amount, count(DISTINCT person)
        FROM held CROSS JOIN LATERAL unnest(people) AS of_it (person) JOIN sums USING (task, error)
        GROUP BY task, error, sums.amount
        """),  # noqa: S608 - constants of ours
        into=Held,
    )


BY_THINGS: Final = {things: _statement(things) for things in dict.fromkeys(HOLDS_UP.values()) if things}


async def held_up(reads: Reads, tasks: set[str]) -> dict[tuple[str, str], Held]:
    """By task and kind of error: one query for each sort of thing, however many rows fail."""
    wanted = {HOLDS_UP.get(task, NOBODY) for task in tasks} - {NOBODY}
    found = [held for things in wanted for held in await reads.all(BY_THINGS[things])]
    return {(held.task, held.error): held for held in found}
