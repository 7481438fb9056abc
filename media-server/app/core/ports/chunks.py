"""Where the bytes of unfinished uploads lie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from app.core.ports.bodies import Body, Checksum
from app.core.ranges import ByteRanges, Span


class ClaimedSpan(Protocol):
    """A claimed place in a growing file. Nobody else writes there while it is held."""

    def receive(self, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
        """Put those bytes of ``body`` that lie in ``wanted`` into the growing file, all of them or none that count.

        ``body`` holds exactly the claimed span. Raises ChunkSizeMismatch when it does not, ChecksumMismatch,
        StorageFull. After an error the claimed bytes are undefined and must not be recorded; their room is free again.
        """
        ...


class ChunkStore(Protocol):
    """Where the bytes of unfinished uploads lie: one growing file for each."""

    def allocate(self, upload_id: str, size: int) -> None:
        """Make the growing file. It takes room on the disk only as its bytes come. Raises StorageFull."""
        ...

    def take(self, upload_id: str, span: Span) -> int:
        """Set room on the disk aside for what ``span`` lacks of it, where the file system can; how many bytes the file
        then has in all. Raises StorageFull, UploadNotFound."""
        ...

    def claim(self, upload_id: str, span: Span) -> AbstractContextManager[ClaimedSpan]:
        """Hold ``span`` alone, host-wide, until the block ends or the process dies.

        Raises Busy when another request holds part of it, UploadNotFound.
        """
        ...

    def idle(self, upload_id: str) -> bool:
        """Whether no request holds any part of this upload at this moment."""
        ...

    def reader(self, upload_id: str) -> AbstractContextManager[Callable[[Span], bytes]]:
        """Look at the growing file; what was never recorded reads as anything.

        Once entered it goes on working when the file is delivered or discarded. Raises UploadNotFound.
        """
        ...

    def date(self, upload_id: str, last_modified: float | None) -> None:
        """Give the growing file the time its sender told. From then on nothing is written to it."""

    def flush(self, upload_id: str) -> None:
        """Return once the growing file is on the disk itself."""

    def path(self, upload_id: str) -> Path:
        """The growing file, on the same file system as every local inbox."""
        ...

    def discard(self, upload_id: str) -> None:
        """Free the bytes. Nothing happens when there are none."""
        ...
