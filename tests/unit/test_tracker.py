"""ChunkTracker speaks inclusive ranges and cannot be talked into completeness."""

from __future__ import annotations

import random

import pytest

from app.core.errors import InvalidRange
from app.core.tracker import ChunkTracker


def test_chunks_in_any_order_complete_the_file_with_the_last_one_only():
    chunks = [(start, min(start + 7, 99)) for start in range(0, 100, 8)]
    random.Random(5).shuffle(chunks)
    tracker = ChunkTracker(100)
    for start, end in chunks:
        assert not tracker.is_complete()
        tracker.add_range(start, end)
    assert tracker.is_complete()
    assert tracker.get_missing_ranges() == []


def test_missing_ranges_are_inclusive():
    tracker = ChunkTracker(100)
    tracker.add_range(10, 19)
    tracker.add_range(30, 30)
    assert tracker.get_missing_ranges() == [(0, 9), (20, 29), (31, 99)]
    assert tracker.get_received_bytes() == 11


def test_repeats_and_overlaps_count_once():
    tracker = ChunkTracker(100)
    for _ in range(3):
        tracker.add_range(0, 50)
        tracker.add_range(25, 75)
    assert tracker.get_received_bytes() == 76


@pytest.mark.parametrize(("start", "end"), [(0, 10**9), (-1, 5), (5, 4), (10, 10)])
def test_a_range_outside_the_file_is_refused_and_changes_nothing(start, end):
    tracker = ChunkTracker(10)
    with pytest.raises(InvalidRange):
        tracker.add_range(start, end)
    assert tracker.get_received_bytes() == 0


def test_an_empty_file_is_complete_at_once():
    assert ChunkTracker(0).is_complete()
    assert ChunkTracker(0).get_missing_ranges() == []


def test_a_tracker_survives_being_written_down():
    tracker = ChunkTracker(100)
    tracker.add_range(3, 5)
    again = ChunkTracker.from_dict(tracker.to_dict())
    assert again.get_missing_ranges() == tracker.get_missing_ranges()
    assert again.total_size == 100


def test_a_written_tracker_with_a_range_outside_the_file_is_refused():
    with pytest.raises(InvalidRange):
        ChunkTracker.from_dict({"total_size": 10, "received_ranges": [[0, 10]]})
