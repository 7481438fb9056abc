"""The objects that files consist of: each is noted before it is made and until it is gone, so that none is ever left behind.

A file counts while it has a name or lies in the bin. An object whose files do not is leaving: it stays until nobody reads it any more.
Most objects are one file; small files that came together are members of one (``sharing.py``), each a stretch of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Busy, StorageFull, UploadError
from app.core.ports.content import Content
from app.core.ranges import Span
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.signing import DownloadSigner
from app.storage.cluster.wire import NoSuchObject
from app.storage.sql.database import Transaction

AHEAD_BYTES = 1024 * 1024
"""So much is fetched at once for whoever reads on from where he was."""
_MOST_SWEPT = 1000

_NOTE = """
    INSERT INTO store_objects (identity, key, size, state) VALUES (%(identity)s, %(key)s, %(size)s, %(state)s)
    ON CONFLICT (identity) DO UPDATE SET state = excluded.state
"""
_IS_THERE = "UPDATE store_objects SET state = 'there' WHERE identity = %(identity)s AND state = 'coming'"
# Two statements: the second sees whatever was committed while the first waited for the row.
_LOCK = "SELECT 1 FROM store_objects WHERE identity = %(identity)s FOR UPDATE"
_LEAVE = """
    UPDATE store_objects SET state = 'leaving', since = extract(epoch FROM clock_timestamp())
    WHERE identity = %(identity)s
        AND NOT EXISTS (SELECT FROM store_names WHERE identity = %(identity)s)
        AND NOT EXISTS (SELECT FROM store_bin WHERE identity = %(identity)s)
"""
# Of an object that several share.
_LOCK_MEMBER = "SELECT object FROM store_members WHERE identity = %(identity)s FOR UPDATE"
_LEAVE_OBJECT = """
    DELETE FROM store_members
    WHERE identity = %(identity)s
        AND NOT EXISTS (SELECT FROM store_names WHERE identity = %(identity)s)
        AND NOT EXISTS (SELECT FROM store_bin WHERE identity = %(identity)s)
"""
_SHRINK = """
    UPDATE store_objects o
    SET state = CASE left_.files WHEN 0 THEN 'leaving' ELSE 'sparse' END, since = extract(epoch FROM clock_timestamp())
    FROM (SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM store_members WHERE object = %(identity)s) left_
    WHERE o.identity = %(identity)s AND (left_.files = 0 OR 2 * left_.bytes < o.size) AND o.state IN ('there', 'sparse')
    RETURNING state
"""
_MOVED = """
    UPDATE store_objects SET state = 'moved', since = extract(epoch FROM clock_timestamp())
    WHERE identity = %(identity)s AND NOT EXISTS (SELECT FROM store_members WHERE object = %(identity)s)
"""
_LEAVE_MOVED = """
    UPDATE store_objects SET state = 'leaving'
    WHERE state = 'moved' AND since < extract(epoch FROM clock_timestamp()) - %(seconds)s RETURNING identity
"""
_SPARSE = "SELECT identity FROM store_objects WHERE state = 'sparse' ORDER BY since LIMIT %(most)s"
_LEAVING = "SELECT key FROM store_objects WHERE identity = %(identity)s AND state = 'leaving' FOR UPDATE SKIP LOCKED"
_READERS = "SELECT DISTINCT holder FROM store_readers WHERE identity = %(identity)s"
_ALL_READERS = "SELECT DISTINCT holder FROM store_readers"
_FORGET = "DELETE FROM store_objects WHERE identity = %(identity)s AND state <> 'there'"
# Whoever moves or removes the file waits for this, and then finds that somebody reads the object.
_READ = """
    INSERT INTO store_readers (identity, holder)
    SELECT identity, %(holder)s FROM store_objects WHERE identity = %(identity)s AND state = 'there' FOR SHARE
    RETURNING id
