"""Every command as it reads: on a terminal, piped and as JSON, and each way in which it refuses.

The golden files are to be read like a book. `IAYOS_UPDATE=1 just test tests/cli/test_every_command.py` writes them anew.
"""

import asyncio
import os
import re
import shlex
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import asyncpg
import httpx
import pytest
import typer

from cli.main import app
from iayos.core.db import Database
from iayos.settings import Settings
from tests.cli import stage, world
from tests.cli.cases import CASES, Case
from tests.cli.stage import Stage
from tests.cli.world import Drain, World
from tests.conftest import Sandbox

GOLDEN: Final = Path(__file__).with_name("golden")
WIDTH: Final = 80
STAFF: Final = "Staff"
ELSEWHERE: Final = {"login", "logout"}
"""In test_sign_in.py, for they change who is signed in."""
STYLE: Final = re.compile(r"\x1b\[[\d;]*m")
COLOUR: Final = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")
GONE: Final = re.compile(r"[^\n]*\n(?:\x1b\[\?25h)?\r?\x1b\[1A\x1b\[2K")
"""A line that was taken back."""
CONTROL: Final = re.compile(r"\x1b\[\??[\d;]*[A-Za-z]")
ID: Final = re.compile(r"\b(?=[a-f]*[0-9][0-9a-f]*[a-f])[0-9a-f]{9,64}(?=\b|…)|(?<=txn_)[0-9a-f-]{8,36}")
NORMAL: Final = (
    (re.compile(r"(?m)^( {20,})[0-9a-f-]{3,}(?= |$)"), r"\1<rest>"),  # of an id that took two lines
    (re.compile(r"http://127\.0\.0\.1:\d{5}"), "http://127.0.0.1:PPPPP"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<moment>"),
    (re.compile(r"\?token=[\w.%-]+"), "?token=<token>"),
    (re.compile(r"(/object/(?:sign|public)/[\w-]+/[\w/-]*?)[\w-]{16,}(\.\w+)"), r"\1<name>\2"),
    (re.compile(r'("requestID": )"[\w-]+"'), r'\1"<request>"'),
    (re.compile(r"\b0:00:\d\d\b"), "0:00:00"),
)


class Said(NamedTuple):
    """What came of one run."""

    code: int
    out: str
    err: str = ""


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command by its words."""
    group = group or typer.main.get_command(app)
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


def of_staff() -> list[str]:
    group: Any = typer.main.get_command(app)
    panels = {name: one.rich_help_panel for name, one in group.commands.items()}
    return [name for name, _ in commands() if panels[name.split()[0]] == STAFF]


def normal(text: str) -> str:
    """Without what differs from run to run."""
    for form, instead in NORMAL:
        text = form.sub(instead, text)
    return ID.sub(lambda found: "x" * len(found[0]), text)  # of the same width, for tables


def seen(text: str) -> str:
    """A terminal's text without its styles; of a line that was drawn again and again, the last."""
    lines = GONE.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(CONTROL.sub("", line.rpartition("\x1b[2K")[2]).rstrip() for line in lines)


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Stage]:
    async with stage.opened(world.LATER) as it:
        yield it


@pytest.fixture
async def monday(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain, sweeper: asyncpg.Connection, settings: Settings,
    config_dir: Path,
) -> World:  # fmt: skip
    it = World(http, db, sandbox, drain)
    it.secret = settings.secret
    await it.begin(sweeper, config_dir)
    return it


class Typist:
    """Types one command in many ways."""

    def __init__(self, on: Stage, name: str, config_dir: Path) -> None:
        self.on, self.name = on, name
        self.env = {
            "PATH": os.environ["PATH"],
            "IAYOS_CONFIG_DIR": str(config_dir),
            "LC_ALL": "C.UTF-8",
            "TZ": "Asia/Manila",
        }

    async def __call__(
        self, words: list[str], *more: str, tty: bool = False, env: Mapping[str, str] = MappingProxyType({})
    ) -> Said:
        typed = [*self.name.split(), *words, *more]
        return Said(*await self.on.run(*typed, env=self.env | {"TERM": "xterm-256color", **env}, tty=tty))

    async def terminal(self, words: list[str]) -> Said:
        said = await self(words, tty=True)
        drawn = seen(said.out)
        assert "\x1b" not in drawn
        return Said(said.code, drawn)

    async def colourless(self, words: list[str]) -> Said:
        said = await self(words, tty=True, env={"NO_COLOR": "1"})
        assert not COLOUR.search(said.out), f"colour in spite of NO_COLOR: {said.out!r}"
        return Said(said.code, seen(said.out))


def told(title: str, name: str, words: list[str], said: Said) -> str:
    """One run, to be read."""
    typed = shlex.join(["iayos", *name.split(), *words])
    err = "".join(f"! {line}\n" for line in said.err.splitlines())
    body = said.out if said.out.endswith("\n") or not said.out else f"{said.out}\n"
    return f"── {title} ── {typed}\n{normal(body)}{normal(err)}(exit {said.code})\n"


