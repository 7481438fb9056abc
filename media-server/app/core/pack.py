"""Many small files in one body: for each a line of JSON, then exactly its bytes, then the next line."""

from __future__ import annotations

from app.core.errors import ChunkSizeMismatch, InvalidPack
from app.core.ports.bodies import Body

MAX_LINE_BYTES = 8192
"""The longest line there may be, its end included."""
_READ_BYTES = 64 * 1024


class PackReader:
    """Reads a pack once, in order: a line, then all of what it announced, and so on."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._ahead = self._buffer[:0]

    def line(self) -> bytes | None:
        """The next line without its end, None where the pack ends. Raises InvalidPack."""
        found = b""
        while True:
            end = bytes(self._ahead[: MAX_LINE_BYTES - len(found)]).find(b"\n")
            if end >= 0:
                found += self._ahead[:end]
                self._ahead = self._ahead[end + 1 :]
                return found
            found += self._ahead
            if len(found) >= MAX_LINE_BYTES:
                raise InvalidPack(f"A line of the pack is longer than {MAX_LINE_BYTES} bytes.")
            self._ahead = self._buffer[: self._body.readinto(self._buffer)]
            if not self._ahead:
                if found:
                    raise InvalidPack("The pack ends in the middle of a line.")
                return None

    def file(self, size: int) -> PackedFile:
        """The next ``size`` bytes; the caller reads or skips all of them before it asks for the next line."""
        return PackedFile(self, size)

    def read(self, most: int) -> bytes:
        """Up to ``most`` bytes, at least one. Raises ChunkSizeMismatch when the pack ends here."""
        if not self._ahead:
            self._ahead = self._buffer[: self._body.readinto(self._buffer)]
            if not self._ahead:
                raise ChunkSizeMismatch("The pack ended in the middle of a file. Send it again.")
        data = bytes(self._ahead[:most])
        self._ahead = self._ahead[most:]
        return data


class PackedFile:
    """One file's bytes inside a pack, as a stream that ends where the file does."""

    def __init__(self, pack: PackReader, size: int) -> None:
        self._pack = pack
        self._left = size

    def read(self, most: int) -> bytes:
        """Up to ``most`` bytes, none only where the file ends. Raises ChunkSizeMismatch when the pack ends before."""
        most = min(most, self._left)
        data = self._pack.read(most) if most else b""
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Pass over what has not been read of it."""
        while self.read(_READ_BYTES):
            pass
