"""Where the demo plays: a fresh `iayos up` in a directory of its own, gone afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from cli.faults import Fault

STOP_S: Final = 40
MOST_COMPLAINTS: Final = 3


@contextmanager
def stage() -> Iterator[dict[str, Any]]:
    """What `iayos up --json` says of itself."""
    directory = Path(tempfile.mkdtemp(prefix="iayos-demo-"))
    # A database or a server that the user has named is not the stage of a play.
    env = {name: value for name, value in os.environ.items() if not name.startswith("IAYOS_")}
    command = [sys.executable, "-P", "-m", "cli.host.child", str(os.getpid()), "cli.main"]
    options = ["up", "--json", "--no-demo-data", "--port", "0", "--sandbox-port", "0", "--data-dir", str(directory)]
    try:
        with (directory / "up.log").open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - our own words
                [*command, *options], env=env, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        try:
            yield announced(process.stdout, directory / "up.log")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=STOP_S)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def announced(stdout: IO[str] | None, log: Path) -> dict[str, Any]:
    """The line that it prints when everything answers."""
    line = stdout.readline() if stdout else ""
    if not line:
        raise Fault(f"iAyos does not start:\n{log.read_text().strip()}")
    found: dict[str, Any] = json.loads(line)
    return found


def complaints(data_dir: str) -> str:
    """What the server's own logs last complained of; they go with the stage."""
    logs = Path(data_dir, "logs")
    lines = [f"{log.stem}: {line}" for log in sorted(logs.glob("*.log")) for line in log.read_text().splitlines()]
    return "\n".join(
        [line for line in lines if '"level": "error"' in line or '"level":"ERROR"' in line][-MOST_COMPLAINTS:]
    )
