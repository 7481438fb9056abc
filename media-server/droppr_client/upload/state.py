"""What this machine remembers of its uploads: where to ask, and what is done.

The target's own word is the truth; this only says which upload to ask about, so that nothing is hashed or sent to find
out. One SQLite file for all targets, safe from several programs at once and from being killed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from droppr_client.upload.items import Item
from droppr_client.upload.problems import Refused

KEEP_DAYS = 60
_TABLES = """
CREATE TABLE IF NOT EXISTS secrets (secret BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (
    target TEXT NOT NULL, path TEXT NOT NULL, source BLOB NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sample TEXT,
    ticket TEXT, generation INTEGER NOT NULL, done INTEGER NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (target, path, source)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class SavedUpload:
    """What was noted of a file the last time."""

    size: int
    mtime_ns: int
    sample: str | None
    ticket: str | None
    generation: int
    done: bool

    def fits(self, item: Item) -> bool:
        """Whether the file looks as it did then."""
        return (self.size, self.mtime_ns) == (item.size, item.mtime_ns)

    def renewed(self) -> SavedUpload:
        """For the next upload of a file that has changed since this one, or whose upload is gone."""
        return replace(self, ticket=None, generation=self.generation + 1, done=False)


class StateFile:
    """The notes about uploads to one target. ``path`` may be ``:memory:``, which remembers nothing."""

    def __init__(self, path: str | os.PathLike[str], target: str, now: float) -> None:
        self._target = target
        self._now = now
        self.problem: str | None = None
        self._lock = threading.Lock()
        try:
            if str(path) != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                # The tickets in it are capabilities.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            self._secret = self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise Refused(
                f"The state file {path} cannot be used ({error}): name another with --state, or add --no-resume.",
                "unusable_state",
            ) from error

    def _prepare(self) -> bytes:
        # Killed is safe with this; a power cut may take the last notes, which costs a question to the server.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)
        self._db.execute("DELETE FROM uploads WHERE at < ?", (self._now - KEEP_DAYS * 86400,))
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            found = self._db.execute("SELECT secret FROM secrets").fetchone()
            secret = found[0] if found else secrets.token_bytes(32)
            if not found:
                self._db.execute("INSERT INTO secrets VALUES (?)", (secret,))
        return bytes(secret)

    def find(self, item: Item) -> SavedUpload | None:
        query = "SELECT size, mtime_ns, sample, ticket, generation, done FROM uploads WHERE target=? AND path=? AND source=?"
        try:
            with self._lock:
                row = self._db.execute(query, (self._target, item.path, os.fsencode(item.source))).fetchone()
        except sqlite3.Error as error:
            self.problem = str(error)
            return None
        if row is None:
            return None
        size, mtime_ns, sample, ticket, generation, done = row
        return SavedUpload(size, mtime_ns, sample, ticket, generation, bool(done))

    def key(self, item: Item, generation: int) -> str:
        """The upload's key: random to everybody else, and the same again when this file is sent again unchanged.

        So an upload whose opening was answered when nobody listened any more is found again without a note of it.
        """
        told = (self._target, item.path, item.source, str(item.size), str(item.mtime_ns), str(generation))
        digest = hmac.digest(self._secret, b"\0".join(os.fsencode(each) for each in told), hashlib.sha256)
        return urlsafe_b64encode(digest)[:43].decode()

    def note(self, entries: Iterable[tuple[Item, SavedUpload]]) -> None:
        rows = [
            (
                self._target,
                item.path,
                os.fsencode(item.source),
                known.size,
                known.mtime_ns,
                known.sample,
                known.ticket,
                known.generation,
                known.done,
                self._now,
            )
            for item, known in entries
        ]
        try:
            with self._lock, self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT OR REPLACE INTO uploads VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        except sqlite3.Error as error:
            # Files arrive without notes, too; the next run asks the server a little more.
            self.problem = str(error)

    def close(self) -> None:
        with self._lock:
            self._db.close()
