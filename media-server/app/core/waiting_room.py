"""Bounds for the threads of this process that wait for others: in all, and for one kind of thing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import Busy


class WaitingThreads:
    """Counts the threads of this process that wait for others, for whatever reason, and bounds them: of ``threads`` an eighth, at
    least one, never waits, so that short calls are answered at any time. A thread counts once, however many things it waits for.
    Safe from any thread."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - max(1, threads // 8))
        self._lock = threading.Lock()
        self._now = 0
        self._mine = threading.local()

    def reserve(self) -> bool:
        """Count one more waiting thread, before it is known which one that will be; false, and nothing is counted, where no more may
        wait. ``give_back`` ends it."""
        with self._lock:
            free = self._now < self._most
            self._now += free
        return free

    def give_back(self) -> None:
        """Count one waiting thread less."""
        with self._lock:
            self._now -= 1

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Say that this thread is the one that ``reserve`` counted, so that ``enter`` does not count it again until the block ends. The
        block does not call ``give_back``."""
        self._mine.depth = 1
        try:
            yield
        finally:
            self._mine.depth = 0

    def enter(self) -> bool:
        """Count this thread as waiting, once however often it enters; false where no more may wait. Each true one needs a ``leave``."""
        depth: int = getattr(self._mine, "depth", 0)
        if not depth and not self.reserve():
            return False
        self._mine.depth = depth + 1
        return True

    def leave(self) -> None:
        """End one ``enter`` of this thread; with the last one it no longer counts."""
        self._mine.depth -= 1
        if not self._mine.depth:
            self.give_back()


class WaitingRoom:
    """A bound for one kind of wait: ``most`` threads in all, ``for_one`` of them for one name, and no more than ``threads`` lets wait. A
    thread that finds it full gets Busy at once, with ``sentence`` as its message, so that it can go on with something else. Safe
    from any thread."""

    def __init__(
        self, most: int, for_one: int, sentence: str | None = None, threads: WaitingThreads | None = None
    ) -> None:
        self._threads = threads or WaitingThreads(10**6)
        self._most = most
        self._for_one = for_one
        self._sentence = sentence
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def inside(self) -> int:
        """How many threads are inside now."""
        return self._inside.total()

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """Be inside until the block ends, counted for ``name``. Raises Busy, without waiting, where the room is full."""
        with self._lock:
            full = self._inside[name] >= self._for_one or self._inside.total() >= self._most
            if full or not self._threads.enter():
                raise Busy(self._sentence, retry_after=2)
            self._inside[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[name] -= 1
                if not self._inside[name]:
                    del self._inside[name]
            self._threads.leave()
