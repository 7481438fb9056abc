"""Room on the disk: how much of it is for whom. Plain arithmetic; sizes are bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

NAME_WEIGHT = 4096
"""What a name takes on a disk, however little it names."""
SESSION_INODES = 8
"""What an upload under way takes at most beside the folders that it brings."""
_FOR_CHUNKS = 4
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
        return space.free - self._upper_bytes(space), self._inodes_left(space, self._upper_inodes(space))

    def for_chunks(self, space: Space) -> tuple[int, int]:
        """The bytes and inodes that there are above the lower floor, negative where it has been passed."""
        return (
            space.free - self._upper_bytes(space) // _FOR_CHUNKS,
            self._inodes_left(space, self._upper_inodes(space) // _FOR_CHUNKS),
        )

    def _upper_bytes(self, space: Space) -> int:
        return min(int(space.size * self.percent / 100), self.bytes)

    def _upper_inodes(self, space: Space) -> int:
        return min(int(space.inodes * self.percent / 100), self.inodes)

    def _inodes_left(self, space: Space, floor: int) -> int:
        return space.free_inodes - floor if space.inodes else 2**63
