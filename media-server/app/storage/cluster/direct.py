"""The direct path on PostgreSQL and S3: numbers that are signed for, and parts that count once the store lists them.

A number is handed out for one part and one digest, and noted with both before it is signed. So whatever is put under it is what
its sender has named, and a part that comes late or twice changes nothing. Neither claims nor locks are held while a sender puts:
of two who bring the same bytes the rows decide, as for chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.core.errors import Busy, InvalidRange, UploadError, UploadNotFound
from app.core.ports.claims import Recorded
from app.core.ports.direct import Signed, SignedPart, WantedPart
from app.core.session import State
from app.storage.cluster.gathering import Gatherer
from app.storage.cluster.grid import MIB, Grid, GridFacts
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.numbers import LONGEST_REQUEST_SECONDS, TAKE_MANY
from app.storage.cluster.rows import LOCK_BY_ID, LOOK_BY_ID, PUT_PARTS_OF_OPEN, Known, known, looked_again, merge
from app.storage.cluster.signing import PartSigner
from app.storage.cluster.wire import NoSuchObject, NoSuchUpload
from app.storage.sql.database import Row, is_id
from app.storage.sql.postgresql import PipelinedTransaction

URL_SECONDS = 900
"""No longer than after which a number may be given to another request (``LONGEST_REQUEST_SECONDS``)."""
assert URL_SECONDS <= LONGEST_REQUEST_SECONDS
MOST_DIGESTS = 2
"""A part may be signed for with so many digests: a file may change while it is sent, and a stranger put no more than so many times the
bytes that he has announced."""
LARGEST_PART = 5 * 1024 * MIB
"""The store takes no larger one."""

_SIGNED_BEFORE = """
    SELECT s.cell, s.part, s.sha256
    FROM store_uploads u CROSS JOIN unnest(%(starts)s::bigint[]) AS wanted (start)
        JOIN store_signed s ON s.upload = u.number AND s.cell = wanted.start / u.part_size AND s.multipart = u.multipart
    WHERE u.upload_id = %(upload_id)s
"""
_NOTE = """
    INSERT INTO store_signed (upload, multipart, cell, part, sha256)
    SELECT %(upload)s, %(multipart)s, cell, part, sha256
    FROM unnest(%(cells)s::bigint[], %(parts)s::integer[], %(digests)s::text[]) AS signed (cell, part, sha256)
    ON CONFLICT (upload, part) DO UPDATE SET multipart = excluded.multipart, sha256 = excluded.sha256
"""
_BY_NUMBER = """
    SELECT s.cell, s.part, s.multipart
    FROM store_uploads u JOIN store_signed s ON s.upload = u.number
    WHERE u.upload_id = %(upload_id)s AND u.state = 'open' AND s.part = ANY(%(parts)s)
