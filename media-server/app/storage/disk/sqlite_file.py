"""An embedded SQLite file that all workers share and that outlives them.

A power cut may lose the newest changes, as waiting for the disk would cost more than they are worth.
"""

from __future__ import annotations

import math
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from app.core.errors import Busy, StorageFull
from app.core.ports.guards import Clock

# The journal beside the file stays below 1 MiB, so that it has its place on a small disk, too.
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 200;"
BUSY_SECONDS = 20
TIDY_SECONDS = 60

Tidy = Callable[[sqlite3.Connection, float], None]


class SQLiteFile:
    """The file ``path`` with ``schema``. Threads of a process take turns on one connection, processes on the file.

    ``tidy`` removes what counts no more; it is called once a minute with the time.
    """

    def __init__(self, path: Path, schema: str, clock: Clock, tidy: Tidy) -> None:
        self._path = path
        self._schema = schema
        self._clock = clock
        self._tidy = tidy
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._tidied_at = -math.inf

    @contextmanager
    def alone(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The file to oneself, among all threads and processes, and the time. Raises Busy or StorageFull."""
        with self._lock, _translated():
            connection = self._opened()
            self._tidied(connection)
            connection.execute("BEGIN IMMEDIATE")
            # Only now: a time read while waiting for the others would be older than theirs.
            now = self._clock()
            with connection:
                yield connection, now

    @contextmanager
    def look(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """The same for one that only reads, and waits for no other process. Raises Busy."""
        with self._lock, _translated():
            yield self._opened(), self._clock()

    def _tidied(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        # Also when the clock was set back.
        if abs(now - self._tidied_at) >= TIDY_SECONDS:
            self._tidied_at = now
            # On a full disk nothing can be deleted, but whoever only looks must not fail for that.
            with suppress(sqlite3.OperationalError):
                self._tidy(connection, now)

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
            connection.executescript(_PRAGMAS + self._schema)
        return connection


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
