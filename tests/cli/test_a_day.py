"""A day of staff work on a real `iayos up`, by the CLI alone: four people, each with what their role allows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.demo.people import until
from tests.cli.a_day import Morning
from tests.cli.conftest import PASSWORD, Said
from tests.cli.terminal import Terminal
from tests.cli.test_up import Up
from tests.cli.test_up import up as up  # noqa: PLC0414 - a fixture

ROLES = {"kim": "KYC_REVIEWER", "fay": "FINANCE", "sol": "SUPPORT"}


class Desk:
    """A member of staff with a terminal and a configuration of her own."""

    def __init__(self, name: str, place: Path) -> None:
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("IAYOS_", "SSH", "TMUX"))}
        self.env = outer | {"IAYOS_CONFIG_DIR": str(place / name), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def __call__(self, *words: str, stdin: str = "") -> Said:
        """Run a command."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *words], env=self.env, input=stdin, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def does(self, *words: str, code: int = 0) -> str:
        """Run a command that must end so; what it answers."""
        said = self(*words)
        assert said.code == code, f"{words}: {said}"
        return said.out

    def asks(self, *words: str, code: int = 0) -> Any:
        """The same as JSON."""
        return json.loads(self.does(*words, "--json", code=code))

    def decides(self, *words: str) -> Any:
        """A change, with why."""
        return self.asks(*words, "--reason", "As the handbook says", "--yes")


@pytest.fixture
def desks(up: Up, tmp_path: Path) -> Callable[[], dict[str, Desk]]:
    def opened() -> dict[str, Desk]:
        found = {}
        for name, role in ROLES.items():
            host = Desk("host", tmp_path)
            made = host(
                "admin", "create", "--email", f"{name}@example.com", "--role", role, "--first-name", name.title(),
                "--last-name", "Cruz", "--data-dir", str(up.data_dir), "--password-stdin", stdin=f"{PASSWORD}\n",
            )  # fmt: skip
            assert made.code == 0, made.err
            found[name] = signed_in(name, f"{name}@example.com", PASSWORD)
        return found | {
            name: signed_in(name, up.said[name]["email"], up.said[name]["password"]) for name in ("admin", "admin2")
        }

    def signed_in(name: str, email: str, password: str) -> Desk:
        desk = Desk(name, tmp_path)
        said = desk("login", "--url", up.said["api"], "--email", email, "--password-stdin", stdin=f"{password}\n")
        assert said.code == 0, said.err
        return desk

    return opened


async def test_from_the_first_paper_to_the_last_proof(up: Up, desks: Callable[[], dict[str, Desk]]) -> None:
    said = up.start()
    staff = desks()
    with Morning.of(said) as town:
        await papers(town, staff["kim"])
        money(town, staff["fay"])
        quarrels(town, staff)
        trouble(town, staff["sol"], staff["admin"])
        failures(town, staff["fay"])
    evening(staff["admin"], staff["sol"], up.data_dir)
    assert up.end() == 0


async def papers(town: Morning, kim: Desk) -> None:
    """Two identity checks, at the terminal: eight keys."""
    ben, dan = town.worker("Ben"), town.worker("Dan")
    cases = [town.papers(ben), town.papers(dan)]
    assert [one["kycID"] for one in kim.asks("kyc", "list")] == cases
    terminal = Terminal(("kyc", "next"), kim.env)
    try:
        for keys, told in ("aab\r", "Ben Santos: rejected"), ("aaa\r", "Dan Santos: approved"):
            for number, key in enumerate(keys, start=1):
                await terminal.until(f"· {number} of 3" if number <= len("aab") else "· decision")
                terminal.press(key)
            await terminal.until(told)
        assert await terminal.ended() == 0
    finally:
        terminal.close()
    assert (ben.get(f"/api/kyc/{cases[0]}")["status"], dan.get("/api/accounts/me")["KYCVerified"]) == ("REJECTED", True)
    assert kim("cash", "list").code == 4
    assert kim("kyc", "approve", str(cases[1]), "--reason", "Again", "--yes").code == 5


def money(town: Morning, fay: Desk) -> None:
    """A webhook was lost, and a client paid by hand."""
    ana, eve = town.client("Ana"), town.worker("Eve")
    lost = town.agreed(ana, eve, "New tap", 900)
    payment = town.pay_escrow(ana, lost, heard=False)
    differences = fay.asks("xendit", "reconcile", "--since", "24h", "--dry-run", code=5)["differences"]
    assert [one["transactionID"] for one in differences if one["what"] == "MISSED_PAYMENT"] == [payment]
    assert ana.get(f"/api/payments/status/{payment}")["status"] == "PENDING"
    assert fay.asks("xendit", "reconcile", "--since", "24h")["remaining"] == 0
    assert ana.get(f"/api/payments/status/{payment}")["status"] == "COMPLETED"
    assert fay.asks("xendit", "reconcile", "--since", "24h", "--dry-run")["differences"] == []

    proof = str(town.cash_proof(ana, eve, lost, "P450 received"))
    dry = fay("cash", "verify", proof, "--reason", "Signed by both", "--yes", "--dry-run", "--json")
    assert (dry.code, json.loads(dry.out)["status"], "dry run" in dry.err) == (0, "COMPLETED", True)
    assert fay.asks("cash", "show", proof)["transaction"]["status"] == "PENDING"
    assert fay.decides("cash", "verify", proof)["status"] == "COMPLETED"
    assert fay("cash", "verify", proof, "--reason", "Again", "--yes").code == 5
    assert eve.get("/api/accounts/wallet")["balance"] == 450
    assert fay.asks("xendit", "replay", "--since", "24h", "--reason", "To be sure")["effects"] == []


