"""Files of a data folder on their way into the bucket: small ones by one request each, large ones in parts.

Whatever dies here leaves nothing that the next try does not find: an object is noted before it is made, what has come of a large
file is recorded part by part, and that a file is there stands in one row, which is written when its object is whole. While it is
sent each file is read for its SHA-256 once.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from app.core.errors import Busy
from app.core.paths import RelPath
from app.core.session import UploadSession
from app.storage.cluster.gathering import Gatherer
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects, Stored
from app.storage.cluster.rows import PUT_PARTS_OF_OPEN, Known, looked
from app.storage.cluster.uploads import ClusterUploads
from app.storage.cluster.wire import Piece
from app.storage.disk.content import LocalFile
from app.storage.disk.file_identity import identity_of
from app.storage.moving.findings import Course, Finding, Kind
from app.storage.moving.old import OldFile
from app.storage.sql.database import Transaction

PARTS_AT_ONCE, PARTS_AHEAD = 4, 8
"""Of one file: so many are sent at once, and so many at most were read and are not there yet."""
OF_MOVES = "moved-"
"""What the ids of uploads begin with that are files on their way. No sender's id does."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""How long to wait for a store, or a database, that is away."""
_READ_BYTES = 1024 * 1024
_BEFORE = "SELECT identity FROM store_imported WHERE link = %(link)s AND upload_id = %(upload_id)s"
_NOTE = """
    INSERT INTO store_imported (link, upload_id, identity, file_identity, size, sha256)
    VALUES (%(link)s, %(upload_id)s, %(identity)s, %(file_identity)s, %(size)s, %(sha256)s)
    ON CONFLICT (link, upload_id) DO UPDATE
    SET identity = excluded.identity, file_identity = excluded.file_identity, size = excluded.size, sha256 = excluded.sha256
"""
_LEAVES = "UPDATE store_objects SET state = 'leaving' WHERE identity = %(identity)s"

Result = TypeVar("Result")


class Digest(Protocol):
    """A digest of ``hashlib``."""

    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


class Stopped(Exception):
    """Somebody has asked for an end, or something else went wrong first."""


class _Changed(Exception):
    """The file is not what it was when it was opened."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that has to be sent, as it lies on the disk."""

    file: OldFile
    found: LocalFile
    file_identity: str


