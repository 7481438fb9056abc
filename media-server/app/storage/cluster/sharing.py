"""Small files that came together share an object: one request to the store for all of them, and one row for each, which says its stretch.

The object goes when the last of them has gone. Where less than half of it is anybody's, the sweep moves what is left into a smaller one: else
whoever takes back all of them but one would have the store keep all of them for that one. The object from which they moved stays for a day:
who copies first the database and then the bucket has rows that name it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate

from app.core.errors import Busy, UploadError
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects, Stored, member, shared_key
from app.storage.cluster.wire import NoSuchObject, Piece
from app.storage.disk.atomic import disk_errors, write_at
from app.storage.sql.database import Transaction

KEPT_SECONDS = 24 * 3600.0
"""How long an object stays from which files have moved."""
SHARED_BYTES = 64 * 1024
"""Longer files are objects of their own, which browsers can fetch from the store itself."""
_ADD = """
    INSERT INTO store_members (identity, object, start, size)
    SELECT i, %(object)s, f, s FROM unnest(%(identities)s::text[], %(starts)s::bigint[], %(sizes)s::bigint[]) AS new (i, f, s)
"""
_MEMBERS = "SELECT identity, size, start FROM store_members WHERE object = %(object)s ORDER BY identity"
# In one order, as others who move files of these objects at the same moment wait for the same rows.
_LOCK_MEMBERS = f"{_MEMBERS} FOR UPDATE"
_MOVE = """
    UPDATE store_members m SET object = %(object)s, start = new.f
    FROM unnest(%(identities)s::text[], %(starts)s::bigint[]) AS new (i, f)
    WHERE m.identity = new.i AND m.object = %(before)s
"""
_SIZE = "SELECT size FROM store_objects WHERE identity = %(identity)s AND state = 'sparse'"
# Whatever keeps it from being moved now, the next sweep begins with others.
_LATER = """
    UPDATE store_objects SET since = extract(epoch FROM clock_timestamp()) WHERE identity = %(identity)s AND state = 'sparse'
"""


class Sharing:
    """Makes, shrinks and removes the objects that files share. Calls raise Busy, StorageFull."""

    def __init__(self, ground: ClusterGround, objects: Objects) -> None:
        self._ground = ground
        self._objects = objects

    def made(self, files: Sequence[tuple[str, Piece]]) -> list[Stored]:
        """Put these files, each an identity and its bytes, into one new object, which lasts once they have ``arrive``d."""
        total = sum(piece.length for _, piece in files)
        with self._ground.spooled(total) as descriptor, disk_errors():
            position = 0
            for _, piece in files:
                write_at(descriptor, memoryview(_read(piece)), position)
                position += piece.length
            object = self._put(Piece(descriptor, 0, total))
        starts = accumulate((piece.length for _, piece in files), initial=0)
        return [
            member(identity, object, piece.length, start)
            for (identity, piece), start in zip(files, starts, strict=False)
        ]

    def arrive(self, tx: Transaction, files: Sequence[Stored]) -> None:
        """Note that files which ``made`` has put into one object are there. Raises Busy where it was given up meanwhile."""
        object = files[0].object
        assert object is not None
        if not self._objects.is_there(tx, object):
            raise Busy(retry_after=1)
        tx.run(
            _ADD,
            object=object,
            identities=[each.identity for each in files],
            starts=[each.start for each in files],
            sizes=[each.size for each in files],
        )

    def sweep(self) -> None:
        """Shrink what has become sparse, and delete what files have moved from long enough ago."""
        for identity in self._objects.sparse():
            with suppress(UploadError):
                self._shrink(identity)
        self._objects.free_moved(KEPT_SECONDS)

    def _shrink(self, identity: str) -> None:
        with self._ground.database.alone(f"shrink {identity}", wait=False):
            with self._ground.database.write() as tx:
                tx.run(_LATER, identity=identity)
                row = tx.one(_SIZE, identity=identity)
                files = [member(i, identity, size, start) for i, size, start in tx.all(_MEMBERS, object=identity)]
            if row is not None and files:
                self._move(identity, row[0], files)

    def _move(self, identity: str, size: int, files: Sequence[Stored]) -> None:
        with self._ground.spooled(size) as descriptor, disk_errors():
            try:
                self._ground.bucket.copy_into(shared_key(identity), size, descriptor, 0)
            except NoSuchObject:
                raise Busy() from None  # Somebody has deleted it behind our back, or restored another bucket.
            moved = self.made([(each.identity, Piece(descriptor, each.start, each.size)) for each in files])
        object = moved[0].object
        assert object is not None
        try:
            with self._ground.database.write() as tx:
                # Of those that have gone meanwhile nothing is moved.
                tx.all(_LOCK_MEMBERS, object=identity)
                tx.run(
                    _MOVE,
                    object=object,
                    before=identity,
                    identities=[each.identity for each in moved],
                    starts=[each.start for each in moved],
                )
                if not self._objects.is_there(tx, object):
                    raise Busy(retry_after=1)
                self._objects.moved(tx, identity)
                left = self._objects.shrunk(tx, object)
        except BaseException:
            self._objects.give_up(object)
            raise
        self._ground.database.sync()
        self._objects.free(left)

    def _put(self, piece: Piece) -> str:
        """Make an object that is coming; its identity."""
        identity = secrets.token_hex(16)
        stored = Stored(identity, shared_key(identity), piece.length)
        self._objects.note_coming(stored)
        try:
            self._ground.bucket.put(stored.key, piece)
        except BaseException:
            self._objects.give_up(identity)
            raise
        return identity


def _read(piece: Piece) -> bytes:
    data = piece.read() if piece.length else b""
    if len(data) != piece.length:
        raise OSError("the file ended too early")
    return data
