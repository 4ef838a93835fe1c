"""`GET /`: what came in, for people."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from iayos.core import clock
from iayos.sandbox.html import link, money, page, table
from iayos.sandbox.sandbox import Sandbox
from iayos.sandbox.store import Doc

_SHOWN: Final = 50
_LOGO: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#1d6b4f"/>'
    '<path d="M18 34l10 10 20-24" fill="none" stroke="#fff" stroke-width="7" stroke-linecap="round"/></svg>'
)


@get("/")
async def home(sandbox: NamedDependency[Sandbox]) -> Response[str]:
    sections = [
        _section(sandbox, "Invoices", "invoice", "/_sandbox/xendit/invoices"),
        _section(sandbox, "Payouts", "payout", "/_sandbox/xendit/payouts"),
        _section(sandbox, "Webhooks", "webhook", "/_sandbox/webhooks"),
        _section(sandbox, "Mails", "mail", "/_sandbox/resend/messages"),
        _section(sandbox, "Pushes", "push", "/_sandbox/expo/messages"),
        _section(sandbox, "Files", "object", "/_sandbox/supabase/objects"),
        _section(sandbox, "Requests", "request", "/_sandbox/requests"),
    ]
    top = (
        "<h1>iAyos sandbox</h1>"
        f'<p class="note">Xendit · Supabase Storage · Expo Push · Resend. Webhooks go to '
        f"{escape(sandbox.webhook_url or 'nowhere yet')}. Faults waiting: {len(sandbox.faults.all())}.</p>"
    )
    return page("iAyos sandbox", top + "".join(sections), wide=True)


@get("/mails/{mail_id:str}")
async def mail_page(mail_id: FromPath[str], sandbox: NamedDependency[Sandbox]) -> Response[str]:
    mail = sandbox.mailbox.get(mail_id)
    if mail is None:
        return page("No such mail", "<h1>No such mail</h1>", status=404)
    body = (
        f"<p>{link('/', 'Sandbox')}</p><h1>{escape(mail['subject'])}</h1>"
        f'<p class="note">{escape(mail["from"])} to {escape(", ".join(mail["to"]))}, {_when(mail["createdAt"])}</p>'
        f"<pre style='white-space: pre-wrap'>{escape(mail['text'])}</pre>"
    )
    return page(mail["subject"], body, wide=True)


@get("/logo.svg")
async def logo() -> Response[str]:
    return Response(_LOGO, media_type="image/svg+xml")


def page_routes() -> list[ControllerRouterHandler]:
    """The pages for people."""
    return [home, mail_page, logo]


def _section(sandbox: Sandbox, title: str, kind: str, url: str) -> str:
    total = sandbox.store.count(kind)
    heading = f"<h2>{link(url, title)} ({total})</h2>"
    if not total:
        return heading + '<p class="note">None yet.</p>'
    heads, row = _ROWS[kind]
    return heading + table(heads, [row(doc) for doc in sandbox.store.latest(kind, _SHOWN)])


def _invoice_row(doc: Doc) -> list[str]:
    cells = _text([_when(doc["created"]), doc["external_id"], money(doc["amount"], doc["currency"]), doc["status"]])
    return [*cells, link(f"/checkout/{doc['id']}", "checkout")]


def _payout_row(doc: Doc) -> list[str]:
    amount = money(doc["amount"], doc["currency"])
    return _text([_when(doc["created"]), doc["reference_id"], amount, doc["status"], doc["channel_code"]])


def _webhook_row(doc: Doc) -> list[str]:
    payload = doc["payload"] if isinstance(doc["payload"], dict) else {}
    data = payload.get("data")
    data = data if isinstance(data, dict) else payload
    about = data.get("external_id") or data.get("reference_id")
    answers = ", ".join(str(attempt["status"] or attempt["error"]) for attempt in doc["attempts"])
    answers = answers or ("lost" if doc["lost"] else "not sent yet")
    return _text([_when(doc["createdAt"]), payload.get("event") or payload.get("status"), about, answers])


def _mail_row(doc: Doc) -> list[str]:
    return [*_text([_when(doc["createdAt"]), ", ".join(doc["to"])]), link(f"/mails/{doc['id']}", doc["subject"])]


def _push_row(doc: Doc) -> list[str]:
    return _text([_when(doc["receivedAt"]), doc["to"], doc.get("title"), doc.get("body"), doc["ticket"]["status"]])


def _file_row(doc: Doc) -> list[str]:
    path = link(f"/_sandbox/supabase/objects/{quote(doc['bucket'])}/{quote(doc['path'])}", doc["path"])
    return [*_text([_when(doc["createdAt"]), doc["bucket"]]), path, *_text([doc["contentType"], doc["size"]])]


def _request_row(doc: Doc) -> list[str]:
    return _text([_when(doc["receivedAt"]), doc["name"], doc["fault"], doc["status"], doc["durationMs"]])


_ROWS: Final[dict[str, tuple[list[str], Callable[[Doc], list[str]]]]] = {
    "invoice": (["Created", "External id", "Amount", "Status", ""], _invoice_row),
    "payout": (["Created", "Reference", "Amount", "Status", "Channel"], _payout_row),
    "webhook": (["Created", "Event", "About", "Answers"], _webhook_row),
    "mail": (["Received", "To", "Subject"], _mail_row),
    "push": (["Received", "To", "Title", "Body", "Ticket"], _push_row),
    "object": (["Stored", "Bucket", "Path", "Type", "Bytes"], _file_row),
    "request": (["Received", "Call", "Fault", "Status", "ms"], _request_row),
}


def _when(instant: str) -> str:
    """In Manila, to the second."""
    return datetime.fromisoformat(instant).astimezone(clock.MANILA).strftime("%-d %b %H:%M:%S")


def _text(values: list[object]) -> list[str]:
    return [escape("" if value is None else str(value)) for value in values]
