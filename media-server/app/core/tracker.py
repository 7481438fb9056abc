"""ChunkTracker: which ranges of one file have been received, with inclusive ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from app.core.errors import InvalidRange
from app.core.ranges import ByteRanges, Span


class TrackerDict(TypedDict):
    """ChunkTracker as JSON: ranges are ``[start, end]`` with ``end`` inclusive."""

    total_size: int
    received_ranges: list[list[int]]


class ChunkTracker:
    """The received ranges of a file of ``total_size`` bytes.

    Ranges come in any order, may repeat and may overlap; they are merged. Every ``end`` here is the last byte,
    inclusive. One tracker belongs to one thread; processes share one through ``save_chunk_tracker``.
    """

    def __init__(self, total_size: int, ranges: ByteRanges | None = None) -> None:
        if total_size < 0:
            raise InvalidRange("A file cannot have a negative size.", total_size=total_size)
        self.total_size = total_size
        self.ranges = ranges or ByteRanges()
        if self.ranges.stop > total_size:
            raise InvalidRange("A received range lies outside the file.", total_size=total_size)

    def add_range(self, start: int, end: int) -> None:
        """Note that bytes ``start`` to ``end`` (inclusive) are there. Raises InvalidRange outside the file."""
        if not 0 <= start <= end < self.total_size:
            raise InvalidRange(
                f"Bytes {start}-{end} do not lie in a file of {self.total_size} bytes.", total_size=self.total_size
            )
        self.ranges = self.ranges.add(Span.inclusive(start, end))

    def is_complete(self) -> bool:
        """Whether every byte is there. A file of 0 bytes is complete from the start."""
        return self.ranges.length == self.total_size

    def get_received_bytes(self) -> int:
        return self.ranges.length

    def get_received_ranges(self) -> list[tuple[int, int]]:
        return inclusive_pairs(self.ranges)

    def get_missing_ranges(self) -> list[tuple[int, int]]:
        """The gaps as ``(start, end)``, inclusive, in order."""
        return inclusive_pairs(missing_of(self.ranges, self.total_size))

    def to_dict(self) -> TrackerDict:
        return {"total_size": self.total_size, "received_ranges": [list(p) for p in self.get_received_ranges()]}

    @classmethod
    def from_dict(cls, data: TrackerDict) -> ChunkTracker:
        """The tracker that ``to_dict`` described. Raises InvalidRange when a range lies outside the file."""
        tracker = cls(data["total_size"])
        for start, end in data["received_ranges"]:
            tracker.add_range(start, end)
        return tracker


def missing_of(ranges: ByteRanges, size: int) -> ByteRanges:
    """What a file of ``size`` bytes still lacks; nothing when ``size`` is 0."""
    return ranges.missing(Span(0, size)) if size else ByteRanges()


def inclusive_pairs(ranges: Iterable[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in ranges]
