"""How many threads of this process may wait: for one kind of thing, and in all."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import Busy


class WaitingThreads:
    """How many threads of this process wait for others at this moment, for whatever reason: an eighth of them, one at least,
    never does, so that short calls are answered at any time. A thread counts once, however many things it waits for.
    Safe from any thread."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - max(1, threads // 8))
        self._lock = threading.Lock()
        self._now = 0
        self._mine = threading.local()

    def reserve(self) -> bool:
        """Let one more thread wait, whichever that will be; false where none may."""
        with self._lock:
            free = self._now < self._most
            self._now += free
        return free

    def give_back(self) -> None:
        with self._lock:
            self._now -= 1

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """This thread is one for which that was done, until the block ends."""
        self._mine.depth = 1
        try:
            yield
        finally:
            self._mine.depth = 0

    def enter(self) -> bool:
        """Let this thread wait; false where it may not."""
        depth: int = getattr(self._mine, "depth", 0)
        if not depth and not self.reserve():
            return False
        self._mine.depth = depth + 1
        return True

    def leave(self) -> None:
        self._mine.depth -= 1
        if not self._mine.depth:
            self.give_back()


class WaitingRoom:
    """Places for ``most`` threads in all, ``for_one`` for one name, as long as ``threads`` lets more of them wait. Who finds it full is
    sent away at once, so that the other threads go on with everything else."""

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
        """How many are inside now."""
        return self._inside.total()

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """Be inside until the block ends. Raises Busy where there is no place."""
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
