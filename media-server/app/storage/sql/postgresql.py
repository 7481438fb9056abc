"""The catalogue on PostgreSQL, for many machines or for one that has such a server already.

Sessions run with ``synchronous_commit=off``: a commit lets go of its rows at once, and nobody waits for the disk while
others wait for these rows, which is what makes one link with many senders fast. ``sync`` then commits a transaction that
writes a word into the server's log and waits for it: all that was committed before stands before it in that log, and one
such word serves all threads of a process that committed before it (``_Syncs``).
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect

from app.core.errors import Busy, InvalidRequest, StorageFull
from app.storage.sql.database import PerProcess, Pool, Query, Row, Transaction, Value, value
from app.storage.sql.schema_marks import mark

IDLE_CONNECTIONS = 16
CONNECT_SECONDS = 5
# Translating a statement for the processor takes longer than any of ours.
_OPTIONS = (
    "-c client_encoding=UTF8 -c timezone=UTC -c jit=off"
    # The server, too, notices in some seconds that our machine is gone, and lets go of what we have locked.
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000"
    " -c synchronous_commit="
)
# Notices the death of the server's machine in some seconds.
_ALIVE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
PATIENCE_SECONDS = 10
_DURABLE = "SET LOCAL synchronous_commit = on"
_SYNC = "SELECT pg_logical_emit_message(true, 'droppr', '')"
NO_TEXT = "cannot contain NUL"
_NAMES = 0x64726F70
"""The first half of the keys of all advisory locks, which others on the same server may have some of, too."""

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


class PostgreSQLDatabase:
    """Database at ``url`` (postgresql://…), whose schema a migration has made."""

    def __init__(self, url: str, *, marked: bool = False) -> None:
        """``marked``: each connection says which schema this code knows, and none is made where it must not work on what it finds."""
        self.url = url
        self._is_marked = marked
        self.dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        self._connections = PerProcess(lambda: Pool(self.connected, Connection.close, psycopg.Error, IDLE_CONNECTIONS))
        self._syncs = PerProcess(lambda: _Syncs(lambda: self.connected(durable=True)))
        self._names = PerProcess(_Names)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._connection() as connection:
            yield _Transaction(connection)

    def look(self, query: Query, /, **values: object) -> Row | None:
        with self._connection() as connection:
            return connection.execute(query, values).fetchone()

    @contextmanager
    def write(self, *, urgent: bool = False) -> Iterator[Transaction]:
        del urgent  # The server's disk is not ours to look after.
        syncs = self._syncs.own()
        with self._connection() as connection:
            witness = syncs.witness()
            try:
                # Statements whose outcome nobody asks for travel together with the next one, and with the commit.
                with connection.pipeline():
                    connection.execute("BEGIN")
                    yield _Transaction(connection)
                    connection.execute("COMMIT")
            except BaseException:
                if not connection.broken:
                    connection.rollback()
                raise
            syncs.committed(witness)

    @contextmanager
    def durable(self) -> Iterator[PipelinedTransaction]:
        """A transaction that is on the disk itself when the block is over: one wait for the server in place of several, where what the
        transaction changes is nobody else's to wait for. Raises Busy, StorageFull."""
        with self.pipelined() as tx:
            tx.run(_DURABLE)
            yield tx

    @contextmanager
    def pipelined(self) -> Iterator[PipelinedTransaction]:
        """A transaction of which nothing is known before the block is over, so that all of it, and the commit, is one wait for the server.
        Nobody vouches for it by ``sync``."""
        with self._connection() as connection:
            try:
                with connection.pipeline():
                    connection.execute("BEGIN")
                    tx = PipelinedTransaction(connection)
                    yield tx
                    connection.execute("COMMIT")
                    tx.ask_afterwards()
            except BaseException:
                if not connection.broken:
                    connection.rollback()
                raise

    def change(self, work: Callable[[Transaction], Value], *, urgent: bool = False, durable: bool = False) -> Value:
        with self.write(urgent=urgent) as tx:
            found = work(tx)
        if durable:
            self.sync()
        return found

    def sync(self) -> None:
        self._syncs.own().sync()

    @contextmanager
    def alone(self, name: str, *, wait: bool = True) -> Iterator[None]:
        # Threads of a process wait here, so that each name takes one connection of a process and no more.
        with self._names.own().alone(name, wait), self._connection() as connection:
            key = (_NAMES, _key(name))
            if wait:
                connection.execute("SELECT pg_advisory_lock(%s, %s)", key)
            elif connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone() != (True,):
                raise Busy(retry_after=1)
            try:
                yield
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)

    def insert(self, table: sa.Table) -> Any:
        return insert(table)

    def among(self, column: Any, name: str) -> Any:
        return column == sa.func.any(value(name))

    @staticmethod
    def listed(values: Iterable[str | int]) -> object:
        return list(values)

    def revision(self) -> str | None:
        with self.read() as tx:
            if tx.one("SELECT to_regclass('alembic_version')") == (None,):
                return None
            row = tx.one("SELECT version_num FROM alembic_version")
        return row[0] if row else None

    def close(self) -> None:
        self._connections.own().empty()
        self._syncs.own().close()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of one's own until the block ends, for locks that belong to a session; each statement counts by itself."""
        with self._connection() as connection:
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        pool = self._connections.own()
        try:
            connection = pool.take()
            trouble: BaseException | None = None
            try:
                yield connection
            except BaseException as error:
                trouble = error
                raise
            finally:
                pool.give_back(connection, trouble)
        except psycopg.OperationalError as error:
            # The server has gone or been started again: the other connections lead nowhere, too.
            pool.empty()
            self._syncs.own().close()
            raise _translated(error) from error
        except psycopg.DataError as error:
            # SQLite keeps such text and looks for it; here, nothing can be it.
            if NO_TEXT in str(error):
                raise InvalidRequest(
                    "It has a character that no name and no address may have (U+0000). Leave it out."
                ) from error
            raise

    def connected(self, *, durable: bool = False, patience_seconds: int = PATIENCE_SECONDS) -> Connection:
        """A connection of one's own, each of whose statements counts by itself, and with ``durable`` waits for the disk. It ends when what
        was said over it has not arrived for so long."""
        options = _OPTIONS + ("on" if durable else "off")
        line = _ALIVE | {"tcp_user_timeout": patience_seconds * 1000}
        made = psycopg.connect(self.url, autocommit=True, connect_timeout=CONNECT_SECONDS, options=options, **line)
        if self._is_marked:
            try:
                mark(made)
            except BaseException:
                made.close()
                raise
        return made


