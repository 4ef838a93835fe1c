"""Public files are known by their paths, and their addresses made when they are shown: storage may move."""

import os

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward. A picture that no row of `media` knows is known by what follows `/object/public/` in its address."""
    op.add_column("profiles", sa.Column("avatar_path", sa.Text(), nullable=True))
    op.execute(
        "UPDATE profiles SET avatar_path = substring(avatar_url FROM '/object/public/(.+)$') WHERE avatar_url IS NOT NULL"
    )
    op.execute(
        "UPDATE profiles SET avatar_path = media.bucket || '/' || media.path FROM media"
        " WHERE media.id = avatar_media_id AND avatar_url IS NOT NULL"
    )
    op.drop_column("profiles", "avatar_url")
    op.drop_column("media", "url")
    op.drop_column("media", "thumb_url")


def downgrade() -> None:
    """Back, with addresses at the storage of this environment."""
    base = (
        os.environ.get("IAYOS_SUPABASE_URL", "http://127.0.0.1:8090/supabase").rstrip("/")
        + "/storage/v1/object/public/"
    )
    op.add_column("profiles", sa.Column("avatar_url", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("url", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("thumb_url", sa.Text(), nullable=True))
    bind = op.get_bind()
    bind.execute(sa.text("UPDATE profiles SET avatar_url = :base || avatar_path"), {"base": base})
    bind.execute(
        sa.text(
            "UPDATE media SET url = :base || bucket || '/' || path, thumb_url = :base || bucket || '/' || thumb_path"
            " WHERE bucket IN ('avatars', 'portfolios', 'job-photos')"
        ),
        {"base": base},
    )
    op.drop_column("profiles", "avatar_path")
