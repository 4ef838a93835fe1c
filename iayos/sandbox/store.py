"""What the sandbox remembers: JSON documents and files in one SQLite database, in memory or on disk.

Every write is its own commit. Syncing to the disk is left out on purpose: a killed process loses nothing, because the
pages are with the operating system by then, and nobody needs a sandbox to survive a power cut.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final

import msgspec

Doc = dict[str, Any]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS docs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL,
  ref TEXT NOT NULL DEFAULT '', due REAL, body BLOB NOT NULL, UNIQUE (kind, key));
CREATE INDEX IF NOT EXISTS docs_ref ON docs (kind, ref);
CREATE INDEX IF NOT EXISTS docs_due ON docs (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, content BLOB NOT NULL);
"""

_PUT: Final = """
INSERT INTO docs (kind, key, ref, due, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET ref = excluded.ref, due = excluded.due, body = excluded.body
"""


class Store:
    """Documents by kind and key, oldest first, found again by a reference or by when they fall due."""

    def __init__(self, directory: Path | None) -> None:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        place = ":memory:" if directory is None else str(directory / "sandbox.sqlite3")
        # made in one thread and used in another when a test runs the server beside itself; never in two at once
        self.db = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def put(self, kind: str, key: str, doc: Doc, *, ref: str = "", due: float | None = None) -> None:
        """Keep a document; a later one of the same key takes its place in the order."""
        self.db.execute(_PUT, (kind, key, ref, due, msgspec.json.encode(doc)))

    def get(self, kind: str, key: str) -> Doc | None:
        """The document, or None."""
        row = self.db.execute("SELECT body FROM docs WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else _doc(row[0])

    def all(self, kind: str, *, ref: str | None = None) -> list[Doc]:
        """All of a kind, or those with one reference, oldest first."""
        if ref is None:
            rows = self.db.execute("SELECT body FROM docs WHERE kind = ? ORDER BY seq", (kind,))
        else:
            rows = self.db.execute("SELECT body FROM docs WHERE kind = ? AND ref = ? ORDER BY seq", (kind, ref))
        return [_doc(body) for (body,) in rows]

    def next_number(self) -> int:
        """A number above every one so far."""
        top = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'docs'").fetchone()
        return 1 if top is None else int(top[0]) + 1

    def count(self, kind: str) -> int:
        """How many there are of a kind."""
        total: int = self.db.execute("SELECT count(*) FROM docs WHERE kind = ?", (kind,)).fetchone()[0]
        return total

    def latest(self, kind: str, limit: int) -> list[Doc]:
        """The newest of a kind, newest first."""
        rows = self.db.execute("SELECT body FROM docs WHERE kind = ? ORDER BY seq DESC LIMIT ?", (kind, limit))
        return [_doc(body) for (body,) in rows]

    def due(self, now: float) -> list[tuple[str, str]]:
        """Kind and key of everything that has fallen due, in the order in which it did."""
        rows = self.db.execute("SELECT kind, key FROM docs WHERE due <= ? ORDER BY due, seq", (now,))
        return rows.fetchall()

    def remove(self, kind: str, key: str) -> None:
        """Forget one document."""
        self.db.execute("DELETE FROM docs WHERE kind = ? AND key = ?", (kind, key))

    def keep_latest(self, kind: str, limit: int) -> None:
        """Forget all but the newest of a kind."""
        self.db.execute(
            "DELETE FROM docs WHERE kind = ? AND seq NOT IN"
            " (SELECT seq FROM docs WHERE kind = ? ORDER BY seq DESC LIMIT ?)",
            (kind, kind, limit),
        )

    def forget(self, *, but: str) -> None:
        """Forget everything apart from one kind."""
        self.db.execute("DELETE FROM docs WHERE kind <> ?", (but,))
        self.db.execute("DELETE FROM files")

    def write_file(self, name: str, content: bytes) -> None:
        """Keep a file byte for byte."""
        self.db.execute("INSERT OR REPLACE INTO files (name, content) VALUES (?, ?)", (name, content))

    def read_file(self, name: str) -> bytes:
        """The bytes of a file that is known to be there."""
        content: bytes = self.db.execute("SELECT content FROM files WHERE name = ?", (name,)).fetchone()[0]
        return content

    def remove_file(self, name: str) -> None:
        """Forget a file."""
        self.db.execute("DELETE FROM files WHERE name = ?", (name,))


def _doc(body: bytes) -> Doc:
    doc: Doc = msgspec.json.decode(body)
    return doc