def hold(name: str, text: str) -> None:
    """Against the golden file, or into it."""
    path = GOLDEN / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("IAYOS_UPDATE"):
        path.write_text(text)
    assert text == path.read_text(), f"{path.name} reads differently; IAYOS_UPDATE=1 writes it anew"


def test_no_command_is_forgotten() -> None:
    assert set(of_staff()) == {*CASES, *ELSEWHERE}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {name.replace(" ", "-") for name in CASES} | {"everywhere"}


@pytest.mark.parametrize("name", CASES)
async def test_as_it_reads(name: str, monday: World, standing: Stage, config_dir: Path) -> None:
    case, typist = CASES[name], Typist(standing, name, config_dir)
    words = await case.arrange(monday)

    async def ready() -> list[str]:
        return await case.arrange(monday) if case.changes else words

    drawn_words, plain_words, json_words = words, await ready(), await ready()
    works = [typist(words := await ready())] if case.changes else [typist(words)]
    if case.form:
        works.append(typist(json_words, "--json"))
    if case.eyes:
        works += [typist.terminal(drawn_words), typist.colourless(plain_words)]
    piped, *others = await asyncio.gather(*works)
    parts = [told("piped", name, words, piped)]
    if case.form:
        as_json = others.pop(0)
        parts.append(told("JSON", name, [*json_words, "--json"], as_json))
        assert as_json.code == case.exits
    if case.eyes:
        drawn, plain = others
        parts.insert(0, told("terminal", name, drawn_words, drawn))
        assert (drawn.code, plain.code) == (case.exits, case.exits), drawn
        if not case.changes:
            assert normal(plain.out) == normal(drawn.out)
    assert piped.code == case.exits, piped
    parts += await refusals(case, typist, words)
    hold(name, "\n".join(parts))


async def refusals(case: Case, typist: Typist, words: list[str]) -> list[str]:
    """Each way in which it does not work, with its exit code."""
    parts = []
    if case.wrong:
        said = await typist([*words, "--profile", case.wrong])
        assert (said.code, said.out) == (4, "")
        parts.append(told("not allowed", typist.name, [*words, "--profile", case.wrong], said))
    if case.absent:
        said = await typist(case.absent)
        assert (said.code, said.out) == (3, "")
        parts.append(told("not found", typist.name, case.absent, said))
    late = words if case.again else case.late
    if late:
        said = await typist(late)
        assert (said.code, said.out) == (5, "")
        parts.append(told("too late", typist.name, late, said))
    return parts


def plausible(name: str) -> list[str]:
    """Words that a command takes, whatever becomes of it."""
    words = ["7"] if CASES[name].absent else []
    words += ["SUPPORT"] if name == "users role" else []
    words += ["--reason", "Because", "--yes"] if "yes" in asked(name) else []
    words += ["--to-payee", "1"] if name == "disputes rule" else []
    return words + (["--since", "24h"] if name == "xendit replay" else [])


async def test_who_may_not_and_nobody_there(monday: World, standing: Stage, config_dir: Path, tmp_path: Path) -> None:
    """The same words from every command."""
    refused = {
        "not signed in": ([], {"IAYOS_CONFIG_DIR": str(tmp_path / "empty")}),
        "a token that is over": ([], {"IAYOS_URL": monday.url, "IAYOS_TOKEN": "made up"}),
        "no server": ([], {"IAYOS_URL": "http://127.0.0.1:9", "IAYOS_TOKEN": "any"}),
        "a client": (["--profile", "ana"], {}),
    }
    parts = []
    for title, (more, env) in refused.items():
        names = [name for name in CASES if (name, title) != ("whoami", "a client")]
        typed = [Typist(standing, name, config_dir)([*plausible(name), *more], env=env) for name in names]
        found = dict(zip(names, await asyncio.gather(*typed), strict=True))
        words = set(found.values())
        assert len(words) == 1, found
        parts.append(told(title, "…", more, words.pop()))
    hold("everywhere", "\n".join(parts))


def asked(name: str) -> set[str]:
    """The options of a command."""
    return {option.name for option in dict(commands())[name].params}


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_help_has_an_example_that_parses(name: str) -> None:
    command = dict(commands())[name]
    assert (command.epilog or "").startswith("Example: "), f"iayos {name} has no example"
    typed = re.sub(r"\$\((.*)\)", r" \1", command.epilog.removeprefix("Example: "))
    words = shlex.split(typed)
    words = words[words.index("iayos") + 1 :]
    assert words[: len(name.split())] == name.split(), f"{command.epilog} is of another command"
    command.make_context(name, words[len(name.split()) :])  # raises where a word is none of its
    assert command.help, f"iayos {name} does not say what it does"
    assert all(option.help for option in command.params if option.param_type_name == "option" and not option.hidden)
