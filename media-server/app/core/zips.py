"""How an archive (ZIP) is written whose files are stored as they are: every part of it as bytes whose number is known beforehand.

That is what makes archives resumable at any byte. The libraries that stream them (zipstream-ng among them) tell the size at best:
none begins in the middle, as each learns a file's CRC-32 by reading it. Here that is known since the file arrived. Where it is
not, as of files that are older than this, it follows the file in a *descriptor*, so that nothing has to be read beforehand. Which
of the two it is belongs to the file for good (``core.sums.LATE``), or an archive would shift under whoever goes on with it.
"""

from __future__ import annotations

import struct
import unicodedata
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from app.core.paths import disk_folder, disk_name, numbered

_MOST_32 = 0xFFFFFFFF
"""What stands where the number itself needs 64 bits. Numbers from this on do."""
_MOST_16 = 0xFFFF
_UTF8, _DESCRIBED = 1 << 11, 1 << 3
_PLAIN, _LARGE = 20, 45
"""The versions of the format that readers have to know: as such, and with 64 bits."""
_MADE_ON_UNIX = 3 << 8 | _LARGE
_MODE = 0o100644 << 16
_TIMED = 9
"""Bytes of the field with the time in UTC. The one beside it has no zone, two seconds a step, and an end in 2107."""
_OLDEST, _NEWEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, 58, tzinfo=UTC)


class Entry(NamedTuple):
    """A file in an archive. ``modified`` is in seconds since the epoch; a ``late`` one has a descriptor."""

    name: bytes
    size: int
    modified: float
    late: bool

    @property
    def is_large(self) -> bool:
        return self.size >= _MOST_32

    @property
    def head_length(self) -> int:
        return 30 + len(self.name) + (20 if self.is_large else 0) + len(_time_field(self.modified))

    @property
    def tail_length(self) -> int:
        return 0 if not self.late else 24 if self.is_large else 16

    @property
    def length(self) -> int:
        """Bytes from its head to its tail."""
        return self.head_length + self.size + self.tail_length

    def head(self, crc32: int) -> bytes:
        """What stands before the file's bytes. The CRC-32 of a late one is not said here."""
        if self.late:
            crc32, size = 0, 0
        else:
            size = self.size
        large = struct.pack("<HHQQ", 1, 16, size, size) if self.is_large else b""
        said = _MOST_32 if self.is_large else size
        extra = large + _time_field(self.modified)
        return (
            struct.pack(
                "<IHHHIIIIHH", 0x04034B50, self._version, self._flags, 0, _dos_time(self.modified), crc32, said, said,
                len(self.name), len(extra),
            )
            + self.name
            + extra
        )  # fmt: skip

    def tail(self, crc32: int) -> bytes:
        """What follows the bytes of a late one."""
        return struct.pack("<IIQQ" if self.is_large else "<IIII", 0x08074B50, crc32, self.size, self.size)

    def listed_length(self, offset: int) -> int:
        """Bytes of what ``listed`` makes."""
        return 46 + len(self.name) + len(_time_field(self.modified)) + self._numbers_length(offset)

    def listed(self, crc32: int, offset: int) -> bytes:
        """The entry in the list at the end of the archive. ``offset`` is where its head begins."""
        size, place = (_MOST_32 if self.is_large else self.size), min(offset, _MOST_32)
        numbers = [self.size, self.size] * self.is_large + [offset] * (place == _MOST_32)
        extra = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
        extra += _time_field(self.modified)
        version = _LARGE if numbers else self._version
        return (
            struct.pack(
                "<IHHHHIIIIHHHHHII", 0x02014B50, _MADE_ON_UNIX, version, self._flags, 0, _dos_time(self.modified), crc32,
                size, size, len(self.name), len(extra), 0, 0, 0, _MODE, place,
            )
            + self.name
            + extra
        )  # fmt: skip

    def _numbers_length(self, offset: int) -> int:
        numbers = 2 * self.is_large + (offset >= _MOST_32)
        return 4 + 8 * numbers if numbers else 0

    @property
    def _flags(self) -> int:
        return _UTF8 | (_DESCRIBED if self.late else 0)

    @property
    def _version(self) -> int:
        return _LARGE if self.is_large else _PLAIN


def ending(count: int, start: int, length: int) -> bytes:
    """The end of an archive of ``count`` entries, whose list begins at ``start`` and has ``length`` bytes."""
    large = b""
    if count >= _MOST_16 or start >= _MOST_32 or length >= _MOST_32:
        large = struct.pack(
            "<IQHHIIQQQQ", 0x06064B50, 44, _MADE_ON_UNIX, _LARGE, 0, 0, count, count, length, start
        ) + struct.pack("<IIQI", 0x07064B50, 0, start + length, 1)
    few = min(count, _MOST_16)
    return large + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, few, few, min(length, _MOST_32), min(start, _MOST_32), 0)


def _time_field(modified: float) -> bytes:
    seconds = int(modified // 1)
    return struct.pack("<HHBi", 0x5455, 5, 1, seconds) if -(2**31) <= seconds < 2**31 else b""


def _dos_time(modified: float) -> int:
    """Time and date, as one number of 32 bits."""
    seconds = min(max(modified, _OLDEST.timestamp()), _NEWEST.timestamp())
    at = datetime.fromtimestamp(int(seconds), UTC)
    date = (at.year - 1980) << 9 | at.month << 5 | at.day
    return date << 16 | at.hour << 11 | at.minute << 5 | at.second // 2


class Names:
    """Names for entries that whoever unpacks the archive can use: harmless on every system, and no two alike on those that do not
    tell upper from lower case. Whatever senders choose, a name costs a few looks and some bytes."""

    def __init__(self) -> None:
        self._taken = _Marks()
        self._next: dict[int, int] = {}
        """For names that were taken: the number to begin with."""

    def new(self, parts: Sequence[str], leave_out: int = 0) -> str | None:
        """A name for the file that lies at ``parts``, without so many of the folders that lead there; None where this very file has
        one already."""
        if not self._taken.add(_mark("=", "/".join(parts))):
            return None
        *folders, last = parts[leave_out:]
        folder = "".join(f"{disk_folder(part)}/" for part in folders)
        safe = disk_name(last)
        wanted = _mark("~", _alike(folder + safe))
        number = 0
        mark = wanted
        while not self._taken.add(mark):
            number = self._next.get(wanted, 1)
            self._next[wanted] = number + 1
            mark = _mark("~", _alike(folder + numbered(safe, number)))
        return folder + numbered(safe, number)


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _mark(kind: str, name: str) -> int:
    """Eight bytes that stand for a name. Two that share them by chance cost a number that was not needed."""
    return int.from_bytes(blake2b((kind + name).encode(), digest_size=8).digest(), "little") or 1


class _Marks:
    """A set of numbers of 64 bits in a few bytes each, where Python's own takes a hundred; 0 is none."""

    def __init__(self) -> None:
        self._cells = array("Q", bytes(8 * 1024))
        self._count = 0

    def add(self, mark: int) -> bool:
        """Whether it is new."""
        if 2 * self._count >= len(self._cells):
            before = self._cells
            self._cells, self._count = array("Q", bytes(16 * len(before))), 0
            for each in before:
                if each:
                    self.add(each)
        cells = self._cells
        size = len(cells)
        place = mark % size
        while cells[place]:
            if cells[place] == mark:
                return False
            place = (place + 1) % size
        cells[place] = mark
        self._count += 1
        return True
