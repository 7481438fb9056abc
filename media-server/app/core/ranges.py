"""Half-open byte arithmetic: which bytes of a file are there and which are not.

Inside the program a stretch of bytes is always ``[start, stop)``. The inclusive ``end`` of HTTP headers and of
``ChunkTracker`` is translated at those two edges and nowhere else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

_start = attrgetter("start")
_stop = attrgetter("stop")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A non-empty stretch of bytes ``[start, stop)``. Raises ValueError when it is empty or negative."""

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
    """An immutable set of byte positions, kept as sorted spans that neither overlap nor touch."""

    __slots__ = ("_length", "_spans")

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: tuple[Span, ...] = _merged(sorted(spans))
        self._length = sum(span.length for span in self._spans)

    def add(self, span: Span) -> ByteRanges:
        """These ranges and ``span``. Costs a copy of the list of gaps, nothing per byte."""
        first = bisect_left(self._spans, span.start, key=_stop)
        last = bisect_right(self._spans, span.stop, key=_start)
        touched = self._spans[first:last]
        if not touched:
            return self._replaced(first, last, span, span.length)
        joined = Span(min(span.start, touched[0].start), max(span.stop, touched[-1].stop))
        gained = joined.length - sum(each.length for each in touched)
        return self if gained == 0 else self._replaced(first, last, joined, gained)

    def union(self, other: ByteRanges) -> ByteRanges:
        return ByteRanges((*self._spans, *other._spans))

    def covers(self, span: Span) -> bool:
        """Whether every byte of ``span`` is here."""
        at = bisect_right(self._spans, span.start, key=_start) - 1
        return at >= 0 and self._spans[at].stop >= span.stop

    def missing(self, within: Span) -> ByteRanges:
        """The bytes of ``within`` that are not here."""
        gaps: list[Span] = []
        position = within.start
        at = bisect_right(self._spans, within.start, key=_stop)
        while position < within.stop and at < len(self._spans) and self._spans[at].start < within.stop:
            span = self._spans[at]
            if span.start > position:
                gaps.append(Span(position, span.start))
            position = span.stop
            at += 1
        if position < within.stop:
            gaps.append(Span(position, within.stop))
        return ByteRanges(gaps)

    def common(self, within: Span) -> Iterator[Span]:
        """The parts of ``within`` that are here, in order."""
        at = bisect_right(self._spans, within.start, key=_stop)
        while at < len(self._spans) and self._spans[at].start < within.stop:
            span = self._spans[at]
            yield Span(max(span.start, within.start), min(span.stop, within.stop))
            at += 1

    @property
    def prefix(self) -> int:
        """How many bytes are there without a gap from byte 0: the first missing byte."""
        return self._spans[0].stop if self._spans and self._spans[0].start == 0 else 0

    @property
    def length(self) -> int:
        """How many bytes are there in all."""
        return self._length

    @property
    def stop(self) -> int:
        """One past the last byte that is there; 0 when nothing is."""
        return self._spans[-1].stop if self._spans else 0

    def _replaced(self, first: int, last: int, span: Span, gained: int) -> ByteRanges:
        result = ByteRanges.__new__(ByteRanges)
        result._spans = (*self._spans[:first], span, *self._spans[last:])
        result._length = self._length + gained
        return result

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByteRanges) and self._spans == other._spans

    def __hash__(self) -> int:
        return hash(self._spans)

    def __repr__(self) -> str:
        return f"ByteRanges({', '.join(f'[{s.start}, {s.stop})' for s in self._spans)})"


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start <= joined[-1].stop:
            if span.stop > joined[-1].stop:
                joined[-1] = Span(joined[-1].start, span.stop)
        else:
            joined.append(span)
    return tuple(joined)
