"""Bodies that are not a socket: anything with ``readinto``, such as a form field on disk or bytes in memory."""

from __future__ import annotations

from typing import Protocol

from app.core.pieces import PIECE
from app.storage.atomic import write_at


class Readable(Protocol):
    def read(self, most: int, /) -> bytes: ...


class StreamBody:
    """Fulfils ``core.ports.Body`` on a stream."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def readinto(self, buffer: memoryview) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def move(self, descriptor: int, offset: int, most: int) -> int:
        data = self._stream.read(min(most, PIECE))
        write_at(descriptor, memoryview(data), offset)
        return len(data)
