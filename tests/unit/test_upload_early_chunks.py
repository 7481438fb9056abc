"""Chunks that leave before their upload is known to be open: what they count, and who hears what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from droppr_client.upload.early import EarlyChunk
from droppr_client.upload.problems import Cancelled, Retryable, UploadProblem
from droppr_client.upload.targets import UploadStatus

SAID = UploadStatus("ticket", False)


def test_what_had_left_before_counts_at_once_and_what_leaves_then_as_it_does():
    chunk, gone, go_on = EarlyChunk((0, 10), 0.0), threading.Event(), threading.Event()
    counted: list[int] = []

    def send(count: Callable[[int], None]) -> UploadStatus:
        count(4)
        gone.set()
        assert go_on.wait(10)
        count(6)
        return SAID

    def note(size: int) -> None:
        counted.append(size)
        go_on.set()

    carrier = threading.Thread(target=chunk.carry, args=(send,))
    carrier.start()
    assert gone.wait(10)
    assert chunk.join(note) is SAID
    carrier.join(10)
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
