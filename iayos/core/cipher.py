"""What must not be read in a stolen dump, sealed (ADR 0012): Fernet under keys that only the settings know.

A sealed text says inside what it is about, so that one moved to another row does not open there.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from iayos.core.errors import Plain

T = TypeVar("T")


class CannotOpen(Plain):
    """It stays closed. The words are the same for every row, so that failures of one cause count as one; `about` names it."""

    def __init__(self, about: str, why: str = "it was sealed under none of IAYOS_ENCRYPTION_KEYS") -> None:
        super().__init__(why)
        self.about = about


class Cipher:
    """Seals under the newest key, opens with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._newest = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def seal(self, about: str, content: object) -> str:
        """`content`, as JSON, for nobody but us; `about` names the row, as `withdrawal:12`."""
        return self._newest.encrypt(msgspec.json.encode((about, content), enc_hook=str)).decode()  # the wire's texts

    def open(self, about: str, sealed: str, into: type[T]) -> T:
        """What was sealed."""
        try:
            found, content = msgspec.json.decode(self._all.decrypt(sealed.encode()), type=tuple[str, into])  # type: ignore[valid-type]
        except InvalidToken:
            raise CannotOpen(about) from None
        if found != about:
            raise CannotOpen(about, "it was sealed for another row")
        return content

    def renewed(self, about: str, sealed: str) -> str | None:
        """The same under the newest key; None where it is already."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(about, self.open(about, sealed, msgspec.Raw))
        return None


def new_key() -> str:
    """A fresh key."""
    return Fernet.generate_key().decode()
