"""How many requests the uploader has on their way, and how large their parts are."""

from __future__ import annotations

import itertools
import json
import math
import threading

import pytest

from droppr_client.upload.manager import Options
from droppr_client.upload.pace import FIRST_WIDTH, GRID_BYTES, MAX_LEAST_SHARE_BYTES, MIN_CHUNK_BYTES, Limits, Pace
from droppr_client.upload.problems import Retryable
from droppr_client.upload.retry import Retries
from tests.support.files import MIB
from tests.support.pace_cases import GOLDEN, cases


def test_the_page_is_held_to_the_answers_of_this_rule():
    """nginx/tests/pace.test.ts reads the same file."""
    assert json.loads(GOLDEN.read_text()) == cases(), "run python -m tests.support.pace_cases, and the page's tests"


def drive(pace: Pace, each: float, total: float, parts: int, began: float = 0.0) -> list[int]:
    """The numbers of connections while so many parts go over a line of so many bytes a second, in its own time."""
    seen = []
    lanes = [began] * pace.limit
    for _ in range(parts):
        lanes.sort()
        start = lanes.pop(0)
        seconds = pace.chunk_size / min(each, total / pace.limit)
        pace.accepted(pace.chunk_size, start, start + seconds, len(lanes) + 1)
        lanes += [start + seconds] * (pace.limit - len(lanes))
        seen.append(pace.limit)
    return seen


@pytest.mark.parametrize("carry", [4, 8, 16])
def test_the_number_settles_where_more_bring_nothing(carry):
    seen = drive(Pace(Limits(width=4, most=64)), 1 * MIB, carry * MIB, 2000)
    assert max(seen[:40]) >= carry
    assert carry <= sorted(seen[1000:])[500] <= carry * 1.25


def test_where_all_bring_something_the_most_is_reached_in_a_few_rounds_of_parts():
    seen = drive(Pace(Limits(most=32)), 1 * MIB, 1000 * MIB, 100)
    assert seen[60:] == [32] * 40


def test_being_asked_for_less_halves_once_for_a_burst_and_growth_is_by_steps():
    pace = Pace(Limits(width=32, most=32))
    for at in range(5):
        pace.overloaded(1.0, 2.0 + at / 100)
    assert pace.limit == 16
    seen = drive(pace, 1 * MIB, 1000 * MIB, 2000, began=3.0)
    assert seen[:100] == [16] * 100
    assert all(after <= before * 1.25 for before, after in itertools.pairwise(seen))
    assert seen[-1] == 32


@pytest.mark.parametrize("can", [1, 5, 8, 12])
def test_where_no_more_can_run_the_search_ends_there_and_parts_become_large(can):
    """One file of which the server takes so many parts at once, with more connections allowed."""
    pace, size, now = Pace(Limits(most=16)), 0, 0.0
    for _ in range(40):
        running = min(pace.limit, can)
        size, now = pace.next_chunk(None, running), now + 1.0
        for _ in range(running):
            pace.accepted(size, now - 0.5, now, running, can=can)
    assert pace.limit == max(FIRST_WIDTH, can)
    assert pace.next_chunk(None, can) == pace.chunk_size, "parts are no longer cut short to look for the width"
    assert pace.chunk_size > size / 2


def test_what_could_not_run_is_tried_once_it_can():
    pace = Pace(Limits(most=16))
    drive_with(pace, can=8, seconds=30)
    assert pace.limit == 8
    drive_with(pace, can=math.inf, seconds=200)
    assert pace.limit == 16


def drive_with(pace: Pace, can: float, seconds: int) -> None:
    """A line on which each connection carries the same, whatever their number."""
    for now in range(seconds):
        running = int(min(pace.limit, can))
        for _ in range(running):
            pace.accepted(pace.chunk_size, now, now + 1.0, running, can=can)


def test_where_there_is_too_little_to_send_nothing_is_concluded():
    pace = Pace(Limits())
    for at in range(100):
        pace.accepted(1000, at, at + 0.5, 1)
    assert pace.limit == FIRST_WIDTH