"""
_READ_MEMBER = """
    WITH found AS (SELECT object, size, start FROM store_members WHERE identity = %(identity)s FOR SHARE),
        noted AS (INSERT INTO store_readers (identity, holder) SELECT object, %(holder)s FROM found RETURNING id)
    SELECT noted.id, found.object, found.size, found.start FROM found, noted
"""
_READ_NO_MORE = """
    WITH gone AS (DELETE FROM store_readers WHERE id = %(id)s RETURNING identity)
    SELECT state FROM gone JOIN store_objects USING (identity)
"""
_READERS_GONE = "DELETE FROM store_readers WHERE holder = %(holder)s"
_UNFINISHED = """
    SELECT identity, state FROM store_objects WHERE state IN ('coming', 'leaving') AND since < %(before)s ORDER BY since LIMIT %(most)s
"""


_COUNTS = """
    WITH member AS (SELECT FROM store_members WHERE identity = %(identity)s FOR SHARE),
        alone AS (SELECT FROM store_objects WHERE identity = %(identity)s AND state = 'there' FOR SHARE)
    SELECT 1 FROM member UNION ALL SELECT 1 FROM alone
"""
FILE = "{table}.identity, o.key, coalesce(m.size, o.size), coalesce(m.start, 0), m.object"
OBJECT = """
    LEFT JOIN store_members m USING (identity)
    JOIN store_objects o ON o.identity = coalesce(m.object, {table}.identity) AND o.state IN ('there', 'sparse')
"""
"""``Stored`` of rows that have identities."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's bytes as they are noted: all of an object, or a stretch of one."""

    identity: str
    """The file's."""
    key: str
    """The object's."""
    size: int
    start: int = 0
    """Where its bytes begin in the object."""
    object: str | None = None
    """The identity of the object, where the file shares it with others."""


def shared_key(identity: str) -> str:
    """The key of an object that several files share."""
    return f"{identity}/shared"


def member(identity: str, object: str, size: int, start: int) -> Stored:
    """A file that shares an object."""
    return Stored(identity, shared_key(object), size, start, object)


@dataclass(frozen=True, slots=True)
class Left:
    """An object from which a file has gone: it is ``leaving``, or ``sparse``, as less than half of it is anybody's."""

    identity: str
    state: str


