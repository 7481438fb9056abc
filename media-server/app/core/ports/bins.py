"""The bin, in which deleted files lie for a while: what the catalogue knows of them, and where their bytes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from app.core.actors import Actor
from app.core.links import ReceivedFile
from app.core.paths import RelPath
from app.core.ports.inbox import Source
from app.core.ports.links import ListCursor


@dataclass(frozen=True, slots=True)
class DeletedFile:
    """A file that was deleted. Times are seconds since the epoch."""

    file: ReceivedFile
    """As it was."""
    deleted_at: float
    deleted_by: str
    """The name of who did it (``str(Actor)``)."""
    until: float | None
    """How long it can be restored; None where it cannot."""


class BinStore(Protocol):
    """What the catalogue knows of deleted files. Errors, durability and locks are those of ``RequestStore``: every write returns only when
    a power cut cannot undo it."""

    def put(self, hash: str, upload_id: str, by: Actor, until: float | None) -> bool:
        """Note that a received file is deleted, and free its place; true for the one call that did it. False, and nothing
        changes, where it is not received, or is just about to appear elsewhere. ``until`` is how long it can be restored."""
        ...

    def take_out(self, hash: str, file: ReceivedFile, by: Actor) -> bool:
        """Note that a file of the bin is received again, as it is now; false, and nothing changes, where it is not in the bin. No limit is
        judged."""
        ...

    def forget(self, hash: str, upload_id: str) -> None:
        """Note that a deleted file cannot be restored any more."""
        ...

    def find(self, hash: str, upload_id: str) -> DeletedFile | None:
        """A deleted file, whether it is still in the bin or not. Raises RequestNotFound."""
        ...

    def page(self, hash: str, most: int, after: ListCursor | None = None) -> list[DeletedFile]:
        """Up to ``most`` files of a link that can be restored, the one that arrived last first, behind the one at ``after``."""
        ...

    def due(self, now: float, most: int) -> list[tuple[str, str]]:
        """Up to ``most`` files whose time in the bin is over, each as its link's hash and its upload's id."""
        ...

    def kept(self, upload_ids: Iterable[str]) -> set[str]:
        """Those of these uploads whose files lie in the bin of any link that there is."""
        ...

    def total(self) -> tuple[int, int]:
        """How many files lie in the bin, and their bytes."""
        ...


class BinnedFiles(Protocol):
    """Where the bytes of deleted files lie, each under the id of its upload. Made together with the inbox. Safe from any number of threads
    and processes; raises StorageFull, Busy."""

    def put(self, folder: RelPath, disk_path: str, file_identity: str, upload_id: str) -> bool:
        """Move the file at ``disk_path`` of a link's folder here, if it has this identity; false where it is gone, changed or another.
        At every moment it lies in one of the two places."""
        ...

    def source(self, upload_id: str) -> Source | None:
        """The file, for the inbox to give it a name again; None where there is none."""
        ...

    def remove(self, upload_id: str) -> None:
        """Remove the file; another name that it has stays. Nothing happens where there is none."""
        ...

    def ids(self, before: float) -> Iterator[str]:
        """Whose files were put here before this time, in seconds since the epoch."""
        ...
