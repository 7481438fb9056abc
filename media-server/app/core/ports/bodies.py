"""Bodies of requests, and what they have to come to."""

from __future__ import annotations

from typing import Protocol


class Body(Protocol):
    """The bytes of one request, to be had once, in order, in any of two ways.

    Both raise RequestTimeout when the sender stalls and ChunkSizeMismatch when the connection broke.
    """

    def readinto(self, buffer: memoryview) -> int:
        """Fill some of ``buffer``; how many bytes, 0 only where the body ends."""
        ...

    def move(self, descriptor: int, offset: int, most: int) -> int:
        """Put up to ``most`` bytes at ``offset`` of an open file without looking at them; how many, 0 at the end."""
        ...


class Checksum(Protocol):
    """A running digest of a chunk and what it has to come to."""

    def update(self, data: memoryview) -> None: ...

    def matches(self) -> bool: ...
