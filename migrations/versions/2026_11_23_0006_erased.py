"""Accounts know that they were erased, which staff cannot undo; what is in an event is found when its time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("accounts", sa.Column("erased_at", sa.TIMESTAMP(timezone=True), nullable=True))
    # no password has this hash; erasure alone writes it
    op.execute("UPDATE accounts SET erased_at = suspended_at, email_verified_at = NULL WHERE password_hash = '!'")
    op.create_index(
        "ix_xendit_events_words", "xendit_events", ["received_at"],
        postgresql_where=sa.text("sealed IS NOT NULL OR payer_email IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_xendit_events_words", table_name="xendit_events")
    op.drop_column("accounts", "erased_at")