class Objects:
    """The objects of an installation. Calls raise Busy, StorageFull."""

    def __init__(self, ground: ClusterGround) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._late: list[tuple[int, str]] = []
        """Readers of this process, with what they read, whose end could not be noted yet: nobody else would ever note it."""

    def note(self, tx: Transaction, stored: Stored, state: str) -> None:
        """Note an object that is ``coming`` or ``there``."""
        tx.run(_NOTE, identity=stored.identity, key=stored.key, size=stored.size, state=state)

    def note_coming(self, stored: Stored) -> None:
        """Note an object that is about to be made, so durably that it cannot be forgotten."""
        with self._ground.database.write() as tx:
            self.note(tx, stored, "coming")
        self._ground.database.sync()

    def is_there(self, tx: Transaction, identity: str) -> bool:
        """Note that an object which was coming is there; false where it was given up meanwhile."""
        return tx.changed(_IS_THERE, identity=identity) == 1

    def counts(self, tx: Transaction, identity: str) -> bool:
        """Whether a file is there, which then stays until the transaction is over."""
        return tx.one(_COUNTS, identity=identity) is not None

    def leave(self, tx: Transaction, identity: str) -> Left | None:
        """Note that a file goes, unless it has a name left or lies in the bin; what became of its object, which the caller has ``free``d
        afterwards."""
        # Those who move files from one object to another lock in this order, too: files first.
        member = tx.one(_LOCK_MEMBER, identity=identity)
        if member is None:
            tx.one(_LOCK, identity=identity)
            return Left(identity, "leaving") if tx.changed(_LEAVE, identity=identity) == 1 else None
        return self.shrunk(tx, member[0]) if tx.changed(_LEAVE_OBJECT, identity=identity) == 1 else None

    def moved(self, tx: Transaction, identity: str) -> None:
        """Note that all files of a shared object have moved to another."""
        tx.one(_LOCK, identity=identity)
        tx.run(_MOVED, identity=identity)

    def free_moved(self, seconds: float) -> None:
        """Delete objects from which all files moved so long ago."""
        with self._ground.database.write() as tx:
            found = tx.all(_LEAVE_MOVED, seconds=seconds)
        for (identity,) in found:
            self.free(Left(identity, "leaving"))

    def shrunk(self, tx: Transaction, identity: str) -> Left | None:
        """Note what has become of a shared object from which files have gone; None where most of it is needed."""
        tx.one(_LOCK, identity=identity)
        row = tx.one(_SHRINK, identity=identity)
        return None if row is None else Left(identity, row[0])

    def free(self, left: Left | None) -> None:
        """Delete an object that leaves, unless somebody reads it. What goes wrong is left to the sweep."""
        if left is not None and left.state == "leaving":
            with suppress(UploadError):
                self._free(left.identity)

    def give_up(self, identity: str) -> None:
        """Delete an object that is still coming, as it gets no name."""
        with suppress(UploadError):
            self._give_up(identity)

    def sweep(self, before: float) -> None:
        """Delete what began to come or to leave before this time and did not end, and forget readers that have died."""
        self._end_late()
        self._forget_dead_readers()
        with self._ground.database.read() as tx:
            found = tx.all(_UNFINISHED, before=before, most=_MOST_SWEPT)
        for identity, state in found:
            if state == "coming":
                self._give_up(identity)
            else:
                self._free(identity)

    def sparse(self) -> list[str]:
        """Shared objects of which less than half is anybody's."""
        with self._ground.database.read() as tx:
            return [row[0] for row in tx.all(_SPARSE, most=_MOST_SWEPT)]

    @contextmanager
    def content(self, stored: Stored) -> Iterator[Content]:
        """Hold an object for reading. Raises FileNotFoundError where it is gone."""
        database = self._ground.database
        holder = self._ground.presence.number()
        self._end_late()
        with database.pipelined() as tx:
            found = tx.ask(_READ if stored.object is None else _READ_MEMBER, identity=stored.identity, holder=holder)
        row = found()
        if row is None:
            raise FileNotFoundError(stored.identity)
        if stored.object is not None:
            stored = member(stored.identity, *row[1:])  # Where it lies now: it may have moved since somebody looked.
        try:
            yield ObjectContent(self._ground, stored)
        finally:
            self._read_no_more(row[0], stored.object or stored.identity)

    def _read_no_more(self, reader: int, identity: str) -> bool:
        """Whether it is noted; else later."""
        try:
            with self._ground.database.pipelined() as tx:
                state = tx.ask(_READ_NO_MORE, id=reader)
            if state() == ("leaving",):
                self.free(Left(identity, "leaving"))
        except (Busy, StorageFull):
            with self._lock:
                self._late.append((reader, identity))
            return False
        return True

    def _end_late(self) -> None:
        with self._lock:
            late, self._late = self._late, []
        # A database that is away is waited for once, not for each.
        while late and self._read_no_more(*late.pop()):
            pass
        with self._lock:
            self._late += late

    def _free(self, identity: str) -> None:
        database = self._ground.database
        with database.write() as tx:
            row = tx.one(_LEAVING, identity=identity)
            if row is None or self._is_read(tx, identity):
                return
        # Only after this is it on the disk that nobody shall find it.
        database.sync()
        self._ground.bucket.delete([row[0]])
        with database.write() as tx:
            tx.run(_FORGET, identity=identity)

    def _is_read(self, tx: Transaction, identity: str) -> bool:
        return any(not self._is_forgotten(tx, holder) for (holder,) in tx.all(_READERS, identity=identity))

    def _forget_dead_readers(self) -> None:
        with self._ground.database.write() as tx:
            for (holder,) in tx.all(_ALL_READERS):
                self._is_forgotten(tx, holder)

    def _is_forgotten(self, tx: Transaction, holder: int) -> bool:
        """Whether a process is dead, which then reads nothing any more."""
        if holder == self._ground.presence.number() or not self._ground.presence.is_dead(tx, holder):
            return False
        tx.run(_READERS_GONE, holder=holder)
        return True

    def _give_up(self, identity: str) -> None:
        """Somebody who still makes it finds out when he wants to name it."""
        with self._ground.database.write() as tx:
            if (
                tx.changed(
                    "UPDATE store_objects SET state = 'leaving' WHERE identity = %(i)s AND state = 'coming'", i=identity
                )
                != 1
            ):
                return
        self._free(identity)


