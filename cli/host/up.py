"""`iayos up`: database, API, runner and sandbox together, and stopped together."""

import asyncio
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import IO, Any, Final

import msgspec

from cli import show
from cli.faults import CONFLICT, USAGE, Fault
from cli.host import database, meters
from cli.host.people import PASSWORD, everybody
from cli.host.sockets import listening, port_of
from cli.host.supervise import Child, Supervisor, first, how, told_to_stop

WATCH_S: Final = 1.0
SANDBOX_KEYS: Final = {
    "IAYOS_XENDIT_API_KEY": "xnd_development_sandbox",
    "IAYOS_XENDIT_CALLBACK_TOKEN": "sandbox-callback-token",
    "IAYOS_RESEND_API_KEY": "re_sandbox",
    "IAYOS_SUPABASE_KEY": "sandbox-service-role-key",
}
"""Development's keys; they open nothing real."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `iayos up`."""

    data_dir: Path
    port: int
    sandbox_port: int
    workers: int
    sandbox_clock: bool
    as_json: bool
    demo_data: bool


class Sockets(msgspec.Struct, frozen=True):
    """What is listened on, from the first moment to the last."""

    api: socket
    sandbox: socket

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{port_of(self.api)}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{port_of(self.sandbox)}"


def environment(wishes: Wishes, sockets: Sockets, given: Mapping[str, str]) -> dict[str, str]:
    """The settings of every child: what the user set himself wins over what `up` would choose."""
    chosen = SANDBOX_KEYS | {
        "IAYOS_ENV": "development",
        "IAYOS_PUBLIC_URL": sockets.api_url,
        "IAYOS_XENDIT_URL": f"{sockets.sandbox_url}/xendit",
        "IAYOS_RESEND_URL": f"{sockets.sandbox_url}/resend",
        "IAYOS_RESEND_PER_SECOND": "100",
        "IAYOS_EXPO_URL": f"{sockets.sandbox_url}/expo",
        "IAYOS_SUPABASE_URL": f"{sockets.sandbox_url}/supabase",
    }
    clock = {"IAYOS_CLOCK_FILE": str(wishes.data_dir / "clock")} if wishes.sandbox_clock else {}
    return chosen | dict(given) | clock


async def up(wishes: Wishes) -> None:
    """Run until told to stop."""
    begun = time.monotonic()
    if os.environ.get("IAYOS_ENV", "").lower() == "production":
        raise Fault(
            "`iayos up` is for development, and IAYOS_ENV says production.", code=USAGE,
            hint="in production: iayos db migrate, then iayos serve and iayos runner",
        )  # fmt: skip
    with (
        only_one(wishes.data_dir) as note,
        listening(wishes.port) as api,
        listening(wishes.sandbox_port, option="--sandbox-port") as sandbox,
        meters.shared() as counted,
    ):
        sockets = Sockets(api, sandbox)
        note.write(f"{sockets.api_url}, process {os.getpid()}")
        note.flush()
        async with told_to_stop() as (stop, now):
            house = House(wishes, sockets, stop=stop, counted=counted)
            try:
                if await house.start():
                    announce(wishes, sockets, seconds=time.monotonic() - begun)
                    await house.keep()
            finally:
                await house.stop(now=now)


