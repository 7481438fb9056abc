"""The upload store: what is known of unfinished uploads, and the bytes that have come of them, behind one port.

What a store does so that nothing it acknowledged is lost (journals, syncs, locks, parts) is no part of the port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.paths import RelPath
from app.core.ports.claims import ClaimedSpan
from app.core.ports.inbox import Content, Delivery, Inbox
from app.core.ranges import Span
from app.core.session import UploadSession
from app.core.store_facts import StoreFacts


class Upload(Protocol):
    """One upload in a store. Every call raises UploadNotFound where there is none."""

    upload_id: str

    def status(self) -> UploadSession:
        """The upload as it stands now."""
        ...

    def recent(self, since: float) -> tuple[int, float | None]:
        """How many bytes were recorded after ``since``, and from when on: the time of the record before them, None where
        there is none. Of very many records the last few count."""
        ...

    def claim(self, span: Span) -> AbstractContextManager[ClaimedSpan]:
        """Hold ``span`` alone, among all threads and processes, until the block ends or the process dies.

        Raises Busy when another request holds part of it.
        """
        ...

    def set_aside(self, span: Span) -> int:
        """Set room aside for what ``span`` lacks of it, where the store can; how many bytes the upload then has in all.
        Raises StorageFull."""
        ...

    def idle(self) -> bool:
        """Whether no request holds any span of it at this moment. Also true where there is no such upload."""
        ...

    def content(self) -> AbstractContextManager[Content]:
        """Its bytes; what was never recorded reads as anything. Once entered it goes on working when the upload is
        delivered or deleted. Only where the store's facts say that it is ``readable``."""
        ...

    def update(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """Apply a pure function to the session, alone. What has arrived is not changed this way."""
        ...

    def finish(self, into: Inbox, folder: RelPath, at: float) -> Delivery:
        """Make the bytes of an upload without gaps appear in its link's folder; see ``Inbox.deliver``.

        Once it returns, file and upload outlive whatever the store was set up to outlive. The upload stays open until
        it is told otherwise. Raises what ``Inbox.deliver`` raises; what the disk has lost meanwhile is missing then.
        """
        ...

    def end(self, change: Callable[[UploadSession], UploadSession]) -> UploadSession:
        """The same as ``update`` for a change after which no bytes are needed: their room is free again, if not now
        then once the upload is deleted."""
        ...

    def exclusive(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only one who delivers, ends or deletes this upload; freed when the holder dies.

        Raises Busy when it is held and ``wait`` is false, or too many wait.
        """
        ...

    def only_one(self, purpose: str) -> AbstractContextManager[None]:
        """Be the only one in all processes who does ``purpose`` for this upload; freed when the holder dies.

        Raises Busy when another one is. Keeps nobody from finishing or changing the upload.
        """
        ...


class UploadStore(Protocol):
    """Where unfinished uploads live. Safe from any number of threads and processes at once."""

    facts: StoreFacts

    def create(self, session: UploadSession) -> None:
        """Begin an upload. It takes room only as its bytes come. Raises StorageFull, Busy; ``delete`` then removes what
        there is of it."""
        ...

    def open(self, upload_id: str) -> Upload:
        """The upload of this name, whether there is one or not: its calls say. Raises UploadNotFound for what cannot be a
        name."""
        ...

    def exists(self, upload_id: str) -> bool:
        """Whether there is such an upload, without reading it."""
        ...

    def delete(self, upload_id: str) -> None:
        """Forget an upload and free its bytes. Nothing happens when there is none."""
        ...

    def ids(self) -> Iterator[str]:
        """Every upload there is, in no order."""
        ...

    def due(self, before: float) -> Iterator[str]:
        """Every upload of which nothing has come since ``before``. A store may name more, so each has to be judged."""
        ...

    def remove_remains(self, before: float) -> None:
        """Remove what openings left behind that died before their upload existed, if it is older than ``before``."""
        ...