class _Transaction(Transaction):
    """Each statement has a cursor of its own: on a shared one the outcome of a statement that nobody asked about could come late and
    be taken for that of the next."""

    __slots__ = ()

    def changed(self, query: Query, /, **values: object) -> int:
        cursor: Cursor = self._executor.execute(query, values)
        try:
            cursor.fetchone()
        except psycopg.ProgrammingError:
            # A change has no rows, but whoever asks for one waits for the outcome. Only a change that failed has no count.
            if cursor.rowcount < 0:
                raise
        return cursor.rowcount

    def many(self, query: Query, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            self._executor.cursor().executemany(query, rows)

    def alone(self, name: str, *, wait: bool = True) -> None:
        cursor: Cursor = self._executor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_NAMES, _key(name)))
        if wait:
            cursor.fetchone()


class PipelinedTransaction(_Transaction):
    """A transaction whose statements are sent together."""

    __slots__ = ("_afterwards",)

    def __init__(self, executor: Any) -> None:
        super().__init__(executor)
        self._afterwards: list[tuple[Query, dict[str, object], list[Cursor]]] = []

    def afterwards(self, query: Query, /, **values: object) -> Callable[[], Row | None]:
        """The same of a statement that sees what others had committed when this transaction was: it is sent along."""
        found: list[Cursor] = []
        self._afterwards.append((query, values, found))
        return lambda: found[0].fetchone()

    def ask_afterwards(self) -> None:
        for query, values, found in self._afterwards:
            found.append(self._executor.execute(query, values))

    def ask(self, query: Query, /, **values: object) -> Callable[[], Row | None]:
        """The first row that the statement finds, to be called for when the transaction is over; earlier, that waits for the server."""
        cursor: Cursor = self._executor.execute(query, values)
        return cursor.fetchone

    def ask_all(self, query: Query, /, **values: object) -> Callable[[], list[Row]]:
        """All rows, in the same way."""
        cursor: Cursor = self._executor.execute(query, values)
        return cursor.fetchall


