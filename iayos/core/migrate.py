"""Migrations, through advanced-alchemy's Alembic commands. Synchronous: for the CLI and for start-up, not for the event loop."""

import importlib
import pkgutil
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.base import orm_registry
from advanced_alchemy.config import AlembicAsyncConfig, SQLAlchemyAsyncConfig

import iayos

LOCK: Final = 7_426_001
"""The advisory lock that lets one migrator at a time through."""
SCRIPTS: Final = Path(iayos.__file__).resolve().parent.parent / "migrations"


def metadata() -> sa.MetaData:
    """Every table of every slice."""
    for slice_ in pkgutil.iter_modules(iayos.__path__, "iayos."):
        if slice_.ispkg and importlib.util.find_spec(f"{slice_.name}.models"):
            importlib.import_module(f"{slice_.name}.models")
    return orm_registry.metadata


def asyncpg_url(url: str) -> str:
    """`postgresql://…` as SQLAlchemy names it."""
    return "postgresql+asyncpg://" + url.partition("://")[2]


def commands(url: str) -> AlembicCommands:
    """Alembic on this database."""
    escaped = asyncpg_url(url).replace("%", "%%")
    config = SQLAlchemyAsyncConfig(
        connection_string=asyncpg_url(url),
        alembic_config=AlembicAsyncConfig(script_location=str(SCRIPTS), version_table_name="alembic_version"),
    )
    found = AlembicCommands(config)
    found.config.set_main_option("sqlalchemy.url", escaped)
    return found


def upgrade(url: str) -> None:
    """Bring the database to the newest version; nothing happens when it is there."""
    commands(url).upgrade("head")


def check(url: str) -> None:
    """Raise when the models say something that no migration does."""
    commands(url).check()
