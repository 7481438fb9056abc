"""ByteRanges is the set of byte positions it says it is: held against a set of integers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ranges import ByteRanges, Span

SIZE = 80


@st.composite
def spans(draw) -> Span:
    start = draw(st.integers(0, SIZE - 1))
    return Span(start, draw(st.integers(start + 1, SIZE)))


def model(spans) -> set[int]:
    return {byte for span in spans for byte in range(span.start, span.stop)}


@given(st.lists(spans()))
def test_adding_one_by_one_is_the_union_of_the_bytes(added):
    ranges = ByteRanges()
    for span in added:
        ranges = ranges.add(span)
    assert model(ranges) == model(added)
    assert ranges.length == len(model(added))
    assert ranges == ByteRanges(added)
    assert ranges.stop == max(model(added), default=-1) + 1


@given(st.lists(spans()) | st.just([Span(at, at + 1) for at in range(0, SIZE, 2)]), st.lists(spans(), max_size=4))
def test_adding_many_at_once_is_adding_each(known, added):
    one_by_one = before = ByteRanges(known)
    for span in added:
        one_by_one = one_by_one.add(span)
    at_once = before.add_all(added)
    assert at_once == one_by_one
    assert at_once.length == len(model(one_by_one))
    assert before == ByteRanges(known)


@given(st.lists(spans()))
def test_spans_are_sorted_and_neither_overlap_nor_touch(added):
    found = list(ByteRanges(added))
    assert all(left.stop < right.start for left, right in pairwise(found))


@given(st.lists(spans()), spans())
def test_missing_and_common_split_a_span_between_them(added, within):
    ranges, whole, here = ByteRanges(added), model([within]), model(added)
    assert model(ranges.missing(within)) == whole - here
    assert model(ranges.common(within)) == whole & here
    assert ranges.covers(within) == (whole <= here)


@given(st.lists(spans()), spans(), st.integers(1, 4))
def test_the_first_gaps_and_their_number_and_end_are_those_of_all_gaps(added, within, most):
    ranges = ByteRanges(added)
    gaps = list(ranges.missing(within))
    assert ranges.first_missing(within, most) == gaps[:most]
    assert ranges.count_missing(within) == len(gaps)
    assert ranges.first(most) == list(ranges)[:most]
    if gaps:
        assert ranges.missing_stop(within) == gaps[-1].stop


@given(st.lists(spans()), st.integers(0, 3), st.integers(1, 4))
def test_the_gaps_of_a_file_are_told_by_their_first_and_last_bytes(added, beyond, most):
    ranges = ByteRanges(added)
    size = max(1, ranges.stop + beyond)
    gaps = [(gap.start, gap.end) for gap in ranges.missing(Span(0, size))]
    assert ranges.gaps(size, most) == (gaps[:most], len(gaps))


@given(st.lists(spans()), spans())
def test_a_span_is_apart_exactly_when_it_makes_one_stretch_more(added, span):
    ranges = ByteRanges(added)
    assert ranges.is_apart(span) == (len(ranges.add(span)) == len(ranges) + 1)


@given(st.lists(spans()), st.lists(spans()))
def test_union_is_the_union(one, other):
    assert ByteRanges(one).union(ByteRanges(other)) == ByteRanges([*one, *other])


@given(st.lists(spans()))
def test_the_prefix_ends_at_the_first_missing_byte(added):
    assert ByteRanges(added).prefix == min(set(range(SIZE + 1)) - model(added))


@given(spans(), st.lists(spans()))
def test_adding_never_changes_the_ranges_it_was_called_on(span, added):
    before = ByteRanges(added)
    spans_before = list(before)
    before.add(span)
    assert list(before) == spans_before


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (5, 5), (6, 5), (-1, 3)])
def test_an_empty_or_backward_span_cannot_be_made(start, stop):
    with pytest.raises(ValueError, match="not a stretch"):
        Span(start, stop)


def test_an_inclusive_end_is_one_less_than_the_stop():
    assert Span.inclusive(0, 99) == Span(0, 100)
    assert Span(0, 100).end == 99
