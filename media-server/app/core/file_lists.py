"""Lists of received files: which of them, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.types import FileKind

Place = tuple[str | float, float, str]
"""Where a file stands in a list: what the list is sorted by, and the time and upload id that tell it from others of the same."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of a link's files: all that fit every part of it that is set. Times are seconds since the epoch."""

    text: str = ""
    """Those in whose path, as people see it, this stands somewhere, in upper or lower case; no character of it means any other."""
    sender: str | None = None
    """Those of whoever has this name, or this e-mail address; empty: of senders who are not known."""
    kind: FileKind | None = None
    since: float | None = None
    """Those that arrived after this time."""
    until: float | None = None
    """Those that arrived at this time at the latest."""
    item: str | None = None
    """Those for this item; empty: those for none."""
    party: str | None = None
    """Those of this party; ``core.checklists.UNKNOWN``: of nobody who is known."""

    repeated: bool = False
    """Those of which the link has another file with the same content, by its SHA-256."""

    @property
    def is_all(self) -> bool:
        return self == EVERYTHING


EVERYTHING = Choice()


class Sort(StrEnum):
    """What a list is sorted by; what is equal there, by the time of arrival."""

    RECEIVED = "received"
    NAME = "name"
    """The path. Latin letters without regard to case, all else as it is encoded."""
    SIZE = "size"
    SENDER = "sender"
    """The name, or else the e-mail address; senders who are not known come first."""


@dataclass(frozen=True, slots=True)
class Order:
    sort: Sort = Sort.RECEIVED
    descending: bool = True


NEWEST_FIRST = Order()


@dataclass(frozen=True, slots=True)
class Found:
    """How many files a choice finds, their bytes, and when the newest of them arrived; None where there are none."""

    files: int
    bytes: int
    newest: float | None
    again: int | None = None
    """Bytes of those whose content the link had received before; told only of ``repeated`` ones."""


@dataclass(frozen=True, slots=True)
class SenderFiles:
    """How many files of a link somebody has sent, and when the last of them arrived. Both names are None of senders who are not known."""

    name: str | None
    email: str | None
    files: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of another link with the same content: of several that this has, the one that came first."""

    link: str
    """A hash."""
    upload_id: str
    path: str
    received_at: float


@dataclass(frozen=True, slots=True)
class Copies:
    """Such files, the link that was made first before the others, and whether there are more links."""

    found: tuple[Copy, ...]
    more: bool
