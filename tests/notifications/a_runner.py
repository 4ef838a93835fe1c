"""The runner as a process of its own, that a test may kill: `python a_runner.py SETTINGS` with the settings as JSON."""

import asyncio
import sys

import msgspec

from cli.host.supervise import told_to_stop
from iayos import runner
from iayos.core import logs
from iayos.settings import Settings

settings = msgspec.json.decode(sys.argv[1], type=Settings)


async def main() -> None:
    async with told_to_stop() as (stop, _):
        await runner.run(settings, stop=stop)


logs.configure(level="WARNING")
asyncio.run(main())
