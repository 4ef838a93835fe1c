"""Indexes for what staff asks: jobs by status and by what they hold, the payments of one job, and what moved lately."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW = {
    "ix_jobs_status": ("jobs", ["status", "id"], None),
    "ix_jobs_created_at": ("jobs", ["created_at"], None),
    "ix_jobs_held": ("jobs", ["id"], "escrow_paid AND settled_at IS NULL AND NOT half_released"),
    "ix_payments_job": ("payments", ["job_id"], "job_id IS NOT NULL"),
    "ix_payments_completed_at": ("payments", ["completed_at"], "completed_at IS NOT NULL"),
    "ix_payments_flagged": ("payments", ["updated_at"], "flag IS NOT NULL"),
}


def upgrade() -> None:
    """Forward."""
    for name, (table, columns, where) in NEW.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(where) if where else None)
    # Journals are only ever added, so their pages are in the order of time: a few bytes a page are index enough.
    op.create_index("ix_journals_at", "journals", ["at"], postgresql_using="brin")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_journals_at", table_name="journals")
    for name, (table, _, _) in NEW.items():
        op.drop_index(name, table_name=table)
