import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cli import show, stats
from tests.admin.test_jobs import funded
from tests.cli.conftest import Iayos
from tests.payments.conftest import Bench
from tests.payments.conftest import bench as bench  # noqa: PLC0414 - a fixture

SignIn = Callable[..., Awaitable[None]]
CHANNELS = ("GCASH", "MAYA", "GRABPAY", "CARD", "BANK", None)
BUSY: dict[str, Any] = {
    "since": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "at": datetime.now(UTC).isoformat(),
    "accounts": [{"profileType": kind, "total": 123_456, "new": 1_204} for kind in ("CLIENT", "WORKER", "AGENCY")],
    "jobs": [{"status": one, "total": 9_210_118, "new": 0} for one in ("ACTIVE", "IN_PROGRESS", "COMPLETED", "CANCELLED")],
    "money": {
        "held": Decimal("12418300.00"), "wallets": Decimal("812455.10"), "feesEarned": Decimal("-5900.05"),
        "paidIn": [{"paymentMethod": name, "amount": Decimal("1124000.00"), "count": 1_288} for name in CHANNELS],
        "paidOut": {"amount": Decimal("18000.00"), "count": 4}, "pendingWithdrawals": {"amount": Decimal("100.00"), "count": 1},
    },
    "waiting": {"kyc": 31, "kycOverdue": 2, "certifications": 0, "cashProofs": 12, "disputes": 1, "flaggedPayments": 0},
    "queue": {
        "waiting": 912, "dueNow": 12, "oldestDueAt": None, "failing": 2,
        "failed": 1, "runners": 1,
    },
    "reviews": {"average": 4.71, "count": 8_212},
}  # fmt: skip


async def test_it_is_one_fact_a_row_when_piped(bench: Bench, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    await funded(bench)
    said = await iayos("stats")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    for row in (
        ["accounts", "CLIENT", "2", "2"], ["jobs", "IN_PROGRESS", "1", "1"], ["money", "held", "500.25", ""],
        ["money", "feesEarned", "", "25.01"], ["waiting", "disputes", "0", ""], ["reviews", "average", "", ""],
    ):  # fmt: skip
        assert row in rows
    raw = json.loads((await iayos("stats", "--since", "7d", "--json")).out)
    assert raw["money"]["held"] == 500.25
    since = datetime.now(UTC) - datetime.fromisoformat(raw["since"])
    assert timedelta(days=7) <= since < timedelta(days=7, minutes=2)
    assert (await iayos("stats", "--since", "lately")).code == 2
    await signed_in("ana")
    assert (await iayos("stats")).code == 4


def test_it_fits_on_a_screen_of_80_by_24(capsys: pytest.CaptureFixture[str]) -> None:
    oldest = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    lines = stats.screen(BUSY | {"queue": BUSY["queue"] | {"oldestDueAt": oldest}})
    assert len(lines) < 24
    assert max(show.width_of(line.partition("[right]")[0]) for line in lines) <= 78
    show.lines(*lines)
    drawn = capsys.readouterr().out.splitlines()
    assert max(map(len, drawn)) <= 80
    assert "1 d ago" in drawn[0]
    assert any("Due now" in line and "for 3 min" in line for line in drawn)
    assert any("Identity checks" in line and "2 overdue" in line and "₱12,418,300.00" in line for line in drawn)
    assert any("any channel" in line and "₱1,124,000.00" in line for line in drawn)
    assert drawn[-1].strip() == "4.71 of 5 in 8,212 reviews"
