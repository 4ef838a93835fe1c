"""Passwords: argon2id off the event loop, behind a queue that has an end; and which passwords are too easy."""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from iayos.accounts.common_passwords import COMMON
from iayos.core.errors import RateLimited

T = TypeVar("T")

# OWASP, Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Of a password that nobody knows: verifying against it takes as long as against a real one
NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$uG/LScd8mNUNJs0q+iiieA$JKUgJSyAr/g4r70aLjn8CdqKSVXn2wX/qjsD2DPa5oA"
_LONGEST_QUEUE: Final = 100
_FEW: Final = 4
_MOST_THREADS: Final = 4
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class Passwords:
    """Hashing in threads of its own; more than `waiting` callers in the queue are asked to come back."""

    def __init__(self, *, threads: int | None = None, waiting: int = _LONGEST_QUEUE) -> None:
        threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._room = threading.BoundedSemaphore(threads + waiting)
        self.worked = 0
        """How many hashes were computed so far."""

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._off_loop(lambda: _HASHER.hash(_normal(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Does `password` belong to the hash? Without a hash the answer is no, after the same work."""
        fits = await self._off_loop(lambda: _verify(password_hash or NOBODYS, _normal(password)))
        return fits and password_hash is not None

    async def _off_loop(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise RateLimited(retry_after=1)
        self.worked += 1
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._threads.shutdown(cancel_futures=True)


def weakness(password: str, email: str) -> str | None:
    """Why this password is too easy, or None."""
    plain = _normal(password).casefold()
    local = email.partition("@")[0]
    if plain in COMMON or plain.rstrip("0123456789!.@#$?*_-") in COMMON:
        return "This password is too common; choose another"
    if len(set(plain)) <= _FEW:
        return "Expected a password with more different characters"
    if _runs(plain):
        return "Expected a password that is not a row of keys or numbers"
    if email in plain or (local in plain and len(plain) - len(local) < _FEW):
        return "Expected a password that is not your email"
    return None


def _runs(plain: str) -> bool:
    """Is the whole of it one row of neighbours, forwards or backwards, perhaps repeated?"""
    for row in _ROWS:
        for line in (row, row[::-1]):
            start = line.find(plain[0])
            if start >= 0 and (line[start:] + line * len(plain)).startswith(plain):
                return True
    return False


def _normal(password: str) -> str:
    """One form for what different keyboards write differently (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
