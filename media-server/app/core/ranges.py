"""Half-open byte arithmetic: which bytes of a file are there and which are not.

Inside the program a stretch of bytes is always ``[start, stop)``. The inclusive ``end`` of HTTP headers and of
``ChunkTracker`` is translated at those two edges and nowhere else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_MERGE_FACTOR = 8
"""When adding more than 1/8 as many spans as are stored, merge both lists; for fewer, insert each by bisection."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A non-empty stretch of bytes ``[start, stop)``. An empty or negative one raises ValueError."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ValueError(f"[{self.start}, {self.stop}) is not a stretch of bytes")

    @classmethod
    def inclusive(cls, start: int, end: int) -> Span:
        """The span from ``start`` to ``end``, both included."""
        return cls(start, end + 1)

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def end(self) -> int:
        """The last byte, inclusive, as HTTP counts."""
        return self.stop - 1


class ByteRanges:
    """An immutable set of byte positions below 2**64, kept as sorted spans that neither overlap nor touch."""

    # One array of start, stop, start, stop, …, each larger than the one before. So whether a position is in is the
    # parity of its place in it, and a copy of many thousand spans is one copy of memory.
    __slots__ = ("_bounds", "length")

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._bounds = _merged((span.start, span.stop) for span in spans)
        self.length = _total(self._bounds)
        """How many bytes are there in all."""

    def add(self, span: Span) -> ByteRanges:
        """The union of these ranges and ``span``; this object where nothing is new. Costs a copy of the list of spans, nothing per byte."""
        bounds = self._bounds[:]
        gained = _put(bounds, span)
        return self._of(bounds, self.length + gained) if gained else self

    def add_all(self, spans: Sequence[Span]) -> ByteRanges:
        """The union of these ranges and all ``spans``, with one copy for all of them."""
        if _MERGE_FACTOR * len(spans) > len(self):
            bounds = _merged((*_pairs(self._bounds), *((span.start, span.stop) for span in spans)))
            return self._of(bounds, _total(bounds))
        bounds = self._bounds[:]
        return self._of(bounds, self.length + sum(_put(bounds, span) for span in spans))

    def union(self, other: ByteRanges) -> ByteRanges:
        """The bytes that are in these ranges or in ``other``."""
        bounds = _merged((*_pairs(self._bounds), *_pairs(other._bounds)))
        return self._of(bounds, _total(bounds))

    def covers(self, span: Span) -> bool:
        """Whether every byte of ``span`` is here."""
        at = bisect_right(self._bounds, span.start)
        return at % 2 == 1 and self._bounds[at] >= span.stop

    def missing(self, within: Span) -> ByteRanges:
        """The bytes of ``within`` that are not here."""
        first = bisect_right(self._bounds, within.start)
        if first % 2 == 0 and (first == len(self._bounds) or self._bounds[first] >= within.stop):
            return self._of(array("Q", (within.start, within.stop)), within.stop - within.start)
        gaps = self._within(within, inside=False)
        return self._of(gaps, _total(gaps))

    def count_missing(self, within: Span) -> int:
        """How many stretches of ``within`` are not here, without making a list of them."""
        first, last = bisect_right(self._bounds, within.start), bisect_left(self._bounds, within.stop)
        return (last - first + (first % 2 == 0) + (last % 2 == 0)) // 2

    def first_missing(self, within: Span, most: int) -> list[Span]:
        """The first ``most`` stretches of ``within`` that are not here, in order; what follows them costs nothing."""
        first, last = bisect_right(self._bounds, within.start), bisect_left(self._bounds, within.stop)
        gaps = _cut(self._bounds, first, min(last, first + 2 * most), within, inside=False)
        return list(_spans(gaps[: 2 * most]))

    def gaps(self, size: int, most: int) -> tuple[list[tuple[int, int]], int]:
        """The first ``most`` stretches of a file of ``size`` bytes that are not here, each as its first and last byte, and how
        many there are. Every reply to a chunk tells them, so they are read off as they lie."""
        if self.length == size:
            return [], 0
        bounds = self._bounds
        begins, ends = bool(bounds) and bounds[0] == 0, bool(bounds) and bounds[-1] == size
        first, last = int(begins), len(bounds) - ends
        edges = array("Q", () if begins else (0,))
        edges += bounds[first : min(last, first + 2 * most)]
        if not ends:
            edges.append(size)
        told = [(edges[at], edges[at + 1] - 1) for at in range(0, min(len(edges) - 1, 2 * most), 2)]
        return told, (last - first + (not begins) + (not ends)) // 2

    def missing_stop(self, within: Span) -> int:
        """One past the last byte of ``within`` that is not here; some byte of it must be missing."""
        last = bisect_left(self._bounds, within.stop)
        return within.stop if last % 2 == 0 else self._bounds[last - 1]

    def first(self, most: int) -> list[Span]:
        """The first ``most`` stretches that are here."""
        return list(_spans(self._bounds[: 2 * most]))

    def is_apart(self, span: Span) -> bool:
        """Whether ``span`` neither overlaps nor touches what is here, so that adding it makes one stretch more."""
        at = bisect_left(self._bounds, span.start)
        return at % 2 == 0 and at == bisect_right(self._bounds, span.stop)

    def common(self, within: Span) -> Iterator[Span]:
        """The parts of ``within`` that are here, in order."""
        return _spans(self._within(within, inside=True))

    @property
    def prefix(self) -> int:
        """How many bytes are there without a gap from byte 0: the first missing byte."""
        return self._bounds[1] if self._bounds and self._bounds[0] == 0 else 0

    @property
    def stop(self) -> int:
        """One past the last byte that is there; 0 when nothing is."""
        return self._bounds[-1] if self._bounds else 0

    def _within(self, within: Span, *, inside: bool) -> array[int]:
        """The bounds of what of ``within`` is here, or is not."""
        first = bisect_right(self._bounds, within.start)
        last = bisect_left(self._bounds, within.stop)
        return _cut(self._bounds, first, last, within, inside=inside)

    @staticmethod
    def _of(bounds: array[int], length: int) -> ByteRanges:
        result = ByteRanges.__new__(ByteRanges)
        result._bounds = bounds
        result.length = length
        return result

    def __iter__(self) -> Iterator[Span]:
        return _spans(self._bounds)

    def __len__(self) -> int:
        return len(self._bounds) // 2

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByteRanges) and self._bounds == other._bounds

    def __hash__(self) -> int:
        return hash(self._bounds.tobytes())

    def __repr__(self) -> str:
        return f"ByteRanges({', '.join(f'[{s.start}, {s.stop})' for s in self)})"