class _Syncs:
    """The waits of one process for the server's disk: one at a time, each for everybody who committed before it began.

    All go over one connection, which is open before anything is committed that it is to answer for. A server that crashes ends it,
    and has lost what no wait had brought to the disk; so once it is gone, what was committed under it is not vouched for
    by any later wait, be it lost or not.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._changed = threading.Condition()
        self._thread = threading.local()
        self._connection: Connection | None = None
        self._gone = 0
        """How many connections there were before this one."""
        self._begun = 0
        self._done = 0
        self._running = False

    def witness(self) -> int:
        """The number of the connection that answers for what is committed from now on. Raises psycopg.OperationalError."""
        with self._changed:
            if self._connection is None:
                self._connection = self._connect()
            return self._gone

    def committed(self, witness: int) -> None:
        """Note that this thread has committed, since it asked for ``witness``."""
        # The first wait that begins after this.
        self._thread.ticket = witness, self._begun + 1

    def sync(self) -> None:
        """Wait for what this thread has committed. Raises Busy where nobody can tell whether it reached the disk."""
        witness, wanted = getattr(self._thread, "ticket", (0, 0))
        if not wanted:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._done >= wanted or not self._running)
            connection = self._connection
            if witness != self._gone or connection is None:
                raise Busy()
            if self._done >= wanted:
                return
            self._running, self._begun = True, self._begun + 1
        done = False
        try:
            connection.execute(_SYNC)
            done = True
        except psycopg.OperationalError as error:
            raise _translated(error) from error
        finally:
            self._end(done)

    def close(self) -> None:
        """Close the connection. One that is waited on is left to who waits."""
        with self._changed:
            if not self._running:
                self._close()

    def _end(self, done: bool) -> None:
        with self._changed:
            self._running = False
            if done:
                self._done = self._begun
            else:
                self._close()
            self._changed.notify_all()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._gone += 1
            connection.close()


class _Names:
    """Who has a name among the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def alone(self, name: str, wait: bool) -> Iterator[None]:
        with self._lock:
            lock, users = self._locks.get(name, (threading.Lock(), 0))
            self._locks[name] = lock, users + 1
        try:
            if not lock.acquire(blocking=wait):
                raise Busy(retry_after=1)
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._lock:
                lock, users = self._locks.pop(name)
                if users > 1:
                    self._locks[name] = lock, users - 1


def is_readable(url: str) -> bool:
    """Whether ``url`` says where a database is. What the driver says of one that does not is told to nobody."""
    try:
        found = {name: str(each or "") for name, each in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        return False
    # Where a password has a slash or an @, a piece of it stands where the host, the port or the name should.
    pieces = (found.get(name, "").rpartition("@") for name in ("host", "dbname"))
    ports = found.get("port", "").split(",")
    numbers = [*ports, found.get("connect_timeout", "")]
    return not any(before for before, _, _ in pieces) and all(not each or each.isdigit() for each in numbers)


def _translated(error: psycopg.OperationalError) -> Busy | StorageFull:
    return StorageFull() if isinstance(error, errors.DiskFull) else Busy()


def _key(name: str) -> int:
    """The second half of an advisory lock's key: 32 bits with a sign."""
    return zlib.crc32(name.encode(errors="surrogatepass")) - 2**31
