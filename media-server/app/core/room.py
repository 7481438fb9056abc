"""Room on the disk: how much of it is for whom. Plain arithmetic; sizes are bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

NAME_BYTES = 4096
"""What a name takes on a disk, however little it names."""
SESSION_INODES = 8
"""What an upload under way takes at most beside the folders that it brings."""
SLOWEST_BYTES_PER_SECOND = 1024
"""Bytes a second: what is received keeps an upload's place on its link as if it had come no faster."""
MARK_FACTOR = 3
"""That room was announced for nothing is remembered so many times as long as it was kept."""
HASTY_SECONDS = 10
"""Seconds for which it may be kept for nothing: people change their minds."""
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
    """What is kept free: ``percent`` of the disk and of its inodes, but no more than so many bytes and inodes.

    Openings, folders and whole files stay above the upper floor, chunks of uploads that have begun above the lower
    one. What lies below is for the owner alone.
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
    """Room that was announced for an upload. Times are seconds since the epoch."""

    upload_id: str
    link: str
    client: str
    size: int
    """What was announced, names included."""
    opened_at: float
    heard_at: float
    """When it was last noted that bytes had come; at first when it was opened."""
    received: int = 0
    taken: int = 0
    """What the disk has set aside for it, and so no longer counts as free."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What is promised to all but the one who asks: in all, to their address and on their link, and whether that
    address or link announced a file of late of which nothing came."""

    total: int = 0
    of_client: int = 0
    of_link: int = 0
    silent_client: bool = False
    silent_link: bool = False


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
        """How many bytes are kept for an upload of which something was heard ``now``."""
        rest = max(0, promise.size - promise.taken)
        return rest if now - promise.opened_at < self.patience else min(rest, promise.received)

    def until(self, promise: Promise) -> float:
        """When its room lapses, unless bytes come."""
        return promise.heard_at + self.patience

    def marked_until(self, promise: Promise, end: float) -> float:
        """Until when it is remembered that nothing came of an upload whose room was kept until ``end``."""
        return 0.0 if promise.received else end + MARK_FACTOR * max(0.0, end - promise.opened_at - HASTY_SECONDS)

    def place_until(self, asked_at: float, received: int) -> float:
        """Until when an upload keeps the place on its link that it asked for."""
        return asked_at + self.patience + received / SLOWEST_BYTES_PER_SECOND

    def allow(self, size: int, free: int, promised: Promised) -> bool:
        """Whether ``size`` bytes more may be promised of what is ``free`` above the floor.

        The first file of which nothing has come yet may have all there is; an address or a link that has one has a share.
        """
        if promised.total + size > free:
            return False
        return _within(self.client_percent, promised.silent_client, promised.of_client + size, free) and _within(
            self.link_percent, promised.silent_link, promised.of_link + size, free
        )


def _within(percent: float, counts: bool, size: int, free: int) -> bool:
    return not percent or not counts or size <= free * percent / 100


Decide = Callable[[Promise | None, Callable[[], Promised], float], Promise]
"""What is promised to an upload from now on, by what was promised to it and, where asked for, to others; and the time."""


class PromiseStore(Protocol):
    """What is promised, for all processes and across restarts. Safe from any number of threads at once."""

    def change(self, upload_id: str, link: str, client: str, decide: Decide) -> Promise:
        """Replace what is promised to an upload, alone among all processes; what ``decide`` raises goes through.

        Raises StorageFull, Busy.
        """
        ...

    def drop(self, upload_id: str, *, silent: bool) -> None:
        """Promise nothing more to an upload that is over; one that ended ``silent`` is remembered for a while."""
        ...

    def total(self) -> int:
        """How many bytes are promised at present."""
        ...


class BodiesLetIn(Protocol):
    """The bodies that nginx was told to receive and that are not over. Safe from any number of threads at once."""

    def let_in(self, request: str, size: int, free: Callable[[], int]) -> None:
        """Note a body of ``size`` bytes, if that is ``free`` besides what those that were let in still bring.

        Raises StorageFull, Busy.
        """
        ...
