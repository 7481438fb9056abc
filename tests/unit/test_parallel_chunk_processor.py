"""ParallelChunkProcessor and the circuit breaker: parts that get through, and what is said of those that do not."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from app.core.backoff import Backoff
from app.core.errors import Busy
from app.core.ranges import ByteRanges, Span
from app.core.remotes import OutgoingFile, ReadInto, RemoteTrouble, Taken, TransferLost
from app.services.chunk_buffer_pool import MIB, ChunkBufferPool
from app.services.circuit_breaker import CircuitBreaker, CircuitOpen
from app.services.parallel_chunk_processor import (
    Cancelled,
    ChunkFailed,
    ParallelChunkProcessor,
    Transfer,
    TransferRewound,
    chunk_size_for,
)
from tests.support.files import content, spans
from tests.support.memory import Memory
from tests.support.remotes import FolderRemote, reader

SIZE = 5 * MIB + 123
DATA = content(SIZE)
FILE = OutgoingFile("upload", "a/b.bin", SIZE)
PARTS = [Span(a, b) for a, b in spans(SIZE, MIB)]


class Bench:
    """A processor on a remote in a folder, and the pauses it took."""

    def __init__(self, tmp_path: Path, *, in_order: bool = False, most: int = 8, buffers: int = 50) -> None:
        self.pauses: list[float] = []
        self.pool = ChunkBufferPool(Memory().reserve, most=buffers, wait_seconds=60)
        self.remote = FolderRemote(tmp_path / "remote", in_order=in_order)
        self.processor = ParallelChunkProcessor(
            self.pool, Backoff(0.5, 30, lambda: 0.999999), most=most, pause=self.pauses.append
        )
        self.breaker = CircuitBreaker(failures=1000)
        self.cancelled = threading.Event()
        self.token = self.remote.begin(FILE)

    def send(self, parts: list[Span] = PARTS) -> None:
        transfer = Transfer(self.remote, self.token, FILE, reader(DATA), self.breaker, cancelled=self.cancelled.is_set)
        self.processor.send(transfer, parts)

    def arrived(self) -> bool:
        return Path(self.remote.finish(self.token, FILE, reader(DATA), {})).read_bytes() == DATA


@pytest.fixture(params=[False, True], ids=["in parallel", "in order"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(tmp_path, in_order=request.param)


@pytest.mark.parametrize(
    ("size", "chunk"),
    [(0, 8), (100 * MIB - 1, 8), (100 * MIB, 16), (900 * MIB, 16), (1024 * MIB, 32), (2**45, 32)],
)
def test_larger_files_go_in_larger_chunks(size, chunk):
    assert chunk_size_for(size) == chunk * MIB


def test_every_part_gets_there_once(bench):
    bench.send()
    assert bench.arrived()
    assert sorted(bench.remote.sent) == PARTS
    assert bench.pool.figures().in_use == 0
    progress = bench.processor.progress("upload")
    assert progress is not None
    assert progress.states == dict.fromkeys(range(1, 7), "sent")


def test_an_ordered_stream_stays_in_order(tmp_path):
    bench = Bench(tmp_path, in_order=True)
    bench.send()
    assert bench.remote.sent == PARTS


def test_parts_really_are_on_their_way_at_once(tmp_path):
    bench = Bench(tmp_path)
    together = threading.Barrier(4, timeout=60)

    def meet(span: Span) -> None:
        if span.start < 4 * MIB:
            together.wait()

    bench.remote.before_send = meet
    bench.send()
    assert bench.arrived()


def test_no_more_than_asked_for_are_on_their_way_at_once(tmp_path):
    bench = Bench(tmp_path, most=2)
    running, seen, lock, both = [0], [0], threading.Lock(), threading.Barrier(2, timeout=60)

    def count(span: Span) -> None:
        with lock:
            running[0] += 1
            seen[0] = max(seen[0], running[0])
        if span.start < 2 * MIB:
            both.wait()
        # For one too many to come.
        threading.Event().wait(0.01)
        with lock:
            running[0] -= 1

    bench.remote.before_send = count
    bench.send()
    assert seen[0] == 2


def test_a_part_that_fails_twice_gets_there_with_growing_pauses(bench):
    failures: Counter[int] = Counter()

    def fail(span: Span) -> None:
        failures[span.start] += 1
        if span.start == 2 * MIB and failures[span.start] <= 2:
            raise RemoteTrouble("Try later.")

    bench.remote.before_send = fail
    bench.send()
    assert bench.arrived()
    assert bench.pauses == pytest.approx([0.5, 1.0], rel=0.01)


def test_the_remote_may_ask_for_a_longer_pause(bench):
    asked = [RemoteTrouble("Slow down.", retry_after=7.0)]

    def fail(span: Span) -> None:
        if asked and span.start == 0:
            raise asked.pop()

    bench.remote.before_send = fail
    bench.send()
    assert bench.pauses == [7.0]


def test_the_third_failure_is_told_with_the_chunks_number(bench):
    def fail(span: Span) -> None:
        if span.start == 2 * MIB:
            raise RemoteTrouble("The remote is on fire.")

    bench.remote.before_send = fail
    with pytest.raises(ChunkFailed, match=r"Chunk 3 failed after 3 attempts: The remote is on fire\."):
        bench.send()
    assert bench.pool.figures().in_use == 0


def test_a_refusal_that_lasts_is_not_tried_again(bench):
    def refuse(span: Span) -> None:
        raise RemoteTrouble("No.", lasting=True)

    bench.remote.before_send = refuse
    with pytest.raises(ChunkFailed, match="failed after 1 attempt: No") as caught:
        bench.send(PARTS[:1])
    assert caught.value.lasting
    assert bench.pauses == []


def test_a_lost_transfer_is_told_as_such(bench):
    bench.remote.abort(bench.token)
    with pytest.raises(TransferLost):
        bench.send()
    assert bench.pool.figures().in_use == 0


def test_cancelling_stops_before_the_next_part(bench):
    bench.remote.before_send = lambda span: bench.cancelled.set()
    with pytest.raises(Cancelled):
        bench.send()
    assert len(bench.remote.sent) < len(PARTS) or not bench.remote.in_order
    assert bench.pool.figures().in_use == 0


def test_a_remote_that_takes_less_gets_the_rest(tmp_path):
    bench = Bench(tmp_path, in_order=True)
    bench.remote.before_send = lambda span: min(span.length, 256 * 1024)
    bench.send()
    assert bench.arrived()
    assert all(a.start < b.start for a, b in pairwise(bench.remote.sent))


def test_a_remote_that_kept_part_of_a_failed_part_is_asked(tmp_path):
    bench = Bench(tmp_path, in_order=True)
    broken = [True]

    def cut(span: Span) -> int | None:
        if span.start == MIB and broken:
            broken.clear()
            folder, _ = bench.remote._of(bench.token)
            (folder / str(MIB)).write_bytes(DATA[MIB : MIB + 1000])
            raise RemoteTrouble("The connection broke.")
        return None

    bench.remote.before_send = cut
    bench.send()
    assert bench.arrived()
    assert Span(MIB + 1000, 2 * MIB) in bench.remote.sent


def test_a_remote_that_gives_bytes_back_is_told_apart(tmp_path):
    bench = Bench(tmp_path, in_order=True)

    def rewind(span: Span) -> None:
        if span.start == 2 * MIB:
            folder, _ = bench.remote._of(bench.token)
            (folder / str(MIB)).unlink()
            raise RemoteTrouble("Hm.")

    bench.remote.before_send = rewind
    with pytest.raises(TransferRewound):
        bench.send()


def test_a_refusal_that_is_told_only_when_asked_for_is_told(tmp_path):
    bench = Bench(tmp_path, in_order=True)

    def break_off(span: Span) -> None:
        raise RemoteTrouble("It does not answer.")

    def refuse(transfer: str, file: OutgoingFile) -> ByteRanges:
        raise RemoteTrouble("It is full.", lasting=True)

    bench.remote.before_send = break_off
    bench.remote.held = refuse  # type: ignore[method-assign]
    with pytest.raises(RemoteTrouble, match="full") as caught:
        bench.send()
    assert caught.value.lasting
    assert bench.pool.figures().in_use == 0


def test_one_buffer_is_enough(tmp_path):
    for in_order in (False, True):
        bench = Bench(tmp_path / str(in_order), in_order=in_order, buffers=1)
        bench.send()
        assert bench.arrived()
        assert bench.pool.figures().in_use == 0


def test_no_buffer_at_all_is_busy(bench):
    bench.pool._reserve = Memory(0).reserve
    bench.pool._wait_seconds = 0.01
    with pytest.raises(Busy):
        bench.send()


class Steps:
    """A breaker on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.breaker = CircuitBreaker(failures=3, open_seconds=30, monotonic=lambda: self.now)

    def fail(self, error: Exception | None = None) -> None:
        with pytest.raises(RemoteTrouble), self.breaker.guard():
            raise error or RemoteTrouble("away")


