"""Who is alive: each process holds a number that the database lets go of when the process, its machine or the line to it is gone."""

from __future__ import annotations

import secrets
import threading
import time

import psycopg

from app.core.errors import Busy
from app.storage.sql.database import PerProcess, Transaction
from app.storage.sql.postgresql import Connection, PostgreSQLDatabase

_HOLDERS = 0x64726F71
"""The first half of the keys of the advisory locks that stand for processes."""
_LOOK_SECONDS = 2.0
"""How old the knowledge may be that the number is still held."""
_HELD = "SELECT pg_try_advisory_lock(%s, %s)"
# Whoever can have the number for the length of a transaction knows that its process is gone.
_DEAD = "SELECT pg_try_advisory_xact_lock(%(holders)s, %(holder)s)"
_NUMBERS = """
    SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %(holders)s AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Presence:
    """The numbers of the processes that work on ``database``, of which each has one."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._own = PerProcess(lambda: _Number(database))

    def number(self) -> int:
        """That of this process, which is held by now. Raises Busy."""
        return self._own.own().held()

    def is_dead(self, tx: Transaction, holder: int) -> bool:
        """Whether no process holds the number; if so, none does until the transaction is over."""
        return tx.one(_DEAD, holders=_HOLDERS, holder=holder) == (True,)

    def others(self, tx: Transaction) -> set[int]:
        """Those of all other processes that are alive."""
        return {row[0] for row in tx.all(_NUMBERS, holders=_HOLDERS)} - {self._own.own().last}


class _Number:
    """The number of this process, and the connection that holds it."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._number = 0
        """The last one that it had; 0 before the first."""
        self._looked = 0.0

    @property
    def last(self) -> int:
        return self._number

    def held(self) -> int:
        with self._lock:
            now = time.monotonic()
            if self._connection is None or now - self._looked > _LOOK_SECONDS:
                try:
                    self._look()
                except psycopg.OperationalError as error:
                    self._connection = None
                    raise Busy() from error
                self._looked = now
            return self._number

    def _look(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                # The server was started again, or has given us up: what we held, others may have taken.
                self._connection.close()
        self._connection = self._database.connected()
        while True:
            self._number = secrets.randbelow(2**31)
            if self._connection.execute(_HELD, (_HOLDERS, self._number)).fetchone() == (True,):
                return
