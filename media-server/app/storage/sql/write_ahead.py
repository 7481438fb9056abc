"""How one process writes into an SQLite file: transactions in groups, and a log that stays short.

Threads that want to write at the same moment share one transaction of SQLite. Each does its part when it is its turn, behind
a savepoint, so that a part that fails undoes nothing of the others; the last of them commits for all. That saves each of them
what costs most, which is to begin, to commit and to wait for the disk, and is why many senders on many links do not wait for
each other longer than they did when each link had a file of its own.

Lock order: ``Writer._beside`` (who copies), ``Writer._lock`` (whose part it is), the kernel's lock on the turn (which process' group it is), SQLite's own.
``Log._changed`` is held by nobody who waits for any of these.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from app.core.errors import Busy, StorageFull
from app.storage.disk.atomic import disk_errors, raise_disk_error
from app.storage.disk.range_lock import ask
from app.storage.disk.sqlite_file import PAUSE_SECONDS
from app.storage.sql.database import Transaction
from app.storage.sql.synced_log import Log

MAX_GROUP = 32
"""So many parts one transaction has at most, as other processes wait meanwhile."""
CHECKPOINT_ROWS = 1024
"""After so many rows that a process has changed their pages are copied from the log into the file, while others go on."""
CHECKPOINT_PAGES = 900
"""From this length of the log on, not 4 MiB, whoever commits does that while the others wait."""
KEPT_LOG_BYTES = 4 * 1024 * 1024
"""A log that has begun anew gives back what it had above that."""
MAX_LOG_BYTES = 16 * 1024 * 1024
"""From this length on writers wait until the log has begun anew, which it cannot while there is always somebody reading."""
MAX_LOG_WAIT_SECONDS = 0.2
"""How long they wait for readers then; in vain, they try again after the next ``CHECKPOINT_ROWS``."""
SPARE_BYTES = 1024 * 1024
"""With less room than this on the disk only what has to be written is."""
BUSY_SECONDS = 20
"""How long a statement waits for SQLite's own locks, which are held for moments."""

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
}


def translated(error: BaseException) -> BaseException:
    """Trouble of the database in our words; faults of the program as they are."""
    if isinstance(error, sqlite3.OperationalError):
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind == sqlite3.SQLITE_FULL:
            return StorageFull()
        if kind in _PASSING:
            return Busy()
    return error


