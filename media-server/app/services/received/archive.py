"""Archive: one archive as it is laid out, and its bytes from any place on."""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import NamedTuple

from app.core.pieces import PIECE_BYTES
from app.core.ports.content import Content, Scratch
from app.core.ports.inbox import StoredFile
from app.core.ranges import Span
from app.core.zips import Entry, ending

EVERY = 64
"""Of so many files the place of one is kept in memory; the others are found from there."""
JOINED_BYTES = 64 * 1024
"""Files up to this go out together with what stands around them."""
_UNKNOWN = 2**32
_HEAD = struct.Struct("<QI")


class CutShort(Exception):
    """A file is no longer what it was when the archive was laid out: whoever reads must see that the archive ends here."""


class ArchiveFile(NamedTuple):
    """A file in an archive, and what finds it on the disk. ``upload_id`` is None where its CRC-32 is not worth keeping."""

    entry: Entry
    disk_path: str
    file_identity: str | None
    version: str
    upload_id: str | None
    link: int = 0
    """Which of the links that the archive is of has received it."""


class FileBytes(NamedTuple):
    """A stretch of an open file, which is read by whoever sends it."""

    content: Content
    span: Span


class Placed(NamedTuple):
    """A file of a plan: where it begins in the archive, and in the list at its end; and where its row lies."""

    file: ArchiveFile
    offset: int
    listed: int
    row: int


