"""Attempts on an embedded SQLite file: counts shared by all workers, still there after a restart.

The rules are those of the ``limits`` library's moving window; only its notation is used from there, because its
storages read the clock themselves and carry half a dozen calls that nothing here would reach. A power cut may
lose the newest counts, as waiting for the disk would cost more than it is worth.
"""

from __future__ import annotations

import hashlib
import math
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from limits import RateLimitItem, parse

from app.core.errors import Busy, StorageFull
from app.core.ports import Clock
from app.storage.turns import Turns

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS events (key TEXT NOT NULL, at REAL NOT NULL, expires REAL NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_key ON events (key, at);
CREATE INDEX IF NOT EXISTS events_by_expiry ON events (expires);
CREATE TABLE IF NOT EXISTS used (token BLOB PRIMARY KEY, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS used_by_expiry ON used (expires);
"""
BUSY_SECONDS = 20
TIDY_SECONDS = 60


class SQLiteAttempts:
    """Counts in the file ``path``. Threads of a process take turns on one connection, processes on the file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._turns = Turns(path.with_suffix(".turn"))
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._tidied_at = -math.inf

    def hit(self, key: str, limit: str) -> bool:
        item = parse(limit)
        with self._alone() as (connection, now):
            if _count(connection, _key(key, item), now, item) >= item.amount:
                return False
            row = (_key(key, item), now, now + item.get_expiry())
            connection.execute("INSERT INTO events VALUES (?, ?, ?)", row)
            return True

    def count(self, key: str, limit: str) -> int:
        item = parse(limit)
        with self._alone() as (connection, now):
            return _count(connection, _key(key, item), now, item)

    def retry_after(self, key: str, limit: str) -> int:
        item = parse(limit)
        since = "SELECT at FROM events WHERE key = ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
        with self._alone() as (connection, now):
            # The key is free once this event has left the window, and with it all that are older.
            row = connection.execute(since, (_key(key, item), now, item.amount - 1)).fetchone()
        return 1 if row is None else max(1, math.ceil(row[0] + item.get_expiry() - now))

    def clear(self, key: str, limit: str) -> None:
        with self._alone() as (connection, _):
            connection.execute("DELETE FROM events WHERE key = ?", (_key(key, parse(limit)),))

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        with self._turns.of([key]):
            yield

    def first_use(self, token: str, seconds: int) -> bool:
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        with self._alone() as (connection, now):
            connection.execute("DELETE FROM used WHERE token = ? AND expires <= ?", (digest, now))
            added = connection.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (digest, now + seconds))
            return added.rowcount == 1

    def was_used(self, token: str) -> bool:
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        with self._lock, _translated():
            found = "SELECT 1 FROM used WHERE token = ? AND expires > ?"
            return self._opened().execute(found, (digest, self._clock())).fetchone() is not None

    @contextmanager
    def _alone(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The file to oneself, among all threads and processes, and the time. Raises Busy or StorageFull."""
        with self._lock, _translated():
            connection = self._opened()
            self._tidy(connection)
            connection.execute("BEGIN IMMEDIATE")
            # Only now: a time read while waiting for the others would be older than theirs.
            now = self._clock()
            with connection:
                yield connection, now

    def _opened(self) -> sqlite3.Connection:
        # A connection must not be used on the other side of a fork, not even to close it.
        if self._connection is None or self._owner != os.getpid():
            self._connection, self._owner = self._connect(), os.getpid()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Made here, as SQLite gives the files beside it the same mode.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # SQLite does not wait for others but gives up when several processes switch one file to WAL.
        with FileLock(self._path.with_suffix(".lock"), BUSY_SECONDS, mode=0o600, preserve_lock_file=True):
            connection.executescript(_SCHEMA)
        return connection

    def _tidy(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        # Also when the clock was set back.
        if abs(now - self._tidied_at) >= TIDY_SECONDS:
            self._tidied_at = now
            # On a full disk nothing can be deleted, but whoever only looks at a count must not fail for that.
            with suppress(sqlite3.OperationalError):
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


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Timeout as error:
        raise Busy() from error
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise StorageFull() from error
        raise Busy() from error
