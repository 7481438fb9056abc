"""ChunkBufferPool: bounded in count and bytes, fair, and never left with a buffer that nobody gives back."""

from __future__ import annotations

import threading

import pytest

from app.core.errors import Busy
from app.services.chunk_buffer_pool import MIB, ChunkBufferPool
from tests.support.files import eventually
from tests.support.memory import Memory


def test_a_buffer_has_the_size_asked_for_and_is_lent_again():
    pool = ChunkBufferPool(Memory().reserve)
    with pool.borrow(3 * MIB) as first:
        assert len(first) == 3 * MIB
        first[:5] = b"hello"
    with pool.borrow(8 * MIB) as again:
        assert bytes(again[:5]) == b"hello"
    figures = pool.figures()
    assert (figures.hits, figures.misses, figures.in_use, figures.kept) == (1, 1, 0, 1)


@pytest.mark.parametrize(("size", "held"), [(1, 8), (8 * MIB, 8), (8 * MIB + 1, 16), (17 * MIB, 32), (32 * MIB, 32)])
def test_buffers_come_in_three_sizes(size, held):
    pool = ChunkBufferPool(Memory().reserve)
    with pool.borrow(size):
        assert pool.figures().held_bytes == held * MIB


def test_more_than_the_largest_is_a_fault_of_the_caller():
    with pytest.raises(ValueError), ChunkBufferPool(Memory().reserve).borrow(32 * MIB + 1):
        pass


def test_a_buffer_comes_back_when_the_block_fails():
    pool = ChunkBufferPool(Memory().reserve)
    with pytest.raises(ZeroDivisionError), pool.borrow(1):
        raise ZeroDivisionError
    assert pool.figures().in_use == 0


def test_no_more_than_the_count_are_lent_and_the_wait_is_bounded():
    pool = ChunkBufferPool(Memory().reserve, most=2)
    with pool.borrow(1), pool.borrow(1):
        with pytest.raises(Busy), pool.borrow(1, wait_seconds=0.05):
            pass
        with pytest.raises(Busy), pool.borrow(1, wait_seconds=0):
            pass
    figures = pool.figures()
    assert (figures.waits, figures.refusals, figures.in_use) == (1, 1, 0)
    with pool.borrow(1):
        assert pool.figures().hits == 1


def test_memory_counts_before_the_count():
    memory = Memory(20 * MIB)
    pool = ChunkBufferPool(memory.reserve)
    with pool.borrow(16 * MIB), pytest.raises(Busy), pool.borrow(8 * MIB, wait_seconds=0):
        pass
    pool.trim(0)
    assert memory.left == 20 * MIB


def test_kept_buffers_of_another_size_make_room():
    pool = ChunkBufferPool(Memory(16 * MIB).reserve)
    with pool.borrow(8 * MIB), pool.borrow(8 * MIB):
        pass
    assert pool.figures().kept == 2
    with pool.borrow(16 * MIB):
        assert pool.figures().held_bytes == 16 * MIB


def test_waiters_are_served_in_the_order_of_asking():
    pool = ChunkBufferPool(Memory().reserve, most=1)
    served: list[int] = []

    def ask(number: int) -> None:
        with pool.borrow(1):
            served.append(number)

    threads = []
    with pool.borrow(1):
        for number in range(5):
            threads.append(threading.Thread(target=ask, args=(number,)))
            threads[-1].start()
            eventually(lambda: pool.figures().waits == len(threads))
    for thread in threads:
        thread.join(60)
    assert served == [0, 1, 2, 3, 4]
    assert pool.figures().in_use == 0


def test_who_waited_in_vain_holds_up_nobody_behind():
    pool = ChunkBufferPool(Memory().reserve, most=1)
    with pool.borrow(1), pytest.raises(Busy), pool.borrow(1, wait_seconds=0.01):
        pass
    with pool.borrow(1, wait_seconds=0) as view:
        assert len(view) == 1


def test_idle_buffers_go_back_to_the_system():
    now = [0.0]
    pool = ChunkBufferPool(Memory().reserve, monotonic=lambda: now[0])
    with pool.borrow(8 * MIB):
        now[0] = 100.0
    assert pool.trim(60) == 0
    now[0] = 161.0
    assert pool.trim(60) == 8 * MIB
    assert pool.figures().held_bytes == 0


def test_a_view_that_somebody_kept_does_no_harm():
    pool = ChunkBufferPool(Memory().reserve)
    with pool.borrow(8) as view:
        kept = view[:4]
    pool.trim(0)
    assert len(kept) == 4
    assert pool.figures().held_bytes == 0


def test_many_at_once_leave_nothing_behind():
    pool = ChunkBufferPool(Memory().reserve, most=3)
    wrong: list[int] = []

    def work(number: int) -> None:
        for turn in range(40):
            with pool.borrow(1 + number * 1000) as view:
                mark = bytes([number, turn])
                view[:1] = mark[:1]
                if pool.figures().in_use > 3 or view[:1] != mark[:1]:
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    figures = pool.figures()
    assert wrong == []
    assert figures.in_use == 0
    assert figures.hits + figures.misses == 12 * 40
