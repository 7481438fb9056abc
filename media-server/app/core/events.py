"""What happened, as those who act on it are told. Each event is written in the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EventKind(StrEnum):
    FILE_RECEIVED = "file_received"
    FILE_REMOVED = "file_removed"
    """Its sender took the file back."""
    LINK_MADE = "link_made"
    LINK_CHANGED = "link_changed"
    """Its owner changed something other than to close it, which may be to open it again."""
    LINK_CLOSED = "link_closed"
    LINK_DELETED = "link_deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``at`` is seconds since the epoch, ``link`` a link's hash, which may be deleted since."""

    id: int
    """Stands for this event for ever: a reader that is told twice knows it by that."""
    at: float
    kind: EventKind
    link: str
    actor: str
    """The name of who did it (``str(Actor)``)."""
    upload_id: str | None = None


class EventStore(Protocol):
    """Events in the order in which they became true, and how far each reader has got. Safe from threads and processes."""

    def after(self, cursor: int, most: int) -> list[Event]:
        """Up to ``most`` events after the one with the id ``cursor``, the oldest first. None is ever missing before one
        that was told."""
        ...

    def cursor(self, reader: str) -> int:
        """The last event that a reader is done with; 0 before its first."""
        ...

    def passed(self, reader: str, event_id: int) -> None:
        """Note that a reader is done with an event and all before it. After a power cut it may be told some again."""
        ...

    def prune(self, before: float, readers: Iterable[str]) -> int:
        """Remove events older than ``before`` that each of these readers is done with; how many."""
        ...
