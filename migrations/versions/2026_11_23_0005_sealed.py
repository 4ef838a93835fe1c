"""Account numbers and Xendit's events are sealed (ADR 0012); what is there already is sealed under the keys of the environment.

Pages that were freed keep the old texts until they are reused, and so do backups: docs/operations.md says what to do about it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from iayos.core.cipher import Cipher
from iayos.settings import keys_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BATCH = 1000
EVENT_COLUMNS = ("sealed", "event", "xendit_id", "xendit_status", "reference", "payer_email")


def upgrade() -> None:
    """Forward."""
    op.add_column("withdrawals", sa.Column("account_sealed", sa.Text()))
    op.add_column("withdrawals", sa.Column("account_last4", sa.Text()))
    for name in EVENT_COLUMNS:
        op.add_column("xendit_events", sa.Column(name, sa.Text()))
    change("withdrawals", "id, payment_id, account_number, account_name", seal_account)
    change("xendit_events", "id, event_key, payload", seal_event)
    op.alter_column("withdrawals", "account_last4", nullable=False)
    op.drop_column("withdrawals", "account_number")
    op.drop_column("withdrawals", "account_name")
    op.drop_column("xendit_events", "payload")


def downgrade() -> None:
    """Back: everything lies open again."""
    op.add_column("withdrawals", sa.Column("account_number", sa.Text()))
    op.add_column("withdrawals", sa.Column("account_name", sa.Text()))
    op.add_column("xendit_events", sa.Column("payload", sa.Text()))
    change("withdrawals", "id, payment_id, account_sealed", open_account)
    change("xendit_events", "id, event_key, sealed", open_event)
    for table, name in (
        ("withdrawals", "account_number"),
        ("withdrawals", "account_name"),
        ("xendit_events", "payload"),
    ):
        op.alter_column(table, name, nullable=False)
    for name in ("account_sealed", "account_last4"):
        op.drop_column("withdrawals", name)
    for name in EVENT_COLUMNS:
        op.drop_column("xendit_events", name)


def change(table: str, columns: str, changed: Callable[[Cipher, Any], dict[str, str | None]]) -> None:
    """Write each row anew, in batches. Without a row no key is asked for."""
    connection = op.get_bind()
    cipher = None
    for rows in batches(connection, table, columns):
        cipher = cipher or Cipher(keys_of())
        values = [{"row_id": row.id, **changed(cipher, row)} for row in rows]
        assigned = ", ".join(f"{name} = :{name}" for name in values[0] if name != "row_id")
        connection.execute(sa.text(f"UPDATE {table} SET {assigned} WHERE id = :row_id"), values)  # noqa: S608 - names of ours


def batches(connection: sa.Connection, table: str, columns: str) -> Iterator[list[Any]]:
    """All rows, by id."""
    after = 0
    query = sa.text(f"SELECT {columns} FROM {table} WHERE id > :after ORDER BY id LIMIT {BATCH}")  # noqa: S608 - names of ours
    while rows := list(connection.execute(query, {"after": after})):
        yield rows
        after = rows[-1].id


def seal_account(cipher: Cipher, row: Any) -> dict[str, str | None]:
    """A withdrawal's account; an erased one has none."""
    account = {"number": row.account_number, "name": row.account_name}
    sealed = cipher.seal(f"withdrawal:{row.payment_id}", account) if row.account_number else None
    return {"account_sealed": sealed, "account_last4": row.account_number[-4:]}


def seal_event(cipher: Cipher, row: Any) -> dict[str, str | None]:
    """An event, with what we act on beside it."""
    payload = json.loads(row.payload)
    data = payload.get("data")
    subject = data if "event" in payload and isinstance(data, dict) else payload
    return {
        "sealed": cipher.seal(f"event:{row.event_key}", row.payload), "event": text(payload.get("event")),
        "xendit_id": text(subject.get("id")), "xendit_status": text(subject.get("status")),
        "reference": text(subject.get("external_id") or subject.get("reference_id")),
        "payer_email": text(subject.get("payer_email")),
    }  # fmt: skip


def text(value: object) -> str | None:
    """A fact of an event, where it is a text."""
    return value.replace("\0", "")[:200] or None if isinstance(value, str) else None


def open_account(cipher: Cipher, row: Any) -> dict[str, str | None]:
    """The account again."""
    if row.account_sealed is None:
        return {"account_number": "", "account_name": ""}
    account = cipher.open(f"withdrawal:{row.payment_id}", row.account_sealed, dict)
    return {"account_number": account["number"], "account_name": account["name"]}


def open_event(cipher: Cipher, row: Any) -> dict[str, str | None]:
    """The event again; of an erased one, nothing."""
    return {"payload": cipher.open(f"event:{row.event_key}", row.sealed, str) if row.sealed else "{}"}
