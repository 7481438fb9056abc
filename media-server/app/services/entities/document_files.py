"""DocumentFiles: the files behind listed documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InvalidPath, RequestNotFound
from app.core.links import ReceivedFile
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.inbox import Inbox
from app.core.search.listing import ListedDocument


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """Where a document's file lies on this machine, and its SHA-256, where that is known."""

    path: Path
    sha256: str | None


class DocumentFiles:
    """Finds them in the inbox, by the ledgers."""

    def __init__(self, *, lists: DocumentLists, requests: RequestStore, inbox: Inbox) -> None:
        self._lists = lists
        self._requests = requests
        self._inbox = inbox

    def find(self, document: ListedDocument) -> DocumentFile:
        """Raises Busy, and FileNotFoundError where there is no such file any more, or not on this machine's disk."""
        file = self._received(document)
        if file is None or document.link is None:
            raise FileNotFoundError(document.document)
        try:
            folder = self._requests.load(document.link).folder
            stored = self._inbox.open(folder, file.disk_path, file.file_identity)
        except (RequestNotFound, InvalidPath):
            raise FileNotFoundError(document.document) from None
        if stored.path is None or stored.size != file.size:
            raise FileNotFoundError(document.document)
        return DocumentFile(stored.path, file.sha256)

    def is_wanted(self, document: ListedDocument) -> bool:
        """Whether the document is listed and its sender has not taken the file back. Raises Busy."""
        listed = document.document in self._lists.some(document.entity, [document.document])
        return listed and self._received(document) is not None

    def _received(self, document: ListedDocument) -> ReceivedFile | None:
        try:
            return self._requests.file(document.link, document.document) if document.link else None
        except RequestNotFound:
            return None
