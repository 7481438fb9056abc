"""Where finished files go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.errors import UploadError
from app.core.paths import RelPath
from app.core.ports.content import Readable


class Source(Protocol):
    """All bytes of a file that has no name yet. Only the inbox that was made together with the upload store can deliver them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a file ended up, relative to its link's folder."""

    path: str
    """The path as people see it: as the sender wrote it, numbered ``(1)`` where that name was taken."""
    disk_path: str
    """The path that ``open``, ``holds`` and ``remove`` take: ``path`` with what is unsafe in names percent-encoded."""
    file_identity: str
    """Tells this very file, unchanged, from any other that ever lies in its place; see ``core.ports.inbox.StoredFile``."""


class StoredFile(Readable, Protocol):
    """A delivered file. Its ``content`` raises FileNotFoundError where the file is gone and Busy where it cannot be read now.
    ``version`` says whether the bytes are the same, as an ETag does. ``file_identity`` says whether the file is: whoever removes
    or reads it as the delivered one compares that."""

    size: int
    """Bytes."""
    version: str
    """Changes with the bytes. A copy restored from a backup has the same one."""
    path: Path | None
    """Where the file lies on this machine's disk; None where it lies elsewhere."""

    @property
    def file_identity(self) -> str:
        """That of its ``Delivery`` while nobody has changed the file; a restored copy has another. Raises FileNotFoundError."""
        ...

    def is_as(self, file_identity: str) -> bool:
        """Whether the bytes are those of the delivery with this identity, as far as that can be seen without reading them."""
        ...

    def download_address(self, name: str) -> str | None:
        """A URL at which a browser can fetch the file for a while, to be saved under ``name``; None where it cannot."""
        ...

    def proxied_address(self, name: str) -> str | None:
        """Path and query by which a proxy before this server can, at the one place that it was told of; None where it cannot."""
        ...


class Inbox(Protocol):
    """Where delivered files lie. ``folder`` is always the link's folder. Safe from any number of threads and processes."""

    def check(self, folder: RelPath) -> None:
        """Raises Busy, with the reason, unless files could be delivered to ``folder`` now."""
        ...

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        """Give ``source`` the name ``path``, or a numbered one when that is taken; folders are made where missing.

        Readers see all of the file or none. Called again with the same source, also after a crash, it finds the file that it named and
        changes nothing. Raises StorageFull, Busy.
        """
        ...

    def deliver_all(self, folder: RelPath, files: Sequence[tuple[RelPath, Source]]) -> list[Delivery | UploadError]:
        """The same for many that came together; for each, in order, where it ended up, or StorageFull or Busy, which stands against that
        one and not against the others."""
        ...

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        """The file with this identity under ``path`` or a numbered name of it, None where there is none. May make missing
        folders. Raises StorageFull, Busy."""
        ...

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        """Wait until the names of these deliveries are as durable as the inbox is set up to make them: at least against the death
        of every process, usually against a power cut. Raises StorageFull, Busy."""
        ...

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None) -> StoredFile:
        """The delivered file at ``disk_path``, with no symlink followed. Raises FileNotFoundError, InvalidPath, Busy.

        A file that has further names (hard links) must have this ``file_identity``, or FileNotFoundError is raised: who can write into the
        folder could give a secret file a name there. A file with one name may have been edited by its owner and is not compared. None, which
        compares nothing, is for files that were noted before there were identities.
        """
        ...

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Whether the file with this identity lies at ``disk_path``: the delivered one, unchanged. Raises Busy."""
        ...

    def name(self, folder: RelPath, disk_path: str, file_identity: str, path: RelPath) -> Delivery | None:
        """Give the file at ``disk_path`` a further name ``path``, or a numbered one, if it has this identity; None, and nothing changes,
        where it is gone, changed or another. Called again, also after a crash, it finds the name that it gave. Raises StorageFull, Busy."""
        ...

    def is_taken(self, folder: RelPath, disk_path: str) -> bool:
        """Whether anything lies at ``disk_path``, or something that is no folder in place of one of its folders. Raises Busy."""
        ...

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Remove the file at ``disk_path`` if it has this identity; false, and nothing is removed, where it is gone, changed or
        another. Raises StorageFull, Busy."""
        ...

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        """Make or find a folder; returns its path for people, numbered where a file has the name. Raises StorageFull, Busy."""
        ...
