"""What the owner is told although everything works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.services.operations.notes import FFMPEG_MISSING, PREVIEWS_MISSING, SEARCH_MISSING, Note, Notes, missing_parts
from app.storage.disk.last_seen import LocalLastSeen

HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def notes(folder: Path, clock: Clock) -> Notes:
    """As another process, or one that was started again, has them."""
    return Notes(LocalLastSeen(folder / "one-connection", clock), LocalLastSeen(folder / "unsafe", clock))


@pytest.mark.parametrize("protocol", ["h2", "h3"])
def test_one_connection_for_all_chunks_is_told_by_every_process_until_it_is_seen_no_more(
    protocol: str, tmp_path: Path, clock: Clock
) -> None:
    assert notes(tmp_path, clock).sentences() == []
    notes(tmp_path, clock).came_by(protocol)
    [sentence] = notes(tmp_path, clock).sentences()
    assert "HTTP/1.1" in sentence
    clock.now += 23 * HOUR
    assert notes(tmp_path, clock).sentences() == [sentence]
    notes(tmp_path, clock).came_by(protocol)
    clock.now += 23 * HOUR
    assert notes(tmp_path, clock).sentences() == [sentence]
    clock.now += 2 * HOUR
    assert notes(tmp_path, clock).sentences() == []


@pytest.mark.parametrize("protocol", ["", "http/1.1", "http/1.0", "H2", "h2 ", "h2c", "h4", "<b>", "h2" * 9000])
def test_anything_else_means_nothing(protocol: str, tmp_path: Path, clock: Clock) -> None:
    notes(tmp_path, clock).came_by(protocol)
    assert os.listdir(tmp_path) == []


def test_a_stranger_who_goes_on_saying_it_costs_one_look(tmp_path: Path, clock: Clock) -> None:
    told = notes(tmp_path, clock)
    told.came_by("h2")
    first = (tmp_path / "one-connection").stat()
    for _ in range(100):
        clock.now += 1
        told.came_by("h3")
    again = (tmp_path / "one-connection").stat()
    assert (again.st_ctime_ns, again.st_mtime_ns, again.st_size) == (first.st_ctime_ns, first.st_mtime_ns, 0)
    assert os.listdir(tmp_path) == ["one-connection"]


def test_where_nothing_can_be_noted_nothing_is_told(tmp_path: Path, clock: Clock) -> None:
    told = notes(tmp_path / "gone", clock)
    told.came_by("h2")
    assert told.sentences() == []


def test_that_nothing_can_be_read_safely_is_told_for_a_day(tmp_path: Path, clock: Clock) -> None:
    LocalLastSeen(tmp_path / "unsafe", clock).note()
    [sentence] = notes(tmp_path, clock).sentences()
    assert "seccomp" in sentence
    clock.now += 25 * HOUR
    assert notes(tmp_path, clock).sentences() == []


@pytest.mark.parametrize(
    ("previews", "searched", "extras", "ffmpeg", "told"),
    [
        (True, True, {"previews", "search"}, True, []),
        (True, True, {"previews"}, False, [FFMPEG_MISSING, SEARCH_MISSING]),
        (True, False, set(), False, [PREVIEWS_MISSING]),
        (False, False, set(), False, []),
        (False, True, {"previews"}, True, [SEARCH_MISSING]),
    ],
)
def test_what_is_switched_on_and_lacks_something_is_told(
    previews: bool, searched: bool, extras: set[str], ffmpeg: bool, told: list[Note]
) -> None:
    found = missing_parts(previews=previews, searched=searched, has_extra=extras.__contains__, has_ffmpeg=ffmpeg)
    assert found == told
    assert Notes(Never(), Never(), lambda: found).sentences() == [each.sentence for each in told]


class Never:
    """Nothing was seen."""

    def note(self) -> None:
        raise AssertionError("nothing is noted")

    def seconds_ago(self) -> float:
        return float("inf")
