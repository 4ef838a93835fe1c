"""Hypothesis is synchronous: it runs in a thread and hands coroutines to the test's event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from tests.conftest import empty

Inside = Callable[..., Any]


@pytest.fixture
async def inside() -> Inside:
    """Runs a coroutine on the test's loop and waits for it."""
    loop = asyncio.get_running_loop()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=30)

    return run


@pytest.fixture
def sweep(inside: Inside, sweeper: asyncpg.Connection) -> Inside:
    """Empties the database between two examples."""

    def run() -> None:
        inside(empty(sweeper))

    return run
