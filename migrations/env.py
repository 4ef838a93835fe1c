"""Alembic's environment: one connection through asyncpg, one migrator at a time, and no lock waited for without end."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from iayos.core.migrate import LOCK, asyncpg_url, metadata


def ours(name: str | None, kind: str, _: object) -> bool:
    """Is this part of the schema ours? SAQ makes and migrates its own tables."""
    return kind != "table" or not (name or "").startswith("saq_")


def run(connection: Connection) -> None:
    """Migrate on this connection."""
    context.configure(
        connection=connection, target_metadata=metadata(), compare_type=True, compare_server_default=False, include_name=ours,
    )  # fmt: skip
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '10min'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.run_migrations()


async def main() -> None:
    """Connect, migrate, leave."""
    engine = create_async_engine(
        asyncpg_url(context.config.get_main_option("sqlalchemy.url", "")), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
