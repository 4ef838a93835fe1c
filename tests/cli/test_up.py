"""`iayos up` as a process: one line when everything answers, clean at the end, and nothing lost on SIGKILL."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

PASSWORD = "demo-Iayos-2026"


class Up:
    """`iayos up` on one data directory, started as often as it takes."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.process: subprocess.Popen[str] | None = None
        self.all: list[subprocess.Popen[str]] = []
        self.said: dict[str, Any] = {}

    def start(self, *options: str, **env: str) -> dict[str, Any]:
        ports = [":".join(self.said[name].split(":")[2:]) if self.said else "0" for name in ("api", "sandbox")]
        self.process = self.run("--port", ports[0], "--sandbox-port", ports[1], *options, **env)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.words()
        self.said = json.loads(line)
        return self.said

    def run(self, *options: str, **env: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IAYOS_")}
        command = [sys.executable, "-m", "cli.main", "up", "--json", "--data-dir", str(self.data_dir), *options]
        with (self.data_dir.with_suffix(".err")).open("a") as err:
            process = subprocess.Popen(command, env=clean | env, stdout=subprocess.PIPE, stderr=err, text=True)
        self.all.append(process)
        return process

    def close(self) -> None:
        """End everything that was started."""
        for process in self.all:
            process.terminate()
        for process in self.all:
            with process:  # waits, and closes its pipe
                pass

    def words(self) -> str:
        return self.data_dir.with_suffix(".err").read_text()

    def children(self) -> list[psutil.Process]:
        """The processes that it keeps running, without those that have just died."""
        assert self.process is not None
        found = psutil.Process(self.process.pid).children()
        return [child for child in found if "cli.host.child" in child.cmdline()]

    def end(self, signum: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(signum)
        code = self.process.wait(timeout=40)
        assert self.process.stdout is not None
        assert self.process.stdout.read() == ""
        return code

    def left(self) -> list[psutil.Process]:
        """Processes that have this data directory or its ports in their command line."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = " ".join(process.info["cmdline"] or [])
            if str(self.data_dir) in words and process.pid != os.getpid() and "pytest" not in words:
                found.append(process)
        return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    found = Up(tmp_path / "data")
    yield found
    found.close()


def until(look: Any, *, within: float = 15) -> Any:
    deadline = time.monotonic() + within
    while True:
        try:
            found = look()
        except (httpx.TransportError, psutil.Error, KeyError):
            found = None
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def token(said: dict[str, Any], who: str) -> str:
    answer = httpx.post(f"{said['api']}/api/mobile/auth/login", json=said[who], trust_env=False)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["token"]
    return found


def me(said: dict[str, Any], who: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token(said, who)}"}
    found: dict[str, Any] = httpx.get(f"{said['api']}/api/accounts/me", headers=headers, trust_env=False).json()
    return found


def answers(url: str) -> bool:
    return httpx.get(url, trust_env=False, timeout=5).status_code == 200


def test_from_a_fresh_start_over_a_clean_end_and_a_kill_with_the_data_still_there(up: Up) -> None:
    said = up.start()
    assert set(said) == {"api", "sandbox", "dataDir", "client", "worker", "agency", "admin", "admin2"}
    assert said["dataDir"] == str(up.data_dir)
    assert said["worker"] == {"email": "worker@demo.iayos", "password": PASSWORD}
    assert answers(f"{said['api']}/ready")
    assert answers(f"{said['sandbox']}/_sandbox/clock")
    people = {who: me(said, who) for who in ("client", "worker", "agency", "admin", "admin2")}
    assert all(person["emailVerified"] for person in people.values())
    assert [people[who]["profileType"] for who in people] == ["CLIENT", "WORKER", "AGENCY", None, None]
    assert [people[who]["KYCVerified"] for who in people] == [False, True, True, False, False]
    assert people["agency"]["businessName"]
    assert people["admin"]["role"] == people["admin2"]["role"] == "ADMIN"
    assert people["worker"]["city"] == "Zamboanga City"

    assert up.end() == 0
    assert up.left() == []

    up.start()
    assert me(up.said, "client") == people["client"]
    assert up.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: all("postgres" in process.name() for process in up.left()))

    begun = time.monotonic()
    up.start()
    took = time.monotonic() - begun
    assert me(up.said, "client") == people["client"]
    assert took < 15
    assert up.end(signal.SIGINT) == 0
    assert up.left() == []


def test_whatever_is_killed_comes_back(up: Up) -> None:
    said = up.start("--no-demo-data", "--sandbox-clock", "--workers", "2", IAYOS_RATE_LIMITS="off")
    assert set(said) == {"api", "sandbox", "dataDir", "admin"}
    before = up.children()
    assert len(before) == 4
    for child in before:
        child.kill()
    until(lambda: len(set(up.children()) - set(before)) == 4)
    until(lambda: answers(f"{said['api']}/ready"))
    until(lambda: answers(f"{said['sandbox']}/_sandbox/clock"))

    os.kill(int((up.data_dir / "data/postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    until(lambda: "the database ended" in up.words())
    until(lambda: answers(f"{said['api']}/ready"))
    assert me(said, "admin")["role"] == "ADMIN"

    # the runner is back too: a mail goes out, with a moved clock behind it
    httpx.post(f"{said['sandbox']}/_sandbox/clock/advance", json={"seconds": 3600}, trust_env=False).raise_for_status()
    new = {
        "email": "ana@example.com", "password": "a-long-Passphrase-7", "profileType": "CLIENT", "firstName": "Ana",
        "lastName": "Reyes",
    }  # fmt: skip
    assert httpx.post(f"{said['api']}/api/accounts/register", json=new, trust_env=False).status_code == 201
    mails = f"{said['sandbox']}/_sandbox/resend/messages"
    assert until(lambda: httpx.get(mails, params={"to": "ana@example.com"}, trust_env=False).json())
    assert up.end() == 0
    assert up.left() == []


def test_a_second_one_on_the_same_data_and_a_taken_port_are_refused_kindly(up: Up, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        other = Up(tmp_path / "other")
        assert other.run("--port", port, "--sandbox-port", "0").wait(timeout=20) == 1
        assert port in other.words()
        assert "--port N" in other.words()
        assert other.run("--port", "0", "--sandbox-port", port).wait(timeout=20) == 1
        assert "--sandbox-port N" in other.words()
        other.close()
    up.start("--no-demo-data")
    assert up.run("--port", "0", "--sandbox-port", "0").wait(timeout=20) == 5
    assert "already" in up.words()
