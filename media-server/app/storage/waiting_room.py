"""How many threads of this process may wait: for one kind of thing, and in all."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import Busy


class WaitingThreads:
    """How many threads of this process wait for others at this moment, for whatever reason: an eighth of them, one at least,
    never does, so that short calls are answered at any time. Safe from any thread."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - max(1, threads // 8))
        self._lock = threading.Lock()
        self._now = 0

    def enter(self) -> bool:
        """Let one more thread wait; false where none may."""
        with self._lock:
            free = self._now < self._most
            self._now += free
        return free

    def leave(self) -> None:
        with self._lock:
            self._now -= 1


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