def test_connections_that_break_cost_width_only_where_nearly_all_do():
    pace = Pace(Limits(width=8, most=8))
    for at in range(50):
        pace.accepted(MIB, at, at + 0.5, 8)
        pace.broke(MIB, at, at + 0.5, 8)
    assert pace.limit == 8
    for at in range(50, 58):
        pace.broke(MIB, at, at + 0.5, 8)
    assert pace.limit == 4


def test_parts_shrink_on_a_line_that_breaks_and_grow_again():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    for _ in range(20):
        pace.broke(pace.chunk_size, 0, 1, 4)
    assert pace.chunk_size == MIN_CHUNK_BYTES
    for _ in range(200):
        pace.accepted(pace.chunk_size, 0, 0.01, 4)
    assert pace.chunk_size == 8 * MIB
    pace.limit_to(chunk_size=MIB)
    assert pace.chunk_size == MIB


def test_parts_become_smaller_towards_the_end():
    pace, left, sizes = Pace(Limits(chunk_size=8 * MIB)), 40 * MIB, []
    while left > 0:
        sizes.append(min(left, pace.next_chunk(left, 4)))
        left -= sizes[-1]
    assert max(sizes[:4]) > 4 * MIB
    assert max(sizes[-4:]) <= MIN_CHUNK_BYTES


def first_sizes(*answered: float, largest: int = 64 * MIB) -> list[float]:
    pace = Pace(Limits(largest=largest))
    for seconds in answered:
        pace.answered(seconds)
    return [pace.next_chunk(None, 4) / MIB for _ in range(4)]


def test_the_first_parts_are_small_on_a_way_that_is_short_or_unknown():
    assert first_sizes() == first_sizes(0.02)
    assert max(first_sizes()) <= 0.5


def test_the_first_parts_on_a_long_way_are_larger_but_for_one():
    first, *others = first_sizes(5, 0.2)
    assert first == first_sizes()[0]
    assert 2 * first < min(others) < max(others) <= 1.5
    assert max(first_sizes(0.2, largest=MIB)) <= 1
    pace = Pace(Limits())
    pace.next_chunk(None, 4)
    pace.answered(0.2)
    assert pace.chunk_size == Limits().chunk_size, "what is under way already is not looked at again"


@pytest.mark.parametrize(
    ("answered", "most", "width"), [(0.02, 16, 6), (0.08, 16, 7), (0.2, 16, 12), (0.5, 16, 12), (0.2, 8, 8)]
)
def test_on_a_long_way_more_go_at_first(answered: float, most: int, width: int):
    pace = Pace(Limits(most=most))
    for seconds in (5, answered, 1):
        pace.answered(seconds)
    assert pace.limit == width, "the shortest tells how long the way is"
    settled = Pace(Limits(most=most))
    settled.next_chunk(None, 6)
    settled.answered(answered)
    fixed = Pace(Limits(most=most, adapt_width=False))
    fixed.answered(answered)
    assert (settled.limit, fixed.limit) == (6, 6)


def test_no_two_parts_that_go_together_are_alike_while_the_number_is_being_looked_for():
    pace = Pace(Limits(chunk_size=8 * MIB))
    sizes = [pace.next_chunk(None, 4) for _ in range(64)]
    assert 4 * MIB <= min(sizes) < 5 * MIB < 7 * MIB < max(sizes) <= 8 * MIB
    assert all(len({*sizes[at : at + 8]}) == 8 for at in range(56))
    pace.overloaded(0, 1)
    assert pace.next_chunk(None, 4) == 8 * MIB


