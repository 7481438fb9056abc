"""Whole files before they have a name: on the node that received them, and in the bucket only when they get one."""

from __future__ import annotations

import os
import secrets

from app.core.errors import Busy, ChecksumMismatch
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES
from app.core.ports.bodies import Body, Checksum
from app.core.ranges import Span
from app.core.sums import Summing, Sums
from app.storage.cluster.files import ClusterSource
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects, Stored
from app.storage.cluster.sharing import SHARED_BYTES
from app.storage.cluster.wire import Piece
from app.storage.disk.atomic import disk_errors, write_at
from app.storage.disk.bodies import FileBody, SpooledBody
from app.storage.sql.database import Transaction


class ClusterUnlinkedFile(ClusterSource):
    """UnlinkedFile in an open file of this node. A crash of the node leaves nothing of it."""

    def __init__(
        self, ground: ClusterGround, objects: Objects, descriptor: int, size: int, sums: Sums, head: bytes
    ) -> None:
        identity = secrets.token_hex(16)
        super().__init__(objects, Stored(identity, f"{identity}/whole", size))
        self.file_identity = identity
        self.sums = sums
        self.head = head
        self._ground = ground
        self._descriptor = descriptor

    def flush(self) -> None:
        """The bytes are safe once they are in the bucket, which is before they have a name."""

    def prepare(self) -> None:
        self._objects.note_coming(self.stored)
        self._ground.bucket.put(self.stored.key, self._piece)

    def small(self) -> Piece | None:
        return self._piece if self.stored.size <= SHARED_BYTES else None

    def arrive(self, tx: Transaction) -> None:
        if not self._objects.is_there(tx, self.stored.identity):
            raise Busy(retry_after=1)

    @property
    def _piece(self) -> Piece:
        return Piece(self._descriptor, 0, self.stored.size, self.sums.sha256)

    def body(self) -> FileBody:
        return FileBody(self._descriptor, self.stored.size)

    def close(self) -> None:
        os.close(self._descriptor)


class ClusterUnlinkedFiles:
    """UnlinkedFiles on any file system."""

    supported = True

    def __init__(self, ground: ClusterGround, objects: Objects) -> None:
        self._ground = ground
        self._objects = objects

    def write(
        self, body: Body, size: int, checksum: Checksum | None, last_modified: float | None = None
    ) -> ClusterUnlinkedFile:
        del last_modified  # The ledger knows it; an object has the time at which it was made.
        with disk_errors():
            kept = isinstance(body, SpooledBody)
            descriptor = body.of_its_own() if isinstance(body, SpooledBody) else self._ground.spool(size)
            try:
                sums, head = _taken(descriptor, body, size, checksum, write=not kept)
            except BaseException:
                os.close(descriptor)
                raise
        return ClusterUnlinkedFile(self._ground, self._objects, descriptor, size, sums, head)


def _taken(descriptor: int, body: Body, size: int, checksum: Checksum | None, *, write: bool) -> tuple[Sums, bytes]:
    """Read the bytes, and ``write`` them where they are not in the file yet; their sums and their head."""
    summing = Summing(checksum)
    head = b""
    for place, piece in pieces(body, Span(0, size)) if size else ():
        summing.update(piece)
        if checksum is not None:
            checksum.update(piece)
        head += piece[: max(0, HEAD_BYTES - len(head))]
        if write:
            write_at(descriptor, piece, place.start)
    if checksum is not None and not checksum.matches():
        raise ChecksumMismatch()
    return summing.sums(), head