"""
_CLOSED = "UPDATE store_uploads SET closed = true WHERE number = %(number)s AND NOT closed"


THROUGH_NODES = "This file goes through the server: send chunks of it."


@dataclass(frozen=True, slots=True)
class _Numbered:
    cell: int
    number: int


@dataclass(frozen=True, slots=True)
class _HandedOut:
    """Numbers of parts: those that were handed out ``before``, and all. ``known`` is the upload as it was then."""

    known: Known
    before: dict[WantedPart, int]
    numbers: dict[WantedPart, int]


class ClusterDirect:
    """DirectParts, offered where the store is known to refuse other bytes than were signed for. ``usual`` and ``facts`` are those of
    the store of uploads."""

    def __init__(
        self, ground: ClusterGround, gatherer: Gatherer, signer: PartSigner, facts: GridFacts, usual: int
    ) -> None:
        self._ground = ground
        self._gatherer = gatherer
        self._signer = signer
        self._facts = facts
        self._usual = usual
        self.seconds = signer.seconds

    @property
    def origin(self) -> str | None:
        return self._signer.origin if self._is_safe() else None

    def part_size(self, size: int) -> int | None:
        if not self._is_safe():
            return None
        grid = Grid(size, self._facts.part_size(self._usual, size))
        return grid.part_size if _has_direct_parts(grid) else None

    def sign(self, upload_id: str, wanted: Sequence[WantedPart], at: float) -> Signed:
        if not self._is_safe():
            raise InvalidRange(THROUGH_NODES)
        handed = self._handed_out(upload_id, wanted)
        if handed.known.session.state is State.OPEN and handed.known.multipart is None:
            # Whoever opened the upload died before he could begin it, or is about to.
            self._gatherer.begin(handed.known)
            handed = self._handed_out(upload_id, wanted)
        now = handed.known
        if now.session.state is not State.OPEN:
            return Signed(now.session, [SignedPart(each.span, is_there=True) for each in wanted])
        if now.multipart is None:
            raise Busy(retry_after=1)
        ranges = now.session.ranges
        cells = [_Numbered(_cell(now.grid, each), number) for each, number in handed.before.items()]
        recorded = self._record(now, cells, at)
        if recorded is not None:
            ranges = recorded.session.ranges
        path, told = self._ground.bucket.path(now.whole_key), []
        for each in wanted:
            is_there, number = ranges.covers(each.span), handed.numbers.get(each)
            url = None
            if number is not None and not is_there:
                url = self._signer.url(path, now.multipart, number, each.span.length, each.sha256)
            told.append(SignedPart(each.span, number, url, is_there))
        return Signed(recorded.session if recorded else now.session, told, recorded)

    def confirm(self, upload_id: str, numbers: Sequence[int], at: float) -> Recorded:
        _check(upload_id)
        with self._ground.database.pipelined() as tx:
            look = tx.ask(LOOK_BY_ID, upload_id=upload_id)
            found = tx.ask_all(_BY_NUMBER, upload_id=upload_id, parts=list(numbers))
        now = known(look())
        parts = [_Numbered(cell, part) for cell, part, multipart in found() if multipart == now.multipart]
        return self._record(now, parts, at) or Recorded(now.session, closed=False)

    def _handed_out(self, upload_id: str, wanted: Sequence[WantedPart]) -> _HandedOut:
        """Numbers for those of the parts of which nothing is recorded, on the disk before anybody uses them: one that was forgotten would
        be given to somebody else. None are handed out before there is a multipart upload, nor once it is over."""
        _check(upload_id)
        with self._ground.database.durable() as tx:
            lock = tx.ask(LOCK_BY_ID, upload_id=upload_id)
            # Further statements, which see what was committed while this one waited.
            look = tx.ask(LOOK_BY_ID, upload_id=upload_id)
            signed = tx.ask_all(_SIGNED_BEFORE, upload_id=upload_id, starts=[each.span.start for each in wanted])
            lock()
            now = known(look())
            if not _has_direct_parts(now.grid):
                raise InvalidRange(THROUGH_NODES)
            cells = {each: _cell(now.grid, each) for each in wanted}
            if now.multipart is None or now.session.state is not State.OPEN:
                return _HandedOut(now, {}, {})
            ranges = now.session.ranges
            free = {each: cell for each, cell in cells.items() if ranges.missing(each.span).length == each.span.length}
            return self._numbers(tx, now, free, signed())

    def _is_safe(self) -> bool:
        known = self._ground.bucket.compares()
        return known is not None and known.signed_parts

    def _numbers(
        self, tx: PipelinedTransaction, known: Known, cells: dict[WantedPart, int], signed: list[Row]
    ) -> _HandedOut:
        """What has no number then has been tried too often."""
        grid = known.grid
        same = {(cell, sha256): part for cell, part, sha256 in signed}
        before = {each: same[cell, each.sha256] for each, cell in cells.items() if (cell, each.sha256) in same}
        tried = [cell for cell, _, _ in signed]
        most = min(MOST_DIGESTS, grid.tries - 1)
        new = {cell: each for each, cell in cells.items() if each not in before and tried.count(cell) < most}
        if not new:
            return _HandedOut(known, before, before)
        found = tx.all(
            TAKE_MANY, upload=known.number, cells=list(new), tries=grid.tries, longest=LONGEST_REQUEST_SECONDS
        )
        made = {cell: grid.number(cell, n - 1) for cell, n in found}
        tx.run(
            _NOTE,
            upload=known.number,
            multipart=known.multipart,
            cells=list(made),
            parts=list(made.values()),
            digests=[new[cell].sha256 for cell in made],
        )
        return _HandedOut(known, before, before | {new[cell]: number for cell, number in made.items()})

    def _record(self, known: Known, parts: Sequence[_Numbered], at: float) -> Recorded | None:
        """Record those parts that the store has, all of them as long as they must be; None where there are none."""
        # Those that are recorded are asked for no more: whoever made the file of them and died has ended what the store would list.
        ranges = known.session.ranges
        parts = [each for each in parts if not ranges.covers(known.grid.cell(each.cell))]
        listed = self._listed(known, parts)
        found = [each for each in parts if listed.get(each.number, ("", -1))[1] == known.grid.cell(each.cell).length]
        if not found:
            return None
        spans = [known.grid.cell(each.cell) for each in found]
        with self._ground.database.durable() as tx:
            tx.run(
                PUT_PARTS_OF_OPEN,
                upload=known.number,
                at=at,
                starts=[each.start for each in spans],
                stops=[each.stop for each in spans],
                parts=[each.number for each in found],
                etags=[listed[each.number][0] for each in found],
            )
        with self._ground.database.read() as tx:
            now = looked_again(tx, known.number)
        if now.is_scattered:
            with suppress(UploadError), self._ground.database.write() as tx:
                merge(tx, now)
        return Recorded(now.session, closed=self._has_closed(now))

    def _listed(self, known: Known, parts: Sequence[_Numbered]) -> dict[int, tuple[str, int]]:
        """What the store has under these numbers, as ETag and size."""
        if not parts or known.multipart is None:
            return {}
        numbers = [each.number for each in parts]
        try:
            return self._ground.bucket.parts(known.whole_key, known.multipart, min(numbers), max(numbers))
        except (NoSuchUpload, NoSuchObject):
            # It may be complete. Else the store has ended it, and what it had has to come again.
            if self._ground.bucket.size(known.whole_key) is None:
                self._gatherer.lost(known)
            raise Busy(retry_after=1) from None

    def _has_closed(self, known: Known) -> bool:
        if known.session.state is not State.OPEN or not known.session.is_whole:
            return False
        # Several may see that nothing is missing any more. One of them is told that it was him.
        with self._ground.database.write() as tx:
            return tx.changed(_CLOSED, number=known.number) == 1


def _check(upload_id: str) -> None:
    if not is_id(upload_id):
        raise UploadNotFound()


def _has_direct_parts(grid: Grid) -> bool:
    """Whether parts of such an upload can be put by senders: a number of each part stays for nodes, which have to gather it where
    the direct path is barred."""
    return not grid.is_one and grid.tries > 1 and grid.part_size <= LARGEST_PART


def _cell(grid: Grid, wanted: WantedPart) -> int:
    """Raises InvalidRange."""
    index, rest = divmod(wanted.span.start, grid.part_size)
    if rest or index >= grid.cells or wanted.span != grid.cell(index):
        raise InvalidRange(
            f"A part begins at a multiple of {grid.part_size} bytes and is as long, but for the last one of the file.",
            size=grid.size,
        )
    return index
