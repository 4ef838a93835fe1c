"""SAQ's own page at `/admin/queues/saq/`: its files from its package, its data through our handle, its buttons through our verbs."""

import gzip
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.params import FromPath, JSONBody

from iayos.admin import queue
from iayos.admin.pages import HEADERS, HOME, to_sign_in
from iayos.broker import QUEUE, Broker, row_of
from iayos.core.errors import AuthRequired, Conflict, NotFound
from iayos.core.wire import Text
from iayos.web.auth import Me, staff
from iayos.web.tx import InTx

ROOT: Final = f"{HOME}/saq"
OWN: Final = Path(__file__).with_name("saq_root.js")
KINDS: Final = {
    "pico.min.css": "text/css",
    "snabbdom.js": "text/javascript",
    "app.js": "text/javascript",
    "root.js": "text/javascript",
}
SHOWN: Final = 100
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'"
)
"""As our own pages have it, with pictures inside SAQ's style sheet; nothing comes from elsewhere."""
SHELL: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>"
    f"<title>SAQ · iAyos</title><link rel=stylesheet href={ROOT}/static/pico.min.css>"
    f"<body><p class=container><a href={HOME}>Back to what waits and fails</a></p><div id=app></div>"
    + "".join(f"<script src={ROOT}/static/{name}></script>" for name in ("root.js", "snabbdom.js", "app.js"))
)


class OnlyCarried(Conflict):
    """SAQ's button to retry has no meaning here."""

    code = "ONLY_CARRIED"
    message = (
        "SAQ only carries tasks, each once. One that failed waits in the outbox: try it again on the page before this."
    )


class Why(msgspec.Struct, frozen=True):
    """What the person said."""

    reason: Text


@get(["/", "/queues/{_queue:str}", "/queues/{_queue:str}/jobs/{_key:str}"], sync_to_thread=False)
def show() -> Response[str]:
    """The page itself; its script draws what the address names."""
    return Response(SHELL, media_type=MediaType.HTML, headers=HEADERS | {"Content-Security-Policy": POLICY})


@get("/static/{name:str}", sync_to_thread=False)
def static(name: FromPath[str]) -> Response[bytes]:
    """A file of SAQ's, or what goes before them."""
    if name not in KINDS:
        raise NotFound
    return Response(_content(name), media_type=KINDS[name], headers={"Cache-Control": "private, max-age=3600"})


@get("/api/queues")
async def queues(state: State) -> dict[str, Any]:
    """All queues: there is one."""
    broker: Broker = state.broker
    return {"queues": [await broker.info()]}


@get("/api/queues/{name:str}")
async def one_queue(state: State, name: FromPath[str]) -> dict[str, Any]:
    """The queue with what it carries."""
    broker: Broker = state.broker
    if name != QUEUE:
        raise NotFound
    return {"queue": await broker.info() | {"jobs": [_job(one) for one in await broker.jobs(most=SHOWN)]}}


@get("/api/queues/{_name:str}/jobs/{key:str}")
async def one_job(state: State, key: FromPath[str]) -> dict[str, Any]:
    """One job; SAQ forgets it as soon as it has ended."""
    broker: Broker = state.broker
    job = await broker.job(key)
    if job is None:
        raise NotFound
    return {"job": _job(job)}


@post("/api/queues/{_name:str}/jobs/{_key:str}/retry", status_code=200)
async def retry() -> None:
    """Refused, and why."""
    raise OnlyCarried


@post("/api/queues/{_name:str}/jobs/{key:str}/abort", status_code=200)
async def abort(tx: InTx, me: Me, state: State, key: FromPath[str], data: JSONBody[Why]) -> dict[str, Any]:
    """The row behind the job is given up, as by `iayos queue abort`."""
    try:
        row_id = row_of(key)
    except ValueError:
        raise NotFound from None
    await queue.abort(tx, state.broker, ids=[row_id], by=me, reason=data.reason)
    return {}


def _job(job: Any) -> dict[str, Any]:
    from saq.web.common import job_dict  # noqa: PLC0415 - SAQ is imported when somebody looks

    return {**job_dict(job)}


def _content(name: str) -> bytes:
    from saq.web.common import STATIC_PATH  # noqa: PLC0415 - as above

    if name == OWN.name.removeprefix("saq_"):
        return OWN.read_bytes()
    plain = STATIC_PATH / name
    return plain.read_bytes() if plain.exists() else gzip.decompress(plain.with_name(f"{name}.gz").read_bytes())


guarded: Final = [staff("SUPPORT", "FINANCE")]
router = Router(
    ROOT, guards=guarded, include_in_schema=False,
    route_handlers=[
        Router("/", route_handlers=[show], exception_handlers={AuthRequired: to_sign_in}),
        static, queues, one_queue, one_job, retry, abort,
    ],
)  # fmt: skip
