"""Files to be sent, the spans they are cut into, and what became of them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

Pair = tuple[int, int]
"""A half-open span ``[start, stop)`` of bytes."""
LATEST_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Item:
    """One file to be sent, as it was when it was found."""

    path: str
    """Where it goes, relative to the link, parts separated by ``/``; valid Unicode."""
    source: str
    """Where it is on this machine (as ``os.fsdecode`` gives it)."""
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str, source: str, status: os.stat_result) -> Item:
        """The file as ``stat`` tells it. A time beyond what 64 bits count (the year 2262) is told as the last of those."""
        return cls(path, source, status.st_size, max(-LATEST_NS - 1, min(status.st_mtime_ns, LATEST_NS)))


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was found and is not sent, and why."""

    path: str
    reason: str
    failed: bool = False
    """Whether it should have been sent: a file that cannot be looked at, as opposed to a pipe."""


class Outcome(StrEnum):
    SENT = "sent"
    PRESENT = "present"  # it was sent before and has not changed
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What became of one file. ``duration`` is in seconds from its first byte read to its last answer."""

    path: str
    size: int
    outcome: Outcome
    error: str | None = None
    code: str | None = None
    duration: float = 0.0
    retries: int = 0
    delivered_path: str | None = None
    """Its name at the target, which differs where one of that name was there before."""
    upload_id: str | None = None
    sha256: str | None = None
    verified: bool = False
    """Whether the target's SHA-256 of the whole file was compared with ours."""

    @property
    def success(self) -> bool:
        return self.outcome in (Outcome.SENT, Outcome.PRESENT)


class Missing:
    """What has to be sent of one file, given out in chunks from the front. Not safe from several threads."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs = deque(pairs)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    @property
    def size(self) -> int:
        return sum(stop - start for start, stop in self._pairs)

    @property
    def first(self) -> int:
        """The first byte of it, where there is any."""
        return self._pairs[0][0]

    def take(self, size: int) -> Pair:
        """The next chunk of at most ``size`` bytes."""
        start, stop = self._pairs.popleft()
        if stop - start > size:
            self._pairs.appendleft((start + size, stop))
            stop = start + size
        return start, stop

    def give_back(self, pair: Pair) -> None:
        """A chunk that did not arrive is the next to go out again."""
        self._pairs.appendleft(pair)
