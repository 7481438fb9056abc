"""The direct path on PostgreSQL and S3: numbers that are signed for, and parts that count once the store lists them.

A number is handed out for one part and one digest, and noted with both before it is signed. So whatever is put under it is what
its sender has named, and a part that comes late or twice changes nothing. Neither claims nor locks are held while a sender puts:
of two who bring the same bytes the rows decide, as for chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.core.errors import Busy, InvalidRange, UploadError
from app.core.ports.claims import Recorded
from app.core.ports.direct import Signed, SignedPart, WantedPart
from app.core.session import State
from app.storage.cluster.gathering import LONGEST_REQUEST_SECONDS, Gatherer
from app.storage.cluster.grid import MIB, Grid, GridFacts
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.rows import PUT_PART_OF_OPEN, Known, locked, looked, looked_again, merge
from app.storage.cluster.signing import PartSigner
from app.storage.cluster.wire import NoSuchObject, NoSuchUpload
from app.storage.sql.database import Transaction

URL_SECONDS = 900
"""No longer than after which a number may be given to another request (``LONGEST_REQUEST_SECONDS``)."""
assert URL_SECONDS <= LONGEST_REQUEST_SECONDS
MOST_DIGESTS = 2
"""A part may be signed for with so many digests: a file may change while it is sent, and a stranger put no more than so many times the
bytes that he has announced."""
LARGEST_PART = 5 * 1024 * MIB
"""The store takes no larger one."""

_SIGNED_BEFORE = """
    SELECT cell, part, sha256 FROM store_signed
    WHERE upload = %(upload)s AND multipart = %(multipart)s AND cell = ANY(%(cells)s)
"""
_NUMBERS = """
    INSERT INTO store_tries AS t (upload, cell, n)
    SELECT %(upload)s, cell, 1 FROM unnest(%(cells)s::bigint[]) AS cell ORDER BY cell
    ON CONFLICT (upload, cell) DO UPDATE SET n = t.n + 1, at = excluded.at
        WHERE (t.n %% %(tries)s <> 0) OR t.at < excluded.at - %(longest)s
    RETURNING cell, n
"""
_NOTE = """
    INSERT INTO store_signed (upload, multipart, cell, part, sha256)
    VALUES (%(upload)s, %(multipart)s, %(cell)s, %(part)s, %(sha256)s)
    ON CONFLICT (upload, part) DO UPDATE SET multipart = excluded.multipart, sha256 = excluded.sha256
"""
_BY_NUMBER = """
    SELECT cell, part FROM store_signed
    WHERE upload = %(upload)s AND multipart = %(multipart)s AND part = ANY(%(parts)s)
