"""The local copy of a file that is being passed on: growing while it arrives, finished once it is delivered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.core.errors import RequestNotFound, UploadNotFound
from app.core.links import ReceivedFile
from app.core.ports.catalogue import RequestStore
from app.core.ports.content import Content
from app.core.ports.inbox import Inbox, StoredFile
from app.core.ports.uploads import UploadStore
from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason
from app.core.remotes import LocalCopyGone, OutboxEntry, ReadInto, RemoteTrouble
from app.core.session import State, UploadSession


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """What can be read of a file at this moment."""

    path: str
    """Its name below the link's folder: the sender's while it arrives, its final one once it is delivered."""
    ready: ByteRanges
    received: ReceivedFile | None
    """None while it arrives."""
    read: ReadInto
    opened_at: float | None
    """When its upload was opened: after a cancel another may be opened under the same id. None where its session is gone."""
    heard_at: float = 0.0
    """When bytes of it came last, while it arrives."""


class LocalCopies:
    """Finds them by their outbox entries."""

    def __init__(self, *, store: UploadStore, requests: RequestStore, inbox: Inbox) -> None:
        self._store = store
        self._requests = requests
        self._inbox = inbox

    def has_arrived(self, entry: OutboxEntry) -> bool:
        """Whether its link's ledger has the file."""
        return self._received(entry) is not None

    def wanted(self, entry: OutboxEntry) -> bool:
        """Whether the file is still there to be passed on: not cancelled, refused, purged, taken back or forgotten."""
        if self._received(entry) is not None:
            return True
        try:
            return self._store.open(entry.upload_id).status().state is State.OPEN
        except UploadNotFound:
            return False

    @contextmanager
    def of(self, entry: OutboxEntry) -> Iterator[LocalCopy]:
        """The copy, open for reading. Raises LocalCopyGone where nobody wants it any more, RemoteTrouble where its owner has
        moved it away."""
        file = self._received(entry)
        if file is None:
            # In this order: delivered meanwhile, it stands in the ledger before its session says so.
            with self._growing(entry) as copy:
                yield copy
            return
        with self._finished(entry, file).content() as content:
            whole = ByteRanges([Span(0, file.size)] if file.size else ())
            session = self._session(entry)
            yield LocalCopy(file.path, whole, file, _reader(content), session.opened_at if session else None)

    def is_as_sent(self, entry: OutboxEntry, file: ReceivedFile) -> bool:
        """Whether every byte of a delivered file is the one that it was whenever it was read, also while it arrived: none was lost
        then and sent again, and nobody has changed the file since. False where nobody knows. Raises RequestNotFound, Busy."""
        session = self._session(entry)
        if session is None or session.lost or file.file_identity is None:
            return False
        folder = self._requests.load(entry.request_hash).folder
        return self._inbox.holds(folder, file.disk_path, file.file_identity)

    def _session(self, entry: OutboxEntry) -> UploadSession | None:
        try:
            return self._store.open(entry.upload_id).status()
        except UploadNotFound:
            return None  # It was purged, long after the delivery.

    def _received(self, entry: OutboxEntry) -> ReceivedFile | None:
        try:
            return self._requests.file(entry.request_hash, entry.upload_id)
        except RequestNotFound:
            return None  # The owner has deleted the link for good.

    @contextmanager
    def _growing(self, entry: OutboxEntry) -> Iterator[LocalCopy]:
        upload = self._store.open(entry.upload_id)
        with ExitStack() as stack:
            try:
                session = upload.status()
                if session.state is State.REFUSED:
                    raise LocalCopyGone
                if not self._store.facts.readable:
                    raise NotYet(session.active_at)
                content = stack.enter_context(upload.content())
            except UploadNotFound:
                if self._received(entry) is None:
                    raise LocalCopyGone from None
                raise NotYet from None
            at = session.opened_at, session.active_at
            yield LocalCopy(str(session.path), session.ranges, None, _reader(content), *at)

    def _finished(self, entry: OutboxEntry, file: ReceivedFile) -> StoredFile:
        folder = self._requests.load(entry.request_hash).folder
        try:
            found = self._inbox.open(folder, file.disk_path, file.file_identity)
            if found.size == file.size:
                return found
        except FileNotFoundError:
            pass
        raise RemoteTrouble(
            "The file has been moved, changed or deleted on the server.", lasting=True, reason=Reason.GONE
        )


class NotYet(Exception):
    """It is being delivered at this very moment, or cannot be read before it is: look again. ``heard_at`` is when bytes of it came last;
    None for one that is being delivered."""

    def __init__(self, heard_at: float | None = None) -> None:
        super().__init__()
        self.heard_at = heard_at


def _reader(content: Content) -> ReadInto:
    def read(offset: int, buffer: memoryview) -> None:
        if content.read_into(offset, buffer) < len(buffer):
            raise LocalCopyGone

    return read
