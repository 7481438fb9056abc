"""A span of an upload while a request brings it: spooled on this node, stored in the bucket, then recorded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

from psycopg.errors import ExclusionViolation

from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch, UploadError, UploadNotFound
from app.core.pieces import pieces
from app.core.ports.bodies import Body, Checksum
from app.core.ports.claims import Recorded
from app.core.ranges import ByteRanges, Span
from app.core.session import State, UploadSession
from app.storage.cluster.claims import Claims
from app.storage.cluster.gathering import Gatherer
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.remains import Remains
from app.storage.cluster.rows import LOOK_BY_NUMBER, PUT_PIECE_OF_OPEN, Known, merge
from app.storage.cluster.rows import known as known_of
from app.storage.cluster.wire import Piece
from app.storage.disk.atomic import disk_errors
from app.storage.disk.bodies import SpooledBody
from app.storage.disk.growing_file import fill

BESIDE_BYTES = 16 * 1024
"""Shorter pieces than a cell are kept beside their rows up to this: a request to the store would cost more."""
_IS_THERE = "SELECT 1 FROM store_uploads WHERE number = %(number)s"
_CLOSED = "UPDATE store_uploads SET closed = true WHERE number = %(number)s AND NOT closed"


class ClusterSpan:
    """ClaimedSpan; a context manager by itself."""

    session: UploadSession
    missing: ByteRanges

    def __init__(
        self, ground: ClusterGround, claims: Claims, gatherer: Gatherer, remains: Remains, upload_id: str, span: Span
    ) -> None:
        self._ground = ground
        self._claims = claims
        self._gatherer = gatherer
        self._remains = remains
        self._upload_id = upload_id
        self._span = span
        self._pieces: list[dict[str, Any]] = []
        self._ragged: list[int] = []
        self._is_recorded = False

    def __enter__(self) -> ClusterSpan:
        self._claim = self._claims.claim(self._upload_id, self._span)
        self._known = self._claim.known
        self.session = self._known.session
        is_open = self.session.state is State.OPEN
        self.missing = self.session.ranges.missing(self._span) if is_open else ByteRanges()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._claims.give_up(self._claim)
        self._drop()
        if not self._is_recorded:
            self._remains.left_by(self._known.number, self._known.token)

    def receive(self, body: Body, checksum: Checksum | None) -> None:
        self._drop()
        # All of it, checked, before the store hears of any: nothing that goes there can be taken back.
        with self._spooled(body, checksum) as descriptor:
            for cell, part in self._known.grid.cut(self.missing):
                sha256 = checksum.sha256() if checksum is not None and part == self._span else None
                piece = Piece(descriptor, part.start - self._span.start, part.length, sha256)
                self._store(cell, part, piece)

    def record(self, at: float) -> Recorded:
        number, database = self._known.number, self._ground.database
        # From here on the rows may be there even if nobody can tell us so, and what they name has to stay.
        pieces, self._pieces = self._pieces, []
        try:
            # Durable, as nobody waits for these rows; and what is asked is not waited for, so all of it takes one wait.
            with database.durable() as tx:
                found = tx.ask(_IS_THERE, number=number)
                for piece in pieces:
                    tx.run(PUT_PIECE_OF_OPEN, upload=number, at=at, **piece)
                self._claims.release(tx, self._claim)
                # Who closed the last gap is found by what all have recorded until then.
                now = tx.afterwards(LOOK_BY_NUMBER, number=number)
            if found() is None:
                raise UploadNotFound()
        except (ExclusionViolation, UploadNotFound) as error:
            self._pieces = pieces
            if isinstance(error, UploadNotFound):
                raise
            # Somebody took us for dead and was first. What he recorded is found by the next try.
            raise Busy(retry_after=1) from None
        self._claims.released(self._claim)
        self._is_recorded = True
        known = known_of(now())
        self._merge(known)
        self._gather(known)
        return Recorded(known.session, closed=self._has_closed(known))

    @contextmanager
    def _spooled(self, body: Body, checksum: Checksum | None) -> Iterator[int]:
        """An open file with exactly this body."""
        whole = Span(0, self._span.length)
        if isinstance(body, SpooledBody):
            # It lies in a file already.
            descriptor = body.of_its_own()
            try:
                if checksum is not None:
                    _compare(body, whole, checksum)
                if os.fstat(descriptor).st_size != whole.length:
                    raise ChunkSizeMismatch()
                yield descriptor
            finally:
                os.close(descriptor)
            return
        with self._ground.spooled(whole.length) as descriptor:
            with disk_errors():
                fill(descriptor, body, whole, ByteRanges([whole]), checksum)
            yield descriptor

    def _store(self, cell: int, part: Span, piece: Piece) -> None:
        made: dict[str, Any] = {"start": part.start, "stop": part.stop, "part": None, "etag": None}
        made |= {"key": None, "data": None}
        grid = self._known.grid
        if part == grid.cell(cell) and not grid.is_one:
            made["part"], made["etag"] = self._gatherer.put_part(self._known, cell, piece, self._claim)
        elif piece.length <= BESIDE_BYTES and part != grid.cell(cell):
            made["data"] = piece.read()
            self._ragged.append(cell)
        else:
            made["key"] = self._gatherer.put_object(self._known, piece)
            self._ragged.append(cell)
        self._pieces.append(made)

    def _gather(self, known: Known) -> None:
        if known.grid.is_one or known.session.state is not State.OPEN:
            return  # What has one cell is gathered when it gets its name.
        for cell in known.grid.filled(self._ragged, known.session.ranges):
            with suppress(
                UploadError
            ):  # It is recorded all the same; whoever finishes the upload gathers what is left.
                self._gatherer.gather(known, cell, wait=False)

    def _merge(self, known: Known) -> None:
        if known.is_scattered:
            with suppress(UploadError), self._ground.database.write() as tx:
                merge(tx, known)

    def _has_closed(self, known: Known) -> bool:
        if known.session.state is not State.OPEN or not known.session.is_whole:
            return False
        # Several may see that nothing is missing any more. One of them is told that it was him.
        with self._ground.database.write() as tx:
            return tx.changed(_CLOSED, number=known.number) == 1

    def _drop(self) -> None:
        """Forget what is not recorded. Objects that stay go with the upload."""
        keys = [piece["key"] for piece in self._pieces if piece["key"] is not None]
        self._pieces, self._ragged = [], []
        if keys:
            with suppress(UploadError):
                self._ground.bucket.delete(keys)


def _compare(body: Body, span: Span, checksum: Checksum) -> None:
    """Read a body for its digest alone. Raises ChunkSizeMismatch, ChecksumMismatch."""
    for _, piece in pieces(body, span):
        checksum.update(piece)
    if not checksum.matches():
        raise ChecksumMismatch()
