"""`python -m iayos.sandbox`: starts, stops, and loses nothing when it is killed."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from iayos.sandbox.app import SandboxConfig, create_sandbox

AUTH = ("xnd_development_sandbox", "")
MAIL = {"from": "a@b.co", "to": "ana@example.com", "subject": "s", "text": "t"}


@contextmanager
def started(*arguments: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "iayos.sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().rpartition(" ")[2].strip()
        with httpx.Client(base_url=address, trust_env=False, timeout=5) as http:
            while not answers(http):
                pass
            yield http, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def answers(http: httpx.Client) -> bool:
    try:
        return http.get("/_sandbox/clock").is_success
    except httpx.TransportError:
        return False


def everything(http: httpx.Client) -> list[Any]:
    paths = ("xendit/invoices", "xendit/payouts", "xendit/transactions", "webhooks", "resend/messages")
    found = [http.get(f"/_sandbox/{path}").json() for path in (*paths, "supabase/objects", "faults", "requests")]
    return [*found, http.get("/_sandbox/supabase/objects/proofs/a.png").content]


def test_a_killed_sandbox_loses_nothing(tmp_path: Path) -> None:
    where = ("--state-dir", str(tmp_path / "state"))
    with started(*where) as (http, process):
        wanted = {"external_id": "job-1-escrow-1", "amount": 525}
        invoice = http.post("/xendit/v2/invoices/", json=wanted, auth=AUTH).json()
        http.post(f"/_sandbox/xendit/invoices/{invoice['id']}/pay", json={"channel": "GCASH"})
        http.post("/xendit/v2/invoices/", json=wanted, auth=AUTH)
        to = {"account_number": "0917", "account_holder_name": "Ben"}
        payout = {
            "reference_id": "w",
            "channel_code": "PH_BPI",
            "channel_properties": to,
            "amount": 9,
            "currency": "PHP",
        }
        http.post("/xendit/v2/payouts", json=payout, auth=AUTH, headers={"idempotency-key": "1"})
        mail = {"Authorization": "Bearer re_sandbox", "Idempotency-Key": "k"}
        mailed = http.post("/resend/emails", json=MAIL, headers=mail).json()
        key = {"Authorization": "Bearer sandbox-service-role-key"}
        http.post("/supabase/storage/v1/bucket", json={"id": "proofs"}, headers=key)
        http.post("/supabase/storage/v1/object/proofs/a.png", content=b"\x89PNG\x00", headers=key)
        http.put("/_sandbox/faults", json=[{"match": "expo.send", "kind": "500", "times": 3}])
        before = everything(http)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with started(*where) as (http, process):
        after = everything(http)
        assert after == before
        assert all(after)
        assert http.post("/resend/emails", json=MAIL, headers=mail).json() == mailed
        process.terminate()
        assert process.wait(timeout=5) == 0


def test_the_clock_file_is_shared(tmp_path: Path) -> None:
    with started("--clock-file", str(tmp_path / "clock")) as (http, _):
        http.post("/_sandbox/clock/advance", json={"seconds": 604_800})
        shown = http.get("/_sandbox/clock").json()["epoch"]
        assert abs(shown - time.time() - 604_800) < 5
        file = tmp_path / "clock"
        assert struct.unpack("<d", file.read_bytes()) == (604_800,)
        with file.open("r+b") as another:
            another.write(struct.pack("<d", 605_800))
        assert http.get("/_sandbox/clock").json()["epoch"] - shown >= 1000
        assert http.post("/_sandbox/clock/advance", json={"seconds": -1}).status_code == 400


def test_it_refuses_production_and_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as production:
        production.setenv("IAYOS_ENV", "production")
        with pytest.raises(RuntimeError):
            create_sandbox(SandboxConfig(base_url="http://127.0.0.1:8090"))
    command = [sys.executable, "-m", "iayos.sandbox", "--port"]
    refused = subprocess.run(
        [*command, "0"], env=os.environ | {"IAYOS_ENV": "production"}, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "production" in refused.stderr
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        taken = subprocess.run([*command, port], capture_output=True, text=True, check=False)
    assert taken.returncode == 1
    assert "is taken" in taken.stderr
