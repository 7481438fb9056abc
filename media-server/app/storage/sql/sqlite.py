"""The catalogue on SQLite: one file on a local disk, its log beside it.

SQLite runs with a write-ahead log and ``synchronous=NORMAL``: a commit appends to the log and waits for no disk. ``sync``
then is one ``fdatasync`` of that log, outside of every lock. Copying the log into the file (a checkpoint) syncs both by
itself, so what was in a log that began anew is on the disk, too.

Writers wait for each other in the kernel, on a lock of our own: SQLite would have them ask again after growing pauses, in
which others overtake them (``write_ahead``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect

from app.core.errors import Busy, StorageFull
from app.storage.disk.atomic import disk_errors, sync_file
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.sqlite_file import PAUSE_SECONDS, pause_at_fork
from app.storage.sql.combined import Combined
from app.storage.sql.database import PerProcess, Pool, Query, Row, Transaction, Value, value
from app.storage.sql.write_ahead import BUSY_SECONDS, Part, Writer, translated

IDLE_CONNECTIONS = 8
_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA temp_store = MEMORY;
"""
_as_json = json.JSONEncoder(allow_nan=False).encode


class SQLiteDatabase:
    """Database in the file ``path``, which a migration has made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dialect: Dialect = SQLiteDialect_pysqlite(paramstyle="named")
        self._names = LocalNamedLocks(path.with_suffix(".turns"))
        self._here = PerProcess(lambda: _Here(path))
        pause_at_fork(self)

    def read(self) -> AbstractContextManager[Transaction]:
        return _Reading(self._here.own().readers)

    def look(self, query: Query, /, **values: object) -> Row | None:
        readers = self._here.own().readers
        try:
            connection = readers.take()
        except sqlite3.Error as error:
            raise translated(error) from error
        try:
            found: Row | None = connection.execute(query, values).fetchone()
        except BaseException as error:
            readers.give_back(connection, error)
            if isinstance(error, sqlite3.Error):
                raise translated(error) from error
            raise
        readers.give_back(connection)
        return found

    def write(self, *, urgent: bool = False) -> AbstractContextManager[Transaction]:
        return Part(self._here.own().writer, urgent)

    def change(self, work: Callable[[Transaction], Value], *, urgent: bool = False, durable: bool = False) -> Value:
        return self._here.own().combined.do(work, urgent, durable)

    def sync(self) -> None:
        self._here.own().writer.log.sync()

    def shorten_log(self) -> None:
        """Have the file hold what the log does: until it has all its pages, there is no way to do so on a full disk."""
        with suppress(Busy, StorageFull):
            self._here.own().writer.empty_log()

    def alone(self, name: str, *, wait: bool = True) -> AbstractContextManager[None]:
        return self._names.hold([name]) if wait else self._names.hold_at_once(name)

    def insert(self, table: sa.Table) -> Any:
        return insert(table)

    def among(self, column: Any, name: str) -> Any:
        return column.in_(sa.select(sa.literal_column("value")).select_from(sa.func.json_each(value(name))))

    @staticmethod
    def listed(values: Iterable[str | int]) -> object:
        return _as_json(list(values))

    def copy_to(self, path: Path) -> None:
        """Write a copy of the database, as it stands at this moment, into an empty file, and bring it to the disk. Others
        read and write meanwhile. Raises Busy, StorageFull."""
        with self.read() as tx:
            tx.run("VACUUM INTO :path", path=str(path))
        with disk_errors():
            sync_file(path)

    def revision(self) -> str | None:
        with self.read() as tx:
            if tx.one("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'") is None:
                return None
            row = tx.one("SELECT version_num FROM alembic_version")
        return row[0] if row else None

    def pause(self) -> None:
        self._paused = self._here.own()
        self._paused.readers.pause(PAUSE_SECONDS)
        self._paused.writer.pause()

    def resume(self) -> None:
        self._paused.writer.resume()
        self._paused.readers.resume()

    def close(self) -> None:
        here = self._here.own()
        here.readers.empty()
        here.writer.close()


class _Here:
    """What one process has open of the database."""

    def __init__(self, path: Path) -> None:
        self.readers = Pool(lambda: connected(path), sqlite3.Connection.close, sqlite3.Error, IDLE_CONNECTIONS)
        self.writer = Writer(path, lambda: connected(path))
        self.combined = Combined(self.writer)


class _Reading:
    """Statements on a connection of one's own."""

    __slots__ = ("_connection", "_cursor", "_pool")

    def __init__(self, pool: Pool[sqlite3.Connection]) -> None:
        self._pool = pool

    def __enter__(self) -> Transaction:
        try:
            self._connection = self._pool.take()
        except sqlite3.Error as error:
            raise translated(error) from error
        self._cursor = self._connection.cursor()
        return Transaction(self._cursor)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Here, not when it is forgotten: from now on others have the connection.
        self._cursor.close()
        self._pool.give_back(self._connection, error)
        if isinstance(error, sqlite3.Error):
            raise translated(error) from error


def connected(path: Path) -> sqlite3.Connection:
    """A connection to the database in ``path``, for any thread, one at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.executescript(_PRAGMAS)
    return connection
