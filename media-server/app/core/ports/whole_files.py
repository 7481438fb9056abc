"""Files that come whole in one request."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.ports.bodies import Body, Checksum
from app.core.ports.inbox import Source


class UnlinkedFile(Source, Protocol):
    """A whole file of the inbox's store that has no name yet and is gone when nobody holds it any more."""

    sha256: str
    file_identity: str
    """What will tell it from any other file once it has a name."""
    head: bytes
    """Its first bytes, as many as it takes to tell its type."""

    def flush(self) -> None:
        """Return once its bytes outlive whatever the store was set up to outlive. Raises StorageFull or Busy."""
        ...

    def close(self) -> None: ...


class UnlinkedFiles(Protocol):
    """Where small files lie between their request and their name. A crash leaves nothing of them."""

    @property
    def supported(self) -> bool:
        """Whether the store can keep files without names."""
        ...

    def write(
        self, body: Body, size: int, checksum: Checksum | None, last_modified: float | None = None
    ) -> UnlinkedFile:
        """A file of exactly these ``size`` bytes, dated as its sender told. Raises ChunkSizeMismatch, ChecksumMismatch, StorageFull."""
        ...


class NamedLocks(Protocol):
    """Taking turns by name, among all threads and processes."""

    def hold(self, names: Iterable[str]) -> AbstractContextManager[None]:
        """Be alone with each of ``names`` until the block ends or the process dies. Not to be nested."""
        ...

    def hold_at_once(self, name: str) -> AbstractContextManager[None]:
        """The same for one name, without waiting. Raises Busy while somebody else has it."""
        ...
