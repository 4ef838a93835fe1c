"""docs/security.md tells which member of staff may do what; the routes themselves are asked here whether that is so."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- staff roles, from the routes -->", "<!-- end -->"
WRITE: Final = "IAYOS_UPDATE=1 .venv/bin/python -m pytest tests/web/test_staff_roles.py"
ROLES: Final = ("ADMIN", "FINANCE", "KYC_REVIEWER", "SUPPORT")


def staff_routes(app: Litestar) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Path, method and roles of everything for staff."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith(("/api/admin/", "/admin/queues")):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method == "OPTIONS":
                continue
            guards = [one for one in handler.resolve_guards() if one.__qualname__ == "staff.<locals>.guard"]
            roles = [frozenset(inspect.getclosurevars(guard).nonlocals["roles"]) for guard in guards]
            assert roles, f"{method} {route.path_format} has no guard for staff"
            yield route.path_format, str(method), frozenset.intersection(*roles) | {"ADMIN"}


def table(app: Litestar) -> str:
    """As it stands in the document: ADMIN may everything."""
    lines = [f"| route | {' | '.join(ROLES)} |", f"|---|{':-:|' * len(ROLES)}"]
    for path, method, roles in sorted(staff_routes(app)):
        lines.append(f"| `{method} {path}` | {' | '.join('✓' if role in roles else '' for role in ROLES)} |")
    return "\n".join(lines)


def test_the_table_of_roles_is_what_the_guards_say(app: Litestar) -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    now = f"{before}{BEGIN}\n\n{table(app)}\n\n{END}{after}"
    if os.environ.get("IAYOS_UPDATE"):
        DOCUMENT.write_text(now)
    if DOCUMENT.read_text() != now:
        pytest.fail(
            f"Roles have changed. If that is meant, write the table anew and read it:\n    {WRITE}", pytrace=False
        )


def test_every_role_may_something_and_none_but_admin_everything(app: Litestar) -> None:
    found = [roles for _, _, roles in staff_routes(app)]
    for role in ROLES[1:]:
        assert 0 < sum(role in roles for roles in found) < len(found)