class Sender:
    """Sends files. ``stop`` ends all that it does. Safe from any thread; calls raise Busy, StorageFull, Stopped."""

    def __init__(
        self,
        ground: ClusterGround,
        objects: Objects,
        uploads: ClusterUploads,
        course: Course,
        stop: threading.Event,
    ) -> None:
        self._ground = ground
        self._objects = objects
        self._uploads = uploads
        self._gatherer = Gatherer(ground)
        self._course = course
        self._stop = stop

    def send_small(self, files: Sequence[Wanted]) -> None:
        """Send files, each of which is one object by one request."""
        tokens = [secrets.token_hex(16) for _ in files]
        coming = [Stored(token, f"{token}/whole", each.found.size) for token, each in zip(tokens, files, strict=True)]

        def note() -> None:
            with self._ground.database.write() as tx:
                for stored in coming:
                    self._objects.note(tx, stored, "coming")
            self._ground.database.sync()

        self.patiently(note)
        sent: list[tuple[Wanted, Stored, str]] = []
        try:
            for each, stored in zip(files, coming, strict=True):
                sha256 = self._read(each, partial(self._put, stored))
                if sha256 is not None:
                    sent.append((each, stored, sha256))
        finally:
            # What was sent before something went wrong is there.
            self.patiently(lambda: self._is_there(sent))
        for each, _, sha256 in sent:
            self.compare(each.file, each.found.size, sha256)

    def send_large(self, each: Wanted) -> None:
        """Send a file in parts, of which those count that an earlier try has brought."""
        upload_id = (
            OF_MOVES
            + hashlib.sha256(f"{each.file.link}\0{each.file.upload_id}\0{each.file_identity}".encode()).hexdigest()
        )
        self.patiently(lambda: self._open(upload_id, each))
        sha256 = self._read(each, partial(self._put_parts, upload_id))
        if sha256 is None:
            return
        stored = self.patiently(lambda: self._gatherer.whole(self._known(upload_id)))

        def note() -> None:
            with self._ground.database.write() as tx:
                self._objects.note(tx, stored, "there")
                self._note(tx, each, stored, sha256)
            self._ground.database.sync()

        self.patiently(note)
        self.patiently(lambda: self._uploads.delete(upload_id))
        self.compare(each.file, each.found.size, sha256)

    def compare(self, file: OldFile, size: int, sha256: str) -> None:
        """Tell where what is sent is not what was received."""
        if size != file.size:
            said = f"{file.size} bytes were received, it has {size} now"
        elif file.sha256 not in (None, sha256):
            said = f"sha256 {file.sha256} was received, it has {sha256} now"
        else:
            return
        self._course.find(Finding(Kind.DIFFERS, file.place, file.link, said))

    def patiently(self, work: Callable[[], Result]) -> Result:
        """Do what may be done twice, again where the store or the database is away for a while."""
        for pause in PAUSES:
            try:
                return work()
            except Busy:
                if self._stop.wait(pause):
                    raise Stopped from None
        return work()

    def _read(self, each: Wanted, work: Callable[[int], str]) -> str | None:
        """What ``work`` makes of an open file, unless that changes meanwhile or cannot be read: then None, which is told."""
        if self._stop.is_set():
            raise Stopped
        why = ""
        try:
            with each.found.content() as content:
                descriptor = content.fileno()
                assert descriptor is not None
                found = work(descriptor)
                if identity_of(descriptor) == each.file_identity:
                    return found
            why = "it changed while it was read"
        except (_Changed, FileNotFoundError):
            why = "it changed while it was read"
        except OSError as error:
            why = f"the disk says: {error.strerror}"
        finally:
            if why:
                self._course.find(Finding(Kind.UNREADABLE, each.file.place, each.file.link, why))
        return None

    def _put(self, stored: Stored, descriptor: int) -> str:
        digest = hashlib.sha256()
        self._digest(digest, descriptor, 0, stored.size)
        sha256 = digest.hexdigest()
        # The store compares it.
        piece = Piece(descriptor, 0, stored.size, sha256)
        self.patiently(lambda: self._ground.bucket.put(stored.key, piece))
        self._course.sent(stored.size)
        return sha256

    def _is_there(self, sent: Sequence[tuple[Wanted, Stored, str]]) -> None:
        if not sent:
            return
        with self._ground.database.write() as tx:
            for each, stored, sha256 in sent:
                self._objects.note(tx, stored, "there")
                self._note(tx, each, stored, sha256)
        self._ground.database.sync()

    def _note(self, tx: Transaction, each: Wanted, stored: Stored, sha256: str) -> None:
        of = {"link": each.file.link, "upload_id": each.file.upload_id}
        before = tx.one(_BEFORE, **of)
        if before is not None and before[0] != stored.identity:
            tx.run(_LEAVES, identity=before[0])  # It was sent before it changed.
        known = {"identity": stored.identity, "file_identity": each.file_identity, "size": stored.size}
        tx.run(_NOTE, **of, **known, sha256=sha256)

    def _open(self, upload_id: str, each: Wanted) -> None:
        if self._uploads.exists(upload_id):
            return
        now = time.time()
        self._uploads.create(UploadSession(upload_id, each.file.link, RelPath(("moved",)), each.found.size, now, now))

    def _known(self, upload_id: str) -> Known:
        with self._ground.database.read() as tx:
            return looked(tx, upload_id)

    def _put_parts(self, upload_id: str, descriptor: int) -> str:
        known = self.patiently(lambda: self._known(upload_id))
        self._course.had(known.session.ranges.length)
        digest, pending = hashlib.sha256(), set[Future[None]]()
        with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
            for cell in range(known.grid.cells):
                span = known.grid.cell(cell)
                # What the disk does not give out is found here, where it is not taken for a store that is away.
                self._digest(digest, descriptor, span.start, span.stop)
                if known.session.ranges.covers(span):
                    continue
                if len(pending) >= PARTS_AHEAD:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for each in done:
                        each.result()
                pending.add(pool.submit(self._put_part, upload_id, descriptor, cell))
            for each in pending:
                each.result()
        return digest.hexdigest()

    def _put_part(self, upload_id: str, descriptor: int, cell: int) -> None:
        def put() -> int:
            known = self._known(upload_id)
            span = known.grid.cell(cell)
            if known.session.ranges.covers(span):
                return 0  # Its row was written, and the answer lost.
            if os.fstat(descriptor).st_size < span.stop:
                raise _Changed
            number, etag = self._gatherer.put_part(known, cell, Piece(descriptor, span.start, span.length))
            made = {"starts": [span.start], "stops": [span.stop], "parts": [number], "etags": [etag]}
            with self._ground.database.durable() as tx:
                tx.run(PUT_PARTS_OF_OPEN, upload=known.number, at=time.time(), **made)
            return span.length

        self._course.sent(self.patiently(put))

    def _digest(self, digest: Digest, descriptor: int, start: int, stop: int) -> None:
        buffer = memoryview(bytearray(min(_READ_BYTES, max(1, stop - start))))
        while start < stop:
            if self._stop.is_set():
                raise Stopped
            count = os.preadv(descriptor, [buffer[: stop - start]], start)
            if not count:
                raise _Changed
            digest.update(buffer[:count])
            start += count
