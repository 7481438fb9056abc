"""The delivered files in the ledgers of request links: one half of the catalogue's port, ``RequestStore``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from app.core.actors import SENDER, Actor
from app.core.links import ReceivedFile, Usage
from app.core.ports.links import ListCursor
from app.core.sums import Sums


class ReceivedFiles(Protocol):
    """What ledgers know of delivered files. Errors, durability and locks are those of ``RequestStore``."""

    def note_sums(self, hash: str, upload_id: str, sums: Sums) -> None:
        """Note the sums of a received file; nothing happens where the upload is not received. A power cut may
        lose it: it is computed again."""
        ...

    def note_crc32(self, hash: str, upload_id: str, crc32: int) -> None:
        """Note the CRC-32 of a received file that has none yet, with ``core.sums.LATE`` added where that is so."""
        ...

    def remove(self, hash: str, upload_id: str, by: Actor = SENDER) -> bool:
        """Note that a received file was taken back by its sender ``by``, and free its place; true for the one call that did it.
        False, and nothing changes, where it is not received, is leaving or was passed on."""
        ...

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """The received file of this upload; None where it delivered nothing or its file was taken back."""
        ...

    def files(self, hash: str, upload_ids: Iterable[str]) -> dict[str, ReceivedFile]:
        """The same for many uploads, by upload id, with one look at the ledger."""
        ...

    def received_page(self, hash: str, most: int, after: ListCursor | None = None) -> list[ReceivedFile]:
        """Up to ``most`` received files, newest first, behind the one at ``after``."""
        ...

    def unseen_page(
        self, hash: str, viewer: str, most: int, before: int | None = None
    ) -> list[tuple[int, ReceivedFile]]:
        """Up to ``most`` received files that ``viewer`` has not seen, each behind the number of its arrival, the last that arrived first;
        with ``before`` those of a smaller number."""
        ...

    def received_at(self, hash: str, path: str) -> ReceivedFile | None:
        """The newest received file whose path, as people see it, is ``path``; None where there is none or no such link."""
        ...

    def unhashed(self, after: int, most: int) -> list[tuple[int, str, ReceivedFile]]:
        """Received files of all links whose digest is not known, each behind its place in this list and its link's hash;
        up to ``most`` of them behind the place ``after``, the first of which is above 0."""
        ...

    def owed(self) -> Iterator[tuple[str, ReceivedFile]]:
        """Received files of all links that have to be passed on and were not, each behind its link's hash."""
        ...

    def owes(self, hash: str) -> bool:
        """Whether received files of the link have to be passed on and were not; false where there is no such link."""
        ...

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """The file of an upload whose sender took it back; None for every other upload."""
        ...

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        """Note that a received file is about to appear at its destination: it can no longer be removed. Again true where that
        was noted before; false where the upload is not received, such as after ``remove``."""
        ...

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None:
        """Note where a received file stands since it was passed on: ``remote`` is what ``Remote.finish`` returned, such as
        ``s3://bucket/key``. Nothing happens where the upload is not received."""
        ...

    def usage(self, hash: str) -> Usage:
        """All received and removed files and open uploads, read one by one; ``counts`` is for sums."""
        ...
