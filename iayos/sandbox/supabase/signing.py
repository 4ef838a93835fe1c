"""Signed addresses: a token that names one object and dies at its hour."""

import base64
import hashlib
import hmac
from typing import Final

import msgspec

from iayos.sandbox.answers import seconds
from iayos.sandbox.store import Doc
from iayos.sandbox.supabase.objects import storage_error

_UPLOAD_LIFE_S: Final = 7_200
_HEAD: Final = b'{"alg":"HS256","typ":"JWT"}'


class Signer:
    """Makes and checks tokens in the form of a JWT."""

    def __init__(self, key: str) -> None:
        self.key = hashlib.sha256(key.encode()).digest()

    def download(self, url: str, *, life_s: int) -> str:
        """A token to read one object."""
        return self._token({"url": url, "scope": "download"}, life_s)

    def upload(self, url: str, *, upsert: bool) -> str:
        """A token to write one object, within two hours."""
        return self._token({"url": url, "scope": "upload", "upsert": upsert}, _UPLOAD_LIFE_S)

    def check(self, token: str, url: str, *, scope: str) -> Doc:
        """What the token says, if it is ours, still good, and for this object."""
        head, _, rest = token.partition(".")
        body, _, mark = rest.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark(f"{head}.{body}").encode()):
            raise storage_error(400, "InvalidJWT", "signature verification failed", code="InvalidJWT")
        claims: Doc = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if claims["exp"] <= seconds():
            raise storage_error(400, "InvalidJWT", '"exp" claim timestamp check failed', code="InvalidJWT")
        if claims["url"] != url or claims["scope"] != scope:
            raise storage_error(400, "InvalidSignature", "The signature does not match", code="InvalidSignature")
        return claims

    def _token(self, claims: Doc, life_s: int) -> str:
        now = int(seconds())
        body = _base64(msgspec.json.encode(claims | {"iat": now, "exp": now + life_s}))
        unsigned = f"{_base64(_HEAD)}.{body}"
        return f"{unsigned}.{self._mark(unsigned)}"

    def _mark(self, text: str) -> str:
        return _base64(hmac.new(self.key, text.encode(), hashlib.sha256).digest())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
