"""How soon does the API answer? `python -m tests.bench.start` starts `iayos serve` on a migrated database ten times.

Measured from the start of the process to the first 200 of `/ready`, asked every 5 ms. The database is up before.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from iayos.core import migrate
from iayos.core.embedded import Embedded

TIMES: Final = 10
PORT: Final = re.compile(rb"http://127\.0\.0\.1:\d+")


def started(url: str, log: Path) -> float:
    """Seconds until it answers."""
    env = os.environ | {"IAYOS_ENV": "test", "IAYOS_DATABASE_URL": url}
    begun = time.monotonic()
    with log.open("wb") as told:
        process = subprocess.Popen([sys.executable, "-m", "cli.main", "serve", "--port", "0"], env=env, stderr=told)
    try:
        while not answers(log):
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.005)
        return time.monotonic() - begun
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(log: Path) -> bool:
    """Does it?"""
    found = PORT.search(log.read_bytes())
    if found is None:
        return False
    try:
        with urllib.request.urlopen(f"{found[0].decode()}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="iayos-start-") as room, Embedded.start(Path(room) / "pg") as server:
        migrate.upgrade(server.url)
        found = [started(server.url, Path(room) / "api.log") for _ in range(TIMES)]
    sys.stdout.write(
        f"API ready after {statistics.median(found):.2f} s (median of {TIMES}; {min(found):.2f} to {max(found):.2f})\n"
    )


if __name__ == "__main__":
    main()
