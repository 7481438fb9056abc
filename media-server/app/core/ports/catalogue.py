"""What was noted of request links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import Protocol

from app.core.errors import UploadError
from app.core.links import DeliveryIntent, Known, Opening, ReceivedFile, RequestLink, Usage
from app.core.paths import RelPath
from app.core.ports.links import LinkStore, ListCursor


class RequestStore(LinkStore, Protocol):
    """Links, and for each the ledger of what it has promised and received. Safe from any number of threads and processes at once."""

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
    ) -> None:
        """Set a place, ``size`` bytes and the ``folders`` above it aside for an upload that was opened ``at``, all limits
        judged at once; others may have them from ``until`` on. Raises RequestFull."""
        ...

    def hold(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        """Go on setting them aside ``until`` then, or, where they had lapsed before ``now``, once more, until ``again``;
        returns until when. Raises RequestFull where others have them."""
        ...

    def announce(self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0) -> dict[str, UploadError]:
        """The same for whole files that are about to be delivered, in their order, with what it takes to find them after
        a crash; on the disk itself where files are. Returns, by upload id, why there is no room for some of them."""
        ...

    def release(self, hash: str, upload_id: str, why: str) -> bool:
        """Give a reservation back, as ``cancelled``, ``refused``, ``failed``, ``expired`` or ``stopped`` (by the owner);
        false where there is none."""
        ...

    def why_gone(self, hash: str, upload_id: str) -> str | None:
        """``expired`` or ``stopped`` for an upload that was released so; None for every other."""
        ...

    def openings(self, hash: str) -> tuple[Opening, ...]:
        """The uploads that are open, in the order in which they were opened."""
        ...

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        """Note delivered files in place of their reservations; again for the same upload changes nothing."""
        ...

    def announced(self, hash: str) -> tuple[DeliveryIntent, ...]:
        """What was announced and neither received nor released: on its way at this moment, or left by a crash."""
        ...

    def announced_file(self, hash: str, upload_id: str) -> DeliveryIntent | None: ...

    def note_sha256(self, hash: str, upload_id: str, sha256: str) -> None: ...

    def remove(self, hash: str, upload_id: str) -> bool:
        """Note durably that a delivered file is taken back, and free its place; true for the one call that did it.
        One that is being or has been passed on stays."""
        ...

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath]) -> None:
        """Note folders that a sender asks for. Noting one again changes nothing. Raises RequestFull."""
        ...

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """What this upload delivered, None where it delivered nothing or its file was taken back."""
        ...

    def files(self, hash: str, upload_ids: Iterable[str]) -> dict[str, ReceivedFile]:
        """The same for many uploads, by upload id, with one look at the ledger."""

    def fates(self, hash: str, upload_ids: Iterable[str]) -> dict[str, Known]:
        """What is remembered of many uploads, by upload id, with one look; nothing of those that are unknown."""
        ...

    def received_page(self, hash: str, most: int, after: ListCursor | None = None) -> list[ReceivedFile]:
        """Up to ``most`` received files, newest first, behind the one at ``after``."""
        ...

    def received_at(self, hash: str, path: str) -> ReceivedFile | None:
        """The newest file that was received under ``path``."""
        ...

    def unhashed(self, after: int, most: int) -> list[tuple[int, str, ReceivedFile]]:
        """Received files of all links whose digest is not known, each behind its place in this list and its link's hash;
        up to ``most`` of them behind the place ``after``, the first of which is above 0."""
        ...

    def owed(self) -> Iterator[tuple[str, ReceivedFile]]:
        """Received files of all links that have to be passed on and were not, each behind its link's hash."""
        ...

    def owes(self, hash: str) -> bool:
        """Whether files of the link have to be passed on and were not."""
        ...

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """What this upload delivered before it was taken back."""
        ...

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        """Note that a delivered file is about to appear elsewhere, so that it can no longer be removed; false where it
        was removed before."""
        ...

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None: ...

    def usage(self, hash: str) -> Usage: ...
