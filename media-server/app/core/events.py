"""Events: what happened to files and links. Each is written in the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EventKind(StrEnum):
    """What happened."""

    FILE_RECEIVED = "file_received"
    FILE_REMOVED = "file_removed"
    """Its sender took the file back."""
    FILE_DELETED = "file_deleted"
    """Its owner deleted the file, or the server did, as its time was over."""
    FILE_RESTORED = "file_restored"
    """Its owner took it out of the bin again."""
    FILE_RENAMED = "file_renamed"
    """Its owner gave it another path; ``about`` says where it lay on the disk (``from``) and what it is called now (``to``)."""
    PASSING_ON_ASKED = "passing_on_asked"
    """Its owner asked for it to be passed on at once."""
    UPLOAD_STOPPED = "upload_stopped"
    """The link's owner stopped it while it was open."""
    ITEM_ACCEPTED = "item_accepted"
    """The link's owner has accepted what was sent for an item."""
    ITEM_RETURNED = "item_returned"
    """The link's owner has sent it back."""
    ITEM_REOPENED = "item_reopened"
    """The link's owner has taken either back."""
    ANSWERED = "answered"
    """A party has answered questions of the link, or changed its answers."""
    PEOPLE_ASKED = "people_asked"
    """The link was mailed to people, or is to be looked at anew: how many have got how far is to be counted."""
    LINK_MADE = "link_made"
    LINK_CHANGED = "link_changed"
    """Its owner changed something other than to close it, which may be to open it again."""
    LINK_CLOSED = "link_closed"
    LINK_DELETED = "link_deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    id: int
    """Never that of another event; grows in the order in which events became true."""
    at: float
    """Seconds since the epoch."""
    kind: EventKind
    link: str
    """The hash of a link, which may be deleted by now."""
    actor: str
    """The name of who did it (``str(Actor)``)."""
    upload_id: str | None = None
    """The upload, or the one that brought the file; None for an event of a link."""
    about: Mapping[str, str] | None = None
    """Of an event of an item: ``party``, ``item`` and the owner's ``note``; of answers: ``party``."""


class EventStore(Protocol):
    """Events in the order in which they became true, and how far each reader has got. Safe from any number of threads and
    processes at once. Raises Busy; writes raise StorageFull, too."""

    def after(self, cursor: int, most: int) -> list[Event]:
        """Up to ``most`` events with ids above ``cursor``, the oldest first. No event appears later with an id below one that was
        returned."""
        ...

    def newest(self) -> int:
        """The id of the newest event; 0 where there is none. One look at an index."""
        ...

    def cursor(self, reader: str) -> int:
        """The id of the last event that a reader is done with; 0 before its first."""
        ...

    def passed(self, reader: str, event_id: int) -> None:
        """Note that a reader is done with this event and all before it. A power cut may lose the newest notes: the reader then gets
        these events again."""
        ...

    def prune(self, before: float, readers: Iterable[str]) -> int:
        """Remove events older than ``before``, in seconds since the epoch, that all of these readers are done with; returns how many."""
        ...
