"""From recorded pieces to one object: ragged ones are gathered into parts, and parts become the file.

Whoever gathers reads what is recorded, makes a part of it, and swaps the rows in one transaction. Of two who gather the same cell
one finds the rows gone; its part is never named and goes with the others.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from app.core.errors import Busy, UploadError
from app.core.ranges import Span
from app.storage.cluster.claims import Claim
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.numbers import LONGEST_REQUEST_SECONDS, TAKE
from app.storage.cluster.objects import Stored
from app.storage.cluster.rows import PUT_PIECE, KeptPiece, Known, looked_again, pieces_of
from app.storage.cluster.wire import NOTHING, NoSuchObject, NoSuchUpload, Piece
from app.storage.disk.atomic import disk_errors, write_at
from app.storage.sql.database import Row

MOST_REMEMBERED = 1000
_SWAP = "DELETE FROM store_pieces WHERE id = ANY(%(ids)s)"
_LOCK = "SELECT 1 FROM store_uploads WHERE number = %(number)s FOR UPDATE"
_LOST = "DELETE FROM store_pieces WHERE upload = %(number)s AND part IS NOT NULL"
_LOST_SPANS = "DELETE FROM store_spans WHERE upload = %(number)s"
_LEFT_SPANS = (
    "INSERT INTO store_spans (upload, span, at) SELECT upload, span, at FROM store_pieces WHERE upload = %(number)s"
)
_BEGIN = """
    UPDATE store_uploads SET multipart = %(multipart)s, closed = false
    WHERE number = %(number)s AND multipart IS NOT DISTINCT FROM %(before)s
"""
_PARTS = """
    SELECT part, etag, lower(span) FROM store_pieces WHERE upload = %(number)s AND part IS NOT NULL ORDER BY part
