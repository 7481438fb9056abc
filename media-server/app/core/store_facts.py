"""What an upload store can do, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store can do. Policy reads these values instead of asking which store it is. Sizes are bytes."""

    local: bool
    """Whether bytes lie on this machine's disk, whose free room is judged before they come."""
    readable: bool
    """Whether the bytes of an upload can be read while some are missing. Those of one without gaps always can."""
    staged: bool = False
    """Whether a chunk takes its room on the disk twice while it is received."""
    alignment: int = 1
    """A chunk should begin at a multiple of it and, but for the last one, end at one."""
    smallest_part: int = 1
    """The smallest chunk, but for the last one of a file."""
    most_parts: int | None = None
    """The most chunks of a file; None for no limit."""

    def chunk_size(self, usual: int, size: int) -> int:
        """The chunk size to tell the sender of a file of ``size`` bytes: ``usual``, or what the store needs instead."""
        least = -(-size // self.most_parts) if self.most_parts else 1
        wanted = max(usual, self.smallest_part, least)
        return -(-wanted // self.alignment) * self.alignment
