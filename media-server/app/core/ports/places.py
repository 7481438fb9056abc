"""The slots of uploads that are received at once, and the list of those who wait for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from app.core.fair_queue import Ticket


@dataclass(frozen=True, slots=True)
class TakenSlot:
    """A slot that an upload has. Upload and user are told by digests of 16 bytes, as tickets tell them."""

    index: int
    upload: bytes
    user: bytes
    upload_id: str
    """Its first 64 characters."""
    since: float
    """When the upload took it, by the clock of the places."""


class Places(Protocol):
    """Slots and tickets, the same for all processes of the installation. A slot counts only while some process holds it: what
    a killed process held is free at once. What is lost of the tickets with a crash is a place in a queue.

    Safe from any number of threads and processes. One object belongs to one process.
    """

    clock: Callable[[], float]
    """Seconds by a clock that all these processes share."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else changes slots or tickets until the block ends. Waits for others; not to be nested.

        Raises StorageFull or Busy when there is no room for them.
        """
        ...

    def make(self) -> None:
        """Make what slots need now, while there is room for it. Raises what ``locked`` raises."""
        ...

    def taken(self) -> list[TakenSlot]:
        """The slots that some process holds. Only inside ``locked``."""
        ...

    def take(self, slot: TakenSlot) -> None:
        """Write this slot down, and hold it. Only inside ``locked``."""
        ...

    def clear(self, index: int) -> None:
        """Free a slot, whoever holds it. Only inside ``locked``."""
        ...

    def hold(self, index: int) -> None:
        """Keep a slot for as long as this process lives, or until ``release``. Only inside ``locked``."""
        ...

    def release(self, index: int) -> None:
        """Stop holding a slot; nothing happens when this process does not."""
        ...

    def tickets(self) -> tuple[list[Ticket], int]:
        """The tickets of those who still wait, up to ``MAX_TICKETS``, and the number of the next one."""
        ...

    def keep_tickets(self, tickets: Sequence[Ticket], number: int) -> None:
        """Keep these tickets, and no others. Only inside ``locked``."""
        ...
