"""The source as trees, for rules about it."""

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def committed() -> list[Path]:
    """Every file that git knows, or, without git, every file that is not built or kept by a tool."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
    built = {".venv", ".iayos", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not built & set(path.relative_to(ROOT).parts)]


def modules(*packages: str, but: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.Module]]:
    """Name and tree of each module below these directories."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(but):
                yield name, tree(path)


@lru_cache
def tree(path: Path) -> ast.Module:
    """The tree of one file."""
    return ast.parse(path.read_text())


def calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the dotted name of what is called: `tx.update`, `datetime.now`, `.values` after another call."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield dotted(call.func), call


def dotted(node: ast.AST) -> str:
    """`a.b.c`; what comes before a name that is no name is left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imports(node: ast.AST) -> Iterator[str]:
    """Every module that is imported, wherever the import stands."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom) and found.module:
            yield found.module
            yield from (f"{found.module}.{alias.name}" for alias in found.names)


def texts(node: ast.AST) -> Iterator[str]:
    """Every text of the code that is no docstring."""
    owners = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    told = {id(s.value) for o in ast.walk(node) if isinstance(o, owners) for s in o.body if isinstance(s, ast.Expr)}
    for found in ast.walk(node):
        if isinstance(found, ast.Constant) and isinstance(found.value, str) and id(found) not in told:
            yield found.value
