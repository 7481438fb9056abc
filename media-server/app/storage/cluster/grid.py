"""How the bytes of an upload are laid out in a store that takes them in parts: a grid of cells, each of which becomes one part.

A part's number is handed out once: each cell has some numbers, one for each try. So what comes late or twice never lands on a part
that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.ranges import ByteRanges, Span
from app.core.store_facts import StoreFacts

MIB = 1024 * 1024
SMALLEST_PART = 5 * MIB
MOST_PARTS = 10_000
USUAL_TRIES = 4
MOST_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of an upload of ``size`` bytes."""

    size: int
    part_size: int
    most_parts: int = MOST_PARTS

    @property
    def cells(self) -> int:
        """How many there are; none in a file without bytes."""
        return -(-self.size // self.part_size)

    @property
    def is_one(self) -> bool:
        """Whether the file is one object from the beginning, without parts."""
        return self.cells <= 1

    @property
    def tries(self) -> int:
        """How many part numbers a cell has."""
        return max(1, min(MOST_TRIES, self.most_parts // max(1, self.cells)))

    def number(self, cell: int, taken: int) -> int:
        """The part number for the try of a cell before which ``taken`` were made."""
        return cell * self.tries + taken % self.tries + 1

    def cell(self, index: int) -> Span:
        """The bytes of a cell."""
        return Span(index * self.part_size, min(self.size, (index + 1) * self.part_size))

    def cut(self, spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
        """The spans, cut where cells end, each with the number of its cell."""
        for span in spans:
            start = span.start
            while start < span.stop:
                index = start // self.part_size
                stop = min(span.stop, (index + 1) * self.part_size)
                yield index, Span(start, stop)
                start = stop

    def filled(self, cells: Iterable[int], ranges: ByteRanges) -> list[int]:
        """Those of ``cells`` of which every byte is in ``ranges``."""
        return [index for index in sorted(set(cells)) if ranges.covers(self.cell(index))]


@dataclass(frozen=True, slots=True)
class GridFacts(StoreFacts):
    """Facts of a store with such grids: what senders are told as the size of a chunk is that of a cell, so that nothing has to be
    gathered."""

    longest: int = 64 * MIB
    """The longest chunk that the server takes."""

    def part_size(self, usual: int, size: int) -> int:
        """The size of the cells of a file of ``size`` bytes: ``usual``, or more where there would be too many."""
        found = usual
        for tries in (USUAL_TRIES, 2, 1):
            cells = (self.most_parts or MOST_PARTS) // tries
            least = -(-size // cells)
            found = max(usual, SMALLEST_PART, -(-least // MIB) * MIB)
            if found <= self.longest:
                return found
        return found

    def chunk_size(self, usual: int, size: int) -> int:
        # Cells that are longer than any chunk are gathered; chunks of half a cell and so on fill them evenly.
        found = self.part_size(usual, size)
        pieces = -(-found // max(self.longest, usual))
        return -(-found // pieces)
