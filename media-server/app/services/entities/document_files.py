"""DocumentFiles: the files behind listed documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InvalidPath, RequestNotFound
from app.core.links import ReceivedFile
from app.core.looks import MOST_COPIED
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.inbox import Inbox, StoredFile
from app.core.ports.local_copies import LocalCopies
from app.core.search.listing import ListedDocument


class TooLongToRead(Exception):
    """The file lies on another machine and is too long for a copy to be made of it."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """Where a document's file lies on this machine, and its SHA-256, where that is known."""

    path: Path
    sha256: str | None


class DocumentFiles:
    """Finds them in the inbox, by the ledgers."""

    def __init__(self, *, lists: DocumentLists, requests: RequestStore, inbox: Inbox, copies: LocalCopies) -> None:
        self._lists = lists
        self._copies = copies
        self._requests = requests
        self._inbox = inbox

    def is_there(self, document: ListedDocument) -> bool:
        """Whether there is a file still. Raises Busy."""
        try:
            self._found(document)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def opened(self, document: ListedDocument) -> Iterator[DocumentFile]:
        """The file, on this machine until the block ends. Raises Busy, StorageFull, TooLongToRead, and FileNotFoundError where there is no
        such file any more."""
        file, stored = self._found(document)
        if stored.path is not None:
            yield DocumentFile(stored.path, file.sha256)
            return
        if stored.size > MOST_COPIED:
            raise TooLongToRead(document.document)
        with self._copies.of(stored) as content:
            yield DocumentFile(Path(f"/proc/self/fd/{content.fileno()}"), file.sha256)

    def is_wanted(self, document: ListedDocument) -> bool:
        """Whether the document is listed and its sender has not taken the file back. Raises Busy."""
        listed = document.document in self._lists.some(document.entity, [document.document])
        return listed and self._received(document) is not None

    def _found(self, document: ListedDocument) -> tuple[ReceivedFile, StoredFile]:
        file = self._received(document)
        if file is None or document.link is None:
            raise FileNotFoundError(document.document)
        try:
            folder = self._requests.load(document.link).folder
            stored = self._inbox.open(folder, file.disk_path, file.file_identity)
        except (RequestNotFound, InvalidPath):
            raise FileNotFoundError(document.document) from None
        if stored.size != file.size:
            raise FileNotFoundError(document.document)
        return file, stored

    def _received(self, document: ListedDocument) -> ReceivedFile | None:
        try:
            return self._requests.file(document.link, document.document) if document.link else None
        except RequestNotFound:
            return None
