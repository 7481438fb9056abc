"""Bulk work: calls of many small steps, such as packs of files, which give way to uploads that are being received."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from app.core.waiting_room import WaitingRoom

MAX_PAUSE_SECONDS = 2.0
"""The longest pause after one step."""
FEW_STEPS = 16
"""A call of no more steps is not bulk work."""


class AfterAStep(Protocol):
    """To be called by the working thread after each step of its call; pauses where others need processor or disk.

    ``waited`` is the seconds for which the step kept the disk busy, not those in which it waited for the sender. Its time on
    the processor is measured."""

    def __call__(self, waited: float = 0.0) -> None: ...


class Bulk:
    """Bounds the bulk work of this process. ``room`` says how many calls may be at it at once, in all and of one client. While
    ``others``, the number of uploads that this process is receiving, is not 0, all bulk calls together take at most half of one
    processor's time and half of the time of the disk.
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
        """Do a call of a ``client`` (its address) in the block, on one thread, which calls what is yielded after each step.

        Raises Busy, without waiting, where ``room`` is full. ``steps`` is their number, None where it is not known before; a call of
        up to ``FEW_STEPS`` is neither bounded nor paused."""
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
    """AfterAStep of a call that is no bulk work."""
