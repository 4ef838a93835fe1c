"""The audit log names its request and is chained: seals beside it, and what waits to be sealed.

What is hashed of a reason is its salted digest, so that erasing the words (and the salt) leaves the chain whole.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAIT_FOR_SEAL = """
CREATE FUNCTION wait_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (id) VALUES (NEW.id);
    RETURN NULL;
END $$
"""


def words(*columns: str) -> None:
    """Which columns of the log may lose their words."""
    given = ", ".join(f"'{column}'" for column in columns)
    op.execute(
        "CREATE TRIGGER audit_log_words BEFORE UPDATE ON audit_log "
        f"FOR EACH ROW EXECUTE FUNCTION lose_words_alone({given})"
    )


def upgrade() -> None:
    """Forward."""
    op.add_column("audit_log", sa.Column("request_id", sa.Text(), nullable=True))
    op.add_column("audit_log", sa.Column("reason_salt", sa.LargeBinary(), nullable=True))
    op.add_column("audit_log", sa.Column("reason_digest", sa.LargeBinary(), nullable=True))
    op.execute("DROP TRIGGER audit_log_words ON audit_log")
    op.execute("UPDATE audit_log SET reason_salt = uuid_send(gen_random_uuid())")
    op.execute("UPDATE audit_log SET reason_digest = sha256(reason_salt || convert_to(reason, 'UTF8'))")
    op.execute("UPDATE audit_log SET reason_salt = NULL WHERE reason = 'Erased'")
    op.alter_column("audit_log", "reason_digest", nullable=False)
    words("reason", "reason_salt")
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audit_log.id"], name=op.f("fk_audit_seals_audit_id_audit_log")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("audit_id", name="uq_audit_seals_audit_id"),
    )
    op.create_table(
        "audit_unsealed",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False, start=1, increment=1), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_unsealed")),
    )
    op.execute("INSERT INTO audit_unsealed (id) SELECT id FROM audit_log")
    op.execute(WAIT_FOR_SEAL)
    op.execute("CREATE TRIGGER audit_log_wait AFTER INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION wait_for_seal()")
    op.execute(
        "CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
    )


def downgrade() -> None:
    """Back."""
    op.execute("DROP TRIGGER audit_log_wait ON audit_log")
    op.execute("DROP FUNCTION wait_for_seal")
    op.drop_table("audit_unsealed")
    op.drop_table("audit_seals")
    op.execute("DROP TRIGGER audit_log_words ON audit_log")
    for column in ("reason_digest", "reason_salt", "request_id"):
        op.drop_column("audit_log", column)
    words("reason")
