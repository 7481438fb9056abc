"""Bodies that are not a socket: files, and anything that can be read, such as a form field or bytes in memory."""

from __future__ import annotations

import fcntl
import os
from typing import Protocol

from app.core.pieces import PIECE_BYTES
from app.storage.disk.atomic import copy_range, write_at


class Readable(Protocol):
    """Anything that can be read in order, such as a file or a form field."""

    def read(self, most: int, /) -> bytes:
        """Up to ``most`` bytes, none only at the end."""
        ...


class StreamBody:
    """Body that reads a stream."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def readinto(self, buffer: memoryview) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def move(self, descriptor: int, offset: int, most: int) -> int:
        data = self._stream.read(min(most, PIECE_BYTES))
        write_at(descriptor, memoryview(data), offset)
        return len(data)


class FileBody:
    """Body of ``length`` bytes of an open file from ``start`` on; the caller closes it."""

    def __init__(self, descriptor: int, length: int, start: int = 0) -> None:
        self._descriptor = descriptor
        self._stop = start + length
        self._position = start

    def readinto(self, buffer: memoryview) -> int:
        count = os.preadv(self._descriptor, [buffer[: self._stop - self._position]], self._position)
        self._position += count
        return count

    def move(self, descriptor: int, offset: int, most: int) -> int:
        most = min(most, self._stop - self._position)
        count = copy_range(self._descriptor, self._position, descriptor, offset, most) if most else 0
        self._position += count
        return count


class SpooledBody(FileBody):
    """Body of all of a file that nobody else writes to any more: where it comes whole, it need not be copied, but can be given
    a further name."""

    def of_its_own(self) -> int:
        """A further descriptor of the file, for whoever keeps it to close."""
        return fcntl.fcntl(self._descriptor, fcntl.F_DUPFD_CLOEXEC, 0)


class ViewBody:
    """Body of the bytes in a buffer, which must not change meanwhile."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def readinto(self, buffer: memoryview) -> int:
        piece = self._taken(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def move(self, descriptor: int, offset: int, most: int) -> int:
        piece = self._taken(most)
        write_at(descriptor, piece, offset)
        return len(piece)

    def _taken(self, most: int) -> memoryview:
        piece, self._data = self._data[:most], self._data[most:]
        return piece
