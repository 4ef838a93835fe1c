"""A runner with tasks that write down what they do: `python a_runner.py DATABASE_URL NOTES [REDIS_URL]`."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.host.supervise import told_to_stop
from iayos import runner
from iayos.core import logs
from iayos.core.outbox import Task
from iayos.services import Services
from iayos.settings import Settings

url, notes, *redis = sys.argv[1:]


def note(words: str) -> None:
    with Path(notes).open("a") as file:
        file.write(f"{words} {os.getpid()}\n")


async def quick(*, name: str) -> None:
    note(f"{name} done")


async def slow(*, name: str, seconds: float) -> None:
    note(f"{name} begun")
    await asyncio.sleep(seconds)
    note(f"{name} done")


async def bad(*, name: str) -> None:
    note(f"{name} begun")
    raise ValueError("juan@example.com is nobody's business")


def known(_: Services) -> Mapping[str, Task]:
    found = (Task("quick", quick), Task("slow", slow, timeout_s=30), Task("bad", bad, retries=2))
    return {task.name: task for task in found}


async def main() -> None:
    settings = Settings(env="test", database_url=url, redis_url=redis[0] if redis else "")
    async with told_to_stop() as (stop, _):
        await runner.run(settings, stop=stop, ready=lambda: note("ready"), registry=known)


logs.configure()
asyncio.run(main())
