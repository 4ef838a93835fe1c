"""What staff sees of the queue: since when a task fails, which were given up, and whether a runner is alive."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.TIMESTAMP(timezone=True)
ADDED = ("failing_since", "last_failed_at", "aborted_at")
FAILING = "failing_since IS NOT NULL AND done_at IS NULL AND aborted_at IS NULL"


def upgrade() -> None:
    """Forward."""
    for name in ADDED:
        op.add_column("outbox", sa.Column(name, INSTANT, nullable=True))
    op.execute(
        "UPDATE outbox SET failing_since = created_at, last_failed_at = coalesce(failed_at, created_at)"
        " WHERE done_at IS NULL AND (failed_at IS NOT NULL OR attempts > 0)"
    )
    # until now whole messages were kept, with whatever they repeated
    op.execute("UPDATE outbox SET last_error = split_part(last_error, ':', 1) WHERE last_error LIKE '%:%'")
    op.drop_index("ix_outbox_failed", table_name="outbox")
    op.create_index("ix_outbox_failing", "outbox", ["task"], postgresql_where=sa.text(FAILING))
    op.create_index("ix_outbox_done", "outbox", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))
    op.create_table(
        "runners",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runners")),
    )
    op.create_index("ix_runners_seen_at", "runners", ["seen_at"])


def downgrade() -> None:
    """Back."""
    op.drop_table("runners")
    op.drop_index("ix_outbox_done", table_name="outbox")
    op.drop_index("ix_outbox_failing", table_name="outbox")
    op.create_index("ix_outbox_failed", "outbox", ["task"], postgresql_where=sa.text("failed_at IS NOT NULL"))
    for name in ADDED:
        op.drop_column("outbox", name)
