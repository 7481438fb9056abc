"""SQLite files: what all users of them have to heed, and one kind that all workers share and that outlives them.

SQLite's locks are POSIX record locks, of which a process loses all that it has on a file as soon as it closes any descriptor
of that file. Without them another process takes SQLite's log for one that nobody uses, and removes it. So a file of SQLite's
is never opened but by SQLite where somebody in this process may have it open (``made``); its log, ``-wal``, has no locks. After
a fork SQLite believes in the child that it has the locks of the parent, and of a thread that was in SQLite at that moment the
child has the mutexes locked for ever. So connections are closed before, and nobody uses SQLite meanwhile (``pause_at_fork``).
"""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from app.core.errors import Busy, StorageFull
from app.core.ports.guards import Clock
from app.storage.disk.atomic import disk_errors

# The journal beside the file stays below 1 MiB, so that it has its place on a small disk, too.
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 200;"
BUSY_SECONDS = 20
TIDY_SECONDS = 60

Tidy = Callable[[sqlite3.Connection, float], None]


PAUSE_SECONDS = 5.0
"""How long a fork waits for somebody who uses SQLite at that moment: whoever forks while using it would wait for ever."""


class Pausing(Protocol):
    """Something that uses SQLite, and opens its connections anew where they were closed."""

    def pause(self) -> None:
        """Wait until nobody uses what is open, close that, and keep everybody from using SQLite until ``resume``."""
        ...

    def resume(self) -> None: ...


_users: weakref.WeakSet[Pausing] = weakref.WeakSet()
_paused: list[Pausing] = []


def pause_at_fork(user: Pausing) -> None:
    """Have ``user`` pause whenever this process forks, as long as it lives."""
    _users.add(user)


def _pause_all() -> None:
    for user in list(_users):
        user.pause()
        _paused.append(user)


def _resume_all() -> None:
    while _paused:
        _paused.pop().resume()


os.register_at_fork(before=_pause_all, after_in_parent=_resume_all, after_in_child=_resume_all)


def made(path: Path) -> None:
    """Make the file of a database where there is none. Raises Busy, StorageFull."""
    # Here, as SQLite gives the files beside it the same mode.
    with disk_errors(), suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


class SQLiteFile:
    """The file ``path`` with ``schema``. Threads of a process take turns on one connection, processes on the file. May be used after a
    fork. A power cut may lose the newest changes, as waiting for the disk would cost more than they are worth.

    ``tidy`` removes what counts no more; it is called about once a minute, with the time. No lock of another kind may be waited
    for inside a block.
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
        self._is_paused = False
        pause_at_fork(self)

    def close(self) -> None:
        """Close the connection; whoever comes next opens another."""
        with self._lock:
            self._close()

    def pause(self) -> None:
        self._is_paused = self._lock.acquire(timeout=PAUSE_SECONDS)
        if self._is_paused:
            self._close()

    def resume(self) -> None:
        if self._is_paused:
            self._lock.release()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._owner == os.getpid():
            connection.close()

    @contextmanager
    def alone(self) -> Iterator[tuple[sqlite3.Connection, float]]:
        """A transaction, locked among all threads and processes until the block ends, and the time since when it is; an exception
        undoes it. Waits. Raises Busy or StorageFull."""
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
        """A connection for reading, and the time; waits for threads of this process, not for other processes. Raises Busy."""
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
        made(self._path)
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
