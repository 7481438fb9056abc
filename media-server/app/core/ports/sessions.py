"""Where upload sessions live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from app.core.ranges import ByteRanges, Span
from app.core.session import UploadSession


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a span did. ``closed`` is true for exactly one caller per upload: who closed the last gap."""

    ranges: ByteRanges
    closed: bool
    unsynced: int = 0
    pending: int = 0
    """Bytes recorded so far that would not count after a power cut, and in how many records."""
    crowded: bool = False
    """Whether the record of the upload could be told much shorter."""


class SessionStore(Protocol):
    """Where upload sessions live. Safe from any number of threads and processes at once."""

    def create(self, session: UploadSession) -> None: ...

    def load(self, upload_id: str) -> UploadSession:
        """The session as it stands now. Raises UploadNotFound."""
        ...

    def update(self, upload_id: str, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """Apply a pure function to the session, alone. Ranges are not changed this way. Raises UploadNotFound."""
        ...

    def record(self, upload_id: str, span: Span, at: float) -> Recorded:
        """Note durably (against a crash of every process) that ``span`` has arrived. Raises UploadNotFound."""
        ...

    def recent(self, upload_id: str, since: float) -> tuple[int, float | None]:
        """How many bytes were recorded after ``since``, and from when on: the time of the record before them, None where
        there is none. Of very many records the last few count. Raises UploadNotFound."""
        ...

    def compact(self, upload_id: str) -> None:
        """Tell the record of what has arrived as shortly as possible. Raises UploadNotFound, StorageFull, Busy."""
        ...

    def checkpoint(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        """Call ``sync``, which brings the upload's bytes to the disk, and note durably that what was recorded before
        the call counts from now on even after a power cut. Raises UploadNotFound."""
        ...

    def synced(self, upload_id: str, sync: Callable[[], None], at: float) -> None:
        """Bring the session itself to the disk, then call ``sync`` for its bytes.

        When either fails, nothing counts any more that no checkpoint covers: what a failed sync lost, a second one
        would pass over. Raises what ``sync`` raises, UploadNotFound.
        """
        ...

    def exclusive(self, upload_id: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only one who delivers, cancels or purges this upload; freed when the holder dies.

        Raises Busy when it is held and ``wait`` is false, UploadNotFound when the session does not exist.
        """
        ...

    def only_one(self, upload_id: str, purpose: str) -> AbstractContextManager[None]:
        """Be the only one in all processes who does ``purpose`` for this upload; freed when the holder dies.

        Raises Busy when another one is, UploadNotFound. Keeps nobody from finishing or changing the session.
        """
        ...

    def exists(self, upload_id: str) -> bool:
        """Whether there is such a session, without reading it."""
        ...

    def delete(self, upload_id: str) -> None:
        """Forget the session. Nothing happens when there is none."""
        ...

    def remove_remains(self, before: float) -> None:
        """Remove what openings left behind that died before their session existed, if it is older than ``before``."""
        ...

    def ids(self) -> Iterator[str]:
        """Every upload id there is, in no order."""
        ...
