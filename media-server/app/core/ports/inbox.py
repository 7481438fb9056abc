"""Where finished files go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.paths import RelPath


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a file ended up, relative to its link's folder."""

    path: str
    """Its name for people, with ``(1)`` where the plain one was taken."""
    disk_path: str
    file_identity: str
    """What tells this very file from any other that may come to lie in its place."""


class Inbox(Protocol):
    """Where finished files go."""

    def check(self, folder: RelPath) -> None:
        """Return if files could be delivered there. Raises Busy with the reason."""

    def deliver(self, folder: RelPath, path: RelPath, source: Path | int) -> Delivery:
        """Make ``source`` appear whole under ``path``, or under a numbered name when that is taken.

        An open file that has no name yet is given as its descriptor. Atomic for readers; done again after a crash it
        finds its own work and does nothing twice.
        """
        ...

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        """The file with this identity that was delivered under ``path`` or a numbered name of it."""

    def flush(self, folder: RelPath, delivery: Delivery) -> None:
        """Return once the new name would survive a power cut."""

    def locate(self, folder: RelPath, disk_path: str, file_identity: str | None = None) -> Path:
        """The file on disk, reached without following a link. Raises FileNotFound.

        With ``file_identity``, a file that has other names as well is taken for the delivered one only if its identity is this one:
        whoever may write into a link's folder could link there what is to be read nowhere.
        """
        ...

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Whether the very file that a delivery named so still lies there, unchanged."""

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        """Remove that very file and no other; false where it no longer lies there."""
        ...

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        """Make an empty folder, or find it; its name for people, numbered where a file has the plain one."""