class House:
    """Everything that `iayos up` runs."""

    def __init__(self, wishes: Wishes, sockets: Sockets, *, stop: asyncio.Event, counted: Mapping[str, str]) -> None:
        self.wishes = wishes
        self.sockets = sockets
        self.env = environment(wishes, sockets, os.environ) | dict(counted)
        self.logs = wishes.data_dir / "logs"
        self.stopping = asyncio.create_task(stop.wait())
        self.supervisor = Supervisor()
        self.server: Any = None

    async def start(self) -> bool:
        """Start all of it; False when it was told to stop before it was ready."""
        self.logs.mkdir(exist_ok=True)
        await self.supervisor.add(self.sandbox())
        if "IAYOS_DATABASE_URL" not in os.environ:
            await self.find_database()
        if not self.stopping.done():
            await self.prepare()
        if self.stopping.done():
            return False
        for number in range(1, self.wishes.workers + 1):
            await self.supervisor.add(self.api("api" if self.wishes.workers == 1 else f"api-{number}"))
        await self.supervisor.add(self.child("runner", "cli.host.runner"))
        ready = asyncio.create_task(self.supervisor.all_ready())
        await first(ready, self.stopping)
        if not ready.done():
            ready.cancel()
            return False
        ready.result()
        return True

    async def keep(self) -> None:
        """Keep everything running until told to stop; raises when something does not run any more."""
        while not self.stopping.done() and not self.supervisor.failure.done():
            await first(self.stopping, self.supervisor.failure, timeout=WATCH_S)
            if self.server is not None and not self.server.lives():
                sys.stderr.write("  the database ended and is started again\n")
                await self.find_database()
        if self.supervisor.failure.done():
            self.supervisor.failure.result()

    async def stop(self, *, now: asyncio.Event) -> None:
        """Stop the processes, then the database."""
        self.stopping.cancel()
        await self.supervisor.stop(now=now)
        if self.server is not None:
            await asyncio.to_thread(self.server.stop)

    async def find_database(self) -> None:
        """Find or start the embedded database; a new hold is taken before an old one is let go."""
        before = self.server
        self.server = await asyncio.to_thread(database.Server, self.wishes.data_dir / "data")
        self.env["IAYOS_DATABASE_URL"] = self.server.url
        if before is not None:
            await asyncio.to_thread(before.stop)

    async def prepare(self) -> None:
        """Migrations and accounts, unless they are there: looking takes a moment, loading what makes them a second."""
        emails = [person.email for person in everybody(demo_data=self.wishes.demo_data)]
        if await database.is_prepared(self.env["IAYOS_DATABASE_URL"], emails):
            return
        options = [] if self.wishes.demo_data else ["--no-demo-data"]
        child = self.child("prepare", "cli.host.prepare", *options)
        await child.start()
        if code := await child.ended():
            raise Fault(f"the database cannot be prepared: {how(code)}; the log is {child.log}\n{child.last_words()}")

    def child(self, name: str, module: str, *arguments: str, **more: Any) -> Child:
        """A process of ours with its log."""
        return Child(name, [module, *arguments], env=self.env, log=self.logs / f"{name}.log", **more)

    def api(self, name: str) -> Child:
        """One process of the API."""
        descriptor = self.sockets.api.fileno()
        return self.child(name, "cli.host.api", str(descriptor), fds=[descriptor])

    def sandbox(self) -> Child:
        """The four third parties."""
        descriptor = self.sockets.sandbox.fileno()
        options = {
            "--fd": str(descriptor),
            "--webhook-url": f"{self.sockets.api_url}/api/payments/xendit-webhook",
            "--webhook-token": self.env["IAYOS_XENDIT_CALLBACK_TOKEN"],
            "--xendit-api-key": self.env["IAYOS_XENDIT_API_KEY"],
            "--resend-api-key": self.env["IAYOS_RESEND_API_KEY"],
            "--supabase-key": self.env["IAYOS_SUPABASE_KEY"],
            "--state-dir": str(self.wishes.data_dir / "sandbox"),
        }
        clock = {"--clock-file": self.env["IAYOS_CLOCK_FILE"]} if self.wishes.sandbox_clock else {}
        words = [word for option in (options | clock).items() for word in option]
        probe = (port_of(self.sockets.sandbox), "/_sandbox/clock")
        return self.child("sandbox", "iayos.sandbox", *words, "--auto-payouts", fds=[descriptor], probe=probe)


@contextmanager
def only_one(data_dir: Path) -> Iterator[IO[str]]:
    """The file that says who runs here, locked; a second one on the same data is refused."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        note = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise Fault(f"the data directory {data_dir} cannot be used: {(error.strerror or '').lower()}.") from None
    with note:
        note.seek(0)
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = note.read().strip() or "another process"
            raise Fault(
                f"iAyos runs in {data_dir} already ({who}).",
                code=CONFLICT,
                hint="another one beside it: --data-dir DIR --port 0",
            ) from None
        note.truncate(0)
        yield note


def announce(wishes: Wishes, sockets: Sockets, *, seconds: float) -> None:
    """Say where everything is, for a person or for a program."""
    people = everybody(demo_data=wishes.demo_data)
    if wishes.as_json:
        places = {"api": sockets.api_url, "sandbox": sockets.sandbox_url, "dataDir": str(wishes.data_dir)}
        keys = {person.key: {"email": person.email, "password": PASSWORD} for person in people}
        sys.stdout.write(json.dumps(places | keys) + "\n")
        sys.stdout.flush()
        return
    embedded = "IAYOS_DATABASE_URL" not in os.environ
    named = Path(os.path.relpath(wishes.data_dir))
    where = wishes.data_dir if str(named).startswith("..") else named
    version = database.postgres_version() if embedded else ""
    show.lines(
        f"[bold]iAyos {show.version()}[/] · development[right]ready in {seconds:.1f} s",
        "",
        f"API        [accent]{sockets.api_url}[/]        [dim]OpenAPI /schema · queues /admin/queues[/]",
        f"Sandbox    [accent]{sockets.sandbox_url}[/]        [dim]Xendit · Supabase · Expo · Resend[/]",
        f"Database   PostgreSQL {version}, embedded    {where}/data" if embedded else "Database   IAYOS_DATABASE_URL",
        "",
        "   ".join(person.email for person in people),
        f"password for all: [bold]{PASSWORD}[/]       Ctrl-C stops everything; nothing is lost",
    )
