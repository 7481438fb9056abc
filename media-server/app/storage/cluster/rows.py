"""One upload as the database has it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from app.core.errors import UploadNotFound
from app.core.ranges import ByteRanges, Span
from app.core.session import State, UploadSession
from app.storage.cluster.grid import Grid
from app.storage.disk.upload_documents import decoded, encoded
from app.storage.sql.database import Transaction, is_id

_BOUNDS = re.compile(r"\[(\d+),(\d+)\)")
# Facts and spans in one statement: of two, the second could see that the spans have gone with a delivery, and all would be missing.
_LOOK = """
    SELECT u.number, u.token, u.document, u.size, u.part_size, u.most_parts, u.multipart, s.spans, s.last, s.rows
    FROM store_uploads u CROSS JOIN LATERAL (
        SELECT range_agg(span)::text AS spans, max(at) AS last, count(*) AS rows FROM store_spans WHERE upload = u.number
    ) s
"""
LOOK_BY_ID = f"{_LOOK} WHERE u.upload_id = %(upload_id)s"
LOOK_BY_NUMBER = f"{_LOOK} WHERE u.number = %(number)s"
LOCK_BY_ID = "SELECT 1 FROM store_uploads WHERE upload_id = %(upload_id)s FOR UPDATE"
CREATE = """
    INSERT INTO store_uploads (upload_id, token, document, state, active_at, size, part_size, most_parts)
    VALUES (%(upload_id)s, %(token)s, %(document)s, 'open', %(active_at)s, %(size)s, %(part_size)s, %(most_parts)s)
    ON CONFLICT (upload_id) DO NOTHING RETURNING number
"""
_CHANGE = """
    UPDATE store_uploads SET document = %(document)s, state = %(state)s, active_at = %(active_at)s WHERE number = %(number)s
"""
# In the words of the index that keeps them apart, so that the others of the upload are not read.
PIECES = """
    SELECT id, lower(span), upper(span), part, etag, key, data, at FROM store_pieces
    WHERE int8range(upload, upload, '[]') && int8range(%(number)s, %(number)s, '[]')
        AND span && int8range(%(start)s, %(stop)s) ORDER BY lower(span)
"""
# Two rows: where the bytes are, and, to be merged with others, that they are there.
_PUT = """
    WITH put AS (
        INSERT INTO store_pieces (upload, span, at, part, etag, key, data)
        SELECT %(upload)s::bigint, int8range(%(start)s, %(stop)s), %(at)s::double precision, %(part)s::integer, %(etag)s::text,
            %(key)s::text, %(data)s::bytea
        {where}
        RETURNING upload, span, at
    )
    INSERT INTO store_spans (upload, span, at) SELECT upload, span, at FROM put
"""
PUT_PIECE = _PUT.format(where="")
PUT_PIECE_OF_OPEN = _PUT.format(where="FROM store_uploads WHERE number = %(upload)s AND state = 'open'")
# Many parts in one statement. Of two who bring the same bytes the one who was first counts, and the other finds that out afterwards.
PUT_PARTS_OF_OPEN = """
    WITH put AS (
        INSERT INTO store_pieces (upload, span, at, part, etag)
        SELECT u.number, int8range(p.start, p.stop), %(at)s::double precision, p.part, p.etag
        FROM store_uploads u,
            unnest(%(starts)s::bigint[], %(stops)s::bigint[], %(parts)s::integer[], %(etags)s::text[]) AS p (start, stop, part, etag)
        WHERE u.number = %(upload)s AND u.state = 'open' ORDER BY p.start
        ON CONFLICT DO NOTHING
        RETURNING upload, span, at
    )
    INSERT INTO store_spans (upload, span, at) SELECT upload, span, at FROM put
"""
_MANY_ROWS = 64
# Whoever merges has the upload's row, as has whoever ends it or notes that bytes are lost; who only records does not wait for any.
_TO_MERGE = "SELECT 1 FROM store_uploads WHERE number = %(number)s AND state = 'open' FOR NO KEY UPDATE SKIP LOCKED"
_MERGE = """
    WITH gone AS (DELETE FROM store_spans WHERE upload = %(number)s RETURNING span, at)
    INSERT INTO store_spans (upload, span, at)
    SELECT %(number)s, unnest(range_agg(span)), max(at) FROM gone HAVING count(*) > 0
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What one look at an upload tells."""

    number: int
    """Its own for ever; one that is opened anew under the same id has another."""
    token: str
    """All its objects are below it, and its file has it as its identity."""
    session: UploadSession
    grid: Grid
    multipart: str | None
    rows: int
    """How many rows say what has come of it."""

    @property
    def is_scattered(self) -> bool:
        """Whether there are so many more rows than stretches that it pays to merge them."""
        return self.rows > _MANY_ROWS + 2 * len(self.session.ranges)

    @property
    def whole_key(self) -> str:
        """The key of the object that parts become."""
        return f"{self.token}/whole"


@dataclass(frozen=True, slots=True)
class KeptPiece:
    """Recorded bytes, and where they are: in a part, in an object of their own, or beside the row itself."""

    id: int
    start: int
    stop: int
    part: int | None
    etag: str | None
    key: str | None
    data: bytes | None
    at: float

    def is_cell(self, cell: Span) -> bool:
        """Whether it is all of a cell, as it is to stay."""
        return (self.start, self.stop) == (cell.start, cell.stop) and self.data is None


def looked(tx: Transaction, upload_id: str) -> Known:
    """Raises UploadNotFound."""
    return known(tx.one(LOOK_BY_ID, upload_id=upload_id) if is_id(upload_id) else None)


def looked_again(tx: Transaction, number: int) -> Known:
    """Raises UploadNotFound."""
    return known(tx.one(LOOK_BY_NUMBER, number=number))


def locked(tx: Transaction, upload_id: str) -> Known:
    """The upload, which nobody else changes until the transaction is over. Raises UploadNotFound."""
    # Another statement than the look, which sees what was committed while this one waited.
    if not is_id(upload_id) or tx.one(LOCK_BY_ID, upload_id=upload_id) is None:
        raise UploadNotFound()
    return looked(tx, upload_id)


def change(tx: Transaction, number: int, session: UploadSession) -> None:
    """Write what has become of an upload."""
    tx.run(
        _CHANGE,
        number=number,
        document=encoded(session, 0).decode(),
        state=str(session.state),
        active_at=session.active_at,
    )


def known(row: Any) -> Known:
    """An upload, of the columns that a look finds."""
    if row is None:
        raise UploadNotFound()
    number, token, document, size, part_size, most_parts, multipart, spans, last, rows = row
    session, _ = decoded(document.encode())
    if session.state is State.OPEN:
        active_at = max(session.active_at, last or 0.0)
        session = replace(session, ranges=_ranges(spans or ""), active_at=active_at)
    return Known(number, token, session, Grid(size, part_size, most_parts), multipart, rows)


def merge(tx: Transaction, known: Known) -> None:
    """Leave one row for each stretch of what has come of an open upload, unless somebody else is at it. Whoever looks sees the same before
    and after."""
    if tx.one(_TO_MERGE, number=known.number) is not None:
        tx.run(_MERGE, number=known.number)


def pieces_of(tx: Transaction, number: int, span: Span) -> list[KeptPiece]:
    """What is recorded of a span, in order."""
    return [KeptPiece(*row) for row in tx.all(PIECES, number=number, start=span.start, stop=span.stop)]


def _ranges(told: str) -> ByteRanges:
    return ByteRanges(_spans(told))


def _spans(told: str) -> Iterable[Span]:
    return (Span(int(start), int(stop)) for start, stop in _BOUNDS.findall(told))
