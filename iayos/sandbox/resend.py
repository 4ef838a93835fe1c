"""Resend: mails taken in, each key only once a day."""

import hashlib
import re
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import msgspec
from litestar import Router, get, post
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath

from iayos.sandbox.answers import AnyRequest, Refusal, json_body, now_iso, plain_text, seconds
from iayos.sandbox.config import SandboxConfig
from iayos.sandbox.store import Doc, Store

_RECIPIENTS_MAX: Final = 50
_BATCH_MAX: Final = 100
_KEY_MAX: Final = 256
_REMEMBERED_S: Final = 86_400
_ADDRESS: Final = re.compile(r"(?:[^<>]*<)?[^@\s<>]+@([^@\s<>]+\.[^@\s<>]+?)>?")


class Mailbox:
    """Every mail that was accepted."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def send(self, body: object, key: str | None) -> Doc:
        """One mail, or the answer given before under the same key."""
        return self._once(body, key, lambda: {"id": self._accept(_checked(body), key)})

    def send_batch(self, body: object, key: str | None) -> Doc:
        """Up to a hundred, all or none."""
        if not isinstance(body, list) or not 1 <= len(body) <= _BATCH_MAX:
            raise resend_error(422, "validation_error", f"A batch is a list of 1 to {_BATCH_MAX} emails.")

        def accept() -> Doc:
            mails = [_checked(each, batch=True) for each in body]
            return {"data": [{"id": self._accept(mail, key)} for mail in mails]}

        return self._once(body, key, accept)

    def all(self, to: str | None = None) -> list[Doc]:
        """Mails received, oldest first."""
        mails = self.store.all("mail")
        if not to:
            return mails
        return [mail for mail in mails if to.lower() in {_bare(address) for address in mail["to"]}]

    def get(self, mail_id: str) -> Doc | None:
        """One mail."""
        return self.store.get("mail", mail_id)

    def _once(self, body: object, key: str | None, accept: Callable[[], Doc]) -> Doc:
        """Run `accept`, unless this key was used within a day: then answer as before, or refuse another body."""
        if key is None:
            return accept()
        if not 1 <= len(key) <= _KEY_MAX:
            message = f"The idempotency key must be between 1 and {_KEY_MAX} characters."
            raise resend_error(400, "invalid_idempotency_key", message)
        fingerprint = hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
        known = self.store.get("mail_key", key)
        if known is None or known["at"] + _REMEMBERED_S <= seconds():
            known = {"at": seconds(), "fingerprint": fingerprint, "answer": accept()}
            self.store.put("mail_key", key, known)
        elif known["fingerprint"] != fingerprint:
            message = "This idempotency key has been used on a request with a different payload."
            raise resend_error(409, "invalid_idempotent_request", message)
        answer: Doc = known["answer"]
        return answer

    def _accept(self, mail: Doc, key: str | None) -> str:
        mail_id = str(uuid4())
        html, text = mail.get("html") or "", mail.get("text")
        kept = {
            "id": mail_id,
            "from": mail["from"],
            "to": _listed(mail["to"]),
            "cc": _listed(mail.get("cc")),
            "bcc": _listed(mail.get("bcc")),
            "replyTo": _listed(mail.get("reply_to")),
            "subject": mail["subject"],
            "html": html,
            "text": plain_text(html) if text is None else text,
            "headers": mail.get("headers") or {},
            "tags": mail.get("tags") or [],
            "attachments": [each["filename"] for each in mail.get("attachments") or []],
            "createdAt": now_iso(),
            "idempotencyKey": key,
        }
        self.store.put("mail", mail_id, kept)
        return mail_id


def resend_error(status: int, name: str, message: str) -> Refusal:
    """How Resend refuses."""
    return Refusal(status, {"statusCode": status, "name": name, "message": message})


def require_key(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A bearer token; none at all and a wrong one are told apart."""
    config: SandboxConfig = connection.app.state.sandbox.config
    scheme, _space, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise resend_error(401, "missing_api_key", "Missing API key in the authorization header.")
    if token != config.resend_api_key:
        raise resend_error(403, "invalid_api_key", "API key is invalid.")


@post("/emails", status_code=200)
async def send(request: AnyRequest, mailbox: NamedDependency[Mailbox]) -> Doc:
    return mailbox.send(await json_body(request), request.headers.get("idempotency-key"))


@post("/emails/batch", status_code=200)
async def send_batch(request: AnyRequest, mailbox: NamedDependency[Mailbox]) -> Doc:
    return mailbox.send_batch(await json_body(request), request.headers.get("idempotency-key"))


@get("/emails/{mail_id:str}")
async def mail(mail_id: FromPath[str], mailbox: NamedDependency[Mailbox]) -> Doc:
    found = mailbox.get(mail_id)
    if found is None:
        raise resend_error(404, "not_found", "Email not found")
    shown = ("id", "to", "from", "subject", "html", "text", "cc", "bcc")
    last = {
        "object": "email",
        "created_at": found["createdAt"],
        "reply_to": found["replyTo"],
        "last_event": "delivered",
    }
    return {key: found[key] for key in shown} | last


@get("/_sandbox/resend/messages")
async def messages(request: AnyRequest, mailbox: NamedDependency[Mailbox]) -> list[Doc]:
    return mailbox.all(request.query_params.get("to"))


def resend_router() -> Router:
    """Resend's API."""
    return Router("/resend", route_handlers=[send, send_batch, mail], guards=[require_key])


def _checked(mail: object, *, batch: bool = False) -> Doc:
    """The mail, or Resend's refusal of it."""
    if not isinstance(mail, dict):
        raise resend_error(400, "validation_error", "The request body must be a JSON object.")
    for name in ("from", "to", "subject"):
        if not mail.get(name):
            raise resend_error(422, "missing_required_field", f"Missing `{name}` field.")
    if mail.get("html") is None and mail.get("text") is None:
        raise resend_error(422, "missing_required_field", "Missing `html` or `text` field.")
    recipients = _listed(mail["to"])
    if len(recipients) > _RECIPIENTS_MAX:
        raise resend_error(422, "validation_error", f"The `to` field may hold at most {_RECIPIENTS_MAX} addresses.")
    for address in (mail["from"], *recipients):
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise resend_error(422, "validation_error", f"Invalid address {address!r}: use `email@example.com`.")
    _check_attachments(mail.get("attachments") or [], batch=batch)
    domain = _bare(mail["from"]).partition("@")[2]
    if domain.endswith(".invalid"):
        # the sandbox takes every sender's domain for verified, apart from those that can never be
        raise resend_error(403, "validation_error", f"The {domain} domain is not verified.")
    return mail


def _check_attachments(attachments: list[object], *, batch: bool) -> None:
    if not all(isinstance(each, dict) and each.get("filename") for each in attachments):
        raise resend_error(422, "invalid_attachment", "Each attachment needs a `filename`.")
    if batch and attachments:
        raise resend_error(422, "validation_error", "Attachments are not supported in a batch.")


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _bare(address: str) -> str:
    """The address without the name before it, for comparing."""
    return address.rpartition("<")[2].rstrip(">").strip().lower()
