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
    SELECT u.number, u.token, u.document, u.size, u.part_size, u.most_parts, u.multipart, p.spans, p.last
    FROM store_uploads u CROSS JOIN LATERAL (
        SELECT range_agg(span)::text AS spans, max(at) AS last FROM store_pieces WHERE upload = u.number
    ) p
"""
LOOK_BY_ID = f"{_LOOK} WHERE u.upload_id = %(upload_id)s"
LOOK_BY_NUMBER = f"{_LOOK} WHERE u.number = %(number)s"
_LOCK = "SELECT 1 FROM store_uploads WHERE upload_id = %(upload_id)s FOR UPDATE"
CREATE = """
    INSERT INTO store_uploads (upload_id, token, document, state, active_at, size, part_size, most_parts)
    VALUES (%(upload_id)s, %(token)s, %(document)s, 'open', %(active_at)s, %(size)s, %(part_size)s, %(most_parts)s)
    ON CONFLICT (upload_id) DO NOTHING RETURNING number
"""
_CHANGE = """
    UPDATE store_uploads SET document = %(document)s, state = %(state)s, active_at = %(active_at)s WHERE number = %(number)s
"""
PIECES = """
    SELECT id, lower(span), upper(span), part, etag, key, data, at FROM store_pieces
    WHERE upload = %(number)s AND span && int8range(%(start)s, %(stop)s) ORDER BY lower(span)
"""
PUT_PIECE = """
    INSERT INTO store_pieces (upload, span, at, part, etag, key, data)
    VALUES (%(upload)s, int8range(%(start)s, %(stop)s), %(at)s, %(part)s, %(etag)s, %(key)s, %(data)s)
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
    if not is_id(upload_id) or tx.one(_LOCK, upload_id=upload_id) is None:
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
    number, token, document, size, part_size, most_parts, multipart, spans, last = row
    session, _ = decoded(document.encode())
    if session.state is State.OPEN:
        active_at = max(session.active_at, last or 0.0)
        session = replace(session, ranges=_ranges(spans or ""), active_at=active_at)
    return Known(number, token, session, Grid(size, part_size, most_parts), multipart)


def pieces_of(tx: Transaction, number: int, span: Span) -> list[KeptPiece]:
    """What is recorded of a span, in order."""
    return [KeptPiece(*row) for row in tx.all(PIECES, number=number, start=span.start, stop=span.stop)]


def _ranges(told: str) -> ByteRanges:
    return ByteRanges(_spans(told))


def _spans(told: str) -> Iterable[Span]:
    return (Span(int(start), int(stop)) for start, stop in _BOUNDS.findall(told))
