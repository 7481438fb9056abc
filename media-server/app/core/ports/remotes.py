"""Passing files on: where to, and what has to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.ranges import ByteRanges, Span
from app.core.remotes import OutboxEntry, OutboxState, OutgoingFile, ReadInto


class Remote(Protocol):
    """Somewhere that drinks a file part by part: begin, send, finish; abort at any time.

    A ``transfer`` is what ``begin`` gave out: text that outlives the process, and a secret. Every call raises
    RemoteTrouble when the remote refuses or is away, and TransferLost when it no longer knows the transfer.
    Safe from any number of threads.
    """

    in_order: bool
    """Whether it takes one ordered stream of bytes, in which case parts must be sent one after the other."""

    def check(self) -> None:
        """Return when everything this side needs is there: libraries and credentials. Asks nobody else."""
        ...

    def part_size(self, size: int) -> int:
        """How many bytes to send at once of a file of ``size`` bytes; only the last part may be shorter."""
        ...

    def begin(self, file: OutgoingFile) -> str:
        """A new transfer. Nothing is visible at the remote before ``finish``."""
        ...

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        """What the remote has: whole parts, or a prefix where it is ``in_order``; all of it once it is finished."""
        ...

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> int:
        """Send one part, reading its bytes piece by piece and as often as need be; how many were taken, fewer than
        ``span`` only where the remote is ``in_order``."""
        ...

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto) -> str:
        """Make the file appear, compare size and digest with the local copy, and tell where it stands.

        Done again after its reply was lost it finds its own work. Raises TransferLost where the remote's bytes are
        not ours; they are removed there first.
        """
        ...

    def abort(self, transfer: str) -> None:
        """Free what the remote holds of an unfinished transfer. Nothing happens when there is none."""
        ...


class OutboxStore(Protocol):
    """What has to be passed on and how far it got. Safe from any number of threads and processes at once."""

    def add(self, entry: OutboxEntry) -> bool:
        """Note durably that a file has to be passed on; false, and nothing changes, where it is noted already."""
        ...

    def load(self, upload_id: str) -> OutboxEntry | None: ...

    def update(self, upload_id: str, change: Callable[[OutboxEntry], OutboxEntry]) -> OutboxEntry | None:
        """Apply a pure function to the entry, alone; None where there is none."""
        ...

    def remove(self, upload_id: str) -> None: ...

    def all(self) -> list[OutboxEntry]:
        """Every entry, the oldest first."""
        ...

    def due(self, now: float, most: int) -> list[OutboxEntry]:
        """Entries whose time has come, the oldest first: of each remote up to ``most`` of those that have waited longest,
        found without a look at the others."""
        ...

    def some(self, upload_ids: Iterable[str]) -> dict[str, OutboxEntry]:
        """Those of these uploads that have an entry, by upload id."""
        ...

    def figures(self) -> dict[OutboxState, tuple[int, int]]:
        """How many entries are in each state, and how many of their bytes have still to be sent."""
        ...

    def sending(self, upload_id: str) -> AbstractContextManager[None]:
        """Be the only one in all processes who passes this file on; freed when the holder dies. Raises Busy."""
        ...
