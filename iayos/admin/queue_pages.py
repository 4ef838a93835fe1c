"""`/admin/queues`: what waits, what fails with the pesos and people behind, and buttons to try it again (SPEC 8)."""

from html import escape
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, QueryParameter
from litestar.response import File, Redirect

from iayos.admin import queue
from iayos.admin.pages import HEADERS, HOME, age, ago, counted, not_your_role, page, sign_out_form, to_sign_in
from iayos.admin.queue_queries import Line
from iayos.admin.queue_schemas import FailureOut, QueueOut, TaskCountOut
from iayos.core.errors import AuthRequired, Forbidden
from iayos.core.money import in_words
from iayos.core.page import BIGGEST
from iayos.core.wire import LongClearable, Text
from iayos.web.auth import Me, staff
from iayos.web.request import checked
from iayos.web.tx import InTx, Reading

SCRIPT: Final = Path(__file__).with_name("queue_page.js")
SHOWN: Final = 20
FEW: Final = 5
ALL: Final = 1000
Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
Number = Annotated[int | None, QueryParameter(ge=0, le=BIGGEST)]


class RetryForm(msgspec.Struct, frozen=True):
    """Which button of which group was pressed, and why."""

    task: Text
    error: LongClearable
    most: Literal["1", "5", "all"]
    reason: Text


@get("/")
async def show(reads: Reading, me: Me, tried: Number = None, left: Number = None) -> Response[str]:
    """The queue as it is now; the script renews it."""
    glance = await queue.glance(reads)
    kinds = await queue.failures(reads)
    running = await queue.lines(reads, "running", task=None, before=BIGGEST, limit=SHOWN)
    links = f"<a href='{HOME}/saq/queues/iayos'>SAQ's own page</a>"
    parts = [
        _said(tried, left),
        _pulse(glance),
        _figures(glance),
        _failures(kinds),
        _waiting(glance.tasks),
        _running(running),
    ]
    return page(
        "Queue",
        f"<header><h1>iAyos · Queue</h1>{links}{sign_out_form(me.email)}</header>"
        "<p id=stale class='say bad' hidden>No answer from the server. What you see may be old.</p>"
        f"<main>{''.join(parts)}</main><script src={HOME}/page.js></script>",
    )


@get("/page.js", sync_to_thread=False)
def script() -> File:
    """What the page runs."""
    return File(SCRIPT, media_type="text/javascript", content_disposition_type="inline")


@post("/retry")
async def retry(data: Form, tx: InTx, me: Me) -> Redirect:
    """A button of a group was pressed."""
    wanted = checked(data, RetryForm)
    most = ALL if wanted.most == "all" else int(wanted.most)
    try:
        done = await queue.retry(tx, task=wanted.task, error=wanted.error, most=most, by=me, reason=wanted.reason)
    except queue.NothingToRetry:
        return Redirect(f"{HOME}?tried=0", status_code=303, headers={**HEADERS})
    return Redirect(f"{HOME}?tried={len(done.taskIDs)}&left={done.remaining}", status_code=303, headers={**HEADERS})


def _said(tried: int | None, left: int | None) -> str:
    if tried is None:
        return ""
    if not tried:
        words = "Nothing was left to try again: somebody was quicker, or each is being tried at this moment."
    else:
        words = f"{counted(tried, 'task is', 'tasks are')} tried again now."
        words += f" {left:,} more of this kind {'is' if left == 1 else 'are'} left." if left else ""
    return f"<p class=say role=status>{words}</p>"


def _pulse(glance: QueueOut) -> str:
    seen = glance.runners.lastSeenAt
    if glance.runners.alive:
        return f"<p class=say>{counted(glance.runners.alive, 'runner is', 'runners are')} at work.</p>"
    since = f"has been seen for {age(seen)}" if seen else "has ever been seen here"
    return f"<p class='say bad' role=alert><b>No runner {since}.</b> Nothing is done until one runs: <code>iayos runner</code></p>"


