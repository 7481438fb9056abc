"""Room on the disk: how much of it is for whom, and what is promised. Plain arithmetic; sizes are bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

NAME_BYTES = 4096
"""What a name takes on a disk, however little it names."""
SESSION_INODES = 8
"""The most inodes that an open upload takes, without the folders that it brings."""
SLOWEST_BYTES_PER_SECOND = 1024
"""Bytes a second: received bytes keep an upload's reservation on its link for as long as they would have taken at this pace."""
MARK_FACTOR = 3
"""Of a client and a link that let a promise end unused it is remembered, for so many times as long as the promise stood."""
HASTY_SECONDS = 10
"""Seconds for which room may be promised for nothing without being remembered: people change their minds."""
_CHUNK_FLOOR_DIVISOR = 4
"""The lower floor is so many times lower than the upper one."""


@dataclass(frozen=True, slots=True)
class Space:
    """What a file system has in all and what is free. One that makes inodes as it needs them has 0 of them in all."""

    size: int
    free: int
    inodes: int
    free_inodes: int


Disk = Callable[[], Space]
"""Looks at the file system of the data folder."""


def unbounded() -> Space:
    """The disk of a store whose bytes lie on no disk of ours."""
    return Space(size=2**62, free=2**62, inodes=0, free_inodes=0)


@dataclass(frozen=True, slots=True)
class Floors:
    """The two floors, which say how much of the disk stays free.

    The upper floor is ``percent`` of the disk and of its inodes, but no more than so many bytes and inodes; openings, folders and
    whole files stay above it. The lower floor is a quarter of it; chunks and deliveries of open uploads stay above that. What
    lies below is for the owner alone.
    """

    percent: float
    bytes: int
    inodes: int

    def for_openings(self, space: Space) -> tuple[int, int]:
        """The bytes and inodes that there are above the upper floor, negative where it has been passed."""
        return self._above(space, 1)

    def for_chunks(self, space: Space) -> tuple[int, int]:
        """The bytes and inodes that there are above the lower floor, negative where it has been passed."""
        return self._above(space, _CHUNK_FLOOR_DIVISOR)

    def _above(self, space: Space, divisor: int) -> tuple[int, int]:
        floor = min(int(space.size * self.percent / 100), self.bytes) // divisor
        inodes = min(int(space.inodes * self.percent / 100), self.inodes) // divisor
        return space.free - floor, space.free_inodes - inodes if space.inodes else 2**63


@dataclass(frozen=True, slots=True)
class Promise:
    """Room that is promised to an open upload. Times are seconds since the epoch."""

    upload_id: str
    link: str
    """The hash of its link."""
    client: str
    """The address that opened it."""
    size: int
    """The bytes that were declared, with those that its names take."""
    opened_at: float
    heard_at: float
    """When it was last noted that bytes had come; at first when it was opened."""
    received: int = 0
    """The bytes that had been received by then."""
    taken: int = 0
    """The bytes that the disk has set aside for it, which no longer count as free."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What is promised to all uploads but the one that asks."""

    total: int = 0
    """Bytes in all."""
    of_client: int = 0
    """Bytes to uploads from the address of the one that asks."""
    of_link: int = 0
    """Bytes to uploads on its link."""
    silent_client: bool = False
    """Whether the address has another upload of which nothing came, open or remembered."""
    silent_link: bool = False
    """Whether the link has one."""


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """How long and how much is promised. ``patience`` is in seconds; of 0 percent there is no limit.

    For the length of the patience after its opening an upload is promised all that it announced, and from then on as
    much again as it has brought. Either lapses when nothing comes for so long. What lapses is the room: the upload
    stays, and its next chunk asks again.
    """

    patience: float
    client_percent: float
    link_percent: float

    def held(self, promise: Promise, now: float) -> int:
        """How many bytes are promised to an upload of which bytes came ``now``, beside those that are set aside."""
        rest = max(0, promise.size - promise.taken)
        return rest if now - promise.opened_at < self.patience else min(rest, promise.received)

    def until(self, promise: Promise) -> float:
        """When its room lapses, unless bytes come."""
        return promise.heard_at + self.patience

    def marked_until(self, promise: Promise, end: float) -> float:
        """Until when it is remembered that nothing came of an upload whose promise ends at ``end``; 0 where something came."""
        return 0.0 if promise.received else end + MARK_FACTOR * max(0.0, end - promise.opened_at - HASTY_SECONDS)

    def place_until(self, asked_at: float, received: int) -> float:
        """When the reservation lapses that an upload asked its link for at ``asked_at``, having received so many bytes."""
        return asked_at + self.patience + received / SLOWEST_BYTES_PER_SECOND

    def allow(self, size: int, free: int, promised: Promised) -> bool:
        """Whether ``size`` more bytes may be promised, where ``free`` bytes lie above the upper floor and ``promised`` of them to others.

        All of them, unless the address or link has an upload of which nothing came: then it may have its percent of them in all.
        """
        if promised.total + size > free:
            return False
        return _within(self.client_percent, promised.silent_client, promised.of_client + size, free) and _within(
            self.link_percent, promised.silent_link, promised.of_link + size, free
        )


def _within(percent: float, counts: bool, size: int, free: int) -> bool:
    return not percent or not counts or size <= free * percent / 100


Decide = Callable[[Promise | None, Callable[[], Promised], float], Promise]
"""``(promise, others, now)``: returns what is promised to an upload from now on. ``promise`` is what was, None for nothing; ``others``
returns what is promised to all others, and costs a look at the store."""


class PromiseStore(Protocol):
    """What is promised, for all processes and across restarts. Safe from any number of threads at once."""

    def change(self, upload_id: str, link: str, client: str, decide: Decide) -> Promise:
        """Replace what is promised to an upload by what ``decide`` returns; returns that.

        ``decide`` runs with the lock of the promises held, among all threads and processes: it may look at the disk and set room
        aside, but wait for no lock. What it raises goes through, and nothing changes. Raises StorageFull, Busy.
        """
        ...

    def drop(self, upload_id: str, *, silent: bool) -> None:
        """End the promise of an upload that is over; nothing happens where it has none. ``silent``, where nothing came of it: that is
        remembered for a while. Raises StorageFull, Busy."""
        ...

    def total(self) -> int:
        """How many bytes are promised now, those of lapsed promises left out. Raises Busy, StorageFull."""
        ...


class BodiesLetIn(Protocol):
    """The bodies that nginx was told to receive and that are not over. Safe from any number of threads at once."""

    def let_in(self, request: str, size: int, free: Callable[[], int]) -> None:
        """Count a body of up to ``size`` bytes under ``request``, nginx's id of its HTTP request, until nginx logs its end.

        Judged with a lock among all processes held: raises StorageFull unless ``free()`` is at least ``size`` and what the counted
        bodies still bring. Raises Busy.
        """
        ...
