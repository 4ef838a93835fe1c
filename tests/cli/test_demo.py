import time
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from cli.demo.people import Unexpected
from cli.demo.telling import Money, Telling
from tests.cli.conftest import Iayos


async def test_the_demo_holds_from_registration_to_both_reviews(iayos: Iayos, tmp_path: Path) -> None:
    begun = time.monotonic()
    said = await iayos("demo", TMPDIR=str(tmp_path))
    assert said.code == 0, said.out + said.err
    steps = [line for line in said.out.splitlines() if "✓" in line]
    assert len(steps) == 14
    assert steps[-2].split()[-3:] == ["1,000.50", "0.00", "50.02"]
    assert "Ledger: 3 journals, 5 postings, sum ₱0.00 ✓" in steps[-1]
    assert "\x1b" not in said.out
    assert time.monotonic() - begun < 30
    assert list(tmp_path.iterdir()) == []
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]


def test_money_that_lies_elsewhere_stops_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    money = Money(wallet=Decimal(0), escrow=Decimal("500.25"), fees=Decimal("25.00"))
    telling = Telling(begun=0)
    telling.title("A faucet", lambda: money, wallet="wallet", escrow="escrow", fees="fees")
    with (
        pytest.raises(Unexpected, match=r"expected +0.00 +500.25 +25.01, came +0.00 +500.25 +25.00"),
        telling.step("Ana pays half", escrow="500.25", fees="25.01"),
    ):
        pass
    assert "✗" in capsys.readouterr().out


async def test_all_stories_hold_and_the_books_are_right(iayos: Iayos, tmp_path: Path) -> None:
    said = await iayos("demo", "--all", TMPDIR=str(tmp_path))
    assert said.code == 0, said.out + said.err
    titles = [line.strip().split("  ")[0] for line in said.out.splitlines() if line[2:3].isalpha()]
    assert titles == [
        "A leaking faucet in Zamboanga, ₱1,000.50", "Ana invites one worker, ₱2,000.01",
        "Ana hires an agency, ₱15,000.01", "Ana pays the rest in cash, ₱1,000.50", "Ben shows who he is",
        "Wallets and a payout", "Dina completes her profile", "Ledger: 18 journals, 28 postings, sum ₱0.00 ✓",
    ]  # fmt: skip
    assert "✗" not in said.out
    assert list(tmp_path.iterdir()) == []
