"""What the nodes agree on in the database: secrets, the leader, locks by name."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg

from app.core.errors import Busy
from app.storage.sql.postgresql import Connection, PostgreSQLDatabase

_MAKE = "INSERT INTO store_secrets (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO NOTHING"
_POLL_SECONDS = 1.0
_LEADER = 0x64726F72
_NAMED = 0x64726F73


class ClusterSecrets:
    """Secrets in a table, of which the first who needs one makes it."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._database = database

    def get(self, name: str) -> str:
        return self.agreed(name, secrets.token_urlsafe(32))

    def agreed(self, name: str, ours: str) -> str:
        """What the first node has said under this name: ``ours``, if nobody has yet. Raises StorageFull, Busy."""
        found = self._found(name)
        if found is None:
            with self._database.write() as tx:
                tx.run(_MAKE, name=name, value=ours)
            # Nothing may be signed with what a crash of the database could take back.
            self._database.sync()
            found = self._found(name)
        assert found is not None
        return found

    def _found(self, name: str) -> str | None:
        row = self._database.look("SELECT value FROM store_secrets WHERE name = %(name)s", name=name)
        return None if row is None else str(row[0])


class ClusterLeader:
    """Leader by a lock of the database, which it takes back when the leader's machine or its line is gone. That one may not know:
    for a while there are two, and what a leader does must bear it."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._database = database
        self._connection: Connection | None = None

    def wait(self) -> None:
        while not self._leads():
            # A call that waits in the database would keep it from tidying up.
            time.sleep(_POLL_SECONDS)

    def _leads(self) -> bool:
        try:
            if self._connection is None:
                self._connection = self._database.connected()
            return self._connection.execute("SELECT pg_try_advisory_lock(%s, 0)", (_LEADER,)).fetchone() == (True,)
        except psycopg.OperationalError:
            self._connection = None
            return False


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
                for key in keys:
                    session.execute("SELECT pg_advisory_lock(%s, %s)", (_NAMED, key))
                yield
            finally:
                _freed(session)

    @contextmanager
    def hold_at_once(self, name: str) -> Iterator[None]:
        with self._database.session() as session:
            lock = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (_NAMED, self._key(name)))
            if lock.fetchone() != (True,):
                raise Busy(retry_after=1)
            try:
                yield
            finally:
                _freed(session)

    def _key(self, name: str) -> int:
        digest = sha256(f"{self._purpose} {name}".encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:4], "big", signed=True)


def _freed(session: Connection) -> None:
    """A session that is lost has lost its locks, too."""
    if not session.broken and not session.closed:
        session.execute("SELECT pg_advisory_unlock_all()")