def test_the_circuit_opens_after_failures_in_a_row_and_lets_one_find_out():
    steps = Steps()
    for _ in range(3):
        steps.fail()
    assert steps.breaker.state == "open"
    with pytest.raises(CircuitOpen) as caught, steps.breaker.guard():
        raise AssertionError("called although the circuit is open")
    assert caught.value.retry_after == 30
    steps.now = 31
    assert steps.breaker.state == "half-open"
    with steps.breaker.guard(), pytest.raises(CircuitOpen), steps.breaker.guard():
        pass
    assert steps.breaker.state == "closed"


def test_a_circuit_that_fails_again_stays_open_longer():
    steps = Steps()
    for _ in range(3):
        steps.fail()
    steps.now = 31
    steps.fail()
    assert steps.breaker.state == "open"
    steps.now = 31 + 59
    assert steps.breaker.state == "open"
    steps.now = 31 + 61
    assert steps.breaker.state == "half-open"


def test_a_success_and_a_lasting_refusal_are_answers():
    steps = Steps()
    for _ in range(5):
        steps.fail()
        with steps.breaker.guard():
            pass
    for _ in range(5):
        steps.fail(RemoteTrouble("no", lasting=True))
        steps.fail(TransferLost("gone"))
    assert steps.breaker.state == "closed"


@pytest.mark.parametrize("in_order", [False, True], ids=["in parallel", "in order"])
def test_a_part_larger_than_any_buffer_ends_in_its_middle_when_nobody_wants_it(tmp_path, in_order):
    bench = Bench(tmp_path, in_order=in_order)
    size = 33 * MIB
    file = OutgoingFile("upload", "a", size)
    began = threading.Event()

    def read(offset: int, buffer: memoryview) -> None:
        began.set()
        bench.cancelled.set()

    def send(transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        for start in range(span.start, span.stop, MIB):
            read(start, memoryview(bytearray(MIB)))
        raise AssertionError("it went on to its end")

    bench.remote.send = send  # type: ignore[method-assign]
    transfer = Transfer(bench.remote, bench.token, file, read, bench.breaker, cancelled=bench.cancelled.is_set)
    with pytest.raises(Cancelled):
        bench.processor.send(transfer, [Span(0, size)])
    assert began.is_set()
    assert bench.pool.figures().misses == 0
