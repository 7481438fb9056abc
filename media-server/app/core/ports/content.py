"""What can be read of bytes, wherever they lie; and files for what a request has to put aside."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from app.core.ranges import Span


class Content(Protocol):
    """Bytes held open for reading, at any place and from any thread."""

    def read(self, span: Span) -> bytes:
        """The bytes of ``span``; fewer only where the content ends."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill ``buffer`` with the bytes from ``offset`` on; returns how many, fewer than it holds only where the content ends."""
        ...

    def version(self) -> str:
        """That of the file as it is at this moment, as ``StoredFile.version`` tells it."""
        ...

    def fileno(self) -> int | None:
        """A descriptor from which the kernel itself can send the bytes; None where there is none."""
        ...


class Readable(Protocol):
    """Bytes that can be looked at."""

    def content(self) -> AbstractContextManager[Content]:
        """Open the bytes for reading until the block ends, even if they are renamed or deleted meanwhile."""
        ...


class Scratch(Protocol):
    """An empty file that nobody else sees, and that is gone once it is closed. Raises StorageFull, Busy."""

    def read_at(self, offset: int, length: int) -> bytes: ...

    def write_at(self, offset: int, data: bytes) -> None: ...

    def close(self) -> None: ...
