"""The rules of the house that no tool holds by itself. Each looks at the source, and each can fail."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import pytest

from iayos.admin.held_up import HOLDS_UP
from iayos.settings import SECRETS, Settings
from tests.house.source import ROOT, calls, committed, dotted, imports, modules, texts

SANDBOX: Final = "iayos/sandbox/"
LONGEST_FUNCTION: Final = 50
LONGEST_FILE: Final = 450
CLOCKS: Final = re.compile(r"(datetime|date|dt)\.(now|today|utcnow)|time\.(time|time_ns|localtime|gmtime)|now|utcnow")
CHANCE: Final = re.compile(r"(random|secrets)(\..+)?|uuid\.uuid[1-8]")
TRANSACTIONS: Final = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|START TRANSACTION)\b(?!.*\bEND\b)", re.DOTALL)
STATUS_IN_SQL: Final = re.compile(r"\bUPDATE\b[^;]*\bSET\b[^;]*\bstatus\s*=", re.IGNORECASE)
HTTP_STATUS: Final = {"IdempotencyTable"}
"""Tables whose `status` is a number of HTTP, no state."""
FORBIDDEN_TEXT: Final = re.compile(
    r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|--(extra-)?index-url|--find-links|--trusted-host|"
    r"(?<![\w.])/(work|root|home/(?!iayos)\w+)/"
)
WORDS_OF_RULE: Final = {"tests/house/test_rules.py"}


def opens_a_pool_or_commits(node: ast.AST) -> Iterator[str]:
    """Commits, pools and transactions begun by hand."""
    for name, _ in calls(node):
        if name.endswith((".commit", ".rollback", "create_pool")) or name == "create_pool":
            yield name
    yield from (text for text in texts(node) if TRANSACTIONS.match(text))


def assigns_a_status(node: ast.AST) -> Iterator[str]:
    """A status in an UPDATE, whether built or written; the first status of a row comes with its INSERT."""
    for name, call in calls(node):
        if "status" not in {keyword.arg for keyword in call.keywords}:
            continue
        table = dotted(call.args[0]).rpartition(".")[2] if call.args else ""
        if name.endswith(".update") and table not in HTTP_STATUS:
            yield f"{name}({table}, status=)"
        if name.endswith(".values") and any(inner.endswith("update") for inner, _ in calls(call.func)):
            yield "update().values(status=)"
    yield from (text for text in texts(node) if STATUS_IN_SQL.search(text))


def asks_the_clock(node: ast.AST) -> Iterator[str]:
    """The machine's time; waiting by `time.monotonic` and measuring by `time.perf_counter` is another thing."""
    yield from (name for name, _ in calls(node) if CLOCKS.fullmatch(name))


def throws_dice(node: ast.AST) -> Iterator[str]:
    """Randomness."""
    yield from (name for name in imports(node) if CHANCE.fullmatch(name))
    yield from (name for name, _ in calls(node) if name == "os.urandom" or CHANCE.fullmatch(name))


def knows_more_than_core(node: ast.AST) -> Iterator[str]:
    """What core may not import."""
    for name in imports(node):
        if name.split(".")[0] in {"litestar", "saq", "cli"} or re.match(r"iayos\.(?!core\b)", name):
            yield name


def knows_more_than_the_cli(node: ast.AST) -> Iterator[str]:
    """What a command that speaks to the API may not import."""
    for name in imports(node):
        allowed = re.fullmatch(r"iayos\.\w+\.schemas(\.\w+)?|iayos\.core\.money(\.\w+)?", name)
        if name.split(".")[0] == "iayos" and not allowed and not re.fullmatch(r"iayos(\.(core|\w+))?", name):
            yield name


RULES: Final[list[tuple[Callable[[ast.AST], Iterator[str]], tuple[str, ...], tuple[str, ...]]]] = [
    (opens_a_pool_or_commits, ("iayos", "cli"), ("iayos/core/db.py",)),
    (assigns_a_status, ("iayos", "cli"), ("iayos/core/moves.py", SANDBOX)),
    (asks_the_clock, ("iayos",), ("iayos/core/clock.py", SANDBOX)),
    (throws_dice, ("iayos",), ("iayos/core/tokens.py", SANDBOX)),
    (knows_more_than_core, ("iayos/core",), ()),
    (knows_more_than_the_cli, ("cli",), ("cli/host", "cli/demo")),
]


@pytest.mark.parametrize(("breach", "where", "but"), RULES, ids=lambda one: getattr(one, "__name__", ""))
def test_nobody_breaks_it(
    breach: Callable[[ast.AST], Iterator[str]], where: tuple[str, ...], but: tuple[str, ...]
) -> None:
    found = {name: list(breach(tree)) for name, tree in modules(*where, but=but)}
    assert {name: broken for name, broken in found.items() if broken} == {}