class Plan:
    """The files of an archive in their order, each as a row of a scratch file, so that a million of them need no memory."""

    def __init__(self, scratch: Scratch) -> None:
        self._rows = scratch
        self._places = array("Q")
        """Of each ``EVERY``th file: where it begins in the archive and in the list, and its row."""
        self._written = 0
        self._digest = blake2b(digest_size=16)
        self.count = 0
        self.bytes = 0
        """Bytes of all files with what stands around them."""
        self.listed = 0
        """Bytes of the list."""

    def add(self, file: ArchiveFile, crc32: int | None) -> None:
        """Put a file behind all others."""
        if self.count % EVERY == 0:
            self._places.extend((self.bytes, self.listed, self._written))
        entry = file.entry
        text = json.dumps(
            [entry.name.decode(), *entry[1:], *file[1:]], ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
        self._rows.write_at(self._written, _HEAD.pack(_UNKNOWN if crc32 is None else crc32, len(text)) + text)
        self._written += _HEAD.size + len(text)
        self._digest.update(text)
        self.listed += entry.listed_length(self.bytes)
        self.bytes += entry.length
        self.count += 1

    @property
    def etag(self) -> str:
        """The same for every archive of the same bytes, and for no other."""
        return self._digest.hexdigest()

    def from_offset(self, offset: int) -> Iterator[Placed]:
        """The files from the one that ``offset`` lies in."""
        return (each for each in self._from(0, offset) if each.offset + each.file.entry.length > offset)

    def from_listed(self, offset: int) -> Iterator[Placed]:
        """The same by a place in the list."""
        return (
            each for each in self._from(1, offset) if each.listed + each.file.entry.listed_length(each.offset) > offset
        )

    def crc32(self, row: int) -> int | None:
        found: int = _HEAD.unpack(self._rows.read_at(row, _HEAD.size))[0]
        return None if found == _UNKNOWN else found

    def note_crc32(self, row: int, crc32: int) -> None:
        self._rows.write_at(row, struct.pack("<Q", crc32))

    def close(self) -> None:
        self._rows.close()

    def _from(self, column: int, offset: int) -> Iterator[Placed]:
        number = bisect_right(self._places[column::3], offset) - 1
        place, listed, row = self._places[3 * number : 3 * number + 3]
        while row < self._written:
            _, length = _HEAD.unpack(self._rows.read_at(row, _HEAD.size))
            name, size, modified, late, *rest = json.loads(self._rows.read_at(row + _HEAD.size, length))
            entry = Entry(name.encode(), size, modified, late)
            yield Placed(ArchiveFile(entry, *rest), place, listed, row)
            place, listed = place + entry.length, listed + entry.listed_length(place)
            row += _HEAD.size + length


class Archive:
    """An archive of ``size`` bytes. To be closed; for one thread."""

    def __init__(
        self,
        plan: Plan,
        find: Callable[[ArchiveFile], StoredFile],
        note: Callable[[ArchiveFile, int], None],
        newest: Mapping[str, float],
    ) -> None:
        """``find`` raises FileNotFoundError; ``note`` is told each CRC-32 that had to be computed."""
        self._plan = plan
        self._find = find
        self._note = note
        self.newest = newest
        """When the newest file arrived of each link of which there is all, by its hash."""
        self._ending = ending(plan.count, plan.bytes, plan.listed)
        self.size = plan.bytes + plan.listed + len(self._ending)
        self.etag = plan.etag
        self.count = plan.count

    def parts(self, span: Span) -> Generator[bytes | FileBytes, None, None]:
        """The bytes of ``span`` in their order. What is read of an open file has to be read before the next part is asked for. Raises
        CutShort, Busy, StorageFull."""
        joined = bytearray()
        for part in self._parts(span):
            if isinstance(part, bytes):
                joined += part
                if len(joined) < JOINED_BYTES:
                    continue
            if joined:
                yield bytes(joined)
                joined.clear()
            if not isinstance(part, bytes):
                yield part
        if joined:
            yield bytes(joined)

    def close(self) -> None:
        self._plan.close()

    def _parts(self, span: Span) -> Iterator[bytes | FileBytes]:
        list_start = self._plan.bytes
        end_start = list_start + self._plan.listed
        if span.start < list_start:
            for placed in self._plan.from_offset(span.start):
                if placed.offset >= span.stop:
                    return
                yield from self._file(placed, span)
        if span.start < end_start and span.stop > list_start:
            for placed in self._plan.from_listed(max(0, span.start - list_start)):
                at = list_start + placed.listed
                if at >= span.stop:
                    return
                yield _cut(placed.file.entry.listed(self._crc32(placed), placed.offset), at, span)
        if span.stop > end_start:
            yield _cut(self._ending, end_start, span)

    def _file(self, placed: Placed, span: Span) -> Iterator[bytes | FileBytes]:
        file, entry = placed.file, placed.file.entry
        data = placed.offset + entry.head_length
        tail = data + entry.size
        if span.start < data:
            yield _cut(entry.head(0 if entry.late else self._crc32(placed)), placed.offset, span)
        start, stop = max(0, span.start - data), min(entry.size, span.stop - data)
        if start < stop:
            wanted = Span(start, stop)
            with self._opened(file) as content:
                if entry.late and self._plan.crc32(placed.row) is None and wanted.length == entry.size:
                    yield from self._summed(placed, content)
                elif wanted.length <= JOINED_BYTES:
                    yield _all(content, wanted)
                else:
                    yield FileBytes(content, wanted)
        if entry.late and span.stop > tail:
            yield _cut(entry.tail(self._crc32(placed)), tail, span)

    def _summed(self, placed: Placed, content: Content) -> Iterator[bytes]:
        """All bytes of a file whose CRC-32 is learnt by that."""
        crc32, size = 0, placed.file.entry.size
        for start in range(0, size, PIECE_BYTES):
            piece = _all(content, Span(start, min(start + PIECE_BYTES, size)))
            crc32 = zlib.crc32(piece, crc32)
            yield piece
        self._learn(placed, crc32)

    def _crc32(self, placed: Placed) -> int:
        found = self._plan.crc32(placed.row)
        if found is not None:
            return found
        with self._opened(placed.file) as content:
            crc32, size = 0, placed.file.entry.size
            for start in range(0, size, PIECE_BYTES):
                crc32 = zlib.crc32(_all(content, Span(start, min(start + PIECE_BYTES, size))), crc32)
        self._learn(placed, crc32)
        return crc32

    def _learn(self, placed: Placed, crc32: int) -> None:
        self._plan.note_crc32(placed.row, crc32)
        self._note(placed.file, crc32)

    @contextmanager
    def _opened(self, file: ArchiveFile) -> Iterator[Content]:
        """The file, as long as it is the one that was laid out. Raises CutShort."""
        with ExitStack() as stack:
            try:
                stored = self._find(file)
                content = stack.enter_context(stored.content())
            except FileNotFoundError:
                raise CutShort(file.disk_path) from None
            if stored.version != file.version:
                raise CutShort(file.disk_path)
            yield content
            # Bytes that were changed while they went out are not those that were promised.
            if content.version() != file.version:
                raise CutShort(file.disk_path)


def _all(content: Content, span: Span) -> bytes:
    found = content.read(span)
    if len(found) < span.length:
        raise CutShort("cut short")
    return found


def _cut(part: bytes, at: int, span: Span) -> bytes:
    """What of a part that begins at ``at`` lies in the span."""
    return part[max(0, span.start - at) : max(0, span.stop - at)]