class ObjectContent:
    """Content of an object, read by ranges. Whoever reads on from where he was has more fetched at once."""

    def __init__(self, ground: ClusterGround, stored: Stored) -> None:
        self._bucket = ground.bucket
        self._stored = stored
        self._lock = threading.Lock()
        self._at, self._ahead, self._next = 0, b"", -1

    def read(self, span: Span) -> bytes:
        stop = min(span.stop, self._stored.size)
        if span.start >= stop:
            return b""
        with self._lock:
            end = self._at + len(self._ahead)
            if not (self._at <= span.start and stop <= end):
                longer = (
                    min(self._stored.size, max(stop, span.start + AHEAD_BYTES)) if span.start == self._next else stop
                )
                self._ahead = self._fetched(Span(span.start, longer))
                self._at = span.start
            self._next = stop
            return self._ahead[span.start - self._at : stop - self._at]

    def read_into(self, offset: int, buffer: memoryview) -> int:
        found = self.read(Span(offset, offset + len(buffer))) if len(buffer) else b""
        buffer[: len(found)] = found
        return len(found)

    def version(self) -> str:
        return self._stored.identity

    def fileno(self) -> int | None:
        return None

    def _fetched(self, span: Span) -> bytes:
        try:
            # No span that anybody asks for reaches beyond the file: what lies before and behind it may be another's.
            start = self._stored.start
            found = self._bucket.read(self._stored.key, Span(start + span.start, start + span.stop))
        except NoSuchObject as error:
            raise Busy() from error  # Somebody has deleted it behind our back, or restored another bucket.
        if len(found) != span.length:
            raise Busy()
        return found


@dataclass(frozen=True, slots=True)
class Ways:
    """How others than this process fetch objects from the store: whoever asked for one, and a proxy that stands before us."""

    browsers: DownloadSigner | None
    proxy: DownloadSigner | None


NO_WAYS = Ways(None, None)


class ClusterFile:
    """StoredFile that is an object. What is in it never changes."""

    path: Path | None = None

    def __init__(self, ground: ClusterGround, objects: Objects, stored: Stored, ways: Ways) -> None:
        self._ground = ground
        self._objects = objects
        self._stored = stored
        self._ways = ways
        self.size = stored.size
        self.version = stored.identity
        self.file_identity = stored.identity

    def content(self) -> AbstractContextManager[Content]:
        return self._objects.content(self._stored)

    def is_as(self, file_identity: str) -> bool:
        return file_identity == self.file_identity

    def download_address(self, name: str) -> str | None:
        return self._signed(self._ways.browsers, name)

    def proxied_address(self, name: str) -> str | None:
        signer = self._ways.proxy
        found = self._signed(signer, name)
        return found.removeprefix(signer.origin) if signer and found else None

    def _signed(self, signer: DownloadSigner | None, name: str) -> str | None:
        # A signed address is good for all of an object.
        if signer is None or self._stored.object is not None:
            return None
        return signer.url(self._ground.bucket.path(self._stored.key), name)
