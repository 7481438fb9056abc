"""Chunks that leave before their upload is known to be open: what they count, and who hears what became of them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from droppr_client.upload.early import EarlyChunk, EarlyOpening
from droppr_client.upload.items import Item
from droppr_client.upload.pace import Limits, Pace
from droppr_client.upload.problems import Cancelled, FileRefused, Retryable, UploadProblem
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.targets import Facts, Target, UploadStatus
from droppr_client.upload.throttle import Cancellation, Chunk, Throttle
from tests.support.files import MIB

SAID = UploadStatus("ticket", False)


def test_what_had_left_before_counts_at_once_and_what_leaves_then_as_it_does():
    chunk, gone, go_on = EarlyChunk((0, 10), 0.0), threading.Event(), threading.Event()
    counted: list[int] = []

    def send(count: Callable[[int], None]) -> UploadStatus:
        count(4)
        gone.set()
        assert go_on.wait(60)
        count(6)
        return SAID

    def note(size: int) -> None:
        counted.append(size)
        go_on.set()

    carrier = threading.Thread(target=chunk.carry, args=(send,))
    carrier.start()
    assert gone.wait(60)
    assert chunk.join(note) is SAID
    carrier.join(60)
    assert counted == [4, 6]


@pytest.mark.parametrize("problem", [Retryable("", "busy"), Cancelled(), OSError()])
def test_what_is_lost_counts_for_nothing(problem: UploadProblem | OSError):
    chunk = EarlyChunk((0, 10), 0.0)

    def send(count: Callable[[int], None]) -> UploadStatus:
        count(7)
        raise problem

    chunk.carry(send)
    counted: list[int] = []
    with pytest.raises(type(problem)):
        chunk.join(counted.append)
    assert counted == [7, -7]


class Waiting:
    """A far target. Its opening and its chunks go on until the test says otherwise."""

    opens_unasked = True

    def __init__(self) -> None:
        self.sending = threading.Semaphore(0)
        self.opening: threading.Event = threading.Event()
        self.ended = threading.Semaphore(0)
        self.spans: list[tuple[int, int]] = []

    def ahead(self, count: int) -> float:
        return 0.2

    def open(self, item: Item, facts: Facts) -> UploadStatus:
        assert self.opening.wait(60)
        raise FileRefused("No.", "request_closed")

    def send_unopened(self, item: Item, key: str, chunk: Chunk) -> UploadStatus:
        self.spans.append(chunk.span)
        self.sending.release()
        try:
            chunk.throttle.cancellation.wait(60)
        finally:
            self.ended.release()
        return SAID


def early_of(target: Waiting, file: Path, connections: int, *, leads: bool = True) -> tuple[EarlyOpening, Item]:
    file.write_bytes(bytes(4 * MIB))
    item = Item.of("a", str(file), file.stat())
    early = EarlyOpening(cast(Target, target), item, "k" * 22, connections, leads=leads)
    throttle = Throttle(RateLimit(None, None, time.monotonic), BandwidthMonitor(time.monotonic), Cancellation())
    early.begin(Pace(Limits()), throttle, time.monotonic)
    return early, item


@pytest.mark.parametrize("why", ["the opening is refused", "nobody goes on", "the file is another by now"])
def test_chunks_that_left_for_nothing_end(why: str, tmp_path: Path):
    target = Waiting()
    early, item = early_of(target, tmp_path / "a", 6)
    for _ in range(4):
        assert target.sending.acquire(timeout=60)
    if why == "nobody goes on":
        early.drop()
    elif why == "the file is another by now":
        assert early.take(replace(item, mtime_ns=0), Facts("")) is None
    target.opening.set()
    for _ in range(4):
        assert target.ended.acquire(timeout=60)
    assert early.take(item, Facts("")) is None


def test_they_are_apart_and_begin_with_the_head_and_two_connections_are_for_other_requests(tmp_path: Path):
    target = Waiting()
    early, _ = early_of(target, tmp_path / "a", 8)
    for _ in range(6):
        assert target.sending.acquire(timeout=60)
    early.drop()
    target.opening.set()
    spans = sorted(target.spans)
    assert spans[0][0] == 0
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))


def test_who_may_not_send_chunks_makes_connections_all_the_same(tmp_path: Path):
    target = Waiting()
    early, item = early_of(target, tmp_path / "a", 6, leads=False)
    target.opening.set()
    assert early.take(item, Facts("")) is None
    assert target.spans == []