@pytest.mark.parametrize(
    ("breach", "code"),
    [
        (opens_a_pool_or_commits, "await connection.commit()"),
        (opens_a_pool_or_commits, "await asyncpg.create_pool(url)"),
        (opens_a_pool_or_commits, "await connection.execute('BEGIN')"),
        (assigns_a_status, "await tx.update(JobTable, 7, title='x', status='COMPLETED')"),
        (assigns_a_status, "X = update(JobTable).where(JobTable.id == 7).values(status='COMPLETED')"),
        (assigns_a_status, "X = text('UPDATE jobs SET title = $1, status = $2')"),
        (asks_the_clock, "moment = datetime.now(UTC)"),
        (asks_the_clock, "moment = time.time()"),
        (throws_dice, "def f():\n    from uuid import uuid4"),
        (throws_dice, "import secrets"),
        (throws_dice, "key = uuid.uuid4()"),
        (knows_more_than_core, "from litestar import get"),
        (knows_more_than_core, "from iayos.jobs.models import Job"),
        (knows_more_than_the_cli, "def f():\n    from iayos.jobs.models import Job"),
        (knows_more_than_the_cli, "import iayos.app.create_app"),
    ],
)
def test_a_breach_is_seen(breach: Callable[[ast.AST], Iterator[str]], code: str) -> None:
    assert list(breach(ast.parse(code)))


@pytest.mark.parametrize(
    ("breach", "code"),
    [
        (opens_a_pool_or_commits, "async with db.transaction() as tx: pass"),
        (assigns_a_status, "await tx.insert(JobTable, status='ACTIVE')"),
        (assigns_a_status, "X = insert(JobTable).values(status='ACTIVE')"),
        (throws_dice, "from uuid import UUID"),
        (asks_the_clock, "deadline = time.monotonic() + 5"),
        (knows_more_than_core, "from iayos.core.db import Tx"),
        (knows_more_than_the_cli, "from iayos.payments.schemas import WalletOut"),
    ],
)
def test_what_is_right_is_left_alone(breach: Callable[[ast.AST], Iterator[str]], code: str) -> None:
    assert not list(breach(ast.parse(code)))


def test_packages_hold_nothing_of_their_own() -> None:
    kept = [
        path
        for package in ("iayos", "cli")
        for path in (ROOT / package).rglob("__init__.py")
        if path.read_text().strip()
    ]
    assert kept == []


def test_functions_and_files_stay_short() -> None:
    long: list[str] = []
    for name, tree in modules("iayos", "cli"):
        lines = (ROOT / name).read_text().count("\n")
        long += [f"{name}: {lines} lines"] if lines > LONGEST_FILE else []
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                long += [f"{name}: {node.name} has {length} lines"] if length > LONGEST_FUNCTION else []
    assert long == []


def test_no_name_that_says_nothing() -> None:
    empty = {path.name for path in committed() if path.suffix == ".py"} & {
        "utils.py",
        "helpers.py",
        "util.py",
        "helper.py",
    }
    assert empty == set()
    for name, tree in modules("iayos", "cli"):
        classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        assert not [one for one in classes if one.endswith(("Manager", "Helper", "Utils"))], name


def test_committed_files_know_no_registry_and_no_machine() -> None:
    found = {}
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        if name not in WORDS_OF_RULE and (told := FORBIDDEN_TEXT.search(path.read_text(errors="replace"))):
            found[name] = told[0]
    assert found == {}


def test_every_setting_is_explained() -> None:
    ((_, tree),) = [(name, tree) for name, tree in modules("iayos") if name == "iayos/settings.py"]
    (struct,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    explained = {
        field.target.id
        for field, told in zip(struct.body, struct.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(told, ast.Expr)
    }
    assert {field.name for field in msgspec.structs.fields(Settings)} - explained == set()
    readme = (ROOT / "README.md").read_text()
    assert [name for name in SECRETS if f"IAYOS_{name.upper()}`" not in readme] == []


def test_what_happens_later_is_known_to_the_runner() -> None:
    trees = dict(modules("iayos", but=(SANDBOX,)))
    constants = {name: value for tree in trees.values() for name, value in constants_of(tree)}

    def told(call: ast.Call, place: int) -> Any:
        given = call.args[place]
        return constants[given.id] if isinstance(given, ast.Name) else ast.literal_eval(given)

    registered = [told(call, 0) for name, call in calls(trees["iayos/runner.py"]) if name == "Task"]
    assert len(registered) == len(set(registered))
    asked = {
        told(call, 1): name
        for name, tree in trees.items()
        for called, call in calls(tree)
        if called in {"later", "outbox.later"}
    }
    assert asked
    assert {task: name for task, name in asked.items() if task not in registered} == {}
    assert set(HOLDS_UP) == set(registered), "staff is to see what each task holds up when it fails"


def constants_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Texts that a module gives a name."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield target.id, value.value
