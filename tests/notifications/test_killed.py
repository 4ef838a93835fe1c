import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from iayos.core import clock
from iayos.notifications import events
from iayos.notifications.deliveries import LEASE
from iayos.settings import Settings
from tests.notifications.conftest import Post

Hire = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def hire(settings: Settings, tmp_path: Path) -> Iterator[Hire]:
    """Starts a runner as a process of its own, on the clock of this test."""
    clock.share(tmp_path / "clock")
    own = msgspec.structs.replace(settings, clock_file=str(tmp_path / "clock"))
    hired: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("a_runner.py")
        hired.append(subprocess.Popen([sys.executable, script, msgspec.json.encode(own).decode()], cwd=Path.cwd()))
        return hired[-1]

    yield start
    for process in hired:
        process.kill()
        process.wait()


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.02)


async def test_a_runner_killed_in_the_middle_leaves_nothing_unsent_and_no_mail_twice(post: Post, hire: Hire) -> None:
    people = [await post.person() for _ in range(5)]
    await post.faults(("expo.send", "delay:1", 2), ("resend.send", "delay:1", 2))
    notices = [await post.tell(one, events.ESCROW_PAID, amount=50000, job_title="Fix leak") for one in people]

    async def claimed() -> bool:
        return any(one["claimed_at"] for one in await post.deliveries())

    async def in_doubt() -> bool:
        return any(
            task["task"] == "notifications.push" and task["run_after"] > clock.now() for task in await post.open_tasks()
        )

    async def all_out() -> bool:
        return all(one["sent_at"] for one in await post.deliveries())

    first = hire()
    await until(claimed)
    first.kill()
    first.wait()
    hire()
    await until(in_doubt)
    clock.advance(LEASE.total_seconds() + 1)
    await until(all_out)
    for someone, notice in zip(people, notices, strict=True):
        assert [mail["idempotencyKey"] for mail in await post.mails(someone)] == [f"notification/{notice}"]
    came = [push["data"]["notificationID"] for push in await post.pushes()]
    assert set(came) == set(notices)
    assert all(came.count(notice) <= 2 for notice in notices)
