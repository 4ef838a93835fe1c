"""The CLI as a person runs it: a process of its own with a configuration of its own."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from iayos.accounts.actions import create_staff, ensure_account
from iayos.accounts.passwords import Passwords
from iayos.accounts.states import Role
from iayos.core.db import Database
from iayos.settings import Settings

PASSWORD = "a-long-Passphrase-7"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Iayos = Callable[..., Awaitable[Said]]


@pytest.fixture
def config_dir(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def iayos(config_dir: Path) -> Iayos:
    async def run(*arguments: str, stdin: str = "", **env: str) -> Said:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IAYOS_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli.main", *arguments, env=clean | {"IAYOS_CONFIG_DIR": str(config_dir)} | env,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
async def people(db: Database) -> None:
    """maria is ADMIN, sam is SUPPORT, ana is a client."""
    passwords = Passwords()
    for name, role in (("maria", Role.ADMIN), ("sam", Role.SUPPORT)):
        await create_staff(
            db, passwords, email=f"{name}@example.com", password=PASSWORD, role=role, first_name=name, last_name="Lim"
        )
    await ensure_account(
        db,
        passwords,
        email="ana@example.com",
        password=PASSWORD,
        first_name="Ana",
        last_name="Reyes",
        profile_type="CLIENT",
    )
    passwords.close()


@pytest.fixture
def signed_in(iayos: Iayos, settings: Settings, people: None) -> Callable[..., Awaitable[None]]:
    async def sign_in(name: str = "maria", **options: str) -> None:
        more = [word for option, value in options.items() for word in (f"--{option}", value)]
        said = await iayos(
            "login", "--url", settings.public_url, "--email", f"{name}@example.com", "--password-stdin", *more,
            stdin=f"{PASSWORD}\n",
        )  # fmt: skip
        assert said.code == 0, said.err

    return sign_in
