"""How a link stands for its owner: what has arrived, what of it is new, and in which orders links are listed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.core.links import Counts, RequestLink
from app.core.room import NAME_BYTES


class LinkState(StrEnum):
    """What a sender would meet. The first that is so, from the last."""

    OPEN = "open"
    FULL = "full"
    EXPIRED = "expired"
    CLOSED = "closed"


class LinkFilter(StrEnum):
    """Which links are listed: those in a state, or of one of some further kinds."""

    NOT_BEGUN = "not_begun"
    """Nobody has sent anything, nothing is under way, and its owner has not closed it."""
    DUE = "due"
    """It takes files, and those of somebody who has sent none are due within a week."""
    LATE = "late"
    """The same, and they were due."""
    NEW = "new"
    """There are files that its owner has not seen."""
    OPEN = "open"
    FULL = "full"
    EXPIRED = "expired"
    CLOSED = "closed"


class LinkSort(StrEnum):
    CREATED = "created"
    LAST_RECEIVED = "last_received"
    TITLE = "title"
    EXPIRES = "expires"
    DUE = "due"


class LinkOrder(NamedTuple):
    """By what links are sorted, those of one place by their hashes. Those that received nothing come before all that did, those
    that never expire after all that do, those of which nothing is due after all others; descending, it is the other way round."""

    by: LinkSort = LinkSort.CREATED
    descending: bool = True

    @classmethod
    def usual(cls, by: LinkSort) -> LinkOrder:
        """The direction in which people read it: the newest first, names from A, and first what expires or is due soonest."""
        return cls(by, by in (LinkSort.CREATED, LinkSort.LAST_RECEIVED))

    def __str__(self) -> str:
        return f"{self.by}-{'desc' if self.descending else 'asc'}"


NEWEST_FIRST = LinkOrder()
NEVER = 1e18
"""The place of links that never expire, or of which nothing is due, in seconds since the epoch."""
MAX_SORTED = 200
"""So many characters of a name decide where it stands."""


class People(NamedTuple):
    """How many people have got how far."""

    not_begun: int
    """The link was mailed to them, and nothing has come."""
    begun: int
    finished: int


NOBODY = People(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Standing(Counts):
    """What has been used of a link, and what of it its owner has not seen."""

    arrivals: int = 0
    """How many files have ever arrived. Each has its number: to have seen the link up to one is to have seen all before it."""
    new: int = 0
    """Received files that arrived after what the owner has seen."""
    last_received_at: float | None = None
    """When the newest file arrived that its sender has not taken back, in seconds since the epoch."""
    last_sender: str | None = None
    """Who sent that: a name, else an e-mail address; None where neither was asked for."""
    sorted_name: str = ""
    """What it is sorted by where links are sorted by name, as it was when it was noted."""
    finished: bool = False
    """Whether whom a personal link is for has sent and said all, as it was a moment ago."""
    steps_done: int = 0
    """Of what a personal link asks for, how much is there (``core.checklists.steps_done``), as it was a moment ago."""
    people: People = NOBODY
    """How many have got how far, of a link that is for nobody in particular, as it was a moment ago."""
    taken_until: float | None = None
    """When the newest file arrived of those that were taken away with all before it, in seconds since the epoch; None before that."""


def state_of(link: RequestLink, counts: Counts, now: float) -> LinkState:
    terms = link.terms
    if not terms.active:
        return LinkState.CLOSED
    if terms.is_expired(now):
        return LinkState.EXPIRED
    no_place = 0 < terms.max_files <= counts.files + counts.open
    # Where not even a name fits, nothing does.
    no_room = 0 < terms.max_total_size < counts.weight + NAME_BYTES
    return LinkState.FULL if no_place or no_room else LinkState.OPEN


Place = tuple[float | str, str]
"""Where a link stands in its order: by what it is sorted, and its hash."""


def place_of(link: RequestLink, standing: Standing, by: LinkSort) -> Place:
    match by:
        case LinkSort.TITLE:
            return standing.sorted_name, link.hash
        case LinkSort.LAST_RECEIVED:
            return standing.last_received_at or 0.0, link.hash
        case LinkSort.EXPIRES:
            return ends_at(link), link.hash
        case LinkSort.DUE:
            return due_at(link), link.hash
    return link.created_at, link.hash


def ends_at(link: RequestLink) -> float:
    return NEVER if link.terms.expires_at is None else link.terms.expires_at


def due_at(link: RequestLink) -> float:
    return NEVER if link.terms.due_at is None else link.terms.due_at


_NUMBER = re.compile(r"[0-9]+")


def sorted_name(link: RequestLink) -> str:
    """By what a link is sorted that is listed by name: its title, or its folder where it has none, as people sort names: letters by what
    they are without case and marks, numbers by what they count. Any database can hold it."""
    name = link.terms.title.strip() or str(link.folder)
    letters = (each for each in unicodedata.normalize("NFKD", name[:MAX_SORTED].casefold()) if _counts(each))
    return _NUMBER.sub(lambda digits: digits[0].zfill(12), "".join(letters))[:MAX_SORTED]


def _counts(character: str) -> bool:
    return unicodedata.category(character) not in ("Mn", "Cc", "Cf", "Cs", "Cn")
