"""The one seam for randomness, and the few things built on it."""

import hashlib
import hmac
import random
import secrets


def secret(nbytes: int = 32) -> str:
    """An unguessable URL-safe string."""
    return secrets.token_urlsafe(nbytes)


def salt() -> bytes:
    """Sixteen random bytes."""
    return secrets.token_bytes(16)


def jitter(seconds: float) -> float:
    """`seconds`, up to a quarter longer, so that many retries do not come back at one instant."""
    return seconds * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load, guards nothing


def digest(token: str) -> bytes:
    """How a token rests in the database: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def sign(key: str, *parts: object) -> str:
    """A keyed hash over `parts`, hexadecimal, for values that travel through the caller."""
    return hmac.new(key.encode(), "|".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time; text outside ASCII is only different, never an error."""
    return hmac.compare_digest(left.encode(), right.encode())