"""
# Tries that came to nothing have numbers, too, which the store may have got a part under.
_SEVERAL_TRIES = "SELECT cell, n FROM store_tries WHERE upload = %(number)s AND n > 1"


class Gatherer:
    """Makes parts of pieces, and the file of parts. Calls raise Busy, StorageFull, UploadNotFound."""

    def __init__(self, ground: ClusterGround) -> None:
        self._ground = ground
        self._made: set[str] = set()
        """Uploads of which this process has seen the object, which stays as long as they do."""

    def begin(self, known: Known) -> None:
        """Begin the multipart upload of one that needs it; another than before, where that is gone."""
        multipart = self._ground.bucket.begin(known.whole_key)
        with self._ground.database.write() as tx:
            ours = tx.changed(_BEGIN, number=known.number, multipart=multipart, before=known.multipart) == 1
        if not ours:
            # Somebody else was first, or the upload is gone.
            self._ground.bucket.abort(known.whole_key, multipart)
            return
        self._ground.database.sync()

    def put_part(self, known: Known, cell: int, piece: Piece, claim: Claim | None = None) -> tuple[int, str]:
        """Make a part of all bytes of a cell; its number, which nobody else has, and its ETag. With the cell's ``claim`` one was handed
        out already."""
        if known.multipart is None:
            # Whoever opened the upload died before he could begin it, or is about to.
            self.begin(known)
            with self._ground.database.read() as tx:
                known = looked_again(tx, known.number)
        if known.multipart is None:
            raise Busy(retry_after=1)
        number = (claim and claim.number()) or self._number(known, cell, claim)
        try:
            return number, self._ground.bucket.put_part(known.whole_key, known.multipart, number, piece)
        except NoSuchUpload:
            self.lost(known)
            raise Busy(retry_after=1) from None

    def put_object(self, known: Known, piece: Piece) -> str:
        """Make an object of its own of some bytes; its key, which nobody else has."""
        key = f"{known.token}/{uuid4().hex}"
        self._ground.bucket.put(key, piece)
        return key

    def gather(self, known: Known, cell: int, *, wait: bool = True) -> None:
        """Make one part of a cell of which every byte is recorded, or the object that the file is where it has one cell. Without
        ``wait`` raises Busy where somebody else is at it."""
        # A courtesy: a part that comes when the upload is complete already is for nothing, and some stores keep it.
        with self._ground.database.alone(f"gather {known.number} {cell}", wait=wait):
            self._gather(known, cell)

    def _gather(self, known: Known, cell: int) -> None:
        span = known.grid.cell(cell)
        with self._ground.database.read() as tx:
            pieces = pieces_of(tx, known.number, span)
        if len(pieces) == 1 and pieces[0].is_cell(span):
            return
        if sum(each.stop - each.start for each in pieces) != span.length:
            raise Busy(retry_after=1)  # Somebody else has just gathered it, or the upload is over.
        with self._ground.spooled(span.length) as descriptor:
            self._fetch(pieces, span, descriptor)
            self._swap(known, cell, pieces, Piece(descriptor, 0, span.length))

    def whole(self, known: Known) -> Stored:
        """The object that a file without gaps is; afterwards it is there. Again, it is found."""
        size = known.session.size
        if known.grid.is_one:
            return Stored(known.token, self._only(known), size)
        stored = Stored(known.token, known.whole_key, size)
        if known.token in self._made:
            return stored
        parts = self._parts(known)
        if len(parts) != known.grid.cells:
            done = {start // known.grid.part_size for _, _, start in parts}
            for cell in sorted(set(range(known.grid.cells)) - done):
                self.gather(known, cell)
            parts = self._parts(known)
        # Where somebody was at it before, he died, or is about to say so: it can be completed again.
        self._complete(known, parts)
        if self._ground.bucket.size(stored.key) != size:
            raise Busy()
        with suppress(UploadError):  # The file is whole, whatever else is kept.
            self._empty_others(known, {number for number, _, _ in parts})
        if len(self._made) >= MOST_REMEMBERED:
            self._made.clear()
        self._made.add(known.token)
        return stored

    def _parts(self, known: Known) -> list[Row]:
        with self._ground.database.read() as tx:
            return tx.all(_PARTS, number=known.number)

    def _complete(self, known: Known, parts: list[Row]) -> None:
        if len(parts) != known.grid.cells or known.multipart is None:
            raise Busy(retry_after=1)
        listed = [(number, etag) for number, etag, _ in parts]
        try:
            self._ground.bucket.complete(known.whole_key, known.multipart, listed)
        except NoSuchUpload:
            if self._ground.bucket.size(known.whole_key) is None:
                self.lost(known)
                raise Busy(retry_after=1) from None

    def _empty_others(self, known: Known, listed: set[int]) -> None:
        """Some stores keep parts that the file is not made of, list them as long as it is there, and let nobody delete them. There they are
        overwritten with nothing."""
        assert known.multipart is not None
        with self._ground.database.read() as tx:
            tried = tx.all(_SEVERAL_TRIES, number=known.number)
        others = {
            known.grid.number(cell, each) for cell, n in tried for each in range(min(n, known.grid.tries))
        } - listed
        if not others:
            return
        bucket, key = self._ground.bucket, known.whole_key
        with suppress(NoSuchUpload):
            for number, (_, size) in bucket.parts(key, known.multipart, min(others), max(others)).items():
                if number in others and size:
                    bucket.put_part(key, known.multipart, number, NOTHING)

    def _only(self, known: Known) -> str:
        if not known.session.size:
            return self.put_object(known, NOTHING)
        self.gather(known, 0)
        with self._ground.database.read() as tx:
            (piece,) = pieces_of(tx, known.number, known.grid.cell(0))
        assert piece.key is not None
        return piece.key

    def _fetch(self, pieces: list[KeptPiece], span: Span, descriptor: int) -> None:
        with disk_errors():
            for each in pieces:
                offset = each.start - span.start
                if each.data is not None:
                    write_at(descriptor, memoryview(each.data), offset)
                elif each.key is not None:
                    try:
                        self._ground.bucket.copy_into(each.key, each.stop - each.start, descriptor, offset)
                    except NoSuchObject:
                        raise Busy(retry_after=1) from None  # Somebody else has gathered it meanwhile.

    def _swap(self, known: Known, cell: int, pieces: list[KeptPiece], piece: Piece) -> None:
        part, etag, key = None, None, None
        if known.grid.is_one:
            key = self.put_object(known, piece)
        else:
            part, etag = self.put_part(known, cell, piece)
        ids, at = [each.id for each in pieces], max(each.at for each in pieces)
        span = known.grid.cell(cell)
        with self._ground.database.write() as tx:
            if tx.changed(_SWAP, ids=ids) != len(ids):
                raise Busy(retry_after=1)
            made = {"part": part, "etag": etag, "key": key, "data": None}
            tx.run(PUT_PIECE, upload=known.number, start=span.start, stop=span.stop, at=at, **made)
        self._ground.database.sync()
        with suppress(UploadError):  # What stays goes with the upload.
            self._ground.bucket.delete([each.key for each in pieces if each.key is not None])

    def _number(self, known: Known, cell: int, claim: Claim | None) -> int:
        with self._ground.database.durable() as tx:
            if claim is not None:
                claim.give_back(tx)
            about = {"upload": known.number, "cell": cell, "tries": known.grid.tries}
            tried = tx.ask(TAKE, **about, longest=LONGEST_REQUEST_SECONDS)
        row = tried()
        if row is None:
            # All were given out, and the last one may still be on its way.
            raise Busy(retry_after=60)
        return known.grid.number(cell, row[0] - 1)

    def lost(self, known: Known) -> None:
        """The store has ended the multipart upload, as a rule of its bucket may tell it: what it had has to come again."""
        with self._ground.database.read() as tx:
            now = looked_again(tx, known.number)
        if now.multipart != known.multipart:
            return
        with self._ground.database.write() as tx:
            # Nobody merges meanwhile what goes here.
            tx.one(_LOCK, number=known.number)
            for each in (_LOST, _LOST_SPANS, _LEFT_SPANS):
                tx.run(each, number=known.number)
        self._ground.database.sync()
        self.begin(now)
