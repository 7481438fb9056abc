"""A file of the index: documents with their passages, the words of these, and their vectors.

The words lie in a table of FTS5 without content: what it is told to forget has to be told again in the same words, which
``prepare`` gives for the same passage. The entity is one more word of each passage, in a column of its own: the second, as each
place in any but the first takes two bytes more.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from app.core.errors import Busy, StorageFull
from app.storage.disk.atomic import disk_errors

BUSY_SECONDS = 20
VERSION = 1
"""Of what is below; a file of another version is set aside and filled anew."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entity TEXT NOT NULL, document TEXT NOT NULL, digest TEXT NOT NULL,
    extractor INTEGER NOT NULL, model TEXT, name TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, sender TEXT NOT NULL,
    UNIQUE (entity, document)
);
CREATE TABLE IF NOT EXISTS chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, number INTEGER NOT NULL, page INTEGER, text TEXT NOT NULL,
    UNIQUE (owner, number)
);
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, entity, content = '', tokenize = 'ascii'
);
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (words, col);
"""
# Vectors fill pages of this size with less waste. Prepared words are letters, digits and spaces: the tokenizer that takes all
# but ASCII for letters keeps them as they are, whatever version of Unicode SQLite knows.
_PRAGMAS = """
PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 100;
PRAGMA journal_size_limit = 0;
"""
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)

_inherited: list[sqlite3.Connection] = []
"""Kept, as Python closes what nobody refers to."""


class Shard:
    """The file ``name`` in ``folder``. Threads take turns on one connection, processes on the file. Raises Busy or
    StorageFull.

    A broken file is followed by one with the next number, which all processes take from then on. It is not renamed: who
    still has a file of SQLite open removes others by its name. The next look through the shard deletes it.

    Lock order: the thread's lock, the lock of opening and setting aside, SQLite's own.
    """

    def __init__(self, folder: Path, name: str, on_damage: Callable[[], object] = lambda: None) -> None:
        """``on_damage`` is called whenever the file was set aside."""
        self.name = name
        self._on_damage = on_damage
        self._folder = folder
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._number = 0
        self._broken: set[int] = set()
        # What this process has written, which ``data_version`` leaves out.
        self._changes = 0

    def is_there(self) -> bool:
        """Whether anything was ever written here. Looking at what is not there would make it."""
        return self._connection is not None or bool(self._numbers())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The file as it stands now. One that is broken is set aside, and Busy raised."""
        with self._lock, self._translated():
            connection = self._current()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The file to oneself: all that is done in the block stays, or nothing of it."""
        with self._lock, self._translated():
            connection = self._current()
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                self._changes += 1
                yield connection

    def scrub(self) -> None:
        """Leave nothing of what was removed in the files: neither in the index of words nor in the log of changes."""
        with self.writing() as connection:
            connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._lock, self._translated():
            # Pages that nothing stands on any more go back to the disk.
            self._current().executescript("PRAGMA incremental_vacuum")
        # Readers elsewhere keep the log for as long as they read; the next scrub empties it.
        with self._lock, self._translated(), suppress(sqlite3.OperationalError):
            self._current().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def version(self) -> tuple[int, int, int]:
        """Changes whenever the content may have."""
        with self._lock, self._translated():
            connection = self._current()
            return self._number, connection.execute("PRAGMA data_version").fetchone()[0], self._changes

    def is_broken(self) -> bool:
        """Look through the whole file; where it is broken it is set aside and begun anew."""
        try:
            with self.reading() as connection:
                sound = [row[0] for row in connection.execute("PRAGMA quick_check(1)")] == ["ok"]
            with self.writing() as connection:
                connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        except Busy:
            if self._number in self._broken:
                return True
            raise
        if sound:
            self._forget_broken()
            # Whoever was killed after removing something, or met readers of the log, has left its bytes.
            self.scrub()
        else:
            with self._lock:
                self._set_aside()
        return not sound

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                # A connection from before a fork must not be used on its other side, not even to close it.
                if self._owner == os.getpid():
                    self._connection.close()
                else:
                    _inherited.append(self._connection)
            self._connection = None

    def _current(self) -> sqlite3.Connection:
        if self._connection is not None and self._owner == os.getpid() and not self._path(self._number + 1).exists():
            return self._connection
        self.close()
        with self._guarded():
            self._number = max(self._numbers(), default=0)
            connection = self._opened(self._path(self._number))
            if connection is None:
                self._number += 1
                connection = self._opened(self._path(self._number))
            assert connection
        self._connection, self._owner = connection, os.getpid()
        # The new connection counts what others change from the beginning.
        self._changes += 1
        return connection

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection | None:
        """None for a file of another version. The lock of opening is held: SQLite does not wait for others but gives up when several
        processes switch one file to WAL."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            is_new = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not is_new and connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
                connection.close()
                return None
            connection.executescript(_PRAGMAS + _SCHEMA)
            if is_new:
                connection.execute(f"PRAGMA user_version = {VERSION}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _path(self, number: int) -> Path:
        return self._folder / f"{self.name}-{number}.db"

    def _numbers(self) -> list[int]:
        return [int(path.stem.rpartition("-")[2]) for path in self._folder.glob(f"{self.name}-*.db")]

    def _forget_broken(self) -> None:
        with self._lock, self._guarded():
            for number in self._numbers():
                if number < self._number:
                    for ending in ("", "-wal", "-shm"):
                        path = self._path(number)
                        path.with_name(path.name + ending).unlink(missing_ok=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Timeout as error:
            raise Busy() from error
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _BROKEN:
                self._set_aside()
                raise Busy("The index was damaged. It fills again by itself; try again in a while.") from error
            if code == sqlite3.SQLITE_FULL:
                raise StorageFull() from error
            if code in _PASSING:
                raise Busy() from error
            raise

    def _set_aside(self) -> None:
        self._broken.add(self._number)
        self.close()
        with self._guarded(), disk_errors():
            # Another process may have been quicker: the next one is there already then.
            os.close(os.open(self._path(self._number + 1), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._on_damage()

    def _guarded(self) -> FileLock:
        return FileLock(self._folder / f"{self.name}.lock", BUSY_SECONDS, mode=0o600, preserve_lock_file=True)
