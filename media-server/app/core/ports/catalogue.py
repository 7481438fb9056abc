"""Where request links live, and what was noted of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from typing import Protocol

from app.core.errors import UploadError
from app.core.links import DeliveryIntent, Opening, ReceivedFile, RequestLink, Usage
from app.core.paths import RelPath


class RequestStore(Protocol):
    """Where request links and their ledgers live. Safe from any number of threads and processes at once."""

    def create(self, link: RequestLink) -> None: ...

    def load(self, hash: str) -> RequestLink:
        """Raises RequestNotFound."""
        ...

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink]) -> RequestLink:
        """Apply a pure function to the link, alone. Raises RequestNotFound."""
        ...

    def all(self) -> list[RequestLink]:
        """Every link, newest first."""
        ...

    def all_used(self) -> Iterator[tuple[RequestLink, Usage]]:
        """The same with what each has received; links that are deleted meanwhile are left out."""
        ...

    def delete(self, hash: str) -> None:
        """Remove a link and all that was noted of it. Nothing happens when there is none."""
        ...

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

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """What this upload delivered before it was taken back."""
        ...

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        """Note that a delivered file is about to appear elsewhere, so that it can no longer be removed; false where it
        was removed before."""
        ...

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None: ...

    def usage(self, hash: str) -> Usage: ...