class Writer:
    """All writing of one process into one file. ``connect`` opens a connection that any thread may use."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._turn = path.with_suffix(".turn")
        self._folder = str(path.parent)
        self._connect = connect
        self._lock = threading.Lock()
        self._beside = threading.Lock()
        self._paused: list[threading.Lock] = []
        # One entry for each thread that waits for its part: adding and removing are atomic by themselves.
        self._waiting: deque[None] = deque()
        self._group: Group | None = None
        self._connection: sqlite3.Connection | None = None
        self._descriptor: int | None = None
        self._rows = 0
        self.log = Log(path.with_name(f"{path.name}-wal"), self.empty_log)

    def begin(self, urgent: bool) -> Group:
        """Begin a part of a group; the thread is alone until it ends it. Raises Busy, StorageFull."""
        self.check(urgent)
        return self.begin_checked()

    def begin_checked(self) -> Group:
        """The same for whoever has called ``check``."""
        self._waiting.append(None)
        try:
            self._lock.acquire()
        finally:
            self._waiting.pop()
        try:
            if self._group is None:
                self._group = self._begun()
            else:
                self._group.cursor.execute("SAVEPOINT part")
            return self._group
        except BaseException as error:
            if self._group is not None:
                self._give_up(self._group, error)
            self._lock.release()
            raise translated(error) from error

    def check(self, urgent: bool) -> None:
        """Return if something can be written, which an ``urgent`` part can on a full disk, too. Raises Busy, StorageFull."""
        self.log.check()
        if self._is_full():
            if not urgent:
                raise StorageFull()
            self._begin_log_anew()

    def end(self, group: Group, error: BaseException | None) -> None:
        """End the part; with an error it never was. Returns once it is committed. Raises Busy, StorageFull."""
        self.settle(group, error, self.leave(group, error))

    def leave(self, group: Group, error: BaseException | None, parts: int = 1) -> bool:
        """The first half of ``end``: from then on others have the turn. What it returns is for ``settle``. The part counts for so many
        ``parts``."""
        due = False
        try:
            if error is None:
                if group.parts:
                    group.cursor.execute("RELEASE part")
                group.parts += parts
            else:
                self._undo(group, error)
            if self._group is group and (not self._waiting or group.parts >= MAX_GROUP):
                due = self._commit(group)
        except sqlite3.Error as trouble:
            self._give_up(group, trouble)
        except BaseException as trouble:
            # Whatever it is, nobody may wait for this group for ever.
            self._give_up(group, trouble)
            raise
        finally:
            self._lock.release()
        return due

    def settle(self, group: Group, error: BaseException | None, due: bool) -> None:
        """The second half: wait until it is committed."""
        if error is None:
            group.wait()
            self.log.seen(group.ticket)
        if due:
            self._keep_short()

    def empty_log(self, wait_seconds: float = BUSY_SECONDS) -> bool:
        """Copy all of the log into the file, on the disk itself, and have it begin anew; false where readers were in the way
        for longer than ``wait_seconds``. Raises Busy, StorageFull."""
        with self._lock:
            done = self._checkpoint("TRUNCATE", wait_seconds)
            self.log.reserve()
            return done

    def _checkpoint(self, kind: str, wait_seconds: float) -> bool:
        """``empty_log`` by a checkpoint of this kind, for who has ``_lock``."""
        try:
            if self._group is not None:
                self._commit(self._group)
            connection = self._taken()
            connection.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
            blocked: int = connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()[0]
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            return not blocked
        except sqlite3.Error as error:
            self._close()
            raise translated(error) from error
        finally:
            self._let_go()

    def pause(self) -> None:
        """Wait until nobody is in SQLite, close the connection, and let nobody write until ``resume``."""
        self._paused = [lock for lock in (self._beside, self._lock) if lock.acquire(timeout=PAUSE_SECONDS)]
        if self._lock in self._paused and self._group is None:
            self._close()

    def resume(self) -> None:
        while self._paused:
            self._paused.pop().release()

    def close(self) -> None:
        """Close the connection, if nobody uses it."""
        with self._lock:
            if self._group is None:
                self._close()

    def _is_full(self) -> bool:
        try:
            disk = os.statvfs(self._folder)
        except OSError as error:
            raise_disk_error(error)
        return disk.f_bavail * disk.f_frsize < SPARE_BYTES

    def _begin_log_anew(self) -> None:
        """Have what is written next go to the beginning of the log, where its room is reserved: behind that there may be none. It may
        come to nothing, as where the file would have to grow for what the log holds."""
        with self._lock:
            if self._group is None:
                with suppress(Busy, StorageFull):
                    self._checkpoint("RESTART", MAX_LOG_WAIT_SECONDS)

    def _begun(self) -> Group:
        try:
            cursor = self._taken().cursor()
            cursor.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            if isinstance(error, sqlite3.Error):
                self._close()
            self._let_go()
            raise
        return Group(cursor)

    def _taken(self) -> sqlite3.Connection:
        """The connection, once it is this process' turn."""
        with disk_errors():
            if self._descriptor is None:
                self._descriptor = os.open(self._turn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            ask(self._descriptor, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, 0)
        if self._connection is None:
            self._connection, self._rows = self._connect(), 0
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            self._connection.execute(f"PRAGMA journal_size_limit = {KEPT_LOG_BYTES}")
        return self._connection

    def _let_go(self) -> None:
        if self._descriptor is not None:
            ask(self._descriptor, fcntl.F_OFD_SETLK, fcntl.F_UNLCK, 0)

    def _undo(self, group: Group, error: BaseException) -> None:
        if self._connection is None or not self._connection.in_transaction:
            # SQLite itself has undone everything, as on a full disk.
            self._give_up(group, error)
        elif group.parts:
            group.cursor.execute("ROLLBACK TO part")
            group.cursor.execute("RELEASE part")
        else:
            group.cursor.execute("ROLLBACK")
            self._over(group)

    def _commit(self, group: Group) -> bool:
        """Commit for all; whether the log ought to be looked at."""
        connection = group.cursor.connection
        group.cursor.execute("COMMIT")
        group.cursor.close()
        group.ticket = self.log.next_sync()
        self._over(group)
        before, self._rows = self._rows, connection.total_changes
        return before // CHECKPOINT_ROWS != self._rows // CHECKPOINT_ROWS

    def _give_up(self, group: Group, error: BaseException) -> None:
        """Tell all whose parts it had that they never were."""
        group.error = translated(error)
        # What was begun is undone with its connection.
        self._close()
        self._over(group)

    def _over(self, group: Group) -> None:
        self._group = None
        group.done.release()
        self._let_go()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _keep_short(self) -> None:
        # What stands in the way of that is no matter of the caller's.
        with suppress(Busy, StorageFull, sqlite3.OperationalError):
            with self._beside:
                size = self._copied()
            if size > MAX_LOG_BYTES:
                self.empty_log(MAX_LOG_WAIT_SECONDS)

    def _copied(self) -> int:
        """Copy what can be copied of the log into the file, beside all others; how many bytes the log holds."""
        connection = self._connect()
        try:
            page_size = connection.execute("PRAGMA page_size").fetchone()[0]
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return int(max(pages, 0) * page_size)
        finally:
            connection.close()


class Group:
    """One transaction of SQLite that has parts of several threads."""

    __slots__ = ("cursor", "done", "error", "parts", "ticket")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.cursor = cursor
        self.parts = 0
        self.ticket = 0
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def wait(self) -> None:
        """Until it is committed. Raises what kept it from that."""
        self.done.acquire()
        self.done.release()
        if self.error is not None:
            raise self.error


class Part:
    """A transaction, which may share one of SQLite with others: ``with Part(writer) as transaction``."""

    __slots__ = ("_group", "_urgent", "_writer")

    def __init__(self, writer: Writer, urgent: bool) -> None:
        self._writer = writer
        self._urgent = urgent

    def __enter__(self) -> Transaction:
        self._group = self._writer.begin(self._urgent)
        return Transaction(self._group.cursor)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.end(self._group, error)
        if isinstance(error, sqlite3.Error):
            raise translated(error) from error