def _put(bounds: array[int], span: Span) -> int:
    """Add a span in place; how many bytes were not there before."""
    # What touches is joined: a start at a stop, and a stop at a start, are inside.
    start, stop = span.start, span.stop
    first, last = bisect_left(bounds, start), bisect_right(bounds, stop)
    there = bounds[first:last]
    if first % 2:
        there.insert(0, start)
    if last % 2:
        there.append(stop)
    edges = array("Q")
    if first % 2 == 0:
        edges.append(start)
    if last % 2 == 0:
        edges.append(stop)
    bounds[first:last] = edges
    return stop - start - sum(there[1::2]) + sum(there[::2])


def _cut(bounds: array[int], first: int, last: int, within: Span, *, inside: bool) -> array[int]:
    """The bounds from ``first`` to ``last``, and those of ``within`` where it begins or ends in the middle."""
    cut = array("Q", [within.start] if first % 2 == inside else ())
    cut += bounds[first:last]
    if last % 2 == inside:
        cut.append(within.stop)
    return cut


def _pairs(bounds: array[int]) -> Iterator[tuple[int, int]]:
    return zip(bounds[::2], bounds[1::2], strict=True)


def _spans(bounds: array[int]) -> Iterator[Span]:
    return map(Span, bounds[::2], bounds[1::2])


def _total(bounds: array[int]) -> int:
    return sum(bounds[1::2]) - sum(bounds[::2])


def _merged(pairs: Iterable[tuple[int, int]]) -> array[int]:
    bounds = array("Q")
    for start, stop in sorted(pairs):
        if not bounds or start > bounds[-1]:
            bounds.extend((start, stop))
        elif stop > bounds[-1]:
            bounds[-1] = stop
    return bounds
