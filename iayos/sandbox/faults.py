"""What is to go wrong, and how each provider says so."""

import asyncio
import re
from typing import Final

import msgspec

from iayos.sandbox.answers import control_error
from iayos.sandbox.store import Doc, Store

KINDS: Final = (
    "hang", "drop_before", "drop_after", "429", "500", "502_html", "503_empty", "bad_json", "401",
)  # fmt: skip
_DELAY: Final = re.compile(r"delay:\d+(\.\d+)?")

# each provider route has a name, so that a fault can pick it
_OBJECT: Final = r"/supabase/storage/v1/object"
_NAMES: Final = tuple(
    (method, re.compile(pattern), name)
    for method, pattern, name in (
        ("POST", r"/xendit/v2/invoices/?", "xendit.create_invoice"),
        ("GET", r"/xendit/v2/invoices/?", "xendit.list_invoices"),
        ("GET", r"/xendit/v2/invoices/[^/]+/?", "xendit.get_invoice"),
        ("POST", r"/xendit/invoices/[^/]+/expire!/?", "xendit.expire_invoice"),
        ("POST", r"/xendit/v2/payouts/?", "xendit.create_payout"),
        ("GET", r"/xendit/v2/payouts/?", "xendit.list_payouts"),
        ("GET", r"/xendit/v2/payouts/[^/]+/?", "xendit.get_payout"),
        ("POST", r"/xendit/v2/payouts/[^/]+/cancel/?", "xendit.cancel_payout"),
        ("GET", r"/xendit/payouts_channels/?", "xendit.payout_channels"),
        ("GET", r"/xendit/balance/?", "xendit.balance"),
        ("GET", r"/xendit/transactions(/.*)?", "xendit.transactions"),
        ("POST", _OBJECT + r"/(upload/)?sign/.+", "supabase.sign"),
        ("POST", _OBJECT + r"/(list|list-v2)/.+", "supabase.list"),
        ("POST", _OBJECT + r"/(move|copy)/?", "supabase.move"),
        ("POST|PUT", _OBJECT + r"/.+", "supabase.upload"),
        ("GET", _OBJECT + r"/info/.+", "supabase.info"),
        ("GET|HEAD", _OBJECT + r"/.+", "supabase.download"),
        ("DELETE", _OBJECT + r"/.+", "supabase.remove"),
        (".*", r"/supabase/storage/v1/bucket.*", "supabase.bucket"),
        ("POST", r"/expo/--/api/v2/push/send/?", "expo.send"),
        ("POST", r"/expo/--/api/v2/push/getReceipts/?", "expo.receipts"),
        ("POST", r"/resend/emails(/batch)?/?", "resend.send"),
    )
)
PROVIDERS: Final = ("xendit", "supabase", "expo", "resend")


class Fault(msgspec.Struct):
    """One thing that goes wrong: with which call, how, and how many times (None: until told otherwise)."""

    match: str
    kind: str
    times: int | None = 1

    def fits(self, name: str) -> bool:
        """Whether a call of this name is to go wrong."""
        return self.match in {name, name.partition(".")[0] + ".*"}


def provider_of(path: str) -> str | None:
    """Whose wire a path belongs to."""
    head = path.split("/", 2)[1] if path.startswith("/") else ""
    return head if head in PROVIDERS else None


def name_of(method: str, path: str) -> str:
    """The name of a provider's call, as faults pick it."""
    for methods, pattern, name in _NAMES:
        if re.fullmatch(methods, method) and pattern.fullmatch(path):
            return name
    return f"{provider_of(path)}.other"


class Faults:
    """The faults still to happen, first come first served."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.released = asyncio.Event()

    def set(self, faults: list[Fault]) -> None:
        """Put these in the place of all others, and let go of whoever hangs."""
        for fault in faults:
            _check(fault)
        self._save(faults)
        self.released.set()
        self.released = asyncio.Event()

    def all(self) -> list[Fault]:
        """Those that are still to happen."""
        kept = self.store.get("setting", "faults")
        return [] if kept is None else msgspec.convert(kept["faults"], list[Fault])

    def take(self, name: str) -> str | None:
        """How this call goes wrong, or None; a fault is used up by it."""
        faults = self.all()
        for fault in faults:
            if fault.fits(name) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                self._save([left for left in faults if left.times != 0])
                return fault.kind
        return None

    def _save(self, faults: list[Fault]) -> None:
        self.store.put("setting", "faults", {"faults": msgspec.to_builtins(faults)})


def _check(fault: Fault) -> None:
    if fault.kind not in KINDS and not _DELAY.fullmatch(fault.kind):
        raise control_error(400, f"unknown kind {fault.kind!r}; one of delay:<s>, {', '.join(KINDS)}")
    known = {name for _, _, name in _NAMES} | {f"{provider}.*" for provider in PROVIDERS}
    if fault.match not in known:
        raise control_error(400, f"unknown name {fault.match!r}; one of {', '.join(sorted(known))}")


_REFUSALS: Final[dict[tuple[str, str], Doc]] = {
    ("xendit", "429"): {"error_code": "RATE_LIMIT_EXCEEDED", "message": "Rate limit exceeded."},
    ("xendit", "500"): {"error_code": "SERVER_ERROR", "message": "An unexpected error occurred."},
    ("xendit", "401"): {"error_code": "INVALID_API_KEY", "message": "API key is not authorized for this API service."},
    ("resend", "429"): {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests."},
    ("resend", "500"): {"statusCode": 500, "name": "application_error", "message": "An unexpected error occurred."},
    ("resend", "401"): {"statusCode": 401, "name": "missing_api_key", "message": "Missing API key."},
    ("resend", "409"): {
        "statusCode": 409,
        "name": "concurrent_idempotent_requests",
        "message": "Another request with this idempotency key is in progress.",
    },
    ("expo", "429"): {"errors": [{"code": "TOO_MANY_REQUESTS", "message": "Too many requests."}]},
    ("expo", "500"): {"errors": [{"code": "INTERNAL_SERVER_ERROR", "message": "An unknown error occurred."}]},
    ("expo", "401"): {"errors": [{"code": "UNAUTHORIZED", "message": "Insufficient permissions."}]},
    ("supabase", "429"): {"statusCode": "429", "error": "too_many_connections", "message": "Too many connections"},
    ("supabase", "500"): {"statusCode": "500", "error": "Internal", "message": "Internal Server Error"},
    ("supabase", "401"): {"statusCode": "401", "error": "Unauthorized", "message": "Invalid API key"},
}
_BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def canned(provider: str, kind: str) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer that is given in the provider's place."""
    if kind == "502_html":
        return 502, "text/html", _BAD_GATEWAY
    if kind == "503_empty":
        return 503, "", b""
    return int(kind), "application/json", msgspec.json.encode(_REFUSALS[provider, kind])
