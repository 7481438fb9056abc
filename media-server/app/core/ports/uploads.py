"""The upload store: what is known of unfinished uploads, and the bytes that have come of them, behind one port.

What a store does so that nothing it acknowledged is lost (journals, syncs, locks, parts) is no part of the port."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.paths import RelPath
from app.core.ports.claims import ClaimedSpan
from app.core.ports.content import Content
from app.core.ports.inbox import Delivery, Inbox
from app.core.ranges import Span
from app.core.session import UploadSession
from app.core.store_facts import StoreFacts


class Upload(Protocol):
    """One upload in a store. A call raises UploadNotFound where there is no such upload, unless its docstring says otherwise.
    Locks, in the only order in which a thread takes them: ``NamedLocks``, ``only_one``, ``exclusive``, ``claim``, a transaction of the
    catalogue, the lock of the promises. Of an upload's own only ``exclusive`` waits; it must not be nested. Each excludes its own
    kind alone: an upload may be ended or deleted while a span is claimed, and ``record`` then raises UploadNotFound. ``finish``, the
    ``end`` after it and ``UploadStore.delete`` are called inside ``exclusive``; all other calls are atomic and need no lock.
    """

    upload_id: str

    def status(self) -> UploadSession:
        """The upload as it stands now; changes nothing."""
        ...

    def recent(self, since: float) -> tuple[int, float | None]:
        """A recent amount of bytes and the time since which they came, both for a rate: bytes / (now - time).
        The bytes are those recorded after ``since``; the time is that of the last record before them, None where they are all
        there is: then take the time of the opening. Only the last 200 or so records are looked at, for both."""
        ...

    def claim(self, span: Span) -> AbstractContextManager[ClaimedSpan]:
        """Hold ``span`` until the block ends or the process dies. Raises Busy, without waiting, when another request holds any byte
        of it."""
        ...

    def set_aside(self, span: Span) -> int:
        """Allocate room on the disk for those bytes of ``span`` that have none, where the store can. Returns how many bytes the
        whole upload occupies then. Raises StorageFull, Busy."""
        ...

    def is_claimed(self) -> bool:
        """Whether any request holds a span now, this process's own included; false where there is no such upload."""
        ...

    def content(self) -> AbstractContextManager[Content]:
        """Open the bytes for reading until the block ends, even if the upload is delivered or deleted meanwhile; what was never
        recorded reads as anything. Of an upload with gaps only where ``StoreFacts.readable``. Raises UploadNotFound, Busy."""
        ...

    def update(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """Replace the session by ``change`` of it, a pure function that is called alone; returns the new one. The recorded ranges
        stay as they are. Raises StorageFull, Busy."""
        ...

    def finish(self, into: Inbox, folder: RelPath, at: float) -> Delivery:
        """Give an upload without gaps its name in ``folder``, as durably as the store is set up to; see ``Inbox.deliver``.
        The session stays open until ``end``; until then a second call finds the file that the first one named. Raises
        StorageFull or Busy; where a sync has failed, ``status`` then has gaps, whose bytes have to be sent once more."""
        ...

    def end(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """Like ``update``, to a session that is complete or refused: its bytes are freed, if not now then with the upload."""
        ...

    def exclusive(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """The lock of whoever delivers, ends or deletes this upload, until the block ends or the process dies.
        Waits while another has it, as long as a delivery takes. Raises Busy where ``wait`` is false or too many wait already."""
        ...

    def only_one(self, purpose: str) -> AbstractContextManager[None]:
        """The lock of whoever does ``purpose`` (``hash`` or ``checkpoint``) for this upload, until the block ends or the process dies.
        Raises Busy, without waiting, where another has it."""
        ...


class UploadStore(Protocol):
    """Where unfinished uploads live. Safe from any number of threads and processes at once."""

    facts: StoreFacts

    def create(self, session: UploadSession) -> None:
        """Make an upload; its bytes take room only as they come. Raises StorageFull, Busy; ``delete`` removes what was made then."""
        ...

    def open(self, upload_id: str) -> Upload:
        """The upload with this id, whether there is one or not: its calls find out. Raises UploadNotFound for what cannot be an id."""
        ...

    def exists(self, upload_id: str) -> bool:
        """Whether there is such an upload, without reading it."""
        ...

    def among(self, upload_ids: Sequence[str]) -> set[str]:
        """Those of these uploads that there are."""
        ...

    def delete(self, upload_id: str) -> None:
        """Delete an upload, session first, and free its bytes; nothing happens when there is none. Raises Busy, StorageFull."""
        ...

    def ids(self) -> Iterator[str]:
        """Every upload there is, in no order."""
        ...

    def due(self, before: float) -> Iterator[str]:
        """Every upload of which nothing was recorded since ``before``, and maybe others: each has to be judged."""
        ...

    def remove_remains(self, before: float) -> None:
        """Remove what is left, from before that time, of calls of ``create`` whose process died on the way."""
        ...
