"""Bulk work: calls that are work of many small steps, and give way to others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from app.core.waiting_room import WaitingRoom

MAX_PAUSE_SECONDS = 2.0
FEW_STEPS = 16


class AfterAStep(Protocol):
    """To be called after each step. Its time on the processor is known; ``waited`` are the seconds that it kept the disk
    at work. Waiting for the sender is not meant: that takes nothing from others."""

    def __call__(self, waited: float = 0.0) -> None: ...


class Bulk:
    """Calls that are work of many small steps. Few of them are at it at once, and they leave half of a processor, and of the
    disk, to others while these have need of it.

    ``others`` tells how many others there are at this moment.
    """

    def __init__(
        self,
        room: WaitingRoom,
        others: Callable[[], int],
        *,
        cpu: Callable[[], float] = time.thread_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._room = room
        self._others = others
        self._cpu = cpu
        self._sleep = sleep

    @contextmanager
    def work(self, client: str, steps: int | None = None) -> Iterator[AfterAStep]:
        """Do such a call in the block, by one thread, which calls what is yielded after each step. One of a few ``steps`` is none
        of them. Raises Busy."""
        if steps is not None and steps <= FEW_STEPS:
            yield _no_pause
            return
        with self._room.place(client):
            used = self._cpu()

            def after_a_step(waited: float = 0.0) -> None:
                nonlocal used
                if self._others():
                    # Those at it share one half, whoever else there is has the other.
                    spent = max(self._cpu() - used, waited)
                    self._sleep(min(spent * (2 * self._room.inside - 1), MAX_PAUSE_SECONDS))
                used = self._cpu()

            yield after_a_step


def _no_pause(waited: float = 0.0) -> None:
    """For calls that are none of these."""