"""
_CLOSED = "UPDATE store_uploads SET closed = true WHERE number = %(number)s AND NOT closed"


@dataclass(frozen=True, slots=True)
class _Numbered:
    cell: int
    number: int


class ClusterDirect:
    """DirectParts. ``usual`` and ``facts`` are those of the store of uploads."""

    def __init__(
        self, ground: ClusterGround, gatherer: Gatherer, signer: PartSigner, facts: GridFacts, usual: int
    ) -> None:
        self._ground = ground
        self._gatherer = gatherer
        self._signer = signer
        self._facts = facts
        self._usual = usual
        self.origin = signer.origin
        self.seconds = signer.seconds

    def part_size(self, size: int) -> int | None:
        grid = Grid(size, self._facts.part_size(self._usual, size))
        return grid.part_size if _has_direct_parts(grid) else None

    def sign(self, upload_id: str, wanted: Sequence[WantedPart], at: float) -> Signed:
        known = self._begun(upload_id)
        grid, multipart = known.grid, known.multipart
        cells = {each: _cell(grid, each) for each in wanted}
        if known.session.state is not State.OPEN or multipart is None:
            return Signed(known.session, [SignedPart(each.span, is_there=True) for each in wanted])
        with self._ground.database.write() as tx:
            known = locked(tx, upload_id)
            ranges = known.session.ranges
            free = {each for each in wanted if ranges.missing(each.span).length == each.span.length}
            before, numbers = self._numbers(tx, known, {each: cells[each] for each in free})
        # On the disk before they are used: a number that was forgotten would be given to somebody else.
        self._ground.database.sync()
        recorded = self._record(known, [_Numbered(cells[each], number) for each, number in before.items()], at)
        if recorded is not None:
            ranges = recorded.session.ranges
        told = []
        for each in wanted:
            is_there, number = ranges.covers(each.span), numbers.get(each)
            url = None
            if number is not None and not is_there:
                path = self._ground.bucket.path(known.whole_key)
                url = self._signer.url(path, multipart, number, each.span.length, each.sha256)
            told.append(SignedPart(each.span, number, url, is_there))
        return Signed(recorded.session if recorded else known.session, told, recorded)

    def confirm(self, upload_id: str, numbers: Sequence[int], at: float) -> Recorded:
        with self._ground.database.read() as tx:
            known = looked(tx, upload_id)
            rows = []
            if known.multipart is not None and known.session.state is State.OPEN:
                rows = tx.all(_BY_NUMBER, upload=known.number, multipart=known.multipart, parts=list(numbers))
        recorded = self._record(known, [_Numbered(cell, part) for cell, part in rows], at)
        return recorded or Recorded(known.session, closed=False)

    def _begun(self, upload_id: str) -> Known:
        with self._ground.database.read() as tx:
            known = looked(tx, upload_id)
        if not _has_direct_parts(known.grid):
            raise InvalidRange("This file goes through the server: send chunks of it.")
        if known.multipart is None and known.session.state is State.OPEN:
            # Whoever opened the upload died before he could begin it, or is about to.
            self._gatherer.begin(known)
            with self._ground.database.read() as tx:
                known = looked_again(tx, known.number)
            if known.multipart is None:
                raise Busy(retry_after=1)
        return known

    def _numbers(
        self, tx: Transaction, known: Known, cells: dict[WantedPart, int]
    ) -> tuple[dict[WantedPart, int], dict[WantedPart, int]]:
        """Those numbers that were handed out before, and all. What has none has been tried too often."""
        upload, grid = known.number, known.grid
        rows = tx.all(_SIGNED_BEFORE, upload=upload, multipart=known.multipart, cells=list(cells.values()))
        same = {(cell, sha256): part for cell, part, sha256 in rows}
        before = {each: same[cell, each.sha256] for each, cell in cells.items() if (cell, each.sha256) in same}
        tried = [cell for cell, _, _ in rows]
        most = min(MOST_DIGESTS, grid.tries - 1)
        new = {cell: each for each, cell in cells.items() if each not in before and tried.count(cell) < most}
        if not new:
            return before, before
        found = tx.all(_NUMBERS, upload=upload, cells=list(new), tries=grid.tries, longest=LONGEST_REQUEST_SECONDS)
        made = {new[cell]: grid.number(cell, n - 1) for cell, n in found}
        facts = {"upload": upload, "multipart": known.multipart}
        tx.many(
            _NOTE, [{**facts, "cell": cells[each], "part": part, "sha256": each.sha256} for each, part in made.items()]
        )
        return before, before | made

    def _record(self, known: Known, parts: Sequence[_Numbered], at: float) -> Recorded | None:
        """Record those parts that the store has, all of them as long as they must be; None where there are none."""
        listed = self._listed(known, parts)
        found = [each for each in parts if listed.get(each.number, ("", -1))[1] == known.grid.cell(each.cell).length]
        if not found:
            return None
        rows: list[dict[str, Any]] = []
        for each in found:
            span = known.grid.cell(each.cell)
            place = {"upload": known.number, "start": span.start, "stop": span.stop, "at": at}
            rows.append({**place, "part": each.number, "etag": listed[each.number][0], "key": None, "data": None})
        with self._ground.database.write() as tx:
            tx.many(PUT_PART_OF_OPEN, rows)
        self._ground.database.sync()
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
