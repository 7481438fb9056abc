"""Passing files on: where to, and what has to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from app.core.actors import Actor
from app.core.ranges import ByteRanges, Span
from app.core.remotes import OutboxEntry, OutboxState, OutgoingFile, PartDigests, ReadInto, Taken


class Remote(Protocol):
    """A store elsewhere that takes a file part by part: begin, send, finish; abort at any time.

    A ``transfer`` is what ``begin`` returned: text that outlives the process, and a secret that is never logged. Every call
    raises RemoteTrouble when the remote refuses or is away, and TransferLost when it no longer knows the transfer.
    Safe from any number of threads.
    """

    in_order: bool
    """Whether it takes one ordered stream of bytes, in which case parts must be sent one after the other."""

    def check(self) -> None:
        """Raises RemoteTrouble unless this server has what it needs, libraries and credentials. Asks no remote."""
        ...

    def part_size(self, size: int) -> int:
        """How many bytes to send at once of a file of ``size`` bytes; only the last part may be shorter."""
        ...

    def begin(self, file: OutgoingFile) -> str:
        """A new transfer. Nothing is visible at the remote before ``finish``."""
        ...

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        """The bytes that the remote has: whole parts, or a prefix where it is ``in_order``; all of them once it is finished."""
        ...

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        """Send one part, reading its bytes piece by piece, again where it has to be repeated. Returns what was taken, fewer bytes
        than ``span`` only where the remote is ``in_order``. What ``read`` raises goes through."""
        ...

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> str:
        """Make the file visible and compare size and digest with the local copy; returns where it stands, for its owner to read.

        ``digests`` are those that ``send`` returned and that the local copy still has: these parts need not be read again.
        Called again after its reply was lost, it finds the file that it made. Raises TransferLost where the remote's bytes
        are not those of the local copy; they are removed there first.
        """
        ...

    def abort(self, transfer: str) -> None:
        """Free what the remote holds of an unfinished transfer. Nothing happens when there is none."""
        ...


class OutboxStore(Protocol):
    """What has to be passed on and how far it got. Safe from any number of threads and processes at once.

    Reads raise Busy, writes StorageFull or Busy, when the database cannot be used; then nothing has changed."""

    def add(self, entry: OutboxEntry) -> bool:
        """Note durably that a file has to be passed on; false, and nothing changes, where it is noted already."""
        ...

    def ask(self, entry: OutboxEntry, actor: Actor) -> None:
        """Note durably that ``actor`` wants a file passed on at once: ``entry`` where there is none of the upload, else the one that
        there is, which waits no longer and counts no failures. An event says so."""
        ...

    def load(self, upload_id: str) -> OutboxEntry | None:
        """The entry of this upload; None where there is none."""
        ...

    def update(self, upload_id: str, change: Callable[[OutboxEntry], OutboxEntry]) -> OutboxEntry | None:
        """Replace the entry by ``change`` of it, a pure function that runs with the entry locked; returns the new one, None where
        there is no entry. Durable where the transfer changes; what else is lost can be asked of the remote."""
        ...

    def remove(self, upload_id: str) -> None:
        """Remove the entry; nothing happens where there is none."""
        ...

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
        """Lock the passing on of this file among all processes until the block ends or the process dies. Raises Busy where
        another one has it; waits for nobody."""
        ...
