"""The catalogue's database as its adapters see it: transactions, statements compiled once, waits for the disk, named locks.

Three rules hold for both kinds of database, and the promises of the catalogue rest on them.

- **A commit is atomic and outlives every process, but not a power cut.** Only ``sync`` brings it to the disk, and is called
  when the transaction is over: while one waits for the disk nobody waits for that one, and one wait serves everybody who
  committed before it began. Nothing may be acknowledged before ``sync`` has returned.
- **Locks are taken in one order**: first a named lock (``alone``), then a transaction; inside a transaction first the link's
  row, then rows that belong to it, then ``Transaction.alone``. Nobody calls ``sync`` or another service inside a transaction.
- **A transaction is short**: no request's body, remote or password hash is waited for in it. A long one keeps SQLite's
  log from being emptied, and on PostgreSQL the rows it changed from everybody else.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import ClauseElement

Row = tuple[Any, ...]
Query = str
"""A statement in the database's own words."""

Value = TypeVar("Value")
Store = TypeVar("Store")

_ID = re.compile(r"[!-~]{1,128}")

_compiled: dict[tuple[type[Dialect], tuple[Any, ...]], Query] = {}
_shared: dict[tuple[Callable[[Any], Any], type], Any] = {}


class Transaction:
    """Statements one after the other, all of which count or none. Belongs to one thread."""

    __slots__ = ("_executor",)

    def __init__(self, executor: Any) -> None:
        """``executor`` is a cursor, or a connection that has a new one for each statement."""
        self._executor = executor

    def run(self, query: Query, /, **values: object) -> None:
        """Run a statement of which nothing has to be known but that it worked, for which nobody waits but the commit."""
        self._executor.execute(query, values)

    def changed(self, query: Query, /, **values: object) -> int:
        """How many rows the statement changed."""
        found: int = self._executor.execute(query, values).rowcount
        return found

    def one(self, query: Query, /, **values: object) -> Row | None:
        """The first row that the statement finds."""
        found: Row | None = self._executor.execute(query, values).fetchone()
        return found

    def all(self, query: Query, /, **values: object) -> list[Row]:
        found: list[Row] = self._executor.execute(query, values).fetchall()
        return found

    def batches(self, query: Query, rows: int, /, **values: object) -> Iterator[list[Row]]:
        """All rows, so many at a time."""
        cursor = self._executor.execute(query, values)
        while found := cursor.fetchmany(rows):
            yield found

    def many(self, query: Query, rows: Sequence[Mapping[str, object]]) -> None:
        """Run the statement for each of ``rows``."""
        if rows:
            self._executor.executemany(query, rows)

    def alone(self, name: str, *, wait: bool = True) -> None:
        """Wait until no other transaction has this name, and have it until this one is over. Without ``wait`` only the
        statements that follow wait for that, and the caller goes on."""


