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
    telling = Telling(lambda: Money(Decimal(0), Decimal("500.25"), Decimal("25.00")), begun=0)
    with (
        pytest.raises(Unexpected, match=r"expected +0.00 +500.25 +25.01, came +0.00 +500.25 +25.00"),
        telling.step("Ana pays half", escrow="500.25", fees="25.01"),
    ):
        pass
    assert "✗" in capsys.readouterr().out
