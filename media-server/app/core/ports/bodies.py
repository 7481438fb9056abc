"""Bodies of requests, and what they have to come to."""

from __future__ import annotations

from typing import Protocol


class Body(Protocol):
    """The bytes of one request, once and in order, by two calls that may alternate.

    Both raise RequestTimeout when the sender stalls, ChunkSizeMismatch when the connection breaks, and Busy when no thread
    of this process may wait for the sender.
    """

    def readinto(self, buffer: memoryview) -> int:
        """Fill some of ``buffer``; returns how many bytes, 0 only where the body ends."""
        ...

    def move(self, descriptor: int, offset: int, most: int) -> int:
        """Write up to ``most`` bytes at ``offset`` of an open file, inside the kernel where it can; returns how many, 0 where the
        body ends. Raises OSError as the file does, such as on a full disk: the store that owns the file translates it."""
        ...


class Checksum(Protocol):
    """A running digest of a chunk, and the digest that its sender declared."""

    def update(self, data: memoryview) -> None:
        """Digest further bytes, in their order."""
        ...

    def matches(self) -> bool:
        """Whether the bytes so far have the declared digest."""
        ...

    def sha256(self) -> str | None:
        """The SHA-256 of the bytes so far as 64 hex digits, where it is computed anyway; always or never of one checksum."""
        ...