class Database(Protocol):
    """One catalogue, shared by threads and processes. May be made before a process forks, and used after that."""

    dialect: Dialect

    def read(self) -> AbstractContextManager[Transaction]:
        """Statements that change nothing. Each sees what was committed before it; waits for nobody. Raises Busy."""
        ...

    def look(self, query: Query, /, **values: object) -> Row | None:
        """The first row that a statement finds which changes nothing, as ``read`` would tell it."""
        ...

    def write(self, *, urgent: bool = False) -> AbstractContextManager[Transaction]:
        """A transaction; an exception undoes it. On SQLite it is the only one at that time. An ``urgent`` one works on a full
        disk, too, for as long as what is kept for that lasts. Raises Busy, StorageFull."""
        ...

    def change(self, work: Callable[[Transaction], Value], *, urgent: bool = False, durable: bool = False) -> Value:
        """What ``work`` returns, which is done in such a transaction, and with ``durable`` followed by what ``sync`` does; where that raises,
        it is committed all the same. For what many do at the same moment: another thread may do it for this one, so ``work``
        asks nothing of its thread, and what it raises undoes it alone. It may be done twice, the first time being undone, where
        something of another one is. Raises Busy, StorageFull."""
        ...

    def sync(self) -> None:
        """Return once everything is on the disk itself that this thread has committed, and what it has seen while it did.
        Raises Busy, StorageFull."""
        ...

    def alone(self, name: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only one with this name among all threads and processes until the block ends or the process dies.

        Not to be nested. Raises Busy where another one has the name and ``wait`` is false. Names may stand for each
        other, so Busy is to be tried again.
        """
        ...

    def insert(self, table: sa.Table) -> Any:
        """An insertion of the dialect, which can say what happens where the row is there already."""
        ...

    def among(self, column: Any, name: str) -> Any:
        """That ``column`` is one of many values, which are filled in under ``name`` as ``listed`` makes them."""
        ...

    def listed(self, values: Iterable[str | int]) -> object:
        """Many values as one."""
        ...

    def revision(self) -> str | None:
        """The newest migration that the schema was brought to; None where there are no tables."""
        ...

    def close(self) -> None:
        """Close what this process has opened and nobody uses."""
        ...


def value(name: str, type_: Any = None) -> Any:
    """A place in a statement, filled under ``name``."""
    return sa.bindparam(name, type_=type_)


def compiled(statement: ClauseElement, dialect: Dialect) -> Query:
    """The statement in the words of ``dialect``. A process looks for them once: many adapters have statements in common."""
    known = statement._generate_cache_key()  # As SQLAlchemy itself knows statements again.
    if known is None:
        return _words(statement, dialect)
    # What is like another one may have a value where that one has a place for one.
    _refuse({place.key: place.effective_value for place in known.bindparams})
    key = (type(dialect), known.key)
    found = _compiled.get(key)
    return found if found is not None else _compiled.setdefault(key, _words(statement, dialect))


def _words(statement: ClauseElement, dialect: Dialect) -> Query:
    found = statement.compile(dialect=dialect)
    _refuse(found.params)
    return str(found)


def _refuse(values: Mapping[str, object]) -> None:
    hidden = [name for name, known in values.items() if known is not None]
    if hidden:
        raise ValueError(f"values that would have to be given with each call: {hidden}")


def shared(make: Callable[[Database], Value], database: Database) -> Value:
    """What ``make`` makes of statements and holds no database, once in a process for all databases of a kind."""
    key = (make, type(database))
    found: Value | None = _shared.get(key)
    return found if found is not None else _shared.setdefault(key, make(database))


def made_once(prepare: Callable[[Store, Database], None]) -> Callable[[Store, Database], None]:
    """A method that gives an object its statements, which hold no database. It runs once in a process for all databases of a kind:
    the next object gets the same."""
    known: dict[type, dict[str, Any]] = {}

    @wraps(prepare)
    def give(self: Store, database: Database) -> None:
        mine = vars(self)
        found = known.get(type(database))
        if found is not None:
            mine.update(found)
            return
        before = set(mine)
        prepare(self, database)
        known[type(database)] = {name: each for name, each in mine.items() if name not in before}

    return give


def filled(columns: Iterable[sa.Column[Any]]) -> dict[str, Any]:
    """Columns, each with a place of its name for its value."""
    return {column.name: value(column.name, column.type) for column in columns}


def inserted(database: Database, table: sa.Table, *, leave_out: Sequence[str] = ()) -> Any:
    """The insertion of one row with a value for every column, which returns nothing."""
    columns = [column for column in table.columns if column.name not in leave_out]
    return database.insert(table).values(filled(columns)).inline()


def is_id(text: str) -> bool:
    """Whether an upload may have this id. Others come out of addresses, are found nowhere, and not every database could
    even be asked for them."""
    return _ID.fullmatch(text) is not None


PAUSE_STEP_SECONDS = 0.001

Connection = TypeVar("Connection")


class PerProcess(Generic[Value]):
    """Something that each process makes for itself, also one that was forked from a process that had made its own.

    What belonged to the parent stays where it is, untouched: a connection must be neither used nor closed on the other
    side of a fork.
    """

    def __init__(self, make: Callable[[], Value]) -> None:
        """``make`` opens nothing, as of two threads that call it at once one throws away what it made."""
        self._make = make
        self._made: dict[int, Value] = {}

    def own(self) -> Value:
        process = os.getpid()
        found = self._made.get(process)
        return self._made.setdefault(process, self._make()) if found is None else found


class Pool(Generic[Connection]):
    """Open connections that nobody uses at this moment; the one used last is taken first. Safe from any thread."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        close: Callable[[Connection], None],
        broken: type[Exception],
        most_idle: int,
    ) -> None:
        """After an exception of the kind ``broken`` a connection is closed, as nobody knows what state it is in."""
        self._connect = connect
        self._close = close
        self._broken = broken
        self._most_idle = most_idle
        self._lock = threading.Condition(threading.Lock())
        self._idle: list[Connection] = []
        self._used = 0

    def take(self) -> Connection:
        """A connection of one's own, to be given back."""
        with self._lock:
            self._used += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except BaseException:
            self._one_less()
            raise

    def give_back(self, connection: Connection, error: BaseException | None = None) -> None:
        """Others may have the connection, which was used until ``error`` came up."""
        sound = error is None or (isinstance(error, Exception) and not isinstance(error, self._broken))
        with self._lock:
            if sound and len(self._idle) < self._most_idle:
                self._idle.append(connection)
                self._used -= 1
                return
        try:
            self._close(connection)
        finally:
            self._one_less()

    def empty(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._close(connection)

    def pause(self, seconds: float) -> None:
        """Wait until nobody has a connection, for so long at most, close all, and let nobody have one until ``resume``."""
        self._lock.acquire()
        end = time.monotonic() + seconds
        # Without being told: whoever gives one back does so often, and this is hardly ever wanted.
        while self._used and time.monotonic() < end:
            self._lock.wait(PAUSE_STEP_SECONDS)
        while self._idle:
            self._close(self._idle.pop())

    def resume(self) -> None:
        self._lock.release()

    def _one_less(self) -> None:
        with self._lock:
            self._used -= 1
