"""Whole files: those that come complete in one request, and have no session."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.ports.bodies import Body, Checksum
from app.core.ports.inbox import Source
from app.core.sums import Sums


class UnlinkedFile(Source, Protocol):
    """A whole file without a name, which an inbox of the same store can give one. It vanishes when it is closed without one."""

    sums: Sums
    file_identity: str
    """The identity that its ``Delivery`` will have."""
    head: bytes
    """The first 8 KiB, by which its type is detected."""

    def flush(self) -> None:
        """Wait until the bytes are as durable as the store is set up to make them. Raises StorageFull, Busy."""
        ...

    def body(self) -> Body:
        """Its bytes once more, from the first on, until it is closed."""
        ...

    def close(self) -> None:
        """Let go of the file; to be called once."""
        ...


class UnlinkedFiles(Protocol):
    """Where whole files lie until they have a name. A crash leaves nothing of them."""

    @property
    def supported(self) -> bool:
        """Whether the store can keep files without names; always the same answer. Raises StorageFull, Busy."""
        ...

    def write(
        self, body: Body, size: int, checksum: Checksum | None, last_modified: float | None = None
    ) -> UnlinkedFile:
        """Write a body of exactly ``size`` bytes to a new file, dated ``last_modified`` (seconds since the epoch). Close it in any case.

        Raises ChunkSizeMismatch, ChecksumMismatch, StorageFull, Busy, RequestTimeout, and then nothing is left."""
        ...


class NamedLocks(Protocol):
    """Locks by name, among all threads and processes. A name is any text, such as an upload's id.

    They come first in the lock order: with one held, an upload's locks and the catalogue's may be taken; with any of those
    held, no named lock may be waited for. Two names may share one lock, so a thread that holds one must not wait for another."""

    def hold(self, names: Iterable[str]) -> AbstractContextManager[None]:
        """Hold the locks of all ``names`` until the block ends or the process dies. Waits for them, in an order of its own, so that
        the caller's order does not matter; no names hold nothing. Must not be nested. Raises StorageFull, Busy."""
        ...

    def hold_at_once(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of one name. Raises Busy, without waiting, while another has it, and also where the thread itself holds a
        lock that the name shares; StorageFull."""
        ...
