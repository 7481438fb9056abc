"""The worker looks through the outbox at once when it is woken, unless that takes long."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from app.services.forwarding.worker import LONG_LOOK_SECONDS, RESTS, TICK_SECONDS, ForwardingWorker
from tests.support.files import eventually


class Rest:
    """Remembers how long it was asked to last, and lasts no time."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def wait(self, seconds: float) -> None:
        self.asked.append(seconds)


class Store:
    """Nothing to pass on, which takes the processor ``seconds`` to see."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.looks = 0

    def due(self, now: float, most: int) -> list[Any]:
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        self.looks += 1
        return []


class NothingOwed:
    def catch_up(self) -> int:
        return 0


@pytest.mark.parametrize("seconds", [0.0, 2 * LONG_LOOK_SECONDS])
def test_after_a_long_look_it_rests_however_often_it_is_woken(seconds: float) -> None:
    store, rest, wake = Store(seconds), Rest(), threading.Event()
    worker: Any = ForwardingWorker(store, NothingOwed(), time.time, wake, lambda: None)  # type: ignore[arg-type]
    worker._rest = rest
    worker.start()

    def woken() -> bool:
        wake.set()
        return store.looks >= 5

    eventually(woken, what="five looks")
    store.seconds = 0
    assert (len(rest.asked) >= 4) is (seconds > 0)
    assert all(RESTS * seconds <= each <= TICK_SECONDS for each in rest.asked)
