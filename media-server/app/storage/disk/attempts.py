"""Attempts on an embedded SQLite file: counts shared by all workers, still there after a restart.

The rules are those of the ``limits`` library's moving window; only its notation is used from there, because its
storages read the clock themselves and carry half a dozen calls that nothing here would reach.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limits import RateLimitItem, parse

from app.core.ports.guards import Clock
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.sqlite_file import SQLiteFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (key TEXT NOT NULL, at REAL NOT NULL, expires REAL NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_key ON events (key, at);
CREATE INDEX IF NOT EXISTS events_by_expiry ON events (expires);
CREATE TABLE IF NOT EXISTS used (token BLOB PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS used_by_expiry ON used (expires);
"""


class SQLiteAttempts:
    """Counts in the file ``path``."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._locks = LocalNamedLocks(path.with_suffix(".turn"))
        self._file = SQLiteFile(path, _SCHEMA, clock, _tidy)

    def hit(self, key: str, limit: str) -> bool:
        item = parse(limit)
        with self._file.alone() as (connection, now):
            if _count(connection, _key(key, item), now, item) >= item.amount:
                return False
            row = (_key(key, item), now, now + item.get_expiry())
            connection.execute("INSERT INTO events VALUES (?, ?, ?)", row)
            return True

    def count(self, key: str, limit: str) -> int:
        item = parse(limit)
        with self._file.alone() as (connection, now):
            return _count(connection, _key(key, item), now, item)

    def retry_after(self, key: str, limit: str) -> int:
        item = parse(limit)
        since = "SELECT at FROM events WHERE key = ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
        with self._file.alone() as (connection, now):
            # The key is free once this event has left the window, and with it all that are older.
            row = connection.execute(since, (_key(key, item), now, item.amount - 1)).fetchone()
        return 1 if row is None else max(1, math.ceil(row[0] + item.get_expiry() - now))

    def clear(self, key: str, limit: str) -> None:
        with self._file.alone() as (connection, _):
            connection.execute("DELETE FROM events WHERE key = ?", (_key(key, parse(limit)),))

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        with self._locks.hold([key]):
            yield

    def first_use(self, token: str, seconds: int) -> bool:
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        with self._file.alone() as (connection, now):
            connection.execute("DELETE FROM used WHERE token = ? AND expires <= ?", (digest, now))
            added = connection.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (digest, now + seconds))
            return added.rowcount == 1

    def was_used(self, token: str) -> bool:
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        with self._file.look() as (connection, now):
            found = "SELECT 1 FROM used WHERE token = ? AND expires > ?"
            return connection.execute(found, (digest, now)).fetchone() is not None


def _tidy(connection: sqlite3.Connection, now: float) -> None:
    connection.execute("DELETE FROM events WHERE expires <= ?", (now,))
    connection.execute("DELETE FROM used WHERE expires <= ?", (now,))


def _key(key: str, item: RateLimitItem) -> str:
    """Events count per key and limit: after a change of the settings counting starts anew."""
    return item.key_for(key)


def _count(connection: sqlite3.Connection, key: str, now: float, item: RateLimitItem) -> int:
    # Events from the future are left out: they date from a clock that has been put right since.
    inside = "SELECT count(*) FROM events WHERE key = ? AND at > ? AND at <= ?"
    found: int = connection.execute(inside, (key, now - item.get_expiry(), now)).fetchone()[0]
    return found
