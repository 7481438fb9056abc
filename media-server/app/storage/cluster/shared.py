"""What the nodes agree on in the database: secrets, the leader, locks by name."""

from __future__ import annotations

import secrets
import select
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg

from app.core.errors import Busy
from app.storage.sql.postgresql import Connection, PostgreSQLDatabase

_MAKE = "INSERT INTO store_secrets (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO NOTHING"
STORE, MOVING, MOVED = "store", "moving", "moved"
"""What stands beside the secrets: where the files are, where they are being brought to, and by which move they came."""
_REPLACE = "UPDATE store_secrets SET value = %(value)s WHERE name = %(name)s"
_FORGET = "DELETE FROM store_secrets WHERE name = %(name)s"
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 4
"""How long the leader waits for an answer over a line on which nothing arrives."""
_LEADER = 0x64726F72
_NAMED = 0x64726F73
_UNLOCK = "SELECT pg_advisory_unlock(%s, key) FROM unnest(%s::integer[]) AS key"
# One after the other, as they stand in the list.
_LOCK_ALL = "SELECT pg_advisory_lock(%s, each) FROM unnest(%s::integer[]) AS each"


class ClusterSecrets:
    """Secrets in a table, of which the first who needs one makes it."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._database = database

    def get(self, name: str) -> str:
        return self.agreed(name, secrets.token_urlsafe(32))

    def agreed(self, name: str, ours: str) -> str:
        """What the first node has said under this name: ``ours``, if nobody has yet. Raises StorageFull, Busy."""
        found = self.found(name)
        if found is None:
            with self._database.write() as tx:
                tx.run(_MAKE, name=name, value=ours)
            # Nothing may be signed with what a crash of the database could take back.
            self._database.sync()
            found = self.found(name)
        assert found is not None
        return found

    def replace(self, name: str, value: str) -> None:
        """Say another thing under a name, while no node runs. Raises StorageFull, Busy."""
        with self._database.write() as tx:
            tx.run(_REPLACE, name=name, value=value)
        self._database.sync()

    def forget(self, name: str) -> None:
        """As if nobody had said anything under a name. Raises StorageFull, Busy."""
        with self._database.write() as tx:
            tx.run(_FORGET, name=name)
        self._database.sync()

    def found(self, name: str) -> str | None:
        """What was said under this name; None where nobody has said anything."""
        row = self._database.look("SELECT value FROM store_secrets WHERE name = %(name)s", name=name)
        return None if row is None else str(row[0])


class ClusterLeader:
    """Leader by a lock of the database, which it takes back when the leader's machine or its line is gone.

    The leader's end of a dead line is given up in half the time that the server needs for its own, so whoever was cut off has ceased to
    lead when another begins. Where the server ends the session, both learn of it within a second, in either order, and work that is
    under way goes on to its end: what a leader does must bear another beside it.
    """

    def __init__(self, database: PostgreSQLDatabase, name: str) -> None:
        self._database = database
        self._key = _LEADER, _half(name)
        self._connection: Connection | None = None
        self._is_held = False
        self._asked = 0.0

    def wait(self) -> None:
        while not self._takes():
            # A call that waits in the database would keep it from tidying up.
            time.sleep(_POLL_SECONDS)

    def leads(self, seconds: float = 0.0) -> bool:
        until = time.monotonic() + seconds
        while self._holds(max(0.0, min(_POLL_SECONDS, until - time.monotonic()))):
            if time.monotonic() >= until:
                return True
        return False

    def _takes(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._database.connected(patience_seconds=_PATIENCE_SECONDS)
            taken = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", self._key).fetchone()
        except psycopg.Error:
            self._lose()
            return False
        self._is_held, self._asked = taken == (True,), time.monotonic()
        return self._is_held

    def _holds(self, seconds: float) -> bool:
        """Whether the lock is held after so many seconds, or as soon as it is not."""
        if self._connection is None or not self._is_held:
            return False
        try:
            # A server that ends the session says so, and a connection that was closed can be read as well.
            poll = select.poll()
            poll.register(self._connection.fileno(), select.POLLIN)
            told = bool(poll.poll(seconds * 1000))
            if told or time.monotonic() - self._asked >= _POLL_SECONDS:
                self._connection.execute("SELECT 1")
                self._asked = time.monotonic()
        except psycopg.Error:
            self._lose()
            return False
        return True

    def _lose(self) -> None:
        connection, self._connection, self._is_held = self._connection, None, False
        if connection is not None:
            # Whatever the server believes, this end is over: nobody may lead by a lock that nobody looks after.
            connection.close()


class ClusterLocks:
    """NamedLocks of the database, each of which is its session's. ``purpose`` tells those of one kind from others."""

    def __init__(self, database: PostgreSQLDatabase, purpose: str) -> None:
        self._database = database
        self._purpose = purpose

    @contextmanager
    def hold(self, names: Iterable[str]) -> Iterator[None]:
        # All take them in one order, so that nobody waits in a circle. Names that share a key wait for each other.
        keys = sorted({self._key(name) for name in names})
        if not keys:
            yield
            return
        with self._database.session() as session:
            try:
                session.execute(_LOCK_ALL, (_NAMED, keys))
                yield
            finally:
                _freed(session, keys)

    @contextmanager
    def hold_at_once(self, name: str) -> Iterator[None]:
        key = self._key(name)
        with self._database.session() as session:
            lock = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (_NAMED, key))
            if lock.fetchone() != (True,):
                raise Busy(retry_after=1)
            try:
                yield
            finally:
                _freed(session, [key])

    def _key(self, name: str) -> int:
        digest = sha256(f"{self._purpose} {name}".encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:4], "big", signed=True)


def _freed(session: Connection, keys: Iterable[int]) -> None:
    """A session that is lost has lost its locks, too. Of one that goes on others remain, so not all are let go."""
    if not session.broken and not session.closed:
        session.execute(_UNLOCK, (_NAMED, list(keys)))


def _half(name: str) -> int:
    """The second half of a lock's key."""
    return zlib.crc32(name.encode()) - 2**31
