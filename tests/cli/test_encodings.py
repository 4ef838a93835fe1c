"""Terminals and pipes that do not speak UTF-8 get question marks and whole JSON, never a trace."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from iayos.core.db import Database
from tests import make
from tests.cli.conftest import Iayos

NAME: Final = "Añá 東\x1b[31m\u202e👩"
LOCALES: Final[tuple[dict[str, str], ...]] = (
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
async def test_what_cannot_be_said_ends_no_command(
    iayos: Iayos, signed_in: Any, db: Database, locale: dict[str, str]
) -> None:
    await signed_in()
    who = await make.account(db, first_name=NAME, last_name="Reyes")
    rows = await iayos("users", "show", str(who.account_id), "--json", **locale)
    assert (rows.code, json.loads(rows.out)["firstName"]) == (0, NAME)
    listed = await iayos("users", "list", "--find", "Reyes", **locale)
    assert (listed.code, "?" in listed.out) == (0, True), listed.err
    reason = await iayos("users", "suspend", "999999", "--reason", "Señal 東", "--yes", **locale)
    assert reason.code == 3, reason.err
    assert (await iayos("audit", "verify", **locale)).code == 0


async def test_bytes_that_are_no_text_are_refused_in_words(config_dir: Path) -> None:
    def asked() -> "subprocess.CompletedProcess[bytes]":
        words = [
            sys.executable.encode(),
            b"-m",
            b"cli.main",
            b"users",
            b"suspend",
            b"7",
            b"--reason",
            b"\xff",
            b"--yes",
        ]
        return subprocess.run(
            words, env=os.environ | {"IAYOS_CONFIG_DIR": str(config_dir)}, capture_output=True, check=False
        )

    said = await asyncio.to_thread(asked)
    assert (said.returncode, b"not UTF-8" in said.stderr) == (2, True), said.stderr


async def test_an_address_that_is_none_is_refused_in_words(iayos: Iayos) -> None:
    said = await iayos(
        "login", "--url", "http://x\x1b[31m", "--email", "ana@example.com", "--password-stdin", stdin="x\n"
    )
    assert (said.code, "no address of a server" in said.err) == (2, True), said.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_a_closed_stream_is_an_empty_one(config_dir: Path, closed: str) -> None:
    words = f"{sys.executable} -m cli.main users suspend 7 --reason Fraud"
    env = os.environ | {"IAYOS_CONFIG_DIR": str(config_dir)}
    process = await asyncio.create_subprocess_shell(
        f"exec {words} {closed}", env=env, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert (process.returncode, out, b"Traceback" in err) == (2, b"", False), err


async def test_words_are_repeated_as_they_were_typed(iayos: Iayos) -> None:
    said = await iayos("audit", "list", "--since", "[/b] :smile:")
    assert (said.code, "'[/b] :smile:' is no time" in said.err) == (2, True), said.err
