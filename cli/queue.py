"""`iayos queue …`: what waits, runs and fails in the background, and what that holds up."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from cli import ask, show
from cli.api import API
from cli.faults import USAGE, Fault, advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted, pesos

if TYPE_CHECKING:
    from rich.console import Group

app = typer.Typer(no_args_is_help=True)
MOST: Final = 1000
"""How many tasks the server tries again in one call."""
Tasks = Annotated[list[int] | None, typer.Argument(metavar="ID", min=1, help="As `iayos queue list` names them.")]
COUNTS: Final = (
    Column("TASK", "name"), Column("WAITING", "number"), Column("DUE", "number"), Column("FAILING", "number"),
    Column("FAILED", "number"), Column("DONE 1 H", "number"),
)  # fmt: skip
FAILURES: Final = (
    Column("TASK", "name"), Column("TASKS", "number"), Column("HELD UP", "money"), Column("PEOPLE", "number"),
    Column("LAST", "time"), Column("ERROR"),
)  # fmt: skip
LINES: Final = (
    Column("ID", "number"), Column("TASK", "name"), Column("STATE"), Column("ABOUT"), Column("WHEN", "time"), Column("ERROR"),
)  # fmt: skip
SHORT: Final = 60


@app.command(epilog="Example: iayos queue stats --json")
def stats(as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """How much there is to do, task by task, and whether a runner is at work."""
    with API.signed_in(profile) as api:
        found = api.get("/api/admin/queue")
    show.table(COUNTS, counts(found), as_json=as_json, raw=found, footer=" · ".join(summary(found)))
    if not found["runners"]["alive"]:
        show.note(nobody(found))


@app.command("list", epilog="Example: iayos queue list --grouped")
@watched
def list_tasks(
    state: Annotated[
        Literal["waiting", "running", "failing", "failed", "done", "aborted"],
        typer.Option(help="`failing` ones failed at least once; `failed` ones are not tried again by themselves."),
    ] = "failing",
    task: Annotated[str | None, typer.Option(metavar="NAME", help="Only these, as payments.check.")] = None,
    grouped: Annotated[
        bool, typer.Option("--grouped", help="What fails by kind of error, with the pesos and people that it holds up.")
    ] = False,
    limit: Limit = 100,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Tasks that fail, or those in another state, newest first."""
    if grouped:
        list_failures(task, as_json=as_json, profile=profile)
        return
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/queue/tasks", most=limit, state=state, task=task)
    show.table(
        LINES, [line(one) for one in found], as_json=as_json, raw=found, footer=f"{counted(len(found), 'task')} {state}"
    )


def list_failures(task: str | None, *, as_json: bool, profile: str | None) -> None:
    """What fails by kind of error."""
    with API.signed_in(profile) as api:
        found = api.get("/api/admin/queue/failures")["items"]
    found = [one for one in found if task in {None, one["task"]}]
    show.table(
        FAILURES, [failure(one) for one in found], as_json=as_json, raw=found,
        footer=f"{counted(sum(one['count'] for one in found), 'task')} in {counted(len(found), 'kind')}",
    )  # fmt: skip


