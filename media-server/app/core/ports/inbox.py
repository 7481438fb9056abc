"""Where finished files go, and what can be read of bytes wherever they lie."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.paths import RelPath
from app.core.ranges import Span


class Content(Protocol):
    """Bytes held open for reading, at any place and from any thread."""

    def read(self, span: Span) -> bytes:
        """The bytes of ``span``; fewer only where the content ends."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Put what lies from ``offset`` on into ``buffer``; how many bytes, fewer than it holds only where the content
        ends."""
        ...


class Readable(Protocol):
    """Bytes that can be looked at."""

    def content(self) -> AbstractContextManager[Content]:
        """Its bytes. Once entered it goes on working when they are given another name or none."""
        ...


class Source(Protocol):
    """Whole bytes that have no name yet. Only an inbox of the store that made them knows how to give them one."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a file ended up, relative to its link's folder."""

    path: str
    """Its name for people, with ``(1)`` where the plain one was taken."""
    disk_path: str
    file_identity: str
    """What tells this very file from any other that may come to lie in its place."""


class StoredFile(Readable, Protocol):
    """A delivered file. Its ``content`` raises FileNotFoundError where it is gone."""

    size: int
    version: str
    """Another one for each state of its bytes. It stays when the file is restored from a backup."""
    path: Path | None
    """Where this machine finds it on its disk, if it does."""

    @property
    def file_identity(self) -> str:
        """The same as its delivery's, as long as nobody has changed the file. Raises FileNotFoundError."""
        ...

    def link(self, name: str) -> str | None:
        """An address from which a browser may fetch it for a while, to be saved under ``name``; None where only we give
        it out."""
        ...


class Inbox(Protocol):
    """Where finished files go. Each has one contract suite in ``tests/contracts``."""

    def check(self, folder: RelPath) -> None:
        """Return if files could be delivered there. Raises Busy with the reason."""
        ...

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        """Make ``source`` appear whole under ``path``, or under a numbered name when that is taken.

        Atomic for readers; done again after a crash it finds its own work and does nothing twice. Raises StorageFull,
        Busy.
        """
        ...

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        """The very file with this identity that was delivered under ``path`` or a numbered name of it."""
        ...

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        """Return once the new names outlive whatever the inbox was set up to outlive. Raises StorageFull, Busy."""
        ...

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None = None) -> StoredFile:
        """A delivered file, reached without following a link. Raises FileNotFoundError.

        With ``file_identity``, a file that has other names as well is taken for the delivered one only if it is the same:
        whoever may write into a link's folder could link there what is to be read nowhere.
        """
        ...

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Whether the very file of a delivery still lies there, unchanged."""
        ...

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Remove that very file and no other; false where it no longer lies there."""
        ...

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        """Make an empty folder, or find it; its name for people, numbered where a file has the plain one."""
        ...