def test_each_thread_gets_parts_by_what_its_own_connection_carries():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    sizes: dict[int, list[int]] = {}

    def lane(mib: int) -> None:
        for _ in range(2):
            pace.accepted(mib * MIB, 0, 2, 2)
            ready.wait(60)
            sizes.setdefault(mib, []).append(pace.next_chunk(60 * MIB, 4))

    ready = threading.Barrier(2)
    lanes = [threading.Thread(target=lane, args=(mib,)) for mib in (1, 4)]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    assert sizes[1] == [3 * MIB // 2] * 2
    assert min(sizes[4]) >= 3 * MIB


def test_a_lane_that_carries_little_gets_little_of_what_is_left():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    for mib in (4, 4, 4, 1):
        pace.accepted(mib * MIB, 0, 2, 4)
    assert pace.next_chunk(13 * MIB, 4) == MIB, "0.5 MiB/s, where 1.625 are the mean"
    assert pace.next_chunk(13 * MIB, 4) == 13 * MIB // 4, "of whoever has carried nothing yet nothing is known"


def test_a_lane_that_carries_much_gets_much_of_what_is_left():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    for mib in (1, 1, 1, 5):
        pace.accepted(mib * MIB, 0, 2, 4)
    assert pace.next_chunk(4 * MIB, 4) == 5 * MIB // 2, "2.5 MiB/s, where 1 is the mean"


def test_of_what_is_under_way_at_the_end_a_part_counts():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    for _ in range(4):
        pace.accepted(MIB, 0, 1, 4)
    assert pace.next_chunk(MIB, 4, 30 * MIB) == MIB


def test_on_a_long_way_each_gets_more_of_the_end_by_what_it_carries_while_others_wait_for_answers():
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    pace.answered(0.2)
    for size in (MIB, MIB, 3 * MIB // 2, MIB // 2):
        pace.accepted(size, 0, 1, 4)
    assert pace.next_chunk(4 * MIB, 4) == math.ceil((MIB + MIB / 5) / 2 / GRID_BYTES) * GRID_BYTES, (
        "half of what the mean does"
    )
    pace.accepted(3 * MIB // 2, 0, 1, 4)
    mean = 9 * MIB // 8
    assert pace.next_chunk(4 * MIB, 4) == math.ceil((MIB + mean / 5) * 4 / 3 / GRID_BYTES) * GRID_BYTES


@pytest.mark.parametrize(
    ("answered", "speed", "least"),
    [
        (None, MIB, GRID_BYTES),
        (0.2, MIB // 4, 2 * GRID_BYTES),
        (0.2, MIB, 7 * GRID_BYTES),
        (0.001, 100 * MIB, MAX_LEAST_SHARE_BYTES),
    ],
)
def test_the_last_parts_are_as_small_as_a_lane_carries_in_two_round_trips(
    answered: float | None, speed: int, least: int
):
    pace = Pace(Limits(chunk_size=8 * MIB, largest=8 * MIB, adapt_width=False))
    if answered:
        pace.answered(answered)
    for _ in range(2):  # the second is a sliver by which the lane is known, too
        pace.accepted(speed, 0, 1, 4)
        assert pace.next_chunk(1, 4) == least
        speed, least = min(speed, MIN_CHUNK_BYTES // 2), min(least, GRID_BYTES)


@pytest.mark.parametrize(("answered", "mib"), [(None, 2), (0.02, 2), (0.2, 6), (3.0, 8)])
def test_while_the_number_is_being_looked_for_parts_are_long_beside_the_way(answered: float | None, mib: int):
    pace = Pace(Limits(chunk_size=4 * MIB))
    pace.next_chunk(None, 4)
    if answered:
        pace.answered(answered)
        pace.answered(answered + 1)
    pace.accepted(4 * MIB, 0, 1, 4)
    assert pace.chunk_size == mib * MIB


def test_packs_of_small_files_say_nothing_about_the_size_of_parts():
    pace = Pace(Limits(chunk_size=4 * MIB))
    pace.accepted(4 * MIB, 0, 60, 1, whole=False)
    assert pace.chunk_size == 4 * MIB


def test_a_fixed_number_stays_whatever_happens():
    pace = Options(adaptive=False, workers=5).pace()
    assert drive(pace, 1 * MIB, 1000 * MIB, 200) == [5] * 200
    pace.overloaded(1000, 1001)
    assert pace.limit == 5


def test_a_connection_that_breaks_while_others_get_through_is_made_again_at_once():
    retries = Retries(3)
    retries.progressed()
    assert retries.wait_before_next(Retryable("", broken=True)) == 0
    assert 0.5 <= (retries.wait_before_next(Retryable("", broken=True)) or 0) <= 0.625
    retries.progressed()
    assert 0.5 <= (retries.wait_before_next(Retryable("", overload=True)) or 0) <= 0.625
