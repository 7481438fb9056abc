"""What may be kept busy: threads, rooms, and work that gives way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.errors import Busy
from app.core.waiting_room import WaitingRoom, WaitingThreads
from app.services.receiving.bulk import MAX_PAUSE_SECONDS, Bulk


@pytest.mark.parametrize("threads", [2, 4, 8, 32, 64])
def test_an_eighth_of_the_threads_never_waits_whatever_the_rest_waits_for(threads: int) -> None:
    waiting = WaitingThreads(threads)
    rooms = [WaitingRoom(threads, threads, "Too many.", waiting) for _ in range(3)]
    go_on, inside, sent_away = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)

    def wait(number: int) -> None:
        try:
            with rooms[number % 3].place(f"link {number}"):
                inside.release()
                go_on.wait(30)
        except Busy:
            sent_away.release()

    expected = threads - max(1, threads // 8)
    with ThreadPoolExecutor(2 * threads) as pool:
        for number in range(2 * threads):
            pool.submit(wait, number)
        for semaphore, count in ((inside, expected), (sent_away, 2 * threads - expected)):
            assert all(semaphore.acquire(timeout=30) for _ in range(count))
        go_on.set()
    assert all(waiting.reserve() for _ in range(expected)), "all of them came free again"


def test_a_thread_counts_once_however_many_things_it_waits_for() -> None:
    waiting = WaitingThreads(2)
    room = WaitingRoom(2, 2, "Too many.", waiting)
    assert waiting.reserve()
    with waiting.reserved(), room.place("a"), room.place("a"):
        assert not waiting.reserve()
    assert not waiting.reserve(), "what was reserved for it is given back by who reserved it"
    waiting.give_back()
    with room.place("a"), room.place("a"):
        assert not waiting.reserve()
    assert waiting.reserve()


def test_a_room_is_full_for_one_before_it_is_full_for_all_and_full_costs_nothing() -> None:
    waiting = WaitingThreads(64)
    room = WaitingRoom(3, 2, "Too many.", waiting)
    with room.place("a"), room.place("a"):
        with pytest.raises(Busy, match="Too many"):
            room.place("a").__enter__()
        with room.place("b"), pytest.raises(Busy):
            room.place("c").__enter__()
        assert room.inside == 2
    assert room.inside == 0


class Working:
    """A call of many steps whose processor time and pauses are told by hand."""

    def __init__(self, others: int) -> None:
        self.spent = 0.0
        self.pauses: list[float] = []
        self.room = WaitingRoom(8, 8, "Too many.", WaitingThreads(32))
        self.others = others
        self.bulk = Bulk(self.room, lambda: self.others, cpu=lambda: self.spent, sleep=self.pauses.append)

    def step(self, after: Callable[[], None], seconds: float) -> None:
        self.spent += seconds
        after()


def test_bulk_work_pauses_for_as_long_as_it_worked_while_others_need_the_processor() -> None:
    working = Working(others=1)
    with working.bulk.work("a") as after:
        working.step(after, 0.01)
        working.step(after, 0.02)
        working.others = 0
        working.step(after, 0.5)
        working.others = 1
        working.step(after, 0.03)
    assert working.pauses == pytest.approx([0.01, 0.02, 0.03])


def test_bulk_work_pauses_for_what_it_kept_the_disk_at_work_too() -> None:
    working = Working(others=1)
    with working.bulk.work("a") as after:
        working.spent += 0.01
        after(0.2)
        working.spent += 0.03
        after(0.02)
    assert working.pauses == pytest.approx([0.2, 0.03])


def test_those_at_bulk_work_share_one_half() -> None:
    working = Working(others=1)
    with working.room.place("b"), working.room.place("c"), working.bulk.work("a") as after:
        working.step(after, 0.01)
        working.step(after, 100)
    assert working.pauses == pytest.approx([0.05, MAX_PAUSE_SECONDS])
