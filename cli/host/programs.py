"""PostgreSQL's own programs: those beside the embedded server, or installed on this host."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from cli.faults import Fault

ELSEWHERE: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version."""


def program(name: str, server: str) -> str:
    """The program of the server's own version, else the nearest newer one."""
    wanted = int(server.partition(".")[0])
    found = sorted({(major(path), path) for path in places(name)})
    fitting = [path for version, path in found if version >= wanted]
    if fitting:
        return str(fitting[0])
    there = f"only {found[-1][0]} is here" if found else "none is here"
    raise Fault(
        f"{name} of PostgreSQL {wanted} or later is needed, and {there}.",
        hint=f"install the client programs (postgresql-client-{wanted}), or pip install 'iayos[embedded]'",
    )


def places(name: str) -> Iterator[Path]:
    """Wherever such a program lies."""
    from iayos.core.embedded import EmbeddedError, binaries

    with suppress(EmbeddedError):
        yield binaries() / name
    if on_path := shutil.which(name):
        yield Path(on_path)
    yield from ELSEWHERE.glob(f"*/bin/{name}")


def major(path: Path | str) -> int:
    """The version that a program says of itself."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return 0
    found = re.search(r"(\d+)(\.\d+)?", said)
    return int(found[1]) if found else 0


def connection_of(url: str) -> tuple[list[str], dict[str, str]]:
    """How a program finds the database; the password goes by the environment, where other users cannot read it."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (unquote(parts.password) if parts.password else None)
    userinfo, _, place = parts.netloc.rpartition("@")
    user = userinfo.partition(":")[0]
    bare = urlunsplit(("postgresql", f"{user}@{place}" if user else place, parts.path, urlencode(query), ""))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PGSSLROOTCERT"}
    return [f"--dbname={bare}"], clean | ({"PGPASSWORD": password} if password else {})
