"""A phone gets pushes for as long as the sign-in lasts that registered it; one that goes on under new tokens keeps them.

What ends a sign-in lies below what pushes, so the tables see to it themselves.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RETIRE = """
CREATE FUNCTION retire_phones() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE push_tokens SET retired_at = NEW.ended_at WHERE session_id = NEW.id AND retired_at IS NULL;
    RETURN NULL;
END $$
"""
KEEP = """
CREATE FUNCTION keep_phones() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE push_tokens SET session_id = NEW.id, retired_at = NULL FROM sessions AS former
    WHERE session_id = NEW.continues AND former.id = NEW.continues AND former.account_id = NEW.account_id
    AND push_tokens.account_id = NEW.account_id AND retired_at = former.ended_at;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Forward; a phone that is there already belongs to the newest sign-in of its account, or is forgotten."""
    op.add_column("sessions", sa.Column("continues", sa.BigInteger(), nullable=True))
    op.add_column("push_tokens", sa.Column("session_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE push_tokens SET session_id = (SELECT id FROM sessions WHERE sessions.account_id = push_tokens.account_id"
        " AND ended_at IS NULL ORDER BY kind, id DESC LIMIT 1)"
    )
    op.execute("DELETE FROM push_tokens WHERE session_id IS NULL")
    op.alter_column("push_tokens", "session_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_push_tokens_session_id_sessions"),
        "push_tokens",
        "sessions",
        ["session_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index("ix_push_tokens_session_id", "push_tokens", ["session_id"])
    op.execute(RETIRE)
    op.execute(KEEP)
    op.execute(
        "CREATE TRIGGER sessions_retire_phones AFTER UPDATE OF ended_at ON sessions FOR EACH ROW"
        " WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION retire_phones()"
    )
    op.execute(
        "CREATE TRIGGER sessions_keep_phones AFTER INSERT ON sessions FOR EACH ROW"
        " WHEN (NEW.continues IS NOT NULL) EXECUTE FUNCTION keep_phones()"
    )


def downgrade() -> None:
    """Back."""
    op.execute("DROP TRIGGER sessions_keep_phones ON sessions")
    op.execute("DROP TRIGGER sessions_retire_phones ON sessions")
    op.execute("DROP FUNCTION keep_phones")
    op.execute("DROP FUNCTION retire_phones")
    op.drop_column("push_tokens", "session_id")
    op.drop_column("sessions", "continues")
