"""A keyring in a file, chosen as keyring lets anybody choose one: PYTHON_KEYRING_BACKEND=tests.cli.a_keyring.InAFile."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class InAFile(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path = Path(os.environ["KEYRING_FILE"])
        self.kept: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        if os.environ.get("KEYRING_LOCKED"):
            raise KeyringLocked("it is locked")
        return self.kept.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[f"{service} {username}"] = password
        self.path.write_text(json.dumps(self.kept))

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[f"{service} {username}"]
        self.path.write_text(json.dumps(self.kept))
