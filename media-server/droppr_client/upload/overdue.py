"""An end for what takes too long, whatever else goes on meanwhile.

One thread looks after all that is waited for: one for each answer, as ``threading.Timer`` is, costs more than reading the answer
does. It sleeps until the first of them is due, so what is over in time wakes nobody.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Wait:
    """Something that may be waited for until ``due``, a time of the monotonic clock. ``late`` says that it took longer."""

    __slots__ = ("due", "end", "late")

    def __init__(self, due: float, end: Callable[[], None]) -> None:
        self.due = due
        self.end = end
        self.late = False


class _Watch:
    """Safe from any thread. Holds its lock for moments, and never while it calls an ``end``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waits: set[_Wait] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def add(self, wait: _Wait) -> None:
        with self._changed:
            self._waits.add(wait)
            if self._thread is None or not self._thread.is_alive():
                self._wakes_at = math.inf
                self._thread = threading.Thread(target=self._look, name="droppr-overdue", daemon=True)
                self._thread.start()
            if wait.due < self._wakes_at:
                self._changed.notify()

    def remove(self, wait: _Wait) -> None:
        with self._changed:
            self._waits.discard(wait)

    def _look(self) -> None:
        while True:
            for wait in self._next_late():
                wait.late = True
                wait.end()

    def _next_late(self) -> list[_Wait]:
        """Those that are due, once there are any."""
        with self._changed:
            while True:
                now = time.monotonic()
                late = [wait for wait in self._waits if wait.due <= now]
                if late:
                    self._waits.difference_update(late)
                    return late
                self._wakes_at = min((wait.due for wait in self._waits), default=math.inf)
                self._changed.wait(None if self._wakes_at == math.inf else self._wakes_at - now)


_watch = _Watch()


@contextmanager
def within(limit: float, end: Callable[[], None]) -> Iterator[None]:
    """Calls ``end`` from another thread where the block takes longer than ``limit`` seconds, and raises TimeoutError when
    it is over. ``end`` must not raise. Between two bytes a socket has a limit of its own; this one is for those who send one now
    and then."""
    wait = _Wait(time.monotonic() + limit, end)
    _watch.add(wait)
    try:
        yield
    finally:
        _watch.remove(wait)
    if wait.late:
        raise TimeoutError("timed out")