@app.command(epilog="Example: iayos queue retry --task payments.check --most 5 --reason 'Xendit is back' --yes")
def retry(
    ids: Tasks = None,
    *,
    reason: Reason,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of ids: all of this task that failed.")
    ] = None,
    error: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only with this error, as `iayos queue list --grouped` names it.")
    ] = None,
    most: Annotated[int, typer.Option(metavar="N", min=1, max=MOST, help="How many at most, the oldest first.")] = MOST,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Try tasks that failed again, at once and with all their tries before them; by their ids those given up, too."""
    if bool(ids) == bool(task):
        raise Fault("say either which tasks by their ids, or --task.", code=USAGE, hint="iayos queue list")
    wanted: dict[str, Any] = {"ids": ids} if ids else {"task": task} | ({"error": error} if error else {})
    if not dry_run:
        ask.sure(f"Try {counted(len(ids), 'task') if ids else f'every {task} that failed'} again?", yes=yes)
    with API.signed_in(profile) as api, advising("iayos queue list"):
        found = api.post("/api/admin/queue/retry", wanted | {"most": most, "reason": reason}, dry_run=dry_run)
    rows = [[one] for one in found["taskIDs"]]
    left = f", {found['remaining']:,} more are left" if found["remaining"] else ""
    show.table(
        [Column("TRIED AGAIN", "number")],
        rows,
        as_json=as_json,
        raw=found,
        footer=f"{counted(len(rows), 'task')}{left}",
    )
    show.decided(found, dry_run=dry_run)


@app.command(epilog="Example: iayos queue abort 4711 --reason 'The account is gone' --yes")
def abort(
    ids: Annotated[list[int], typer.Argument(metavar="ID", min=1, help="As `iayos queue list` names them.")],
    reason: Reason,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Give tasks up: they are never run again, and one that is running is told to stop."""
    if not dry_run:
        ask.sure(
            f"Give {counted(len(ids), 'task')} up? What {'it was' if len(ids) == 1 else 'they were'} to do is not done.",
            yes=yes,
        )
    with API.signed_in(profile) as api, advising("iayos queue list --state waiting"):
        found = api.post("/api/admin/queue/abort", {"ids": ids, "reason": reason}, dry_run=dry_run)
    rows = [[one, "told to stop" if one in found["stopping"] else "given up"] for one in found["taskIDs"]]
    show.table([Column("ID", "number"), Column("OUTCOME")], rows, as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


@app.command(epilog="Example: iayos queue watch --every 5")
def watch(
    every: Annotated[float, typer.Option(metavar="SECONDS", min=0.2, max=3600, help="How often to look.")] = 2,
    times: Annotated[int | None, typer.Option(metavar="N", min=1, help="End after so many looks.")] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Watch the queue until Ctrl-C: on a terminal in place, else a line at each look (with --json a document a line)."""
    with API.signed_in(profile) as api, suppress(KeyboardInterrupt):
        if show.terminal() and not as_json:
            watch_here(api, every, times)
        else:
            watch_lines(api, every, times, as_json=as_json)


def watch_here(api: API, every: float, times: int | None) -> None:
    """Drawn over itself; what was seen last stays."""
    from rich.live import Live

    with Live(console=show.console(), auto_refresh=False) as live:
        for _ in looks(every, times):
            live.update(drawn(api.get("/api/admin/queue"), api.get("/api/admin/queue/failures")["items"]), refresh=True)


def watch_lines(api: API, every: float, times: int | None, *, as_json: bool) -> None:
    """When, then what waits, is due, runs, fails, failed, was done in the last hour, and how many runners are at work."""
    import msgspec

    names = ("waiting", "dueNow", "running", "failing", "failed", "doneLastHour")
    encoder = msgspec.json.Encoder(decimal_format="number")
    for _ in looks(every, times):
        found = api.get("/api/admin/queue")
        row = [
            datetime.now(UTC).isoformat(timespec="seconds"),
            *(found[name] for name in names),
            found["runners"]["alive"],
        ]
        print(encoder.encode(found).decode() if as_json else "\t".join(map(str, row)), flush=True)  # noqa: T201


def looks(every: float, times: int | None) -> "Any":
    """One after the other, with a pause between them."""
    look = 0
    while times is None or look < times:
        if look:
            time.sleep(every)
        yield look
        look += 1


def drawn(found: dict[str, Any], failures: list[dict[str, Any]]) -> "Group":
    """The queue and what fails, for a terminal."""
    from rich.console import Group
    from rich.text import Text

    *busy, runner = summary(found)
    parts = [
        Text(f"  {' · '.join(busy)}"), Text(f"  {runner}", style="green" if found["runners"]["alive"] else "red"), Text(),
        show.grid(COUNTS, counts(found)) if found["tasks"] else Text("  Nothing waits.", style="dim"), Text(),
    ]  # fmt: skip
    for one in failures:
        behind = f"{pesos(one['amount'])} · {one['people']:,} {'person' if one['people'] == 1 else 'people'}"
        parts += [
            Text.assemble("  ", (one["task"], "bold"), f"  {counted(one['count'], 'task')} · {behind} · last {show.ago(one['lastAt'])}"),
            Text(f"    {one['error']}", style="dim", no_wrap=True, overflow="ellipsis"),
        ]  # fmt: skip
    return Group(*parts, Text(f"  {datetime.now():%H:%M:%S} · Ctrl-C ends", style="dim"))  # noqa: DTZ005 - the person's own


def summary(found: dict[str, Any]) -> list[str]:
    """The queue in a few words."""
    oldest = f" (the oldest {show.ago(found['oldestDueAt'])})" if found["oldestDueAt"] else ""
    alive = found["runners"]["alive"]
    return [
        f"{found['waiting']:,} waiting, {found['dueNow']:,} due{oldest}", f"{found['running']:,} running",
        f"{found['failing']:,} failing, {found['failed']:,} failed", f"{found['doneLastHour']:,} done in 1 h",
        f"{counted(alive, 'runner')} at work" if alive else "no runner at work",
    ]  # fmt: skip


def nobody(found: dict[str, Any]) -> str:
    """That no runner is there, and since when."""
    seen = found["runners"]["lastSeenAt"]
    last = f"The last one was seen {show.ago(seen)}." if seen else "There never was one."
    return f"No runner is at work, so nothing is done. {last} Start one with: iayos runner"


def counts(found: dict[str, Any]) -> list[list[Any]]:
    """How many of each task."""
    names = ("task", "waiting", "dueNow", "failing", "failed", "doneLastHour")
    return [[one[name] for name in names] for one in found["tasks"]]


def failure(one: dict[str, Any]) -> list[Any]:
    """A kind of failure in a table."""
    names = ("task", "count", "amount", "people", "lastAt", "error")
    return [one[name] for name in names]


def line(one: dict[str, Any]) -> list[Any]:
    """A task in a table, with when it runs next, failed last, or ended."""
    about = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in one["about"].items())
    when = one["runAt"] if one["state"] == "waiting" else one["endedAt"] or one["lastFailedAt"]
    error = one["error"]
    if error and show.terminal() and len(error) > SHORT:
        error = f"{error[: SHORT - 1]}…"
    return [one["taskID"], one["task"], one["state"], about, when, error]