def quarrels(town: Morning, staff: dict[str, Desk]) -> None:
    """A small dispute takes one member of staff, a big one takes two."""
    cora = town.client("Cora")
    worker = town.demo_worker()
    for budget, channel, decisions in (2000, "GCASH", [False]), (200_000, "BANK", [True, True, False]):
        job = town.agreed(cora, worker, f"Work for {budget}", budget)
        town.pay_escrow(cora, job, channel=channel)
        dispute = str(town.quarrel(cora, job))
        for who, waits in zip(("sol", "sol", "fay"), decisions, strict=False):
            ruling = staff[who].decides("disputes", "rule", dispute, "--to-payee", str(budget // 4))
            assert ruling["awaitingSecond"] is waits
        assert cora.get(f"/api/disputes/{dispute}")["status"] == "RULED"


def trouble(town: Morning, sol: Desk, admin: Desk) -> None:
    """A worker takes money and does not come; a job is ended."""
    dora, gus = town.client("Dora"), town.worker("Gus")
    held, free = town.agreed(dora, gus, "Fence", 3000), town.agreed(dora, gus, "Gate", 2500)
    town.pay_escrow(dora, held)
    number = str(gus.account_id)
    would = sol("users", "suspend", number, "--reason", "Nobody came", "--yes", "--dry-run", "--json")
    assert (would.code, json.loads(would.out)["closed"]["disputesOpened"]) == (0, 1)
    assert gus.get("/api/accounts/me")["accountID"] == gus.account_id
    closed = sol.decides("users", "suspend", number)["closed"]
    assert (closed["disputesOpened"], closed["jobsCancelled"]) == (1, 1)
    gus.get("/api/accounts/me", expect=401)
    assert dora.get(f"/api/jobs/{free}")["status"] == "CANCELLED"
    assert sol("users", "suspend", number, "--reason", "Again", "--yes").code == 5
    assert sol("users", "suspend", str(town.admin.account_id), "--reason", "Why not", "--yes").code == 4
    assert sol.decides("users", "restore", number)["suspendedAt"] is None

    ended = town.agreed(dora, gus.signed_in("a-Demo-passphrase-7"), "Roof", 4000)
    town.pay_escrow(dora, ended)
    assert sol.decides("jobs", "cancel", str(ended))["status"] == "CANCELLED"
    assert dora.get("/api/accounts/wallet")["balance"] == 2100
    assert admin("users", "suspend", str(town.admin.account_id), "--reason", "A slip", "--yes").code == 5


def failures(town: Morning, fay: Desk) -> None:
    """Mail does not go out; when it does again, what failed is tried once more. And a phone is tried."""
    town.sandbox.put(
        "/_sandbox/faults", json=[{"match": "resend.send", "kind": "500", "times": 1000}]
    ).raise_for_status()
    town.api.post("/api/accounts/forgot-password", json={"email": "ana@example.com"}).raise_for_status()
    failing = until("a failure", lambda: fay.asks("queue", "list"))
    assert {one["task"] for one in failing} == {"accounts.mail_token"}
    number = failing[0]["taskID"]
    again = ("queue", "retry", str(number), "--reason", "Resend says that it is back", "--yes", "--json")
    retried = until("a moment at which it is not being tried", lambda: (said := fay(*again)).code == 0 and said)
    assert json.loads(retried.out)["taskIDs"] == [number]
    town.sandbox.delete("/_sandbox/faults").raise_for_status()
    until("the mail", lambda: not fay.asks("queue", "list"))
    assert fay("push", "test", "1").code == 4


def evening(admin: Desk, sol: Desk, data_dir: Path) -> None:
    """The books are right, the log is whole, and a copy of everything is put aside."""
    proof = admin.asks("ledger", "verify")
    assert proof["ok"]
    assert admin.asks("stats")["jobs"]
    lines = admin.asks("audit", "list", "--limit", "1000")
    done = {one["action"] for one in lines}
    assert {"kyc:review", "payments:cash:verify", "payments:reconcile", "disputes:rule", "disputes:rule:first",
            "users:suspend", "users:restore", "jobs:cancel", "queue:retry"} <= done  # fmt: skip
    assert all(one["requestID"] for one in lines if one["actorID"])
    until("all of it to be sealed", lambda: admin.asks("audit", "verify")["unsealed"] == 0)
    head = admin.asks("audit", "verify")["head"]
    assert admin.asks("audit", "verify", "--head", f"{head['position']}:{head['hash']}")["ok"]
    assert sol("audit", "list").code == 4
    backup = data_dir.with_suffix(".dump")
    admin.does("db", "backup", str(backup), "--data-dir", str(data_dir))
    assert json.loads(backup.with_suffix(".dump.json").read_text())["ledger_root"] == proof["ledgerRoot"]