def _figures(glance: QueueOut) -> str:
    oldest = f"the oldest for {age(glance.oldestDueAt)}" if glance.oldestDueAt else ""
    found = (
        ("waiting", glance.waiting, ""), ("due now", glance.dueNow, oldest), ("running", glance.running, ""),
        ("failing", glance.failing, "tried again by themselves"), ("failed", glance.failed, "wait for you"),
        ("done", glance.doneLastHour, "in the last hour"),
    )  # fmt: skip
    tiles = "".join(
        f"<div{' class=hot' if name == 'failed' and count else ''}><dt>{name}<small>{told}</small></dt><dd>{count:,}</dd></div>"
        for name, count, told in found
    )
    return f"<dl class=figures>{tiles}</dl>"


def _failures(kinds: list[FailureOut]) -> str:
    if not kinds:
        return "<h2>What fails</h2><p class=empty>Nothing fails. Whatever was tried went well.</p>"
    return f"<h2>What fails</h2>{''.join(map(_failure, kinds))}"


def _failure(kind: FailureOut) -> str:
    by_itself = kind.count - kind.failed
    tries = [counted(kind.failed, "task waits", "tasks wait") + " for you"] if kind.failed else []
    tries += (
        [
            counted(by_itself, "task is", "tasks are")
            + " tried again by "
            + ("itself" if by_itself == 1 else "themselves")
        ]
        if by_itself
        else []
    )
    money = f"<span><b>{in_words(kind.amount)}</b> held up</span>" if kind.amount else ""
    people = f"<span><b>{counted(kind.people, 'person', 'people')}</b> waiting</span>" if kind.people else ""
    nobody = "" if money or people else "<span>holds up no money and nobody</span>"
    since = f"for {age(kind.firstAt)}, last {ago(kind.lastAt)}"
    return (
        f"<article aria-label='{escape(kind.task)}'><h3>{escape(kind.task)}</h3><code>{escape(kind.error) or 'no error was noted'}</code>"
        f"<div class=weight>{money}{people}{nobody}<span>{', '.join(tries)}</span><span>{since}</span></div>{_buttons(kind)}</article>"
    )


def _buttons(kind: FailureOut) -> str:
    sizes = [("1", "Retry one")] if kind.count > 1 else []
    sizes += [("5", "Retry five")] if kind.count > FEW else []
    sizes += [("all", "Retry" if kind.count == 1 else f"Retry all {kind.count:,}")]
    presses = "".join(f"<button name=most value={value}>{words}</button>" for value, words in sizes)
    return (
        f"<form method=post action={HOME}/retry><input type=hidden name=task value='{escape(kind.task)}'>"
        f"<input type=hidden name=error value='{escape(kind.error)}'><input name=reason placeholder='Why? It is kept on the audit log'"
        f" aria-label=Reason required maxlength=500 pattern='.*\\S.*' autocomplete=off>{presses}</form>"
    )


def _waiting(tasks: list[TaskCountOut]) -> str:
    if not tasks:
        return "<h2>What waits</h2><p class=empty>Nothing waits, and nothing was done in the last hour.</p>"
    rows = "".join(
        f"<tr><td>{escape(one.task)}</td><td>{one.waiting:,}</td><td>{one.dueNow:,}</td><td>{one.failing:,}</td>"
        f"<td>{one.failed:,}</td><td>{one.doneLastHour:,}</td></tr>"
        for one in tasks
    )
    head = "<tr><th>task</th><th>waiting</th><th>due</th><th>failing</th><th>failed</th><th>done in 1 h</th></tr>"
    return f"<h2>What waits</h2><div class=scroll><table class=counts>{head}{rows}</table></div>"


def _running(lines: list[Line]) -> str:
    if not lines:
        return ""
    rows = "".join(
        f"<tr><td>{escape(one.task)}</td><td>task {one.id}</td><td>{ago(one.created_at)}</td></tr>" for one in lines
    )
    return f"<h2>What runs now</h2><div class=scroll><table>{rows}</table></div>"


router = Router(
    HOME, route_handlers=[show, script, retry], guards=[staff("SUPPORT", "FINANCE")], include_in_schema=False,
    exception_handlers={AuthRequired: to_sign_in, Forbidden: not_your_role},
)  # fmt: skip
