"""Slots, of which an upload needs one to be received, and tickets, which those have who wait for a slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from app.core.fair_queue import Ticket


@dataclass(frozen=True, slots=True)
class TakenSlot:
    """A slot that an upload has."""

    index: int
    """Its number, from 0."""
    upload: bytes
    """Sixteen bytes that stand for the upload's id, as in its ticket."""
    user: bytes
    """Sixteen bytes that stand for the user: a client's address on a link."""
    upload_id: str
    """The id, for those who look; cut to 64 characters, as a row of the table has no more room."""
    since: float
    """When the upload took the slot, in seconds of ``Places.clock``."""


class Places(Protocol):
    """Slots and tickets, the same for all processes of the installation.

    A slot is taken while its row is written and at least one process holds it. Each process that receives chunks of an upload
    holds the slot, so that a slot outlives any of them but the last: the kernel ends the hold of a killed process. A crash may
    lose tickets, which costs no more than a position in the queue.

    Safe from any number of threads and processes. One object belongs to one process.
    """

    clock: Callable[[], float]
    """Seconds by a clock that all processes of this machine share and that never goes back; not those of ``Clock``."""

    def locked(self) -> AbstractContextManager[None]:
        """Lock slots and tickets among all threads and processes until the block ends. Waits; must not be nested.

        Raises StorageFull where the table must be made and the disk is full, Busy where its file cannot be opened.
        """
        ...

    def make(self) -> None:
        """Make the tables now, while the disk has room; nothing happens where they are there. Raises what ``locked`` raises."""
        ...

    def taken(self) -> list[TakenSlot]:
        """The slots that are taken. Only inside ``locked``."""
        ...

    def take(self, slot: TakenSlot) -> None:
        """Write the row of a slot, and hold it: for an upload that has none yet, or a new turn. Only inside ``locked``."""
        ...

    def clear(self, index: int) -> None:
        """Empty the row of a slot: it is free for all processes, though some may go on holding it. Only inside ``locked``."""
        ...

    def hold(self, index: int) -> None:
        """Hold, in this process too, a slot that an upload has taken, until ``release`` or the end of this process. Only inside
        ``locked``."""
        ...

    def release(self, index: int) -> None:
        """End this process's hold of a slot, with or without ``locked``; nothing happens when it holds none. The slot is free
        when no process holds it."""
        ...

    def tickets(self) -> tuple[list[Ticket], int]:
        """The tickets of those who still wait, up to ``MAX_TICKETS``, and the number of the next one. With or without
        ``locked``."""
        ...

    def keep_tickets(self, tickets: Sequence[Ticket], number: int) -> None:
        """Replace all tickets, and the number of the next one. Only inside ``locked``."""
        ...
