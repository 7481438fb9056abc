"""What an upload store can do, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store can do. Policy reads these values, so that nobody has to ask which store it is. Sizes are bytes."""

    local: bool
    """Whether bytes lie on this machine's disk, whose free room is judged before they come."""
    readable: bool
    """Whether the bytes of an unfinished upload can be read."""
    staged: bool = False
    """Whether a chunk takes its room on the disk twice while it is received."""
    alignment: int = 1
    """Chunks that begin at its multiples are taken as they come."""
    smallest_part: int = 1
    """Only the last part of a file may be smaller."""
    most_parts: int | None = None
    """Into how many parts a file may be cut at most."""

    def chunk_size(self, usual: int, size: int) -> int:
        """The chunk size to tell the sender of a file of ``size`` bytes: ``usual``, or what the store needs instead."""
        least = -(-size // self.most_parts) if self.most_parts else 1
        wanted = max(usual, self.smallest_part, least)
        return -(-wanted // self.alignment) * self.alignment
